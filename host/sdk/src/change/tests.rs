//! Changes: how many calls they cost, what becomes of each instance, and what is waited out first.

use std::sync::{Arc, Mutex};

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_instances::DescribeInstancesOutput;
use aws_sdk_ec2::operation::stop_instances::{StopInstancesInput, StopInstancesOutput};

use super::*;
use crate::InstanceResult;
use crate::sample::inputs;
use crate::testing::{Job, MockResponse, Rule, described, instance, mock, refusal, state_change};

const A: &str = "i-0000000a";
const B: &str = "i-0000000b";
const C: &str = "i-0000000c";

const STOP: Change = Change {
    doing: "stopping",
    verb: "stop",
    done: "stopped",
    already: &[InstanceStateName::Stopped, InstanceStateName::Stopping],
    wait_out: &[InstanceStateName::Pending],
};

fn ids(texts: &[&str]) -> Vec<InstanceId> {
    texts.iter().map(|text| InstanceId::from_ec2(text)).collect()
}

fn many(count: usize) -> Vec<InstanceId> {
    (0..count).map(|n| InstanceId::from_ec2(&format!("i-{n:08x}"))).collect()
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
    STOP.ask(&job.cx, &WaitPolicy::from_inputs(&job.cx, &inputs(&[])), ids, stop).await
}

