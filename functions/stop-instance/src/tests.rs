//! `StopInstance` against a mocked EC2: its requests and its outcomes.

use connector_sdk::ErrorKind;
use connector_sdk::ResourceResult::{Changed, Failed, Unchanged};
use connector_sdk::ec2::Client;
use connector_sdk::ec2::operation::stop_instances::{StopInstancesInput, StopInstancesOutput};
use connector_sdk::ec2::types::HibernationOptions;
use connector_sdk::ec2::types::InstanceStateName::{Running, Stopped, Stopping};
use connector_sdk::testing::{
    Job, MockResponse, Rule, described, describes_as, describes_states, instance, mock, refusal, state_change,
};

use super::*;

const A: &str = "i-0000000a";
const B: &str = "i-0000000b";

/// A rule for StopInstances: these instances have this previous state and are now stopping.
fn stops(ids: &'static [&'static str], previous: &InstanceStateName) -> Rule {
    let previous = previous.clone();
    mock!(Client::stop_instances).match_requests(move |request| request.instance_ids() == ids).then_output(move || {
        let changes = ids.iter().map(|id| state_change(id, &previous, &Stopping)).collect();
        StopInstancesOutput::builder().set_stopping_instances(Some(changes)).build()
    })
}

/// A rule for StopInstances that refuses every request.
fn refuses(code: &'static str) -> Rule {
    mock!(Client::stop_instances).then_http_response(move || refusal(code, "no"))
}

/// The results of the instances, in the order of the journal.
fn results(job: &Job) -> Vec<Option<connector_sdk::ResourceResult>> {
    job.cx.journal().instances().iter().map(|entry| entry.result).collect()
}

#[tokio::test(start_paused = true)]
async fn by_ids_costs_two_calls() {
    let (stop, describe) = (stops(&[A, B], &Running), describes_as(Running));
    let job = Job::new(&[&stop, &describe]);
    let outcome = job.run(&StopInstance, &[("instance-id", "i-0000000a,i-0000000b,i-0000000a")]).await.unwrap();
    assert_eq!((outcome.message.as_str(), stop.num_calls()), ("2 instances stopping", 1));
    assert_eq!((describe.num_calls(), results(&job)), (1, vec![Some(Changed), Some(Changed)]));
}

#[tokio::test(start_paused = true)]
async fn by_name_costs_two_calls() {
    let describe = describes_states(A, &[Running]);
    let stop = stops(&[A], &Running);
    let job = Job::new(&[&describe, &stop]);
    let outcome = job.run(&StopInstance, &[("tag-name", "web"), ("instance-id", B)]).await.unwrap();
    assert_eq!(outcome.message, "1 instance stopping");
    assert_eq!((describe.num_calls(), stop.num_calls()), (1, 1));
    job.assert_reported("ignored");
    job.assert_reported("i-0000000a (web): stop accepted, running -> stopping");
}

