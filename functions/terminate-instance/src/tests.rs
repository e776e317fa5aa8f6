//! `TerminateInstance` against a mocked EC2: what it has of its own. What all changes share is tested in connector-sdk.

use connector_sdk::ErrorKind;
use connector_sdk::ec2::Client;
use connector_sdk::ec2::operation::terminate_instances::TerminateInstancesOutput;
use connector_sdk::ec2::types::InstanceStateName::{Running, ShuttingDown, Terminated};
use connector_sdk::testing::{Job, Rule, described, describes_in_turn, mock, refusal, state_change};

use super::*;

const A: &str = "i-0000000a";

/// A rule for TerminateInstances: the instance was in that state, and is shutting down now.
fn terminates(previous: InstanceStateName) -> Rule {
    mock!(Client::terminate_instances)
        .match_requests(|request| request.instance_ids() == [A] && request.dry_run() == Some(false))
        .then_output(move || {
            let change = state_change(A, &previous, &ShuttingDown);
            TerminateInstancesOutput::builder().terminating_instances(change).build()
        })
}

#[tokio::test(start_paused = true)]
async fn by_ids_costs_one_call_and_by_name_two() {
    for (arguments, lookups) in [([("instance-id", A)], 0), ([("tag-name", "web")], 1)] {
        let (describe, terminate) = (describes_in_turn(A, &[Running]), terminates(Running));
        let job = Job::new(&[&describe, &terminate]);
        let outcome = job.run(&TerminateInstance, &arguments).await.unwrap();
        assert_eq!((describe.num_calls(), terminate.num_calls()), (lookups, 1));
        assert_eq!(outcome.message, "1 instance terminating");
        job.assert_says("termination accepted, running -> shutting-down");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_selected_terminates_nothing() {
    let describe = mock!(Client::describe_instances).then_output(|| described([]));
    for (arguments, kind) in [(&[][..], ErrorKind::InvalidInput), (&[("tag-name", "web")], ErrorKind::NotFound)] {
        let error = Job::new(&[&describe]).run(&TerminateInstance, arguments).await.unwrap_err();
        assert_eq!(error.kind(), kind);
    }
}

#[tokio::test(start_paused = true)]
async fn a_terminated_instance_is_a_success() {
    for state in [ShuttingDown, Terminated] {
        let job = Job::new(&[&terminates(state)]);
        let outcome = job.run(&TerminateInstance, &[("instance-id", A)]).await.unwrap();
        assert_eq!(outcome.message, "1 instance unchanged");
        assert!(!job.cx.journal().anything_changed());
    }
}

#[tokio::test(start_paused = true)]
async fn waits_until_terminated() {
    let (terminate, describe) = (terminates(Running), describes_in_turn(A, &[ShuttingDown, Terminated]));
    let job = Job::new(&[&terminate, &describe]);
    let outcome = job.run(&TerminateInstance, &[("instance-id", A), ("wait", "true")]).await.unwrap();
    assert_eq!((outcome.message.as_str(), describe.num_calls()), ("1 instance terminated", 2));
}

#[tokio::test(start_paused = true)]
async fn a_protected_instance_is_told_in_the_words_of_ec2() {
    let refuse = || refusal("OperationNotPermitted", "The instance may not be terminated");
    let job = Job::new(&[&mock!(Client::terminate_instances).then_http_response(refuse)]);
    let error = job.run(&TerminateInstance, &[("instance-id", A), ("wait", "true")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedState);
    assert_eq!(
        error.to_string(),
        "terminating i-0000000a: The instance may not be terminated (OperationNotPermitted, request req-1)"
    );
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_sends_no_real_request() {
    let terminate = mock!(Client::terminate_instances)
        .match_requests(|request| request.dry_run() == Some(true))
        .then_http_response(|| refusal("DryRunOperation", "would have succeeded"));
    let job = Job::dry_run(&[&terminate]);
    let outcome = job.run(&TerminateInstance, &[("instance-id", A), ("wait", "true")]).await.unwrap();
    assert_eq!(outcome.message, "1 instance checked, nothing changed (dry run)");
    job.assert_says("i-0000000a: would be terminated");
}
