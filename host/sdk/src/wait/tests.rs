//! Waiting: its goals, its early ends, and the number of calls.

mod again;
mod anything;
mod checks;
mod failed_polls;
mod states;

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_instance_status::{DescribeInstanceStatusInput, DescribeInstanceStatusOutput};
use aws_sdk_ec2::operation::describe_instances::DescribeInstancesInput;
use aws_sdk_ec2::types::InstanceStateName::{self, Pending, Running, ShuttingDown, Stopped, Stopping, Terminated};
use aws_sdk_ec2::types::{InstanceStatus, InstanceStatusSummary, StateReason, SummaryStatus};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tokio::time::Instant;

use super::arguments::SHORTEST_INTERVAL;
use super::status_checks::both_checks;
use super::*;
use crate::ids::InstanceId;
use crate::sample::inputs;
use crate::testing::{Job, Rule, checked, described, describes_states, instance, mock, refusal};
use crate::{Error, ErrorKind};

const A: &str = "i-0000000a";
const B: &str = "i-0000000b";

const RUNNING: Goal = Goal::Ready(Readiness::Running);
const STATUS_OK: Goal = Goal::Ready(Readiness::StatusOk);
/// Polls at 0, 20, 40 and 60 seconds.
fn a_minute() -> WaitPolicy {
    WaitPolicy::new(Duration::from_mins(1), Some(Duration::from_secs(20)))
}

fn id(text: &str) -> InstanceId {
    InstanceId::from_ec2(text)
}

async fn wait(job: &Job, ids: &[&str], goal: Goal) {
    let ids: Vec<_> = ids.iter().map(|text| id(text)).collect();
    wait_for_instances(&job.cx, &ids, goal, &a_minute()).await;
}

/// The error of an instance; empty without one.
fn failure(job: &Job, text: &str) -> String {
    job.cx.journal().instance(&id(text)).error.map(|error| error.to_string()).unwrap_or_default()
}

/// A rule for DescribeInstances that refuses this often and then returns the running instance.
fn refused_at_first(times: usize, refuse: fn() -> HttpResponse) -> Rule {
    let refusals = mock!(Client::describe_instances).sequence().http_response(refuse).times(times);
    refusals.output(|| described([instance(A, &Running)])).build()
}

fn throttled() -> HttpResponse {
    refusal("RequestLimitExceeded", "Request limit exceeded.")
}

fn unknown() -> HttpResponse {
    refusal("InvalidInstanceID.NotFound", "The instance ID does not exist")
}

/// The answer of DescribeInstanceStatus for the requested ids, with this status.
fn checked_as_requested(request: &DescribeInstanceStatusInput, status: &SummaryStatus) -> DescribeInstanceStatusOutput {
    checked(request.instance_ids().iter().map(String::as_str), status)
}

#[test]
fn polls_start_a_second_apart_and_grow_to_fifteen() {
    let policy = WaitPolicy::new(Duration::from_secs(600), None);
    for (elapsed, interval) in [(0, 1), (10, 1), (30, 3), (100, 10), (150, 15), (600, 15)] {
        let (elapsed, interval) = (Duration::from_secs(elapsed), Duration::from_secs(interval));
        assert_eq!(policy.interval(elapsed), interval, "{elapsed:?}");
        let pause = policy.pause(elapsed);
        let shortest = if interval > SHORTEST_INTERVAL { interval.mul_f64(0.9) } else { interval };
        assert!(shortest <= pause && pause <= interval, "{pause:?} after {elapsed:?}");
    }
    let given = WaitPolicy::new(Duration::from_secs(600), Some(Duration::from_secs(5)));
    assert_eq!(given.pause(Duration::from_secs(600)), Duration::from_secs(5), "what the job says holds exactly");
}

