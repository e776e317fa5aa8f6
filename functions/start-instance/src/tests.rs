//! `StartInstance` against a mocked EC2: the start, the wait for readiness, and the properties.

use connector_sdk::ec2::Client;
use connector_sdk::ec2::operation::start_instances::{StartInstancesInput, StartInstancesOutput};
use connector_sdk::ec2::types::InstanceStateName::{Pending, Running, Stopped, Terminated};
use connector_sdk::ec2::types::SummaryStatus;
use connector_sdk::testing::{
    Job, MockResponse, Rule, checked, described, describes_as, describes_states, instance, mock, refusal, state_change,
};
use connector_sdk::{ErrorKind, PropertyEntry};

use super::*;

const A: &str = "i-0000000a";
const B: &str = "i-0000000b";
const WAIT: (&str, &str) = ("wait", "true");
const RUNNING: (&str, &str) = ("wait-for", "running");
const PUBLIC_IP: (&str, &str) = ("public-ip-property", "IP");

/// A rule for StartInstances: all have this previous state and are now pending; `refused` is refused.
fn starts(previous: InstanceStateName, refused: Option<&'static str>) -> Rule {
    mock!(Client::start_instances).then_compute_response(move |request: &StartInstancesInput| {
        let ids = request.instance_ids();
        if ids.iter().any(|id| Some(id.as_str()) == refused) {
            return MockResponse::Http(refusal("IncorrectInstanceState", "The instance is not in a state to start"));
        }
        let changes = ids.iter().map(|id| state_change(id, &previous, &Pending)).collect();
        MockResponse::Output(StartInstancesOutput::builder().set_starting_instances(Some(changes)).build())
    })
}

/// All properties as `name=value`, with a `!` before unsaved ones and `?` for unknown values.
fn properties(job: &Job) -> Vec<String> {
    let properties = job.cx.journal().properties();
    let value = |p: &PropertyEntry| p.value.clone().unwrap_or("?".to_owned());
    properties.iter().map(|p| format!("{}{}={}", if p.saved { "" } else { "!" }, p.name, value(p))).collect()
}

