//! `GetInstanceStatusByTag` against a mocked EC2: its output, its requests and its verdicts.

use connector_sdk::ArgValue as _;
use connector_sdk::ec2::Client;
use connector_sdk::ec2::types::InstanceStateName::{Pending, Running, ShuttingDown, Stopped};
use connector_sdk::ec2::types::SummaryStatus;
use connector_sdk::testing::{Job, Rule, checked, described, instance, mock, refusal};

use super::*;

const A: &str = "i-0000000a";
const B: &str = "i-0000000b";
const ALIVE_STATES: &[&str] = &["pending", "running", "stopping", "stopped"];

/// A rule for DescribeInstances that returns these instances.
fn describes(instances: &'static [(&'static str, InstanceStateName)]) -> Rule {
    mock!(Client::describe_instances).then_output(|| described(instances.iter().map(|(id, state)| instance(id, state))))
}

/// State and status checks of all instances, in the order of the journal.
fn shown(job: &Job) -> Vec<(String, Option<String>)> {
    let entries = job.cx.journal().instances();
    entries.into_iter().map(|entry| (entry.state.unwrap_or_default(), entry.status_checks)).collect()
}

fn state(state: &str, checks: Option<&str>) -> (String, Option<String>) {
    (state.to_owned(), checks.map(str::to_owned))
}

#[tokio::test(start_paused = true)]
async fn all_instances_cost_one_call_of_each_kind() {
    let describe = describes(&[(B, Stopped), (A, Running)]);
    let status = mock!(Client::describe_instance_status)
        .match_requests(|request| request.instance_ids().is_empty())
        .then_output(|| checked([A], &SummaryStatus::Impaired));
    let job = Job::new(&[&describe, &status]);
    let outcome = job.run(&GetInstanceStatusByTag, &[]).await.unwrap();
    assert_eq!(outcome.message, "2 instances found");
    assert_eq!(shown(&job), [state("running", Some("impaired")), state("stopped", None)], "sorted by id");
    assert_eq!((describe.num_calls(), status.num_calls()), (1, 1));
    assert!(!job.cx.journal().anything_changed());
}

#[tokio::test(start_paused = true)]
async fn all_pages_of_a_region_are_shown() {
    let describe = |token: Option<&'static str>, id: &'static str, next: Option<&'static str>| {
        mock!(Client::describe_instances).match_requests(move |request| request.next_token() == token).then_output(
            move || {
                let mut page = described([instance(id, &Running)]);
                page.next_token = next.map(str::to_owned);
                page
            },
        )
    };
    let status = |token: Option<&'static str>, id: &'static str, next: Option<&'static str>| {
        mock!(Client::describe_instance_status)
            .match_requests(move |request| request.next_token() == token)
            .then_output(move || {
                let mut page = checked([id], &SummaryStatus::Ok);
                page.next_token = next.map(str::to_owned);
                page
            })
    };
    let more = Some("more");
    let job =
        Job::new(&[&describe(None, A, more), &describe(more, B, None), &status(None, A, more), &status(more, B, None)]);
    job.run(&GetInstanceStatusByTag, &[]).await.unwrap();
    assert_eq!(shown(&job), [state("running", Some("ok")), state("running", Some("ok"))]);
}

