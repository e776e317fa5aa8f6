//! Instances: forms of ids and names, finding, selecting, and asking a change of many at once.

use std::sync::{Arc, Mutex};

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_instances::{DescribeInstancesInput, DescribeInstancesOutput};
use aws_sdk_ec2::operation::stop_instances::{StopInstancesInput, StopInstancesOutput};
use aws_sdk_ec2::types::{InstanceState, StateReason, Tag};

use super::*;
use crate::InstanceResult;
use crate::sample::inputs;
use crate::testing::{Job, MockResponse, Rule, described, instance, mock, refusal, state_change};

const A: &str = "i-0000000a";
const B: &str = "i-0000000b";
const C: &str = "i-0000000c";

const STOP: Change =
    Change { doing: "stopping", verb: "stop", done: "stopped", already: &[InstanceStateName::Stopped] };

fn ids(texts: &[&str]) -> Vec<InstanceId> {
    texts.iter().map(|text| InstanceId::from_ec2(text)).collect()
}

fn many(count: usize) -> Vec<InstanceId> {
    (0..count).map(|n| InstanceId::from_ec2(&format!("i-{n:08x}"))).collect()
}

fn named(id: &str, name: &str) -> aws_sdk_ec2::types::Instance {
    let mut instance = instance(id, &InstanceStateName::Running);
    instance.tags = Some(vec![Tag::builder().key("Name").value(name).build()]);
    instance
}

/// The values of a filter of a request.
fn filter_values<'a>(request: &'a DescribeInstancesInput, name: &str) -> &'a [String] {
    request.filters().iter().find(|filter| filter.name() == Some(name)).map(Filter::values).unwrap_or_default()
}

/// A rule for StopInstances that stops everything which `refuses` does not refuse with a code.
fn stops(refuses: impl Fn(&[String]) -> Option<&'static str> + Send + Sync + 'static) -> Rule {
    mock!(Client::stop_instances).then_compute_response(move |request: &StopInstancesInput| {
        let ids = request.instance_ids();
        match refuses(ids) {
            Some(code) => MockResponse::Http(refusal(code, "no")),
            None => MockResponse::Output(stopping(ids)),
        }
    })
}

fn stopping(ids: &[String]) -> StopInstancesOutput {
    let change = |id: &String| state_change(id, &InstanceStateName::Running, &InstanceStateName::Stopping);
    StopInstancesOutput::builder().set_stopping_instances(Some(ids.iter().map(change).collect())).build()
}

/// Asks for the stop of the instances.
async fn ask(job: &Job, ids: &[InstanceId]) -> Result<()> {
    job.cx.journal().enter(ids);
    let stop = |ids| {
        let request = job.cx.ec2().stop_instances().set_instance_ids(Some(ids)).dry_run(job.cx.dry_run());
        async { request.send().await.map(|answer| answer.stopping_instances) }
    };
    STOP.ask(&job.cx, ids, stop).await
}

fn result_of(job: &Job, id: &str) -> Option<InstanceResult> {
    job.cx.journal().instance(&InstanceId::from_ec2(id)).result
}

fn error_of(job: &Job, id: &str) -> Error {
    job.cx.journal().instance(&InstanceId::from_ec2(id)).error.unwrap()
}

#[test]
fn instance_ids_have_the_form_of_ec2() {
    for good in ["i-0123abcd", "i-0123456789abcdef0"] {
        assert_eq!(InstanceId::parse(good).unwrap().as_str(), good);
    }
    for bad in ["", "i-", "i-0123", "i-0123ABCD", "i-0123456789abcdefg", "x-0123abcd", "i-0123abcd ", "web"] {
        assert!(InstanceId::parse(bad).unwrap_err().contains("instance id"), "{bad}");
    }
}

#[test]
fn names_are_not_blank_and_not_too_long() {
    assert!(TagName::parse("  \t").unwrap_err().contains("blank"));
    assert!(TagName::parse(&"x".repeat(257)).unwrap_err().contains("256"));
    for good in [" web * ", &"\u{fc}".repeat(256)] {
        assert_eq!(TagName::parse(good).unwrap().as_str(), good);
    }
}

