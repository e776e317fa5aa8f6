//! What becomes of a launch whose wait does not end well.

use connector_sdk::ec2::operation::terminate_instances::TerminateInstancesOutput;
use connector_sdk::testing::state_change;

use super::*;

const TERMINATE: &[(&str, &str)] = &[
    TOKEN,
    ("number", "2"),
    ("wait", "true"),
    ("wait-for", "running"),
    ("wait-timeout", "90s"),
    ("on-timeout", "terminate"),
];

/// Rules for a launch of two instances, of which one is never ready.
fn too_late() -> [Rule; 3] {
    [
        key_pair_exists(),
        mock!(Client::run_instances).then_output(|| launched(&[(0, I0), (1, I1)])),
        mock!(Client::describe_instances).then_output(|| {
            described([instance(I0, &InstanceStateName::Running), instance(I1, &InstanceStateName::Pending)])
        }),
    ]
}

#[tokio::test(start_paused = true)]
async fn all_instances_are_terminated_and_the_failure_stays_what_it_was() {
    let [key_pair, launch, look] = too_late();
    let terminate = mock!(Client::terminate_instances)
        .match_requests(|request| request.instance_ids() == [I0, I1])
        .then_output(|| {
            let change = |id| state_change(id, &InstanceStateName::Pending, &InstanceStateName::ShuttingDown);
            TerminateInstancesOutput::builder()
                .terminating_instances(change(I0))
                .terminating_instances(change(I1))
                .build()
        });
    let job = Job::new(&[&key_pair, &launch, &look, &terminate]);
    let error = run(&job, TERMINATE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitExpired);
    assert_eq!(terminate.num_calls(), 1);
    job.assert_says("the launch did not end well: all its instances are terminated (--on-timeout)");
    job.assert_says(&format!("{I1} (web): terminate accepted, pending -> shutting-down"));
    let entries = job.cx.journal().instances();
    assert_eq!(entries[1].error.as_ref().unwrap().kind(), ErrorKind::WaitExpired);
    assert!(entries.iter().all(|entry| entry.state.as_deref() == Some("shutting-down")), "{entries:?}");
}

#[tokio::test(start_paused = true)]
async fn instances_that_cannot_be_terminated_are_named() {
    let [key_pair, launch, look] = too_late();
    let refused = mock!(Client::terminate_instances).then_http_response(|| refusal("UnauthorizedOperation", "No"));
    let job = Job::new(&[&key_pair, &launch, &look, &refused]);
    let error = run(&job, TERMINATE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitExpired);
    for id in [I0, I1] {
        job.assert_says(&format!("warning: terminating {id}: No (UnauthorizedOperation, request req-1)"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_launch_that_ends_well_is_kept() {
    let [key_pair, launch, _] = too_late();
    let running = || described([I0, I1].map(|id| instance(id, &InstanceStateName::Running)));
    let look = mock!(Client::describe_instances).then_output(running);
    let job = Job::new(&[&key_pair, &launch, &look]);
    assert_eq!(run(&job, TERMINATE).await.unwrap().message, "2 instances launched and ready");
}

#[tokio::test]
async fn fewer_instances_than_wanted_will_do_if_the_job_says_so() {
    let launch = mock!(Client::run_instances).then_output(|| launched(&[(0, I0), (1, I1)]));
    let job = Job::new(&[&key_pair_exists(), &launch]);
    let outcome = run(&job, &[("number", "3"), ("min-number", "2"), ("id-property", "ID")]).await.unwrap();
    assert_eq!(outcome.message, "2 instances launched");
    job.assert_says("EC2 launched 2 of 3 instances, enough for --min-number");
    job.assert_says(&format!("property ID_2 = {I1}: saved"));
}