#[tokio::test(start_paused = true)]
async fn by_ids_or_by_name_costs_two_calls() {
    for arguments in [[("instance-id", A)], [("tag-name", "web")]] {
        let (describe, start) = (describes_states(A, &[Stopped]), starts(Stopped, None));
        let job = Job::new(&[&describe, &start]);
        let outcome = job.run(&StartInstance, &arguments).await.unwrap();
        assert_eq!((describe.num_calls(), start.num_calls()), (1, 1));
        assert_eq!(outcome.message, "1 instance starting");
        job.assert_reported("start accepted, stopped -> pending");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_selected_starts_nothing() {
    let describe = mock!(Client::describe_instances).then_output(|| described([]));
    for (arguments, kind) in [(&[][..], ErrorKind::InvalidInput), (&[("tag-name", "web")], ErrorKind::NotFound)] {
        let error = Job::new(&[&describe]).run(&StartInstance, arguments).await.unwrap_err();
        assert_eq!(error.kind(), kind);
    }
}

#[tokio::test(start_paused = true)]
async fn a_running_instance_is_a_success() {
    for state in [Running, Pending] {
        let job = Job::new(&[&starts(state.clone(), None), &describes_as(state)]);
        let outcome = job.run(&StartInstance, &[("instance-id", A)]).await.unwrap();
        assert_eq!(outcome.message, "1 instance unchanged");
        assert!(!job.cx.journal().anything_changed());
    }
}

#[tokio::test(start_paused = true)]
async fn waits_until_both_checks_are_ok_by_default() {
    for (arguments, checks) in [(&[("instance-id", A), WAIT][..], 1), (&[("instance-id", A), WAIT, RUNNING], 0)] {
        let (start, describe) = (starts(Stopped, None), describes_states(A, &[Stopped, Stopped, Pending, Running]));
        let status = mock!(Client::describe_instance_status).then_output(|| checked([A], &SummaryStatus::Ok));
        let job = Job::new(&[&start, &describe, &status]);
        let outcome = job.run(&StartInstance, arguments).await.unwrap();
        assert_eq!((outcome.message.as_str(), describe.num_calls()), ("1 instance started", 4));
        assert_eq!(status.num_calls(), checks);
    }
}

#[tokio::test(start_paused = true)]
async fn with_wait_all_values_are_saved_in_the_order_given() {
    let (start, describe) = (starts(Stopped, None), describes_as(Running));
    let job = Job::new(&[&start, &describe]);
    let ids = [("instance-id", B), ("instance-id", A)];
    let arguments = [&ids[..], &[WAIT, RUNNING, PUBLIC_IP, ("id-property", "ID")]].concat();
    job.run(&StartInstance, &arguments).await.unwrap();
    assert_eq!(properties(&job), ["ID_1=i-0000000b", "IP_1=192.0.2.1", "ID_2=i-0000000a", "IP_2=192.0.2.1"]);
    assert_eq!(describe.num_calls(), 2, "the wait has seen the addresses");
    assert_eq!(job.lines()[0], "OpCon is contacted", "before anything is started");
}

#[tokio::test(start_paused = true)]
async fn the_ids_are_saved_before_the_wait() {
    let (start, describe) = (starts(Stopped, None), describes_as(Running));
    let job = Job::new(&[&start, &describe]);
    job.run(&StartInstance, &[("instance-id", A), WAIT, RUNNING, PUBLIC_IP, ("id-property", "ID")]).await.unwrap();
    let lines = job.lines();
    let place =
        |text: &str| lines.iter().position(|line| line.starts_with(text)).unwrap_or_else(|| panic!("{lines:#?}"));
    assert!(
        place("property ID = ") < place("waiting for ") && place("waiting for ") < place("property IP = "),
        "{lines:#?}"
    );
}

#[tokio::test(start_paused = true)]
async fn names_that_collide_for_several_instances_are_refused_before_the_start() {
    let (start, describe) = (starts(Stopped, None), describes_as(Stopped));
    let job = Job::new(&[&start, &describe]);
    let arguments = [("instance-id", A), ("instance-id", B), ("id-property", "WEB"), ("public-ip-property", "WEB_1")];
    let error = job.run(&StartInstance, &arguments).await.unwrap_err();
    assert_eq!((error.kind(), start.num_calls()), (ErrorKind::InvalidInput, 0));
}

#[tokio::test(start_paused = true)]
async fn without_wait_one_more_call_finds_the_known_values() {
    let (start, describe) = (starts(Stopped, None), describes_as(Pending));
    let job = Job::new(&[&start, &describe]);
    let arguments = [("instance-id", A), PUBLIC_IP, ("private-ip-property", "PRIVATE")];
    let outcome = job.run(&StartInstance, &arguments).await.unwrap();
    assert_eq!((outcome.message.as_str(), describe.num_calls()), ("1 instance starting", 2));
    assert_eq!(properties(&job), ["!IP=?", "PRIVATE=10.0.0.1"]);
    job.assert_reported("warning: property IP is not saved");
}

#[tokio::test(start_paused = true)]
async fn a_property_that_is_not_saved_fails_the_job() {
    let (start, describe) = (starts(Stopped, None), describes_as(Running));
    let job = Job::refusing_property(&[&start, &describe], "ID");
    let arguments = [("instance-id", A), WAIT, RUNNING, ("id-property", "ID"), PUBLIC_IP];
    let error = job.run(&StartInstance, &arguments).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PropertyNotSaved);
    assert_eq!(properties(&job), ["!ID=i-0000000a", "IP=192.0.2.1"]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_start_takes_precedence_over_an_unsaved_property() {
    let start = starts(Stopped, Some(A));
    let looks = mock!(Client::describe_instances).then_compute_output(|request| {
        let state = |id: &str| if id == A { Terminated } else { Running };
        let filtered = request.filters().iter().flat_map(|filter| filter.values());
        described(request.instance_ids().iter().chain(filtered).map(|id| instance(id, &state(id))))
    });
    let job = Job::refusing_property(&[&start, &looks], "IP_2");
    let arguments = [("instance-id", A), ("instance-id", B), WAIT, RUNNING, PUBLIC_IP];
    let error = job.run(&StartInstance, &arguments).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Partial);
    assert!(error.message().contains("(IncorrectInstanceState, request req-1)"), "{error}");
    assert_eq!(properties(&job), ["!IP_2=192.0.2.1"], "the refused one keeps its number");
}

#[tokio::test(start_paused = true)]
async fn an_instance_refused_for_its_state_is_described_at_once() {
    let start = starts(Stopped, Some(A));
    let describe = mock!(Client::describe_instances).then_output(|| described([instance(A, &Terminated)]));
    let job = Job::new(&[&start, &describe]);
    let error = job.run(&StartInstance, &[("instance-id", A), PUBLIC_IP]).await.unwrap_err();
    assert_eq!((error.kind(), describe.num_calls()), (ErrorKind::UnexpectedState, 2));
    assert!(properties(&job).is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_terminates_while_starting_fails_the_job() {
    let (start, describe) = (starts(Stopped, None), describes_states(A, &[Stopped, Pending, Terminated]));
    let job = Job::new(&[&start, &describe]);
    let error = job.run(&StartInstance, &[("instance-id", A), WAIT]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedState);
    assert!(error.message().contains("the instance is `terminated`"), "{error}");
    assert!(job.cx.journal().anything_changed(), "the start was accepted");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_sends_no_real_request_and_saves_nothing() {
    let start = mock!(Client::start_instances)
        .match_requests(|request| request.dry_run() == Some(true))
        .then_http_response(|| refusal("DryRunOperation", "would have succeeded"));
    let describe = mock!(Client::describe_instances).then_output(|| described([instance(A, &Stopped)]));
    let job = Job::dry_run(&[&start, &describe]);
    let outcome = job.run(&StartInstance, &[("instance-id", A), WAIT, ("id-property", "ID")]).await.unwrap();
    assert_eq!(outcome.message, "1 instance checked, nothing changed (dry run)");
    let checked = ["OpCon is contacted", "OpCon properties can be saved: ID; none is saved (dry run)"];
    assert_eq!(job.lines(), [checked[0], checked[1], "i-0000000a (web): is stopped, would be started"]);
}
