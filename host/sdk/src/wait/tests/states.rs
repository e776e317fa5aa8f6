//! States: which count at once, which may be stale, and how long an id may be unknown.

use super::*;
use crate::ResourceResult;

/// Polls with this interval, for at most an hour.
async fn wait_up_to_an_hour(job: &Job, goal: Goal, interval: u64) {
    let policy = WaitPolicy::new(Duration::from_hours(1), Some(Duration::from_secs(interval)));
    wait_for_instances(&job.cx, &[id(A)], goal, &policy).await;
}

#[tokio::test(start_paused = true)]
async fn reaches_the_goal_through_intermediate_states() {
    for (goal, states, polls) in [
        (RUNNING, &[Pending, Running][..], 2),
        (RUNNING, &[Stopped, Stopped, Pending, Running], 4),
        (Goal::Stopped, &[Running, Stopping, Stopped], 3),
        (Goal::Terminated, &[Running, ShuttingDown, Terminated], 3),
        (Goal::Terminated, &[Stopped, Terminated], 2),
    ] {
        let describe = describes_states(A, states);
        let job = Job::new(&[&describe]);
        wait(&job, &[A], goal).await;
        assert_eq!((failure(&job, A), describe.num_calls()), (String::new(), polls), "{goal:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_stale_state_does_not_fail_the_instance() {
    for (goal, states) in [
        (RUNNING, &[Pending, Stopped, Pending, Running][..]),
        (RUNNING, &[Pending, Stopped, Running]),
        (RUNNING, &[Pending, Stopping, Running]),
        (RUNNING, &[Stopping, Pending, Stopping, Running]),
        (Goal::Stopped, &[Pending, Stopping, Running, Stopped]),
        (Goal::Terminated, &[ShuttingDown, Running, Stopping, Terminated]),
        (RUNNING, &[InstanceStateName::from("moving"), Running]),
    ] {
        let describe = describes_states(A, states);
        let job = Job::new(&[&describe]);
        wait(&job, &[A], goal).await;
        assert_eq!((failure(&job, A), describe.num_calls()), (String::new(), states.len()), "{goal:?} {states:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_final_state_ends_the_wait_at_once() {
    for (goal, states, message) in [
        (RUNNING, [Pending, Terminated], "to be running: the instance is `terminated`"),
        (
            STATUS_OK,
            [Pending, ShuttingDown],
            "to be running with both status checks ok: the instance is `shutting-down`",
        ),
        (Goal::Stopped, [Stopping, Terminated], "to be stopped: the instance is `terminated`"),
    ] {
        let describe = describes_states(A, &states);
        let job = Job::new(&[&describe]);
        wait(&job, &[A], goal).await;
        let failed = format!("waiting for {A} {message}: EC2 gave no reason");
        assert_eq!((failure(&job, A), describe.num_calls()), (failed.clone(), 2));
        job.assert_reported(&format!("warning: {failed}"));
        let error = job.cx.journal().verdict("starting", "started", "unchanged").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedState);
    }
}

#[tokio::test(start_paused = true)]
async fn an_unexpected_state_fails_after_two_polls() {
    let moving = InstanceStateName::from("moving");
    for (goal, off, last) in [
        (RUNNING, [Stopping, Stopping], "stopping"),
        (RUNNING, [moving.clone(), moving.clone()], "moving"),
        (Goal::Stopped, [Pending, Pending], "pending"),
        (Goal::Stopped, [moving, Pending], "pending"),
        (Goal::Terminated, [Stopping, Stopping], "stopping"),
    ] {
        let describe = describes_states(A, &off);
        let job = Job::new(&[&describe]);
        wait(&job, &[A], goal).await;
        assert_eq!(describe.num_calls(), 2, "{goal:?} {off:?}: polls at 0 and 20 seconds");
        let failed = failure(&job, A);
        assert!(failed.ends_with(&format!(": the instance is `{last}`: EC2 gave no reason")), "{failed}");
    }
}

#[tokio::test(start_paused = true)]
async fn two_polls_in_less_than_ten_seconds_count_as_one() {
    for (stale, good) in [(3, true), (4, false)] {
        let states: Vec<_> = [Pending].into_iter().chain(vec![Stopping; stale]).chain([Running]).collect();
        let describe = describes_states(A, &states);
        let job = Job::new(&[&describe]);
        wait_up_to_an_hour(&job, RUNNING, 4).await;
        assert_eq!((failure(&job, A).is_empty(), describe.num_calls()), (good, 5), "{stale} stale polls");
    }
}

#[tokio::test(start_paused = true)]
async fn the_state_before_the_request_may_be_shown_for_a_minute() {
    for (goal, before, on_the_way) in [
        (RUNNING, Stopped, Pending),
        (Goal::Stopped, Running, Stopping),
        (Goal::Terminated, Stopped, ShuttingDown),
        (Goal::Terminated, Pending, ShuttingDown),
    ] {
        let describe = describes_states(A, &[on_the_way, before.clone()]);
        let job = Job::new(&[&describe]);
        job.cx.journal().record_accepted(&id(A), Some(before.as_str()), None, ResourceResult::Changed);
        wait_up_to_an_hour(&job, goal, 20).await;
        assert_eq!(job.cx.journal().instance(&id(A)).error.unwrap().kind(), ErrorKind::UnexpectedState);
        assert_eq!(describe.num_calls(), 5, "{goal:?} from {before:?}: off the way at 60 and 80 seconds");
    }
}

#[tokio::test(start_paused = true)]
async fn a_stale_state_after_a_minute_still_needs_two_polls() {
    let describe = describes_states(A, &[Pending, Pending, Pending, Pending, Stopped, Running]);
    let job = Job::new(&[&describe]);
    wait_up_to_an_hour(&job, RUNNING, 20).await;
    assert_eq!((failure(&job, A), describe.num_calls()), (String::new(), 6));
}

#[tokio::test(start_paused = true)]
async fn a_running_instance_that_stops_fails() {
    let describe = describes_states(A, &[Stopped]);
    let job = Job::new(&[&describe]);
    job.cx.journal().record_accepted(&id(A), Some("running"), None, ResourceResult::Unchanged);
    wait_up_to_an_hour(&job, RUNNING, 20).await;
    assert_eq!(describe.num_calls(), 2);
    assert!(failure(&job, A).contains("the instance is `stopped`"), "{}", failure(&job, A));
}

#[tokio::test(start_paused = true)]
async fn a_transient_state_is_left_for_any_other() {
    const PASSING: Goal = Goal::Left(&[Pending, Stopping]);
    for state in [Running, Stopped, ShuttingDown, Terminated, InstanceStateName::from("moving")] {
        let describe = describes_states(A, &[Stopping, Pending, Stopping, state.clone()]);
        let job = Job::new(&[&describe]);
        job.cx.journal().record_accepted(&id(A), Some("stopping"), None, ResourceResult::Changed);
        wait(&job, &[A], PASSING).await;
        assert_eq!((failure(&job, A), describe.num_calls()), (String::new(), 4), "{state:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_terminated_instance_is_reported_with_its_reason_and_the_others_are_waited_for() {
    let describe = mock!(Client::describe_instances).then_compute_output(|request: &DescribeInstancesInput| {
        let mut terminated = instance(A, &Terminated);
        let reason = StateReason::builder().message("Client.InvalidSnapshot: the key of the volume is not usable");
        terminated.state_reason = Some(reason.build());
        match request.instance_ids().len() {
            2 => described([terminated, instance(B, &Pending)]),
            _ => described([instance(B, &Running)]),
        }
    });
    let job = Job::new(&[&describe]);
    wait(&job, &[A, B], RUNNING).await;
    assert!(failure(&job, A).contains("`terminated`: Client.InvalidSnapshot: the key"), "{}", failure(&job, A));
    assert_eq!((failure(&job, B), describe.num_calls()), (String::new(), 2));
}

#[tokio::test(start_paused = true)]
async fn a_start_that_falls_back_to_stopped_because_of_a_kms_key_names_the_permission() {
    let describe = mock!(Client::describe_instances).then_output(|| {
        let mut fallen = instance(A, &Stopped);
        let reason = StateReason::builder().code("Client.InternalError");
        fallen.state_reason = Some(reason.message("Client.InternalError: Client error on launch").build());
        described([fallen])
    });
    let job = Job::new(&[&describe]);
    job.cx.journal().record_previous_state(&id(A), "stopped");
    wait_for_instances(&job.cx, &[id(A)], RUNNING, &WaitPolicy::new(Duration::from_mins(10), None)).await;
    let error = job.cx.journal().instance(&id(A)).error.unwrap();
    assert_eq!(error.kind(), ErrorKind::UnexpectedState);
    assert!(error.hint_text().unwrap().contains("kms:CreateGrant"), "{error:?}");
}

/// Rules for a poll by ids, which refuses the id B, and for one by filter.
fn knows_only_a(polls_until_running: usize) -> [Rule; 2] {
    let by_ids = mock!(Client::describe_instances)
        .match_requests(|request| request.filters().is_empty() && request.instance_ids().iter().any(|id| id == B))
        .then_http_response(unknown);
    let known = mock!(Client::describe_instances)
        .match_requests(|request| request.filters().iter().any(|filter| filter.name() == Some("instance-id")))
        .sequence()
        .output(|| described([instance(A, &Pending)]))
        .times(polls_until_running)
        .output(|| described([instance(A, &Running)]))
        .repeatedly()
        .build();
    [by_ids, known]
}

#[tokio::test(start_paused = true)]
async fn a_new_id_may_be_unknown_for_a_minute_and_does_not_hide_others() {
    let [by_ids, known] = knows_only_a(1);
    let job = Job::new(&[&by_ids, &known]);
    wait(&job, &[A, B], RUNNING).await;
    assert_eq!(failure(&job, A), "", "seen although B is unknown");
    assert_eq!(job.cx.journal().instance(&id(B)).error.unwrap().kind(), ErrorKind::NotFound);
    assert_eq!((by_ids.num_calls(), known.num_calls()), (4, 4), "polls at 0, 20, 40 and 60 seconds");
}

#[tokio::test(start_paused = true)]
async fn an_id_may_be_unknown_for_a_minute_late_in_the_wait() {
    let by_ids = mock!(Client::describe_instances)
        .match_requests(|request| request.filters().is_empty())
        .sequence()
        .output(|| described([instance(A, &Pending)]))
        .times(5)
        .http_response(unknown)
        .times(3)
        .output(|| described([instance(A, &Pending)]))
        .http_response(unknown)
        .times(3)
        .output(|| described([instance(A, &Running)]))
        .build();
    let known = mock!(Client::describe_instances)
        .match_requests(|request| !request.filters().is_empty())
        .then_output(|| described([]));
    let job = Job::new(&[&by_ids, &known]);
    wait_up_to_an_hour(&job, RUNNING, 20).await;
    assert_eq!((failure(&job, A), by_ids.num_calls(), known.num_calls()), (String::new(), 13, 6));
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_left_out_of_the_answers_is_unknown() {
    let describe = mock!(Client::describe_instances).then_output(|| described([instance(A, &Pending)]));
    let job = Job::new(&[&describe]);
    let policy = WaitPolicy::new(Duration::from_mins(10), Some(Duration::from_secs(20)));
    wait_for_instances(&job.cx, &[id(A), id(B)], RUNNING, &policy).await;
    let error = job.cx.journal().instance(&id(B)).error.unwrap();
    assert_eq!(
        (error.kind(), error.to_string().as_str()),
        (ErrorKind::NotFound, "looking up i-0000000b: instance not found")
    );
    assert_eq!(job.cx.journal().instance(&id(A)).error.unwrap().kind(), ErrorKind::WaitExpired);
    let polls_of_both = Duration::from_mins(1).as_secs() / 20 + 1;
    assert_eq!(describe.num_calls() as u64, polls_of_both + 27, "B is no longer asked for after a minute");
}