#[tokio::test(start_paused = true)]
async fn by_name_only_running_instances_have_their_checks_described() {
    let describe = describes(&[(A, Running), (B, Stopped)]);
    let status = mock!(Client::describe_instance_status)
        .match_requests(|request| request.instance_ids() == [A])
        .then_output(|| checked([A], &SummaryStatus::Ok));
    let job = Job::new(&[&describe, &status]);
    job.run(&GetInstanceStatusByTag, &[("tag-name", "web")]).await.unwrap();
    assert_eq!(shown(&job), [state("running", Some("ok")), state("stopped", None)]);
    assert_eq!((describe.num_calls(), status.num_calls()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn without_a_running_instance_no_checks_are_described() {
    for arguments in [&[][..], &[("tag-name", "web")]] {
        let job = Job::new(&[&describes(&[(A, Stopped), (B, Pending)])]);
        let outcome = job.run(&GetInstanceStatusByTag, arguments).await.unwrap();
        assert_eq!(outcome.message, "2 instances found");
    }
}

#[tokio::test(start_paused = true)]
async fn terminated_instances_are_shown_only_on_request() {
    for (arguments, terminated) in [
        (&[][..], &[][..]),
        (&[("expect-state", "running")], &[]),
        (&[("expect-state", "terminated")], &["terminated"]),
        (&[("all", "true")], &["shutting-down", "terminated"]),
    ] {
        let states: Vec<String> = ALIVE_STATES.iter().chain(terminated).map(|state| (*state).to_owned()).collect();
        let describe = mock!(Client::describe_instances)
            .match_requests(move |request| request.filters().len() == 1 && request.filters()[0].values() == states)
            .then_output(|| described([]));
        let job = Job::new(&[&describe]);
        let _found_nothing = job.run(&GetInstanceStatusByTag, arguments).await;
        assert_eq!(describe.num_calls(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn an_expectation_that_is_met_is_a_success() {
    let job = Job::new(&[&describes(&[(A, Stopped), (B, ShuttingDown)])]);
    let outcome = job.run(&GetInstanceStatusByTag, &[("expect-state", "stopped,shutting-down")]).await.unwrap();
    assert_eq!(outcome.message, "2 instances found, all stopped or shutting-down");
}

#[tokio::test(start_paused = true)]
async fn an_expectation_that_is_not_met_fails_and_names_the_instances() {
    let describe = describes(&[(A, Stopped), (B, Pending)]);
    let job = Job::new(&[&describe]);
    let error = job.run(&GetInstanceStatusByTag, &[("expect-state", "stopped")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedState);
    assert_eq!(error.to_string(), "checking the states: 1 of 2 instances not stopped");
    let errors: Vec<_> = job.cx.journal().instances().into_iter().map(|entry| entry.error).collect();
    assert!(errors[0].is_none());
    assert_eq!(errors[1].as_ref().unwrap().to_string(), "checking i-0000000b: the instance is pending, not stopped");
}

#[tokio::test(start_paused = true)]
async fn nothing_found_fails_for_a_selection() {
    let describe = describes(&[]);
    let job = Job::new(&[&describe]);
    for (arguments, message) in [
        ([("tag-name", "web")], "looking up the status: no instances named `web` in the region"),
        ([("expect-state", "running")], "looking up the status: no instances in the region"),
    ] {
        let error = job.run(&GetInstanceStatusByTag, &arguments).await.unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::NotFound, message));
    }
    assert_eq!(job.run(&GetInstanceStatusByTag, &[]).await.unwrap().message, "0 instances found");
}

#[tokio::test(start_paused = true)]
async fn an_instance_without_status_checks_does_not_hide_others() {
    let unknown = mock!(Client::describe_instance_status)
        .match_requests(|request| request.instance_ids().contains(&B.to_owned()))
        .then_http_response(|| refusal("InvalidInstanceID.NotFound", "The instance ID does not exist"));
    let known = mock!(Client::describe_instance_status)
        .match_requests(|request| request.instance_ids() == [A])
        .then_output(|| checked([A], &SummaryStatus::Ok));
    let job = Job::new(&[&describes(&[(A, Running), (B, Running)]), &unknown, &known]);
    let outcome = job.run(&GetInstanceStatusByTag, &[("tag-name", "web")]).await.unwrap();
    assert_eq!(outcome.message, "2 instances found");
    assert_eq!(shown(&job), [state("running", Some("ok")), state("running", None)]);
}

#[tokio::test(start_paused = true)]
async fn refused_status_checks_fail_the_job_with_the_instances_shown() {
    let status = mock!(Client::describe_instance_status).then_http_response(|| refusal("UnauthorizedOperation", "no"));
    let job = Job::new(&[&describes(&[(A, Running)]), &status]);
    let error = job.run(&GetInstanceStatusByTag, &[("tag-name", "web")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.to_string().starts_with("describing status checks of i-0000000a: no"), "{error}");
    assert_eq!(shown(&job), [state("running", None)]);
}

#[test]
fn states_are_those_of_ec2() {
    for name in EXPECT_STATE.spec.kind.choices() {
        let ExpectedState(state) = ExpectedState::parse(name).unwrap();
        assert!(state.as_str() == *name && InstanceStateName::values().contains(name), "{name}");
    }
    assert_eq!(EXPECT_STATE.spec.kind.choices().len(), InstanceStateName::values().len());
    assert!(ExpectedState::parse("Running").unwrap_err().starts_with("must be one of pending, running"));
}

#[tokio::test(start_paused = true)]
async fn by_client_token_the_instances_of_a_launch_are_shown_in_any_state_and_in_their_order() {
    let launched = |id: &str, index: i32, state: InstanceStateName| {
        let mut launched = instance(id, &state);
        (launched.client_token, launched.ami_launch_index) = (Some("T".to_owned()), Some(index));
        launched
    };
    let describe = mock!(Client::describe_instances)
        .match_requests(|request| {
            let [filter] = request.filters() else { return false };
            filter.name() == Some("client-token") && filter.values() == ["T"]
        })
        .then_output(move || {
            described([launched("i-0000000a", 1, "terminated".into()), launched("i-0000000b", 0, "pending".into())])
        });
    let job = Job::new(&[&describe]);
    let outcome = job.run(&GetInstanceStatusByTag, &[("client-token", "T")]).await.unwrap();
    assert_eq!(outcome.message, "2 instances found");
    let shown: Vec<_> = job.cx.journal().instances().into_iter().map(|entry| entry.id.to_string()).collect();
    assert_eq!(shown, ["i-0000000b", "i-0000000a"]);
}

#[tokio::test(start_paused = true)]
async fn a_client_token_that_matches_none_is_not_found() {
    let describe = mock!(Client::describe_instances).then_output(|| described([]));
    let error = Job::new(&[&describe]).run(&GetInstanceStatusByTag, &[("client-token", "T")]).await.unwrap_err();
    assert_eq!(error.to_string(), "looking up the status: no instances with client token `T` in the region");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.hint_text().unwrap().contains("may not show new instances yet"), "{error:?}");
}
