//! Actions: the number of calls, the result for each instance, and transient states.

mod parts;
mod scale;
mod unnamed;

use std::sync::{Arc, Mutex};

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_instances::DescribeInstancesOutput;
use aws_sdk_ec2::operation::reboot_instances::RebootInstancesOutput;
use aws_sdk_ec2::operation::stop_instances::{StopInstancesInput, StopInstancesOutput};
use aws_sdk_ec2::types::InstanceStateName;

use super::*;
use crate::sample::inputs;
use crate::selection::look_up_ids;
use crate::testing::{Job, MockResponse, Rule, answer, described, instance, mock, refusal, state_change};
use crate::wait::WaitArgs;
use crate::{Error, ErrorKind, InstanceId, ResourceResult};

const A: &str = "i-0000000a";
const B: &str = "i-0000000b";
const C: &str = "i-0000000c";

const STOP: InstanceAction = InstanceAction {
    doing: "stopping",
    verb: "stop",
    done: "stopped",
    only_in: &[InstanceStateName::Running],
    already: &[InstanceStateName::Stopped, InstanceStateName::Stopping],
    transient: &[InstanceStateName::Pending],
    ignored_in: &[],
    non_atomic: false,
    repeatable: true,
};

fn ids(texts: &[&str]) -> Vec<InstanceId> {
    texts.iter().map(|text| InstanceId::from_ec2(text)).collect()
}

fn many(count: usize) -> Vec<InstanceId> {
    (0..count).map(|n| InstanceId::from_ec2(&format!("i-{n:08x}"))).collect()
}

/// A rule for StopInstances that accepts everything unless `refuses` returns a code.
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

/// Requests the stop of the instances.
async fn request(job: &Job, ids: &[InstanceId]) {
    request_action(&STOP, job, ids).await;
}

async fn request_action(action: &InstanceAction, job: &Job, ids: &[InstanceId]) {
    job.cx.journal().record_ids(ids);
    let stop = |ids| {
        let request = job.cx.ec2().stop_instances().set_instance_ids(Some(ids)).dry_run(job.cx.dry_run());
        async { request.send().await.map(|answer| answer.stopping_instances) }
    };
    action.request(&job.cx, &WaitArgs::parse(&inputs(&[])).policy(&job.cx), ids, stop).await;
}

fn result_of(job: &Job, id: &str) -> Option<ResourceResult> {
    job.cx.journal().instance(&InstanceId::from_ec2(id)).result
}

fn error_of(job: &Job, id: &str) -> Error {
    job.cx.journal().instance(&InstanceId::from_ec2(id)).error.unwrap()
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
    request(&job, &many(1001)).await;
    assert_eq!(*sizes.lock().unwrap(), [1000, 1]);
    assert!(job.cx.journal().instances().iter().all(|entry| entry.result == Some(ResourceResult::Changed)));
    assert_eq!(STOP.verdict(&job.cx, false).unwrap().message, "1001 instances stopping");
    assert_eq!(STOP.verdict(&job.cx, true).unwrap().message, "1001 instances stopped");
}

#[tokio::test(start_paused = true)]
async fn an_instance_already_in_the_target_state_is_unchanged() {
    let stop = mock!(Client::stop_instances).then_output(|| {
        let changes = [
            state_change(A, &InstanceStateName::Stopped, &InstanceStateName::Stopped),
            state_change(B, &InstanceStateName::Running, &InstanceStateName::Stopping),
        ];
        StopInstancesOutput::builder().set_stopping_instances(Some(changes.into())).build()
    });
    let job = Job::new(&[&stop]);
    request(&job, &ids(&[A, B])).await;
    assert_eq!(job.lines(), ["i-0000000a: already stopped", "i-0000000b: stop accepted, running -> stopping"]);
    assert_eq!(result_of(&job, A), Some(ResourceResult::Unchanged));
    assert_eq!(result_of(&job, B), Some(ResourceResult::Changed));
    assert_eq!(STOP.verdict(&job.cx, true).unwrap().message, "1 instance stopped, 1 instance unchanged");
}

