//! `TerminateInstance` against a mocked EC2: its own behavior. The shared behavior of actions is tested in
//! connector-sdk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use connector_sdk::ErrorKind;
use connector_sdk::ec2::Client;
use connector_sdk::ec2::operation::modify_instance_attribute::ModifyInstanceAttributeOutput;
use connector_sdk::ec2::operation::terminate_instances::TerminateInstancesOutput;
use connector_sdk::ec2::types::InstanceStateName;
use connector_sdk::ec2::types::InstanceStateName::{Running, ShuttingDown, Terminated};
use connector_sdk::testing::{
    Job, MockResponse, Rule, described, describes_as, describes_states, mock, refusal, state_change,
};

use super::*;

const A: &str = "i-0000000a";

/// A rule for TerminateInstances: the instance has this previous state and is now shutting down.
fn terminates(previous: InstanceStateName) -> Rule {
    mock!(Client::terminate_instances)
        .match_requests(|request| request.instance_ids() == [A] && request.dry_run() == Some(false))
        .then_output(move || {
            let change = state_change(A, &previous, &ShuttingDown);
            TerminateInstancesOutput::builder().terminating_instances(change).build()
        })
}

#[tokio::test(start_paused = true)]
async fn by_ids_or_by_name_costs_two_calls() {
    for arguments in [[("instance-id", A)], [("tag-name", "web")]] {
        let (describe, terminate) = (describes_states(A, &[Running]), terminates(Running));
        let job = Job::new(&[&describe, &terminate]);
        let outcome = job.run(&TerminateInstance, &arguments).await.unwrap();
        assert_eq!((describe.num_calls(), terminate.num_calls()), (1, 1));
        assert_eq!(outcome.message, "1 instance terminating");
        job.assert_reported("termination accepted, running -> shutting-down");
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
        let job = Job::new(&[&terminates(state.clone()), &describes_as(state)]);
        let outcome = job.run(&TerminateInstance, &[("instance-id", A)]).await.unwrap();
        assert_eq!(outcome.message, "1 instance unchanged");
        assert!(!job.cx.journal().anything_changed());
    }
}

#[tokio::test(start_paused = true)]
async fn waits_until_terminated() {
    let (terminate, describe) = (terminates(Running), describes_states(A, &[Running, ShuttingDown, Terminated]));
    let job = Job::new(&[&terminate, &describe]);
    let outcome = job.run(&TerminateInstance, &[("instance-id", A), ("wait", "true")]).await.unwrap();
    assert_eq!((outcome.message.as_str(), describe.num_calls()), ("1 instance terminated", 3));
}

#[tokio::test(start_paused = true)]
async fn a_protected_instance_fails_with_the_message_of_ec2() {
    let refuse = || refusal("OperationNotPermitted", "The instance may not be terminated");
    let refused = mock!(Client::terminate_instances).then_http_response(refuse);
    let job = Job::new(&[&refused, &describes_as(Running)]);
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
    let describe = describes_states(A, &[Running]);
    let job = Job::dry_run(&[&terminate, &describe]);
    let outcome = job.run(&TerminateInstance, &[("instance-id", A), ("wait", "true")]).await.unwrap();
    assert_eq!(outcome.message, "1 instance checked, nothing changed (dry run)");
    job.assert_reported("i-0000000a (web): is running, would be terminated");
}

#[tokio::test(start_paused = true)]
async fn protection_is_disabled_only_on_request_and_only_where_enabled() {
    const B: &str = "i-0000000b";
    let lifted = Arc::new(AtomicBool::new(false));
    let (is_lifted, lift) = (lifted.clone(), lifted);
    let terminate = mock!(Client::terminate_instances).then_compute_response(move |request| {
        let ids = request.instance_ids();
        if ids.iter().any(|id| id == A) && !is_lifted.load(Ordering::Relaxed) {
            return MockResponse::Http(refusal("OperationNotPermitted", "protected"));
        }
        let changes = ids.iter().map(|id| state_change(id, &Running, &ShuttingDown)).collect();
        MockResponse::Output(TerminateInstancesOutput::builder().set_terminating_instances(Some(changes)).build())
    });
    let modify = mock!(Client::modify_instance_attribute)
        .match_requests(|request| {
            let disabled = request.disable_api_termination().and_then(|attribute| attribute.value()) == Some(false);
            disabled && request.instance_id() == Some(A)
        })
        .then_compute_output(move |_| {
            lift.store(true, Ordering::Relaxed);
            ModifyInstanceAttributeOutput::builder().build()
        });
    let both = ("instance-id", "i-0000000a,i-0000000b");

    let job = Job::new(&[&terminate, &modify, &describes_as(Running)]);
    let error = job.run(&TerminateInstance, &[both]).await.unwrap_err();
    assert_eq!((error.kind(), modify.num_calls()), (ErrorKind::Partial, 0));
    assert!(error.hint_text().unwrap().contains("--disable-protection"), "{error:?}");
    assert!(job.cx.journal().instance(&InstanceId::from_ec2(B)).error.is_none());

    let job = Job::new(&[&terminate, &modify, &describes_as(Running)]);
    let outcome = job.run(&TerminateInstance, &[both, ("disable-protection", "true")]).await.unwrap();
    assert_eq!((outcome.message.as_str(), modify.num_calls()), ("2 instances terminating", 1));
    job.assert_reported("i-0000000a: termination protection disabled");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_checks_whether_protection_may_be_lifted_and_lifts_none() {
    let terminate = mock!(Client::terminate_instances)
        .match_requests(|request| request.dry_run() == Some(true))
        .then_http_response(|| refusal("OperationNotPermitted", "protected"));
    let modify = mock!(Client::modify_instance_attribute)
        .match_requests(|request| request.dry_run() == Some(true))
        .then_http_response(|| refusal("DryRunOperation", "would have succeeded"));
    let job = Job::dry_run(&[&terminate, &modify, &describes_states(A, &[Running])]);
    let outcome = job.run(&TerminateInstance, &[("instance-id", A), ("disable-protection", "true")]).await.unwrap();
    assert_eq!(outcome.message, "1 instance checked, nothing changed (dry run)");
    job.assert_reported("disabling the termination protection of i-0000000a: would succeed");
    assert_eq!((terminate.num_calls(), modify.num_calls()), (1, 1));
    assert!(job.cx.journal().instance(&InstanceId::from_ec2(A)).error.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_denied_change_of_protection_is_reported() {
    let terminate = mock!(Client::terminate_instances).then_http_response(|| refusal("OperationNotPermitted", "no"));
    let modify = mock!(Client::modify_instance_attribute).then_http_response(|| refusal("UnauthorizedOperation", "no"));
    let job = Job::new(&[&terminate, &modify, &describes_as(Running)]);
    let error = job.run(&TerminateInstance, &[("instance-id", A), ("disable-protection", "true")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.hint_text().unwrap().contains("allow at least `ec2:ModifyInstanceAttribute`"), "{error:?}");
    assert_eq!(terminate.num_calls(), 1, "what is still protected is not asked for again");
}
