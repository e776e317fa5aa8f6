//! Waiting: what counts as the end, what ends it early, and how many calls it costs.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_instance_status::{DescribeInstanceStatusInput, DescribeInstanceStatusOutput};
use aws_sdk_ec2::operation::describe_instances::DescribeInstancesInput;
use aws_sdk_ec2::types::{InstanceStatusSummary, StateReason};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::InstanceStateName::{Pending, Running, ShuttingDown, Stopped, Stopping, Terminated};
use super::*;
use crate::sample::inputs;
use crate::testing::{Job, Rule, checked, described, describes_in_turn, instance, mock, refusal};

const A: &str = "i-0000000a";
const B: &str = "i-0000000b";

const RUNNING: Goal = Goal::Ready(Readiness::Running);
const STATUS_OK: Goal = Goal::Ready(Readiness::StatusOk);
/// Looks at 0, 20, 40 and 60 seconds.
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

/// Why an instance failed; empty when it did not.
fn failure(job: &Job, text: &str) -> String {
    job.cx.journal().instance(&id(text)).error.map(|error| error.to_string()).unwrap_or_default()
}

/// A rule for DescribeInstances: refused until the last look, which sees the instance running.
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

/// The answer of DescribeInstanceStatus that a request asks for, with this status.
fn checked_as_asked(request: &DescribeInstanceStatusInput, status: &SummaryStatus) -> DescribeInstanceStatusOutput {
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
fn only_two_passed_checks_are_ok() {
    let summary = |status: &SummaryStatus| InstanceStatusSummary::builder().status(status.clone()).build();
    let both = |a: SummaryStatus, b: SummaryStatus| {
        both_checks(&InstanceStatus::builder().instance_status(summary(&a)).system_status(summary(&b)).build())
    };
    use SummaryStatus::{Impaired, Initializing, InsufficientData, NotApplicable, Ok};
    assert_eq!(both(Ok, Ok), Ok);
    assert_eq!(both(Ok, Initializing), Initializing);
    assert_eq!(both(Initializing, Impaired), Impaired);
    assert_eq!(both(InsufficientData, Ok), InsufficientData);
    assert_eq!(both(Ok, NotApplicable), NotApplicable);
    assert_eq!(both_checks(&InstanceStatus::builder().build()), InsufficientData);
}

#[test]
fn limits_come_from_the_arguments_or_the_configuration() {
    let job = Job::new(&[]);
    let policy = WaitPolicy::from_inputs(&job.cx, &inputs(&[]));
    assert_eq!((policy.timeout, policy.poll_interval), (job.cx.default_wait(), None));
    let given = inputs(&[("wait", "true"), ("wait-timeout", "90s"), ("poll-interval", "5s")]);
    let policy = WaitPolicy::from_inputs(&job.cx, &given);
    let seconds = Duration::from_secs;
    assert_eq!((policy.timeout, policy.poll_interval), (seconds(90), Some(seconds(5))));
}

#[test]
fn levels_of_readiness_have_their_names() {
    assert_eq!(Readiness::parse("running"), Ok(Readiness::Running));
    assert_eq!(Readiness::parse("status-ok"), Ok(Readiness::StatusOk));
    assert!(Readiness::parse("Running").unwrap_err().contains("`status-ok` or `running`"));
    assert_eq!(inputs(&[]).get(&WAIT_FOR), Readiness::StatusOk);
}

#[tokio::test(start_paused = true)]
async fn waits_until_both_checks_are_ok() {
    let describe = describes_in_turn(A, &[Pending, Running]);
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
async fn reaches_its_goal_through_the_states_on_the_way() {
    for (goal, states, looks) in [
        (RUNNING, &[Pending, Running][..], 2),
        (RUNNING, &[Stopped, Stopped, Pending, Running], 4),
        (Goal::Stopped, &[Running, Stopping, Stopped], 3),
        (Goal::Terminated, &[Running, ShuttingDown, Terminated], 3),
        (Goal::Terminated, &[Stopped, Terminated], 2),
    ] {
        let describe = describes_in_turn(A, states);
        let job = Job::new(&[&describe]);
        wait(&job, &[A], goal).await;
        assert_eq!((failure(&job, A), describe.num_calls()), (String::new(), looks), "{goal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_state_without_a_way_back_ends_the_wait_for_that_instance() {
    for (goal, states, message) in [
        (RUNNING, [Pending, Terminated], "to be running: it is terminated now"),
        (STATUS_OK, [Pending, ShuttingDown], "to be running with both status checks ok: it is shutting-down now"),
        (RUNNING, [Pending, Stopped], "to be running: it is stopped now"),
        (RUNNING, [Pending, Stopping], "to be running: it is stopping now"),
        (Goal::Stopped, [Stopping, Terminated], "to be stopped: it is terminated now"),
    ] {
        let describe = describes_in_turn(A, &states);
        let job = Job::new(&[&describe]);
        wait(&job, &[A], goal).await;
        let failed = format!("waiting for {A} {message}: EC2 gives no reason");
        assert_eq!((failure(&job, A), describe.num_calls()), (failed.clone(), 2));
        job.assert_says(&format!("warning: {failed}"));
        let error = job.cx.journal().verdict("starting", "started", "unchanged").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedState);
    }
}

#[tokio::test(start_paused = true)]
async fn a_start_that_never_shows_is_a_failed_one_after_a_minute() {
    let describe = describes_in_turn(A, &[Stopped]);
    let job = Job::new(&[&describe]);
    let policy = WaitPolicy::new(Duration::from_hours(1), Some(Duration::from_secs(20)));
    wait_for_instances(&job.cx, &[id(A)], RUNNING, &policy).await;
    assert_eq!(job.cx.journal().instance(&id(A)).error.unwrap().kind(), ErrorKind::UnexpectedState);
    assert_eq!(describe.num_calls(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_dead_instance_is_told_with_its_reason_and_the_others_are_waited_for() {
    let describe = mock!(Client::describe_instances).then_compute_output(|request: &DescribeInstancesInput| {
        let mut dead = instance(A, &Terminated);
        let reason = StateReason::builder().message("Client.InvalidSnapshot: the key of the volume is not usable");
        dead.state_reason = Some(reason.build());
        match request.instance_ids().len() {
            2 => described([dead, instance(B, &Pending)]),
            _ => described([instance(B, &Running)]),
        }
    });
    let job = Job::new(&[&describe]);
    wait(&job, &[A, B], RUNNING).await;
    assert!(failure(&job, A).contains("terminated now: Client.InvalidSnapshot: the key"), "{}", failure(&job, A));
    assert_eq!((failure(&job, B), describe.num_calls()), (String::new(), 2));
}

#[tokio::test(start_paused = true)]
async fn a_look_asks_only_for_those_not_through_yet() {
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
async fn a_look_costs_one_describe_and_one_status_call_per_hundred_running() {
    let describe = mock!(Client::describe_instances).then_compute_output(|request: &DescribeInstancesInput| {
        described(request.instance_ids().iter().map(|id| instance(id, &Running)))
    });
    let status = |size: usize| {
        mock!(Client::describe_instance_status)
            .match_requests(move |request| request.instance_ids().len() == size)
            .then_compute_output(|request| checked_as_asked(request, &SummaryStatus::Ok))
    };
    let (full, rest) = (status(100), status(50));
    let job = Job::new(&[&describe, &full, &rest]);
    let ids: Vec<String> = (0..250).map(|n| format!("i-{n:08x}")).collect();
    let start = Instant::now();
    wait(&job, &ids.iter().map(String::as_str).collect::<Vec<_>>(), STATUS_OK).await;
    assert!(start.elapsed().is_zero(), "nothing is slept behind the last look");
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
    wait(&job, &[A, B, UNSEEN], STATUS_OK).await;
    assert_eq!(describe.num_calls(), 4, "the last look is at the limit");
    for (id, last) in [(A, "running, status checks initializing"), (B, "pending"), (UNSEEN, "never seen")] {
        let failed = format!(
            "waiting for {id} to be running with both status checks ok: \
             not within 1m; last seen: {last}; the action itself was accepted"
        );
        assert_eq!(failure(&job, id), failed);
        job.assert_says(&format!("warning: {failed}"));
    }
    let error = job.cx.journal().verdict("starting", "started", "unchanged").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitExpired);
}

#[tokio::test(start_paused = true)]
async fn what_is_seen_at_the_limit_still_counts() {
    let describe = describes_in_turn(A, &[Pending, Pending, Pending, Running]);
    let job = Job::new(&[&describe]);
    wait(&job, &[A], RUNNING).await;
    assert_eq!((failure(&job, A), describe.num_calls()), (String::new(), 4));
}

#[tokio::test(start_paused = true)]
async fn the_last_look_comes_at_the_limit_whatever_the_interval() {
    let describe = describes_in_turn(A, &[Pending, Running]);
    let job = Job::new(&[&describe]);
    let limit = Duration::from_secs(90);
    let policy = WaitPolicy::new(limit, Some(Duration::from_hours(1)));
    let start = Instant::now();
    wait_for_instances(&job.cx, &[id(A)], RUNNING, &policy).await;
    assert_eq!((failure(&job, A), start.elapsed()), (String::new(), limit), "in paused time, which is exact");
    job.assert_says("at most 90s");
}

#[tokio::test(start_paused = true)]
async fn throttled_looks_do_not_end_the_wait() {
    let describe = refused_at_first(6, throttled);
    let job = Job::new(&[&describe]);
    wait(&job, &[A], RUNNING).await;
    assert_eq!((failure(&job, A), describe.num_calls()), (String::new(), 7), "two looks of three attempts, one good");
    let warnings: Vec<_> = job.lines().into_iter().filter(|line| line.starts_with("warning: ")).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(
        warnings[0].contains("RequestLimitExceeded") && warnings[0].ends_with("; the wait goes on"),
        "{warnings:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_never_sees_anything_says_why() {
    let describe = mock!(Client::describe_instances).then_http_response(throttled);
    let job = Job::new(&[&describe]);
    wait(&job, &[A], RUNNING).await;
    let failed = failure(&job, A);
    assert!(
        failed.contains("last seen: never seen; the last look failed: looking up i-0000000a: Request limit"),
        "{failed}"
    );
}

#[tokio::test(start_paused = true)]
async fn throttled_status_checks_do_not_end_the_wait() {
    let describe = describes_in_turn(A, &[Running]);
    let status = mock!(Client::describe_instance_status)
        .sequence()
        .http_response(throttled)
        .times(3)
        .output(|| checked([A], &SummaryStatus::Ok))
        .build();
    let job = Job::new(&[&describe, &status]);
    wait(&job, &[A], STATUS_OK).await;
    assert_eq!(failure(&job, A), "");
    job.assert_says("reading the status checks of i-0000000a: Request limit exceeded.");
}

#[tokio::test(start_paused = true)]
async fn status_checks_that_do_not_know_a_fresh_instance_yet_are_waited_for() {
    let describe = describes_in_turn(A, &[Running]);
    let looks = mock!(Client::describe_instance_status).sequence().http_response(unknown);
    let status = looks.output(|| checked([A], &SummaryStatus::Ok)).build();
    let job = Job::new(&[&describe, &status]);
    wait(&job, &[A], STATUS_OK).await;
    assert_eq!((failure(&job, A), status.num_calls()), (String::new(), 2));
}

#[tokio::test(start_paused = true)]
async fn a_denied_look_ends_the_wait() {
    let describe = refused_at_first(1, || refusal("UnauthorizedOperation", "You may not"));
    let job = Job::new(&[&describe]);
    wait(&job, &[A], RUNNING).await;
    let error = job.cx.journal().verdict("starting", "started", "unchanged").unwrap_err();
    assert_eq!((error.kind(), describe.num_calls()), (ErrorKind::PermissionDenied, 1));
    assert!(error.to_string().starts_with("looking up i-0000000a: You may not"), "{error}");
    job.assert_says("warning: looking up i-0000000a: You may not");
}

/// Rules for a look by ids, which refuses because of the id B, and for one that asks which ids are known.
fn knows_only_a(looks_until_running: usize) -> [Rule; 2] {
    let by_ids = mock!(Client::describe_instances)
        .match_requests(|request| request.filters().is_empty() && request.instance_ids().iter().any(|id| id == B))
        .then_http_response(unknown);
    let known = mock!(Client::describe_instances)
        .match_requests(|request| request.filters().iter().any(|filter| filter.name() == Some("instance-id")))
        .sequence()
        .output(|| described([instance(A, &Pending)]))
        .times(looks_until_running)
        .output(|| described([instance(A, &Running)]))
        .repeatedly()
        .build();
    [by_ids, known]
}

#[tokio::test(start_paused = true)]
async fn a_fresh_id_may_be_unknown_for_a_minute_and_hides_no_other() {
    let [by_ids, known] = knows_only_a(1);
    let job = Job::new(&[&by_ids, &known]);
    wait(&job, &[A, B], RUNNING).await;
    assert_eq!(failure(&job, A), "", "seen although B is unknown");
    assert_eq!(job.cx.journal().instance(&id(B)).error.unwrap().kind(), ErrorKind::NotFound);
    assert_eq!((by_ids.num_calls(), known.num_calls()), (4, 4), "looks at 0, 20, 40 and 60 seconds");
}

#[tokio::test(start_paused = true)]
async fn nothing_to_wait_for_costs_nothing() {
    let job = Job::new(&[]);
    wait(&job, &[], STATUS_OK).await;
    assert!(job.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn waits_only_when_asked_and_only_for_what_did_not_fail() {
    let wait = [("wait", "true"), ("poll-interval", "1s")];
    assert!(!wait_if_asked(&Job::new(&[]).cx, &inputs(&[]), &[id(A)], RUNNING, &a_minute()).await);
    assert!(!wait_if_asked(&Job::dry_run(&[]).cx, &inputs(&wait), &[id(A)], RUNNING, &a_minute()).await);

    let describe = mock!(Client::describe_instances)
        .match_requests(|request| request.instance_ids() == [A])
        .then_output(|| described([instance(A, &Running)]));
    let job = Job::new(&[&describe]);
    job.cx.journal().failed(&id(B), Error::new(ErrorKind::UnexpectedState, "refused"));
    assert!(wait_if_asked(&job.cx, &inputs(&wait), &[id(A), id(B)], RUNNING, &a_minute()).await);
    assert_eq!((describe.num_calls(), failure(&job, B)), (1, "refused".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn status_checks_of_a_region_are_read_to_the_last_page() {
    let page = |token: Option<&'static str>, id: &'static str, next: Option<&'static str>| {
        mock!(Client::describe_instance_status)
            .match_requests(move |request| request.next_token() == token && request.max_results() == Some(1000))
            .then_output(move || {
                let mut page = checked([id], &SummaryStatus::Ok);
                page.next_token = next.map(str::to_owned);
                page
            })
    };
    let job = Job::new(&[&page(None, A, Some("more")), &page(Some("more"), B, None)]);
    let checks = all_status_checks(&job.cx).await.unwrap();
    assert_eq!(checks, HashMap::from([A, B].map(|text| (id(text), SummaryStatus::Ok))));
}

#[tokio::test(start_paused = true)]
async fn a_refused_reading_of_status_checks_is_told() {
    let status = mock!(Client::describe_instance_status).then_http_response(|| refusal("AuthFailure", "Bad key"));
    let error = all_status_checks(&Job::new(&[&status]).cx).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.to_string().starts_with("reading the status checks of the region: Bad key"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_long_wait_is_told_once_a_minute_and_a_short_one_not_at_all() {
    let pending = vec![Pending; 13].into_iter().chain([Running]).collect::<Vec<_>>();
    let rule = describes_in_turn(A, &pending);
    let job = Job::new(&[&rule]);
    let policy = WaitPolicy::new(Duration::from_mins(10), Some(Duration::from_secs(10)));
    wait_for_instances(&job.cx, &[id(A)], RUNNING, &policy).await;
    let told: Vec<_> = job.lines().into_iter().filter(|line| line.starts_with("waiting, ")).collect();
    assert_eq!(
        told,
        [
            "waiting, 1m of 10m: 0 of 1 instance ready, 1 pending",
            "waiting, 2m of 10m: 0 of 1 instance ready, 1 pending"
        ]
    );
    assert_eq!(job.lines().len(), 5, "the beginning, two states, two minutes: {:#?}", job.lines());
    assert_eq!(rule.num_calls(), 14);
    assert_eq!(job.progress().len(), 14, "every look is for those who watch");
    assert_eq!(job.progress().last().map(String::as_str), Some("1/1 ready"));
}