/// A rule for DescribeInstances of one instance by filter, which returns these states in turn.
fn shows(id: &'static str, states: &[InstanceStateName]) -> Rule {
    let mut describe =
        mock!(Client::describe_instances).match_requests(|request| !request.filters().is_empty()).sequence();
    for state in states {
        let state = state.clone();
        describe = describe.output(move || described([instance(id, &state)]));
    }
    describe.repeatedly().build()
}

#[tokio::test(start_paused = true)]
async fn an_instance_missing_in_the_answer_is_described() {
    let stop = mock!(Client::stop_instances).then_output(|| stopping(&[A.to_owned()]));
    let describe = shows(B, &[InstanceStateName::Running, InstanceStateName::Stopping]);
    let job = Job::new(&[&stop, &describe]);
    request(&job, &ids(&[A, B])).await;
    assert_eq!((result_of(&job, A), describe.num_calls()), (Some(ResourceResult::Changed), 2));
    assert_eq!(result_of(&job, B), Some(ResourceResult::Unknown), "who changed it was not seen");
    assert_eq!(STOP.verdict(&job.cx, false).unwrap().message, "1 instance stopping, 1 instance stopping or unchanged");
    assert!(!job.cx.journal().anything_unknown());
}

#[tokio::test(start_paused = true)]
async fn an_instance_missing_in_the_answer_with_an_unchanged_state_is_unknown() {
    let stop = mock!(Client::stop_instances).then_output(|| stopping(&[A.to_owned()]));
    let describe = shows(B, &[InstanceStateName::Running]);
    let job = Job::new(&[&stop, &describe]);
    request(&job, &ids(&[A, B])).await;
    assert_eq!(
        error_of(&job, B).to_string(),
        "stopping i-0000000b: the response was incomplete: it does not name the instance"
    );
    assert_eq!((error_of(&job, B).kind(), describe.num_calls()), (ErrorKind::Unknown, 4));
    assert_eq!(STOP.verdict(&job.cx, false).unwrap_err().kind(), ErrorKind::Unknown);
    assert!(job.cx.journal().anything_unknown());
}