#[test]
fn long_lists_are_cut_in_messages() {
    let ids = ids(&["i-0", "i-1", "i-2", "i-3", "i-4", "i-5", "i-6"]);
    assert_eq!(list_of(&ids[..2]), "i-0, i-1");
    assert_eq!(list_of(&ids), "i-0, i-1, i-2, i-3, i-4 and 2 more");
}

#[test]
fn what_ec2_leaves_empty_is_unknown() {
    let state = InstanceState::builder().name(InstanceStateName::Stopped).build();
    let bare = aws_sdk_ec2::types::Instance::builder().instance_id(A).state(state);
    let seen = Instance::from_ec2(&bare.clone().public_dns_name("").state_transition_reason("").build()).unwrap();
    assert_eq!((seen.name, seen.public_dns, seen.state_reason, seen.launch_index), (None, None, None, 0));

    let told = bare.clone().state_transition_reason("User initiated");
    assert_eq!(Instance::from_ec2(&told.clone().build()).unwrap().state_reason.as_deref(), Some("User initiated"));
    let told = told.state_reason(StateReason::builder().code("x").message("x: the key is gone").build());
    assert_eq!(Instance::from_ec2(&told.build()).unwrap().state_reason.as_deref(), Some("x: the key is gone"));

    assert!(Instance::from_ec2(&aws_sdk_ec2::types::Instance::builder().instance_id(A).build()).is_none());
}