#[tokio::test(start_paused = true)]
async fn without_name_and_ids_nothing_is_requested() {
    let error = Job::new(&[]).run(&StopInstance, &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[tokio::test(start_paused = true)]
async fn nothing_found_stops_nothing() {
    let describe = mock!(Client::describe_instances).then_output(|| described([]));
    let job = Job::new(&[&describe]);
    let error = job.run(&StopInstance, &[("tag-name", "web")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let allowed = job.run(&StopInstance, &[("tag-name", "web"), ("allow-none", "true")]).await.unwrap();
    assert!(allowed.message.contains("nothing to do"), "{allowed:?}");
}

#[tokio::test(start_paused = true)]
async fn a_stopped_or_stopping_instance_is_a_success() {
    for state in [Stopped, Stopping] {
        let job = Job::new(&[&stops(&[A], &state), &describes_as(state)]);
        let outcome = job.run(&StopInstance, &[("instance-id", A)]).await.unwrap();
        assert_eq!((outcome.message.as_str(), results(&job)), ("1 instance unchanged", vec![Some(Unchanged)]));
        assert!(!job.cx.journal().anything_changed());
    }
}

#[tokio::test(start_paused = true)]
async fn waits_until_stopped() {
    let (stop, describe) = (stops(&[A], &Running), describes_states(A, &[Running, Stopping, Stopping, Stopped]));
    let job = Job::new(&[&stop, &describe]);
    let outcome = job.run(&StopInstance, &[("instance-id", A), ("wait", "true")]).await.unwrap();
    assert_eq!((outcome.message.as_str(), describe.num_calls()), ("1 instance stopped", 4));
}

#[tokio::test(start_paused = true)]
async fn an_expired_wait_keeps_its_kind() {
    let (stop, describe) = (stops(&[A], &Running), describes_states(A, &[Running, Stopping]));
    let job = Job::new(&[&stop, &describe]);
    let arguments = [("instance-id", A), ("wait", "true"), ("wait-timeout", "1m"), ("poll-interval", "30s")];
    let error = job.run(&StopInstance, &arguments).await.unwrap_err();
    assert_eq!((error.kind(), describe.num_calls()), (ErrorKind::WaitExpired, 4));
    assert!(error.message().ends_with("is still `stopping`"), "{error}");
    assert!(error.hint_text().is_some_and(|hint| hint.starts_with("check the instance later")), "{error:?}");
    assert!(job.cx.journal().anything_changed());
}

#[tokio::test(start_paused = true)]
async fn a_protected_instance_does_not_prevent_the_others_from_stopping() {
    let stop = mock!(Client::stop_instances).then_compute_response(|request: &StopInstancesInput| {
        if request.instance_ids().iter().any(|id| id == B) {
            return MockResponse::Http(refusal("OperationNotPermitted", "The instance is protected"));
        }
        let changes = request.instance_ids().iter().map(|id| state_change(id, &Running, &Stopping)).collect();
        MockResponse::Output(StopInstancesOutput::builder().set_stopping_instances(Some(changes)).build())
    });
    let describe = mock!(Client::describe_instances)
        .match_requests(|request| request.instance_ids() == [A])
        .then_output(|| described([instance(A, &Stopped)]));
    let job = Job::new(&[&stop, &describe, &describes_as(Running)]);
    let arguments = [("instance-id", A), ("instance-id", B), ("wait", "true")];
    let error = job.run(&StopInstance, &arguments).await.unwrap_err();
    assert_eq!((error.kind(), stop.num_calls(), describe.num_calls()), (ErrorKind::Partial, 3, 1));
    assert!(error.message().contains("The instance is protected (OperationNotPermitted, request req-1)"), "{error}");
    assert_eq!(results(&job), [Some(Changed), Some(Failed)]);
}

#[tokio::test(start_paused = true)]
async fn refused_credentials_and_throttling_end_the_job() {
    for (code, kind, calls) in
        [("AuthFailure", ErrorKind::PermissionDenied, 1), ("RequestLimitExceeded", ErrorKind::Unavailable, 3)]
    {
        let stop = refuses(code);
        let job = Job::new(&[&stop, &describes_as(Running)]);
        let error = job.run(&StopInstance, &[("instance-id", A), ("instance-id", B)]).await.unwrap_err();
        assert_eq!((error.kind(), stop.num_calls()), (kind, calls));
        assert_eq!(error.to_string(), format!("stopping i-0000000a, i-0000000b: no ({code}, request req-1)"));
        assert_eq!(results(&job), [Some(Failed), Some(Failed)]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_does_not_wait() {
    let stop = mock!(Client::stop_instances)
        .match_requests(|request| request.dry_run() == Some(true))
        .then_http_response(|| refusal("DryRunOperation", "would have succeeded"));
    let describe = describes_states(A, &[Running]);
    let job = Job::dry_run(&[&stop, &describe]);
    let outcome = job.run(&StopInstance, &[("instance-id", A), ("wait", "true")]).await.unwrap();
    assert_eq!(outcome.message, "1 instance checked, nothing changed (dry run)");
    assert_eq!(stop.num_calls(), 1);

    let denied = Job::dry_run(&[&refuses("UnauthorizedOperation"), &describe]);
    let error = denied.run(&StopInstance, &[("instance-id", A)]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
}

/// A rule for DescribeInstances: A can hibernate, B cannot.
fn describes_hibernation() -> Rule {
    mock!(Client::describe_instances).then_output(|| {
        let mut able = instance(A, &Running);
        able.hibernation_options = Some(HibernationOptions::builder().configured(true).build());
        described([able, instance(B, &Running)])
    })
}

#[tokio::test(start_paused = true)]
async fn instances_that_cannot_hibernate_fail_or_stop() {
    let both = ("instance-id", "i-0000000a,i-0000000b");
    let request = |id: &'static str, hibernate: Option<bool>| {
        mock!(Client::stop_instances)
            .match_requests(move |request| request.hibernate() == hibernate && request.instance_ids() == [id])
            .then_output(move || {
                StopInstancesOutput::builder().stopping_instances(state_change(id, &Running, &Stopping)).build()
            })
    };
    let (hibernate, stop, describe) = (request(A, Some(true)), request(B, None), describes_hibernation());
    let job = Job::new(&[&hibernate, &stop, &describe]);
    let error = job.run(&StopInstance, &[both, ("hibernate", "true")]).await.unwrap_err();
    assert_eq!((error.kind(), hibernate.num_calls(), stop.num_calls()), (ErrorKind::Partial, 1, 0));
    assert!(error.hint_text().unwrap().contains("--hibernate-fallback stop"), "{error:?}");
    assert_eq!(results(&job), [Some(Changed), Some(Failed)]);
    job.assert_reported("i-0000000a (web): hibernation accepted, running -> stopping");

    let job = Job::new(&[&hibernate, &stop, &describe]);
    let arguments = [both, ("hibernate", "true"), ("hibernate-fallback", "stop")];
    let outcome = job.run(&StopInstance, &arguments).await.unwrap();
    assert_eq!((outcome.message.as_str(), stop.num_calls()), ("2 instances stopping", 1));
    job.assert_reported("i-0000000b (web): cannot hibernate, stopping it instead");
}

#[tokio::test(start_paused = true)]
async fn force_and_skipping_the_shutdown_are_sent_only_on_request() {
    for (flag, force, skip) in
        [(None, None, None), (Some("force"), Some(true), None), (Some("skip-os-shutdown"), None, Some(true))]
    {
        let stop = mock!(Client::stop_instances)
            .match_requests(move |request| request.force() == force && request.skip_os_shutdown() == skip)
            .then_output(|| {
                StopInstancesOutput::builder().stopping_instances(state_change(A, &Running, &Stopping)).build()
            });
        let arguments: Vec<_> = [("instance-id", A)].into_iter().chain(flag.map(|flag| (flag, "true"))).collect();
        Job::new(&[&stop, &describes_as(Running)]).run(&StopInstance, &arguments).await.unwrap();
        assert_eq!(stop.num_calls(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stopped_instance_need_not_be_able_to_hibernate() {
    let describe = mock!(Client::describe_instances).then_output(|| described([instance(A, &Stopped)]));
    let stop = mock!(Client::stop_instances)
        .match_requests(|request| request.hibernate().is_none())
        .then_output(|| StopInstancesOutput::builder().stopping_instances(state_change(A, &Stopped, &Stopped)).build());
    let job = Job::new(&[&describe, &stop]);
    let outcome = job.run(&StopInstance, &[("instance-id", A), ("hibernate", "true")]).await.unwrap();
    assert_eq!(outcome.message, "1 instance unchanged");
}
