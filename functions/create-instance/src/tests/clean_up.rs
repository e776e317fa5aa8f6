//! The handling of a launch whose wait fails.

use connector_sdk::Error;
use connector_sdk::ec2::operation::terminate_instances::TerminateInstancesOutput;
use connector_sdk::testing::{HttpResponse, answer, state_change};

use super::*;

const TERMINATE: &[(&str, &str)] = &[
    TOKEN,
    ("number", "2"),
    ("wait", "true"),
    ("wait-for", "running"),
    ("wait-timeout", "90s"),
    ("on-timeout", "terminate"),
];

/// Rules for a launch of two instances, one of which never becomes ready.
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
    let [key_pair, launch, describe] = too_late();
    let terminate = mock!(Client::terminate_instances)
        .match_requests(|request| request.instance_ids() == [I0, I1])
        .then_output(|| {
            let change = |id| state_change(id, &InstanceStateName::Pending, &InstanceStateName::ShuttingDown);
            TerminateInstancesOutput::builder()
                .terminating_instances(change(I0))
                .terminating_instances(change(I1))
                .build()
        });
    let job = Job::new(&[&key_pair, &launch, &describe, &terminate]);
    let error = run(&job, TERMINATE).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitExpired);
    assert!(error.hint_text().is_some_and(|hint| hint.contains("are terminated")), "{error:?}");
    assert_eq!((terminate.num_calls(), job.cx.journal().suggestions()), (1, Vec::new()));
    job.assert_reported("the launch failed: terminating all its instances (`--on-timeout`)");
    job.assert_reported(&format!("{I1} (web): termination accepted, pending -> shutting-down"));
    let entries = job.cx.journal().instances();
    assert_eq!(entries[1].error.as_ref().unwrap().kind(), ErrorKind::WaitExpired);
    assert!(entries.iter().all(|entry| entry.state.as_deref() == Some("shutting-down")), "{entries:?}");
}

/// The suggested command that terminates both instances.
fn command() -> String {
    format!("TerminateInstance --instance-id {I0},{I1}")
}

/// Asserts that a failed job has terminated nothing and suggests the command.
#[track_caller]
fn assert_kept(job: &Job, error: &Error) {
    assert_eq!(error.kind(), ErrorKind::WaitExpired);
    assert!(error.hint_text().is_some_and(|hint| hint.contains(&command())), "{error:?}");
    let advice: Vec<_> = job.cx.journal().suggestions().into_iter().map(|advice| advice.arguments.join(" ")).collect();
    assert_eq!(advice, [command()]);
}

#[tokio::test(start_paused = true)]
async fn instances_that_cannot_be_terminated_are_left_with_the_command() {
    let [key_pair, launch, describe] = too_late();
    let refused = mock!(Client::terminate_instances).then_http_response(|| refusal("UnauthorizedOperation", "No"));
    let job = Job::new(&[&key_pair, &launch, &describe, &refused]);
    let error = run(&job, TERMINATE).await.unwrap_err();
    for id in [I0, I1] {
        job.assert_reported(&format!("warning: terminating {id}: No (UnauthorizedOperation, request req-1)"));
    }
    assert_kept(&job, &error);
}

/// Rules for a launch of two instances, with this result of polls.
fn launch_and_polls(poll: fn() -> HttpResponse) -> [Rule; 3] {
    let [key_pair, launch, _] = too_late();
    [key_pair, launch, mock!(Client::describe_instances).then_http_response(poll)]
}

#[tokio::test(start_paused = true)]
async fn without_a_last_whole_answer_nothing_is_terminated() {
    for poll in [
        (|| refusal("ServerInternal", "An internal error has occurred")) as fn() -> HttpResponse,
        || answer(200, ""),
        || answer(503, "<html>Bad day"),
    ] {
        let [key_pair, launch, polls] = launch_and_polls(poll);
        let job = Job::new(&[&key_pair, &launch, &polls]);
        let error = run(&job, TERMINATE).await.unwrap_err();
        job.assert_reported("; nothing is terminated, because the state of the instances is not confirmed");
        assert_kept(&job, &error);
    }
}

#[tokio::test(start_paused = true)]
async fn a_last_answer_that_leaves_out_an_instance_confirms_nothing() {
    let [key_pair, launch, _] = too_late();
    // Ten polls from 0 to 90 seconds, and the last one.
    let polls = mock!(Client::describe_instances)
        .sequence()
        .output(|| described([I0, I1].map(|id| instance(id, &InstanceStateName::Pending))))
        .times(10)
        .output(|| described([instance(I0, &InstanceStateName::Pending)]))
        .build();
    let job = Job::new(&[&key_pair, &launch, &polls]);
    let error = run(&job, &[TERMINATE, &[("poll-interval", "10s")]].concat()).await.unwrap_err();
    job.assert_reported(&format!("the response does not include {I1}; nothing is terminated"));
    assert_eq!(polls.num_calls(), 11);
    assert_kept(&job, &error);
}

#[tokio::test(start_paused = true)]
async fn instances_that_are_ready_at_last_are_kept() {
    let [key_pair, launch, _] = too_late();
    let polls = mock!(Client::describe_instances)
        .sequence()
        .output(|| described([I0, I1].map(|id| instance(id, &InstanceStateName::Pending))))
        .times(10)
        .output(|| described([I0, I1].map(|id| instance(id, &InstanceStateName::Running))))
        .build();
    let job = Job::new(&[&key_pair, &launch, &polls]);
    let error = run(&job, &[TERMINATE, &[("poll-interval", "10s")]].concat()).await.unwrap_err();
    job.assert_reported("all launched instances are ready by now: nothing is terminated");
    assert_kept(&job, &error);
    let states: Vec<_> = job.cx.journal().instances().into_iter().filter_map(|entry| entry.state).collect();
    assert_eq!(states, ["running", "running"]);
}

#[tokio::test(start_paused = true)]
async fn a_launch_that_ends_well_is_kept() {
    let [key_pair, launch, _] = too_late();
    let running = || described([I0, I1].map(|id| instance(id, &InstanceStateName::Running)));
    let describe = mock!(Client::describe_instances).then_output(running);
    let job = Job::new(&[&key_pair, &launch, &describe]);
    assert_eq!(run(&job, TERMINATE).await.unwrap().message, "2 instances launched and ready");
}

#[tokio::test]
async fn fewer_instances_are_enough_with_a_minimum() {
    let launch = mock!(Client::run_instances).then_output(|| launched(&[(0, I0), (1, I1)]));
    let job = Job::new(&[&key_pair_exists(), &launch]);
    let outcome = run(&job, &[("number", "3"), ("min-number", "2"), ("id-property", "ID")]).await.unwrap();
    assert_eq!(outcome.message, "2 instances launched");
    job.assert_reported("EC2 launched 2 of 3 instances, enough for `--min-number`");
    job.assert_reported(&format!("property ID_2 = {I1}: saved"));
}