#[test]
fn limits_come_from_the_arguments_or_the_configuration() {
    let job = Job::new(&[]);
    let policy = WaitArgs::parse(&inputs(&[])).policy(&job.cx);
    assert_eq!((policy.timeout(), policy.poll_interval), (job.cx.default_wait(), None));
    let given = inputs(&[("wait", "true"), ("wait-timeout", "90s"), ("poll-interval", "5s")]);
    let policy = WaitArgs::parse(&given).policy(&job.cx);
    let seconds = Duration::from_secs;
    assert_eq!((policy.timeout(), policy.poll_interval), (seconds(90), Some(seconds(5))));
}

#[test]
fn levels_of_readiness_have_their_names() {
    for (text, level) in [("running", Readiness::Running), ("status-ok", Readiness::StatusOk)] {
        assert_eq!(inputs(&[("wait", "true"), ("wait-for", text)]).get(&WAIT_FOR), level);
    }
    assert_eq!(inputs(&[]).get(&WAIT_FOR), Readiness::StatusOk);
}

#[tokio::test(start_paused = true)]
async fn waits_until_both_checks_are_ok() {
    let describe = describes_states(A, &[Pending, Running]);
    let status = mock!(Client::describe_instance_status)
        .sequence()
        .output(|| checked([], &SummaryStatus::Ok))
        .output(|| checked([A], &SummaryStatus::Initializing))
        .output(|| checked([A], &SummaryStatus::Ok))
        .build();
    let job = Job::new(&[&describe, &status]);
    wait(&job, &[A], STATUS_OK).await;
    assert_eq!((describe.num_calls(), status.num_calls()), (4, 3), "a pending instance has no checks to ask for");
    assert_eq!(
        job.lines(),
        [
            "waiting for 1 instance to be running with both status checks ok, at most 1m",
            "i-0000000a (web): pending",
            "i-0000000a (web): running",
            "i-0000000a (web): running, status checks initializing",
            "i-0000000a (web): running, status checks ok",
        ]
    );
    let entry = job.cx.journal().instance(&id(A));
    assert_eq!((entry.state.as_deref(), entry.status_checks.as_deref()), (Some("running"), Some("ok")));
    assert_eq!(entry.public_ip.as_deref(), Some("192.0.2.1"));
    assert!(entry.error.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_poll_describes_only_the_instances_still_waited_for() {
    let describe = mock!(Client::describe_instances)
        .sequence()
        .output(|| described([instance(A, &Running), instance(B, &Pending)]))
        .output(|| described([instance(B, &Running)]))
        .repeatedly()
        .build();
    let both = mock!(Client::describe_instance_status)
        .match_requests(|request| request.instance_ids() == [A])
        .then_output(|| checked([A], &SummaryStatus::Ok));
    let rest = mock!(Client::describe_instance_status)
        .match_requests(|request| request.instance_ids() == [B])
        .sequence()
        .output(|| checked([B], &SummaryStatus::Initializing))
        .output(|| checked([B], &SummaryStatus::Ok))
        .build();
    let job = Job::new(&[&describe, &both, &rest]);
    wait(&job, &[A, B], STATUS_OK).await;
    assert_eq!((describe.num_calls(), both.num_calls(), rest.num_calls()), (3, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn a_poll_costs_one_describe_and_one_status_call_per_hundred_running() {
    let describe = mock!(Client::describe_instances).then_compute_output(|request: &DescribeInstancesInput| {
        described(request.instance_ids().iter().map(|id| instance(id, &Running)))
    });
    let status = |size: usize| {
        mock!(Client::describe_instance_status)
            .match_requests(move |request| request.instance_ids().len() == size)
            .then_compute_output(|request| checked_as_requested(request, &SummaryStatus::Ok))
    };
    let (full, rest) = (status(100), status(50));
    let job = Job::new(&[&describe, &full, &rest]);
    let ids: Vec<String> = (0..250).map(|n| format!("i-{n:08x}")).collect();
    let start = Instant::now();
    wait(&job, &ids.iter().map(String::as_str).collect::<Vec<_>>(), STATUS_OK).await;
    assert!(start.elapsed().is_zero(), "nothing is slept after the last poll");
    assert_eq!((describe.num_calls(), full.num_calls(), rest.num_calls()), (1, 2, 1));
    assert!(job.cx.journal().instances().iter().all(|entry| entry.status_checks.as_deref() == Some("ok")));
}

#[tokio::test(start_paused = true)]
async fn an_expired_wait_names_each_instance_and_its_last_state() {
    let describe =
        mock!(Client::describe_instances).then_output(|| described([instance(A, &Running), instance(B, &Pending)]));
    let status = mock!(Client::describe_instance_status).then_output(|| checked([A], &SummaryStatus::Initializing));
    let job = Job::new(&[&describe, &status]);
    const UNSEEN: &str = "i-0000000c";
    let policy = WaitPolicy::new(Duration::from_secs(50), Some(Duration::from_secs(20)));
    wait_for_instances(&job.cx, &[A, B, UNSEEN].map(id), STATUS_OK, &policy).await;
    assert_eq!(describe.num_calls(), 4, "the last poll is at the limit");
    for (id, last) in [
        (A, "i-0000000a is still `running`, status checks `initializing`"),
        (B, "i-0000000b is still `pending`"),
        (UNSEEN, "the state of i-0000000c is still unknown"),
    ] {
        let failed = format!("timed out after 50s: {last}");
        assert_eq!(failure(&job, id), failed);
        job.assert_reported(&format!("warning: {failed}"));
    }
    let error = job.cx.journal().verdict("starting", "started", "unchanged").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitExpired);
    assert!(error.hint_text().is_some_and(|hint| hint.starts_with("check the instance later")), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_goal_reached_at_the_timeout_counts() {
    let describe = describes_states(A, &[Pending, Pending, Pending, Running]);
    let job = Job::new(&[&describe]);
    wait(&job, &[A], RUNNING).await;
    assert_eq!((failure(&job, A), describe.num_calls()), (String::new(), 4));
}

#[tokio::test(start_paused = true)]
async fn the_last_poll_is_at_the_timeout_for_any_interval() {
    let describe = describes_states(A, &[Pending, Running]);
    let job = Job::new(&[&describe]);
    let limit = Duration::from_secs(90);
    let policy = WaitPolicy::new(limit, Some(Duration::from_hours(1)));
    let start = Instant::now();
    wait_for_instances(&job.cx, &[id(A)], RUNNING, &policy).await;
    assert_eq!((failure(&job, A), start.elapsed()), (String::new(), limit), "in paused time, which is exact");
    job.assert_reported("at most 90s");
}

#[tokio::test(start_paused = true)]
async fn nothing_to_wait_for_costs_nothing() {
    let job = Job::new(&[]);
    wait(&job, &[], STATUS_OK).await;
    assert!(job.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn waits_only_on_request_and_only_for_instances_that_did_not_fail() {
    let wait = [("wait", "true"), ("poll-interval", "1s")];
    assert!(
        !wait_if_requested(&Job::new(&[]).cx, &WaitArgs::parse(&inputs(&[])), &[id(A)], RUNNING, &a_minute()).await
    );
    assert!(
        !wait_if_requested(&Job::dry_run(&[]).cx, &WaitArgs::parse(&inputs(&wait)), &[id(A)], RUNNING, &a_minute())
            .await
    );

    let describe = mock!(Client::describe_instances)
        .match_requests(|request| request.instance_ids() == [A])
        .then_output(|| described([instance(A, &Running)]));
    let job = Job::new(&[&describe]);
    job.cx.journal().record_failure(&id(B), Error::new(ErrorKind::UnexpectedState, "refused"));
    assert!(wait_if_requested(&job.cx, &WaitArgs::parse(&inputs(&wait)), &[id(A), id(B)], RUNNING, &a_minute()).await);
    assert_eq!((describe.num_calls(), failure(&job, B)), (1, "refused".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_is_reported_once_a_minute_and_a_short_one_not_at_all() {
    let pending = vec![Pending; 13].into_iter().chain([Running]).collect::<Vec<_>>();
    let rule = describes_states(A, &pending);
    let job = Job::new(&[&rule]);
    let policy = WaitPolicy::new(Duration::from_mins(10), Some(Duration::from_secs(10)));
    wait_for_instances(&job.cx, &[id(A)], RUNNING, &policy).await;
    let reported: Vec<_> = job.lines().into_iter().filter(|line| line.starts_with("waiting, ")).collect();
    assert_eq!(
        reported,
        [
            "waiting, 1m of 10m: 0 of 1 instance ready, 1 pending",
            "waiting, 2m of 10m: 0 of 1 instance ready, 1 pending"
        ]
    );
    assert_eq!(job.lines().len(), 5, "the beginning, two states, two minutes: {:#?}", job.lines());
    assert_eq!(rule.num_calls(), 14);
    assert_eq!(job.progress().len(), 14, "every poll is for those who watch");
    assert_eq!(job.progress().last().map(String::as_str), Some("1/1 ready"));
}

#[tokio::test(start_paused = true)]
async fn all_waits_of_a_job_have_one_limit() {
    let describe = describes_states(A, &[Stopping, Stopping, Stopping, Pending]);
    let job = Job::new(&[&describe]);
    let policy = WaitPolicy::new(Duration::from_secs(4), Some(Duration::from_secs(1)));
    let start = Instant::now();
    wait_for_instances(&job.cx, &[id(A)], Goal::Left(&[Stopping]), &policy).await;
    assert_eq!((failure(&job, A), start.elapsed()), (String::new(), Duration::from_secs(3)));
    wait_for_instances(&job.cx, &[id(A)], RUNNING, &policy).await;
    assert_eq!(start.elapsed(), Duration::from_secs(4), "in paused time, which is exact");
    job.assert_reported("waiting for 1 instance to be running, at most 1s");
    assert!(failure(&job, A).starts_with("timed out after 4s: i-0000000a is still `pending`"), "{}", failure(&job, A));
}

#[tokio::test(start_paused = true)]
async fn a_wait_without_time_left_polls_once() {
    let describe = describes_states(A, &[Running]);
    let job = Job::new(&[&describe]);
    let policy = WaitPolicy::new(Duration::ZERO, None);
    wait_for_instances(&job.cx, &[id(A)], RUNNING, &policy).await;
    assert_eq!((failure(&job, A), describe.num_calls()), (String::new(), 1));
}

#[tokio::test(start_paused = true)]
async fn not_at_goal_polls_once() {
    let rule = |states: &'static [(&'static str, InstanceStateName)]| {
        mock!(Client::describe_instances)
            .then_output(|| described(states.iter().map(|(id, state)| instance(id, state))))
    };
    let checks = |ids: &'static [&'static str]| {
        mock!(Client::describe_instance_status).then_output(|| checked(ids.iter().copied(), &SummaryStatus::Ok))
    };
    for (states, checked, goal, expected) in [
        (&[(A, Running), (B, Running)][..], &[A, B][..], STATUS_OK, Ok(vec![])),
        (&[(A, Running), (B, Pending)], &[A], STATUS_OK, Ok(vec![id(B)])),
        (&[(A, Running), (B, Pending)], &[], STATUS_OK, Ok(vec![id(A), id(B)])),
        (&[(A, Running), (B, Running)], &[A], STATUS_OK, Err("the response does not include i-0000000b")),
        (&[(A, Running)], &[], RUNNING, Err("the response does not include i-0000000b")),
        (&[(A, Running), (B, Running)], &[], RUNNING, Ok(vec![])),
    ] {
        let job = Job::new(&[&rule(states), &checks(checked)]);
        let seen = not_at_goal(&job.cx, &[id(A), id(B)], goal).await;
        assert_eq!(seen.map_err(|error| error.message().to_owned()), expected.map_err(str::to_owned));
        assert_eq!(job.cx.journal().instance(&id(A)).state.as_deref(), Some("running"));
    }
}