#[tokio::test(start_paused = true)]
async fn a_refused_instance_does_not_affect_the_others() {
    for code in ["OperationNotPermitted", "InvalidInstanceID.NotFound", "IncorrectInstanceState"] {
        let stop = stops(move |ids| ids.iter().any(|id| id == "i-00000002").then_some(code));
        let describe = mock!(Client::describe_instances)
            .then_output(|| described([instance("i-00000002", &InstanceStateName::Terminated)]));
        let job = Job::new(&[&stop, &describe]);
        request(&job, &many(4)).await;
        let results: Vec<_> = job.cx.journal().instances().iter().map(|entry| entry.result).collect();
        let [changed, failed] = [ResourceResult::Changed, ResourceResult::Failed].map(Some);
        assert_eq!(results, [changed, changed, failed, changed]);
        assert_eq!(stop.num_calls(), 5, "all four, the first two, the last two, and these alone");

        let refused = format!("stopping i-00000002: no ({code}, request req-1)");
        assert_eq!(error_of(&job, "i-00000002").to_string(), refused);
        let described = usize::from(code == "IncorrectInstanceState");
        assert_eq!(describe.num_calls(), described, "described only if the state is the reason");
        job.assert_reported(&format!("warning: {refused}"));
        let verdict = STOP.verdict(&job.cx, false).unwrap_err();
        assert_eq!(verdict.kind(), ErrorKind::Partial);
        assert_eq!(verdict.to_string(), format!("stopping: 1 of 4 instances failed; the first: {refused}"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_the_whole_request_is_one_failure() {
    for (code, kind) in [
        ("AuthFailure", ErrorKind::PermissionDenied),
        ("MalformedQueryString", ErrorKind::InvalidInput),
        ("RequestLimitExceeded", ErrorKind::Unavailable),
    ] {
        let stop = mock!(Client::stop_instances).then_http_response(move || refusal(code, "no"));
        let job = Job::new(&[&stop]);
        request(&job, &ids(&[A, B, C])).await;
        let error = STOP.verdict(&job.cx, false).unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)));
        assert!(error.to_string().starts_with("stopping i-0000000a, i-0000000b, i-0000000c: no"), "{error}");
        assert!(!job.cx.journal().anything_changed() && job.lines().is_empty());
        assert_eq!(result_of(&job, C), Some(ResourceResult::Failed));
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_some_is_split_whatever_its_code() {
    for code in ["UnauthorizedOperation", "InsufficientHostCapacity", "SomethingNew", "InvalidParameterValue"] {
        let stop = stops(move |ids| ids.iter().any(|id| id == B).then_some(code));
        let job = Job::new(&[&stop]);
        request(&job, &ids(&[A, B, C])).await;
        let [changed, failed] = [ResourceResult::Changed, ResourceResult::Failed].map(Some);
        assert_eq!([A, B, C].map(|id| result_of(&job, id)), [changed, failed, changed], "{code}");
        assert_eq!(error_of(&job, B).code(), Some(code));
    }
}

#[tokio::test(start_paused = true)]
async fn after_twenty_consecutive_refusals_no_further_requests_are_sent() {
    let stop = stops(|_| Some("UnauthorizedOperation"));
    let job = Job::new(&[&stop]);
    request(&job, &many(100)).await;
    assert!(stop.num_calls() < 50, "{}", stop.num_calls());
    assert!(job.cx.journal().instances().iter().all(|entry| entry.result == Some(ResourceResult::Failed)));
    assert_eq!(STOP.verdict(&job.cx, false).unwrap_err().kind(), ErrorKind::PermissionDenied);
    job.assert_reported(
        "EC2 refused 20 instances in a row for the same reason: the other instances were not requested",
    );
}

#[tokio::test(start_paused = true)]
async fn many_refusals_for_a_past_state_fail_no_instance() {
    let was_described = Arc::new(Mutex::new(false));
    let seen = was_described.clone();
    let describe = mock!(Client::describe_instances).then_compute_output(move |request| {
        *seen.lock().unwrap() = true;
        let ids = request.filters().iter().flat_map(|filter| filter.values());
        described(ids.map(|id| instance(id, &InstanceStateName::Running)).collect::<Vec<_>>())
    });
    let stop = stops(move |_| (!*was_described.lock().unwrap()).then_some("IncorrectInstanceState"));
    let job = Job::new(&[&stop, &describe]);
    request(&job, &many(50)).await;
    assert_eq!(STOP.verdict(&job.cx, false).unwrap().message, "50 instances stopping");
}

#[tokio::test(start_paused = true)]
async fn refusals_with_other_codes_between_them_are_not_consecutive() {
    let stop =
        stops(|ids| ids.iter().any(|id| id.ends_with(['0', '2', '4', '6', '8'])).then_some("UnsupportedOperation"));
    let job = Job::new(&[&stop]);
    let all: Vec<_> = (0..60).map(|n| InstanceId::from_ec2(&format!("i-{n:08}"))).collect();
    request(&job, &all).await;
    let changed = job.cx.journal().instances().iter().filter(|entry| entry.changed).count();
    assert_eq!(changed, 30);
}

#[tokio::test(start_paused = true)]
async fn ids_that_ec2_does_not_show_have_a_separate_request() {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = requests.clone();
    let stop = stops(move |ids| {
        seen.lock().unwrap().push(ids.to_vec());
        ids.iter().any(|id| id == B).then_some("InvalidInstanceID.NotFound")
    });
    let by_ids = mock!(Client::describe_instances)
        .match_requests(|request| !request.instance_ids().is_empty())
        .then_http_response(|| refusal("InvalidInstanceID.NotFound", "no"));
    let job = Job::new(&[&stop, &by_ids, &shows(A, &[InstanceStateName::Running])]);
    look_up_ids(&job.cx, &ids(&[B, A])).await.unwrap();
    request(&job, &ids(&[B, A])).await;
    assert_eq!(*requests.lock().unwrap(), [[A], [B]]);
    assert_eq!(STOP.verdict(&job.cx, false).unwrap_err().kind(), ErrorKind::Partial);
}

#[tokio::test(start_paused = true)]
async fn what_was_accepted_before_a_failure_of_the_rest_is_kept() {
    let stop = stops(|ids| match ids {
        [a, b] if a == A && b == B => Some("IncorrectInstanceState"),
        [a] if a == A => None,
        _ => Some("AuthFailure"),
    });
    let job = Job::new(&[&stop]);
    request(&job, &ids(&[A, B])).await;
    assert_eq!(result_of(&job, A), Some(ResourceResult::Changed));
    assert_eq!(error_of(&job, B).kind(), ErrorKind::PermissionDenied);
    assert_eq!(STOP.verdict(&job.cx, false).unwrap_err().kind(), ErrorKind::Partial);
    job.assert_reported("warning: stopping i-0000000b: no (AuthFailure");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_sends_dry_run_requests_and_changes_nothing() {
    let describe = mock!(Client::describe_instances).then_output(|| -> DescribeInstancesOutput {
        described([instance(A, &InstanceStateName::Running), instance(B, &InstanceStateName::Stopped)])
    });
    let stop = mock!(Client::stop_instances)
        .match_requests(|request| request.dry_run() == Some(true))
        .then_http_response(|| refusal("DryRunOperation", "Request would have succeeded, but DryRun flag is set."));
    let job = Job::dry_run(&[&describe, &stop]);
    look_up_ids(&job.cx, &ids(&[A, B])).await.unwrap();
    request(&job, &ids(&[A, B])).await;
    assert_eq!(job.lines(), ["i-0000000a (web): is running, would be stopped", "i-0000000b (web): already stopped"]);
    assert!(!job.cx.journal().anything_changed());
    let outcome = STOP.verdict(&job.cx, false).unwrap();
    assert_eq!(outcome.message, "2 instances checked, nothing changed (dry run)");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_that_is_denied_fails() {
    let stop = stops(|_| Some("UnauthorizedOperation"));
    let job = Job::dry_run(&[&stop]);
    request(&job, &ids(&[A])).await;
    let error = STOP.verdict(&job.cx, false).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_answer_to_a_real_request_is_no_success() {
    let stop = stops(|_| Some("DryRunOperation"));
    let job = Job::new(&[&stop]);
    request(&job, &ids(&[A])).await;
    let error = STOP.verdict(&job.cx, false).unwrap_err();
    assert!(error.is_dry_run_success(), "{error}");
}

/// A rule for StopInstances that refuses until the other rule was called this often.
fn stops_after_polls(number: usize, describe: &Rule) -> Rule {
    let describe = describe.clone();
    stops(move |_| (describe.num_calls() < number).then_some("IncorrectInstanceState"))
}

#[tokio::test(start_paused = true)]
async fn the_action_is_requested_again_after_a_transient_state() {
    let pending_then_running = || {
        let describe = mock!(Client::describe_instances).sequence();
        let describe = describe.output(|| described([instance(A, &InstanceStateName::Pending)]));
        describe.output(|| described([instance(A, &InstanceStateName::Running)])).repeatedly().build()
    };
    let describe = pending_then_running();
    let stop = stops_after_polls(2, &describe);
    let job = Job::new(&[&describe, &stop]);
    request(&job, &ids(&[A])).await;
    assert_eq!((stop.num_calls(), describe.num_calls()), (2, 2), "refused, described, waited for, accepted");
    assert_eq!(result_of(&job, A), Some(ResourceResult::Changed));

    // A known transient state is not requested in vain.
    let (describe, stop) = (pending_then_running(), stops(|_| None));
    let job = Job::new(&[&describe, &stop]);
    look_up_ids(&job.cx, &ids(&[A])).await.unwrap();
    request(&job, &ids(&[A])).await;
    assert_eq!((stop.num_calls(), describe.num_calls()), (1, 2));
    job.assert_reported("waiting for 1 instance to no longer be pending, at most 10m");
}

#[tokio::test(start_paused = true)]
async fn the_action_is_requested_again_when_a_transient_state_has_ended_meanwhile() {
    let describe = shows(A, &[InstanceStateName::Running]);
    let stop = stops_after_polls(2, &describe);
    let job = Job::new(&[&describe, &stop]);
    request(&job, &ids(&[A])).await;
    assert_eq!((stop.num_calls(), describe.num_calls()), (3, 2));
    assert_eq!(result_of(&job, A), Some(ResourceResult::Changed));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_in_an_allowed_state_is_not_retried_forever() {
    let (describe, stop) = (shows(A, &[InstanceStateName::Running]), stops(|_| Some("IncorrectInstanceState")));
    let job = Job::new(&[&describe, &stop]);
    request(&job, &ids(&[A])).await;
    assert_eq!(error_of(&job, A).code(), Some("IncorrectInstanceState"));
    assert_eq!(stop.num_calls(), 21, "one each three seconds for a minute");
}

#[tokio::test(start_paused = true)]
async fn a_refused_instance_in_the_target_state_is_not_a_failure() {
    let (describe, stop) = (shows(A, &[InstanceStateName::Stopped]), stops(|_| Some("IncorrectInstanceState")));
    let job = Job::new(&[&describe, &stop]);
    job.cx.journal().record_previous_state(&ids(&[A])[0], "stopping");
    request(&job, &ids(&[A])).await;
    assert_eq!(result_of(&job, A), Some(ResourceResult::Unchanged));
}

#[tokio::test(start_paused = true)]
async fn a_transient_state_that_does_not_end_in_time_fails_without_a_request() {
    let describe =
        mock!(Client::describe_instances).then_output(|| described([instance(A, &InstanceStateName::Pending)]));
    let stop = stops(|_| Some("IncorrectInstanceState"));
    let job = Job::new(&[&describe, &stop]);
    request(&job, &ids(&[A])).await;
    assert_eq!(stop.num_calls(), 1);
    let error = error_of(&job, A);
    assert_eq!(error.kind(), ErrorKind::WaitExpired);
    assert!(
        error.to_string().ends_with("is still `pending`; the action was not requested for this instance"),
        "{error}"
    );
    assert!(!job.cx.journal().anything_changed());
}

#[tokio::test(start_paused = true)]
async fn an_effect_of_a_refused_request_is_a_change() {
    // EC2 refuses the request because of B, but has begun to stop A; the second request stops A.
    for now in [InstanceStateName::Stopping, InstanceStateName::Stopped] {
        let stop = mock!(Client::stop_instances).then_compute_response(move |request: &StopInstancesInput| {
            let under_way = state_change(A, &now, &now);
            match request.instance_ids() {
                [only] if only == A => {
                    MockResponse::Output(StopInstancesOutput::builder().stopping_instances(under_way).build())
                }
                _ => MockResponse::Http(refusal("OperationNotPermitted", "protected")),
            }
        });
        let before = [instance(A, &InstanceStateName::Running), instance(B, &InstanceStateName::Running)];
        let describe = mock!(Client::describe_instances).then_output(move || described(before.clone()));
        let job = Job::new(&[&stop, &describe]);
        look_up_ids(&job.cx, &ids(&[A, B])).await.unwrap();
        request(&job, &ids(&[A, B])).await;
        assert_eq!(result_of(&job, A), Some(ResourceResult::Changed));
        assert_eq!(result_of(&job, B), Some(ResourceResult::Failed));
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_changed_by_someone_else_is_unchanged() {
    let stop = mock!(Client::stop_instances).then_output(|| {
        let change = state_change(A, &InstanceStateName::Stopping, &InstanceStateName::Stopping);
        StopInstancesOutput::builder().stopping_instances(change).build()
    });
    let describe =
        mock!(Client::describe_instances).then_output(|| described([instance(A, &InstanceStateName::Running)]));
    let job = Job::new(&[&stop, &describe]);
    look_up_ids(&job.cx, &ids(&[A])).await.unwrap();
    request(&job, &ids(&[A])).await;
    assert_eq!(result_of(&job, A), Some(ResourceResult::Unchanged), "a whole first answer rules");
}

/// A rule for StopInstances whose first answer is lost within the SDK's attempts; the second one has this previous
/// state.
fn stops_at_the_second_attempt(previous: InstanceStateName) -> Rule {
    mock!(Client::stop_instances)
        .sequence()
        .http_response(|| answer(502, "<html>"))
        .output(move || {
            let change = state_change(A, &previous, &InstanceStateName::Stopping);
            StopInstancesOutput::builder().stopping_instances(change).build()
        })
        .build()
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_answer_the_previous_state_decides_who_changed_the_instance() {
    for (before, result) in [
        (Some(InstanceStateName::Running), ResourceResult::Changed),
        (Some(InstanceStateName::Stopped), ResourceResult::Unchanged),
        (None, ResourceResult::Unknown),
    ] {
        let stop = stops_at_the_second_attempt(InstanceStateName::Stopping);
        let job = Job::new(&[&stop]);
        before.iter().for_each(|state| job.cx.journal().record_previous_state(&ids(&[A])[0], state.as_str()));
        request(&job, &ids(&[A])).await;
        assert_eq!((result_of(&job, A), stop.num_calls()), (Some(result), 2), "{before:?}");
        assert!(STOP.verdict(&job.cx, false).is_ok());
    }
}

#[tokio::test(start_paused = true)]
async fn a_denied_description_is_a_warning() {
    let refused = mock!(Client::describe_instances).then_http_response(|| refusal("UnauthorizedOperation", "No"));
    let job = Job::new(&[&refused]);
    assert_eq!(look_up_ids(&job.cx, &ids(&[A])).await.unwrap().ids, ids(&[A]));
    job.assert_reported(
        "warning: looking up i-0000000a: No (UnauthorizedOperation, request req-1); the previous states",
    );
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_fails_for_a_terminated_instance() {
    let stop = stops(|_| Some("DryRunOperation"));
    let describe =
        mock!(Client::describe_instances).then_output(|| described([instance(A, &InstanceStateName::Terminated)]));
    let job = Job::dry_run(&[&stop, &describe]);
    look_up_ids(&job.cx, &ids(&[A])).await.unwrap();
    request(&job, &ids(&[A])).await;
    assert_eq!(error_of(&job, A).to_string(), "stopping i-0000000a: the instance is `terminated`");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_before_a_failed_request_is_reported_too() {
    // A is refused, B is accepted, and then the credentials are rejected.
    let stop = stops(|ids| match ids {
        [a] if a == A => Some("OperationNotPermitted"),
        [b] if b == B => None,
        [c] if c == C => Some("AuthFailure"),
        _ => Some("OperationNotPermitted"),
    });
    let job = Job::new(&[&stop]);
    request(&job, &ids(&[A, B, C])).await;
    assert_eq!(error_of(&job, A).code(), Some("OperationNotPermitted"));
    assert_eq!(result_of(&job, B), Some(ResourceResult::Changed));
    assert_eq!(error_of(&job, C).code(), Some("AuthFailure"));
    assert_eq!(STOP.verdict(&job.cx, false).unwrap_err().kind(), ErrorKind::Partial);
}

#[tokio::test(start_paused = true)]
async fn an_action_without_an_answer_is_unknown_until_the_state_changes() {
    for (states, result) in [
        (&[InstanceStateName::Running][..], ResourceResult::Unknown),
        (&[InstanceStateName::Running, InstanceStateName::Stopping], ResourceResult::Changed),
    ] {
        let stop = mock!(Client::stop_instances).then_http_response(|| answer(502, "<html>"));
        let job = Job::new(&[&stop, &shows(A, states)]);
        job.cx.journal().record_previous_state(&ids(&[A])[0], "running");
        request(&job, &ids(&[A])).await;
        assert_eq!(result_of(&job, A), Some(result));
        assert_eq!(job.cx.journal().anything_unknown(), result == ResourceResult::Unknown);
        assert!(job.cx.journal().unresolved_changes().is_empty(), "it is known with the instance");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_the_verdict_and_no_further_requests_are_sent() {
    let stop = mock!(Client::stop_instances).then_http_response(|| answer(502, "<html>"));
    let describe = mock!(Client::describe_instances).then_output(|| described([]));
    let job = Job::new(&[&stop, &describe]);
    request(&job, &many(1001)).await;
    let error = STOP.verdict(&job.cx, false).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown);
    assert!(
        error.hint_text().unwrap().contains("run the job again if they still need the stop: repeating it is safe"),
        "{error:?}"
    );
    assert_eq!(stop.num_calls(), 3, "the attempts of one request");
    let last = error_of(&job, "i-000003e8");
    assert_eq!(last.kind(), ErrorKind::Unavailable);
    assert_eq!(last.to_string(), "stopping: not requested, because an earlier request got no response");
}