#[tokio::test(start_paused = true)]
async fn only_the_exact_name_is_found() {
    for (name, pattern) in [("web", "web"), ("web*", "web*"), ("we?b", "we?b"), (r"a\b", "a?b"), ("WEB ", "WEB ")] {
        let describe = mock!(Client::describe_instances)
            .match_requests(move |request| {
                filter_values(request, "tag:Name") == [pattern]
                    && filter_values(request, "instance-state-name") == ["pending", "running", "stopping", "stopped"]
                    && request.max_results() == Some(1000)
                    && request.instance_ids().is_empty()
            })
            .then_output(move || {
                let others = ["web1", "we1b", "web", "web*", "we?b", r"a\b", "axb", "WEB "].map(|name| named(A, name));
                described(others.into_iter().chain([named(C, name), named(B, name)]))
            });
        let job = Job::new(&[&describe]);
        let found = find_by_name(&job.cx, &TagName::parse(name).unwrap(), ALIVE).await.unwrap();
        let found: Vec<_> = found.iter().map(|instance| (instance.id.as_str(), instance.name.as_deref())).collect();
        assert_eq!(found, [A, B, C].map(|id| (id, Some(name))), "sorted, and nothing else than {name}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_page_is_read() {
    let page = |id: &'static str, next: Option<&'static str>| {
        mock!(Client::describe_instances)
            .match_requests(move |request| request.next_token() == if id == A { None } else { Some("more") })
            .then_output(move || {
                let mut page = described([named(id, "web")]);
                page.next_token = next.map(str::to_owned);
                page
            })
    };
    let job = Job::new(&[&page(A, Some("more")), &page(B, None)]);
    let found = find_all(&job.cx, &[InstanceStateName::Running]).await.unwrap();
    assert_eq!(found.iter().map(|instance| instance.id.as_str()).collect::<Vec<_>>(), [A, B]);
}

#[tokio::test(start_paused = true)]
async fn ids_are_looked_up_a_thousand_at_a_time() {
    let describe = mock!(Client::describe_instances).then_compute_output(|request: &DescribeInstancesInput| {
        assert!(request.filters().is_empty() && request.max_results().is_none(), "{request:?}");
        described(request.instance_ids().iter().map(|id| named(id, "web")))
    });
    let job = Job::new(&[&describe]);
    assert_eq!(find_by_ids(&job.cx, &many(1001)).await.unwrap().len(), 1001);
    assert_eq!(describe.num_calls(), 2);
    assert!(find_by_ids(&job.cx, &[]).await.unwrap().is_empty(), "no ids are not all instances");
    assert_eq!(describe.num_calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failed_look_says_what_was_looked_for() {
    let describe = mock!(Client::describe_instances).then_http_response(|| refusal("UnauthorizedOperation", "no"));
    let job = Job::new(&[&describe]);
    let name = TagName::parse("web").unwrap();
    for (error, action) in [
        (find_by_name(&job.cx, &name, ALIVE).await.unwrap_err(), "looking up instances named `web`: "),
        (find_all(&job.cx, ALIVE).await.unwrap_err(), "looking up all instances of the region: "),
        (find_by_ids(&job.cx, &ids(&[A])).await.unwrap_err(), "looking up i-0000000a: "),
    ] {
        assert!(error.to_string().starts_with(action), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn ids_are_taken_once_in_their_order_without_a_call() {
    let inputs = inputs(&[("instance-id", "i-0000000b, i-0000000a"), ("instance-id", B)]);
    let selection = Selection::from_inputs(&inputs).unwrap();
    let job = Job::new(&[]);
    assert_eq!(selection.find(&job.cx, &inputs).await.unwrap(), ids(&[B, A]));
    assert_eq!(job.cx.journal().instances().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn the_name_wins_over_ids_and_says_so() {
    let describe = mock!(Client::describe_instances).then_output(|| described([named(A, "web")]));
    let job = Job::new(&[&describe]);
    let inputs = inputs(&[("instance-id", B), ("tag-name", "web")]);
    let found = Selection::from_inputs(&inputs).unwrap().find(&job.cx, &inputs).await.unwrap();
    assert_eq!(found, ids(&[A]));
    assert_eq!(
        job.lines(),
        ["the instance ids are ignored, because --tag-name is given too", "1 instance named `web` found"]
    );
    let entry = job.cx.journal().instance(&found[0]);
    assert_eq!((entry.name.as_deref(), entry.state.as_deref()), (Some("web"), Some("running")));
}

#[test]
fn neither_name_nor_ids_never_means_all() {
    for nothing in [&[][..], &[("instance-id", " , ")]] {
        let error = Selection::from_inputs(&inputs(nothing)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.to_string(), "selecting instances: neither --tag-name nor --instance-id is given");
    }
}

#[test]
fn nothing_found_is_a_failure_unless_allowed() {
    let name = Selection::Name(TagName::parse("web").unwrap());
    let error = name.nothing_found(&inputs(&[])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.message(), "no instance named `web` that is pending, running, stopping or stopped");
    assert!(error.hint_text().unwrap().contains("--allow-none"), "{error:?}");
    let outcome = name.nothing_found(&inputs(&[("allow-none", "true")])).unwrap();
    assert!(outcome.message.ends_with("nothing to do"), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn one_call_changes_a_thousand() {
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let seen = sizes.clone();
    let stop = stops(move |ids| {
        seen.lock().unwrap().push(ids.len());
        None
    });
    let job = Job::new(&[&stop]);
    ask(&job, &many(1001)).await.unwrap();
    assert_eq!(*sizes.lock().unwrap(), [1000, 1]);
    assert!(job.cx.journal().instances().iter().all(|entry| entry.result == Some(InstanceResult::Changed)));
    assert_eq!(STOP.verdict(&job.cx, false).unwrap().message, "1001 instances stopping");
    assert_eq!(STOP.verdict(&job.cx, true).unwrap().message, "1001 instances stopped");
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_there_already_is_unchanged() {
    let stop = mock!(Client::stop_instances).then_output(|| {
        let changes = [
            state_change(A, &InstanceStateName::Stopped, &InstanceStateName::Stopped),
            state_change(B, &InstanceStateName::Running, &InstanceStateName::Stopping),
        ];
        StopInstancesOutput::builder().set_stopping_instances(Some(changes.into())).build()
    });
    let job = Job::new(&[&stop]);
    ask(&job, &ids(&[A, B])).await.unwrap();
    assert_eq!(job.lines(), ["i-0000000a: was stopped already", "i-0000000b: stop accepted, running -> stopping"]);
    assert_eq!(result_of(&job, A), Some(InstanceResult::Unchanged));
    assert_eq!(result_of(&job, B), Some(InstanceResult::Changed));
    assert_eq!(STOP.verdict(&job.cx, true).unwrap().message, "1 instance stopped, 1 instance unchanged");
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_the_answer_does_not_name_has_failed() {
    let stop = mock!(Client::stop_instances).then_output(|| stopping(&[A.to_owned()]));
    let job = Job::new(&[&stop]);
    ask(&job, &ids(&[A, B])).await.unwrap();
    assert_eq!(result_of(&job, A), Some(InstanceResult::Changed));
    assert_eq!(
        error_of(&job, B).to_string(),
        "stopping i-0000000b: EC2 accepted the request but its answer does not name the instance"
    );
    assert_eq!(STOP.verdict(&job.cx, false).unwrap_err().kind(), ErrorKind::Partial);
}

#[tokio::test(start_paused = true)]
async fn a_refused_instance_does_not_sink_the_others() {
    for code in ["OperationNotPermitted", "InvalidInstanceID.NotFound", "IncorrectInstanceState"] {
        let stop = stops(move |ids| ids.iter().any(|id| id == "i-00000002").then_some(code));
        let job = Job::new(&[&stop]);
        ask(&job, &many(4)).await.unwrap();
        let results: Vec<_> = job.cx.journal().instances().iter().map(|entry| entry.result).collect();
        let [changed, failed] = [InstanceResult::Changed, InstanceResult::Failed].map(Some);
        assert_eq!(results, [changed, changed, failed, changed]);
        assert_eq!(stop.num_calls(), 5, "all four, the first two, the last two, and these alone");

        let refused = format!("stopping i-00000002: no ({code}, request req-1)");
        assert_eq!(error_of(&job, "i-00000002").to_string(), refused);
        job.assert_says(&format!("warning: {refused}"));
        let verdict = STOP.verdict(&job.cx, false).unwrap_err();
        assert_eq!(verdict.kind(), ErrorKind::Partial);
        assert_eq!(verdict.to_string(), format!("stopping: 1 of 4 instances failed; the first: {refused}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_whole_request_ends_the_job() {
    for (code, kind) in
        [("UnauthorizedOperation", ErrorKind::PermissionDenied), ("InvalidParameterValue", ErrorKind::InvalidInput)]
    {
        let stop = stops(move |_| Some(code));
        let job = Job::new(&[&stop]);
        let error = ask(&job, &ids(&[A, B, C])).await.unwrap_err();
        assert_eq!((error.kind(), error.code(), stop.num_calls()), (kind, Some(code), 1));
        assert!(error.to_string().starts_with("stopping i-0000000a, i-0000000b, i-0000000c: no"), "{error}");
        assert!(!job.cx.journal().anything_changed());
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_before_a_refusal_is_in_the_journal() {
    let stop = stops(|ids| match ids {
        [a, b] if a == A && b == B => Some("IncorrectInstanceState"),
        [a] if a == A => None,
        _ => Some("UnauthorizedOperation"),
    });
    let job = Job::new(&[&stop]);
    assert_eq!(ask(&job, &ids(&[A, B])).await.unwrap_err().kind(), ErrorKind::PermissionDenied);
    assert_eq!(result_of(&job, A), Some(InstanceResult::Changed));
    assert_eq!(result_of(&job, B), None);
    assert!(job.cx.journal().anything_changed());
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_asks_ec2_and_changes_nothing() {
    let describe = mock!(Client::describe_instances).then_output(|| -> DescribeInstancesOutput {
        described([instance(A, &InstanceStateName::Running), instance(B, &InstanceStateName::Stopped)])
    });
    let stop = mock!(Client::stop_instances)
        .match_requests(|request| request.dry_run() == Some(true))
        .then_http_response(|| refusal("DryRunOperation", "Request would have succeeded, but DryRun flag is set."));
    let job = Job::dry_run(&[&describe, &stop]);
    find_by_ids(&job.cx, &ids(&[A, B])).await.unwrap().iter().for_each(|instance| job.cx.journal().see(instance));
    ask(&job, &ids(&[A, B])).await.unwrap();
    assert_eq!(job.lines(), ["i-0000000a (web): would be stopped", "i-0000000b (web): is stopped already"]);
    assert!(!job.cx.journal().anything_changed());
    let outcome = STOP.verdict(&job.cx, false).unwrap();
    assert_eq!(outcome.message, "2 instances checked, nothing changed (dry run)");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_that_is_denied_fails() {
    let stop = stops(|_| Some("UnauthorizedOperation"));
    let error = ask(&Job::dry_run(&[&stop]), &ids(&[A])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_answer_to_a_real_request_is_no_success() {
    let stop = stops(|_| Some("DryRunOperation"));
    let error = ask(&Job::new(&[&stop]), &ids(&[A])).await.unwrap_err();
    assert!(error.is_dry_run_success(), "{error}");
}