fn result_of(job: &Job, id: &str) -> Option<InstanceResult> {
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
        let describe = mock!(Client::describe_instances)
            .then_output(|| described([instance("i-00000002", &InstanceStateName::Terminated)]));
        let job = Job::new(&[&stop, &describe]);
        ask(&job, &many(4)).await.unwrap();
        let results: Vec<_> = job.cx.journal().instances().iter().map(|entry| entry.result).collect();
        let [changed, failed] = [InstanceResult::Changed, InstanceResult::Failed].map(Some);
        assert_eq!(results, [changed, changed, failed, changed]);
        assert_eq!(stop.num_calls(), 5, "all four, the first two, the last two, and these alone");

        let refused = format!("stopping i-00000002: no ({code}, request req-1)");
        assert_eq!(error_of(&job, "i-00000002").to_string(), refused);
        let looked = usize::from(code == "IncorrectInstanceState");
        assert_eq!(describe.num_calls(), looked, "its state is worth a look only when it is the reason");
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
    ask(&job, &ids(&[A, B])).await.unwrap();
    assert_eq!(result_of(&job, A), Some(InstanceResult::Changed));
    assert_eq!(error_of(&job, B).kind(), ErrorKind::PermissionDenied);
    assert_eq!(STOP.verdict(&job.cx, false).unwrap_err().kind(), ErrorKind::Partial);
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
    assert_eq!(job.lines(), ["i-0000000a (web): is running, would be stopped", "i-0000000b (web): is stopped already"]);
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

/// A rule for StopInstances that refuses an instance until the other rule has shown it twice.
fn stops_after_two_looks(look: &Rule) -> Rule {
    let look = look.clone();
    stops(move |_| (look.num_calls() < 2).then_some("IncorrectInstanceState"))
}

#[tokio::test(start_paused = true)]
async fn a_state_that_passes_is_waited_out_and_the_change_asked_again() {
    let pending_then_running = || {
        let looks = mock!(Client::describe_instances).sequence();
        let looks = looks.output(|| described([instance(A, &InstanceStateName::Pending)]));
        looks.output(|| described([instance(A, &InstanceStateName::Running)])).repeatedly().build()
    };
    let describe = pending_then_running();
    let stop = stops_after_two_looks(&describe);
    let job = Job::new(&[&describe, &stop]);
    ask(&job, &ids(&[A])).await.unwrap();
    assert_eq!((stop.num_calls(), describe.num_calls()), (2, 2), "refused, looked at, waited out, accepted");
    assert_eq!(result_of(&job, A), Some(InstanceResult::Changed));

    // What is known to pass is not asked for in vain.
    let (describe, stop) = (pending_then_running(), stops(|_| None));
    let job = Job::new(&[&describe, &stop]);
    find_by_ids(&job.cx, &ids(&[A])).await.unwrap().iter().for_each(|instance| job.cx.journal().see(instance));
    ask(&job, &ids(&[A])).await.unwrap();
    assert_eq!((stop.num_calls(), describe.num_calls()), (1, 2));
    job.assert_says("waiting for 1 instance to be no longer pending, at most 10m");
}

#[tokio::test(start_paused = true)]
async fn a_state_that_does_not_pass_in_time_fails_without_a_request() {
    let describe =
        mock!(Client::describe_instances).then_output(|| described([instance(A, &InstanceStateName::Pending)]));
    let stop = stops(|_| Some("IncorrectInstanceState"));
    let job = Job::new(&[&describe, &stop]);
    ask(&job, &ids(&[A])).await.unwrap();
    assert_eq!(stop.num_calls(), 1);
    let error = error_of(&job, A);
    assert_eq!(error.kind(), ErrorKind::WaitExpired);
    assert!(error.to_string().ends_with("is still `pending`; the action was not requested for it"), "{error}");
    assert!(!job.cx.journal().anything_changed());
}

#[tokio::test(start_paused = true)]
async fn what_a_refused_request_did_all_the_same_is_a_change() {
    // EC2 refuses the request because of B, but A has begun to stop with it.
    let stop = mock!(Client::stop_instances).then_compute_response(|request: &StopInstancesInput| {
        let under_way = state_change(A, &InstanceStateName::Stopping, &InstanceStateName::Stopping);
        match request.instance_ids() {
            [only] if only == A => {
                MockResponse::Output(StopInstancesOutput::builder().stopping_instances(under_way).build())
            }
            _ => MockResponse::Http(refusal("OperationNotPermitted", "protected")),
        }
    });
    let job = Job::new(&[&stop]);
    ask(&job, &ids(&[A, B])).await.unwrap();
    assert_eq!(result_of(&job, A), Some(InstanceResult::Changed));
    assert_eq!(result_of(&job, B), Some(InstanceResult::Failed));
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_fails_for_an_instance_that_is_gone() {
    let stop = stops(|_| Some("DryRunOperation"));
    let describe =
        mock!(Client::describe_instances).then_output(|| described([instance(A, &InstanceStateName::Terminated)]));
    let job = Job::dry_run(&[&stop, &describe]);
    find_by_ids(&job.cx, &ids(&[A])).await.unwrap().iter().for_each(|instance| job.cx.journal().see(instance));
    ask(&job, &ids(&[A])).await.unwrap();
    assert_eq!(error_of(&job, A).to_string(), "stopping i-0000000a: it is terminated");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_found_before_a_failure_of_all_is_told_too() {
    // A alone is refused, B is accepted, and then the permission is gone.
    let stop = stops(|ids| match ids {
        [a] if a == A => Some("OperationNotPermitted"),
        [b] if b == B => None,
        [c] if c == C => Some("UnauthorizedOperation"),
        _ => Some("OperationNotPermitted"),
    });
    let job = Job::new(&[&stop]);
    ask(&job, &ids(&[A, B, C])).await.unwrap();
    assert_eq!(error_of(&job, A).code(), Some("OperationNotPermitted"));
    assert_eq!(result_of(&job, B), Some(InstanceResult::Changed));
    assert_eq!(error_of(&job, C).code(), Some("UnauthorizedOperation"));
    assert_eq!(STOP.verdict(&job.cx, false).unwrap_err().kind(), ErrorKind::Partial);
}

#[tokio::test(start_paused = true)]
async fn a_change_without_an_answer_says_that_it_may_be_asked_again() {
    let stop = mock!(Client::stop_instances).then_http_response(|| crate::testing::answer(502, "<html>"));
    let job = Job::new(&[&stop]);
    let error = ask(&job, &ids(&[A])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.hint_text().unwrap().starts_with("EC2 may have accepted it all the same"), "{error:?}");
    assert_eq!(job.cx.journal().under_way(), None, "EC2 has answered, if only with an error");
}
