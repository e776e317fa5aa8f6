//! Ready again: status checks that leave `ok` and return to it, and those that never leave it.

use aws_sdk_ec2::types::SummaryStatus::{Impaired, Initializing, Ok};

use super::*;
use crate::ResourceResult;
use crate::testing::describes_as;

const NOTE: &str = "restart accepted, not observed";
const AGAIN: Goal = Goal::ReadyAgain { within: Duration::from_mins(5), unobserved_note: NOTE };

/// A rule for DescribeInstanceStatus that returns these statuses in turn, and repeats the last one.
fn checks_in_turn(statuses: &[SummaryStatus]) -> Rule {
    let (last, first) = statuses.split_last().unwrap();
    let mut answers = mock!(Client::describe_instance_status).sequence();
    for status in first {
        let answer = checked([A], status);
        answers = answers.output(move || answer.clone());
    }
    let last = last.clone();
    answers.output(move || checked([A], &last)).repeatedly().build()
}

/// Waits for at most this many minutes, with a poll every 20 seconds. Returns the verdict.
async fn wait_for(job: &Job, minutes: u64) -> String {
    let policy = WaitPolicy::new(Duration::from_mins(minutes), Some(Duration::from_secs(20)));
    job.cx.journal().record_accepted(&id(A), Some("running"), None, ResourceResult::Changed);
    wait_for_instances(&job.cx, &[id(A)], AGAIN, &policy).await;
    let verdict = job.cx.journal().verdict("restarting", "restarted", "unchanged");
    verdict.map_or_else(|error| error.to_string(), |outcome| outcome.message)
}

#[tokio::test(start_paused = true)]
async fn checks_that_leave_ok_and_come_back_are_the_goal() {
    for (statuses, polls) in [
        (&[Ok, Ok, Initializing, Ok][..], 4),
        (&[Ok, Impaired, Initializing, Ok], 4),
        // A status before the first `ok` has not left it.
        (&[Initializing, Ok, Initializing, Ok], 4),
    ] {
        let (describe, checks) = (describes_as(Running), checks_in_turn(statuses));
        let job = Job::new(&[&describe, &checks]);
        assert_eq!((wait_for(&job, 10).await.as_str(), checks.num_calls()), ("1 instance restarted", polls));
        assert_eq!(job.cx.journal().instance(&id(A)).note, None);
    }
}

#[tokio::test(start_paused = true)]
async fn checks_that_never_leave_ok_in_time_are_a_note() {
    // Five minutes are sixteen polls; the limit of the job, two minutes, is seven.
    for (minutes, polls) in [(10, 16), (2, 7)] {
        let (describe, checks) = (describes_as(Running), checks_in_turn(&[Ok]));
        let job = Job::new(&[&describe, &checks]);
        assert_eq!(wait_for(&job, minutes).await, format!("1 instance: {NOTE}"));
        assert_eq!(checks.num_calls(), polls);
        let entry = job.cx.journal().instance(&id(A));
        assert_eq!((entry.note.as_deref(), entry.result), (Some(NOTE), Some(ResourceResult::Changed)));
        job.assert_reported(&format!("{A} (web): {NOTE}"));
    }
}

#[tokio::test(start_paused = true)]
async fn checks_that_left_ok_and_do_not_come_back_are_an_expired_wait() {
    let (describe, checks) = (describes_as(Running), checks_in_turn(&[Ok, Initializing]));
    let job = Job::new(&[&describe, &checks]);
    let verdict = wait_for(&job, 10).await;
    assert_eq!(verdict, "timed out after 10m: i-0000000a is still `running`, status checks `initializing`");
}

#[tokio::test(start_paused = true)]
async fn checks_that_were_never_ok_are_an_expired_wait() {
    let (describe, checks) = (describes_as(Running), checks_in_turn(&[Initializing]));
    let job = Job::new(&[&describe, &checks]);
    assert!(wait_for(&job, 10).await.starts_with("timed out after 10m: "));
    assert_eq!(job.cx.journal().instance(&id(A)).note, None);
}

#[tokio::test(start_paused = true)]
async fn checks_that_cannot_be_read_at_the_end_are_no_note() {
    let answers = mock!(Client::describe_instance_status).sequence().output(|| checked([A], &Ok));
    let checks = answers.http_response(throttled).repeatedly().build();
    let looks = mock!(Client::describe_instances).sequence().output(|| described([instance(A, &Running)]));
    let looks = looks.http_response(throttled).repeatedly().build();
    for rules in [[&describes_as(Running), &checks], [&looks, &checks_in_turn(&[Ok])]] {
        let job = Job::new(&rules);
        assert!(wait_for(&job, 10).await.contains("the last poll failed: "));
        assert_eq!(job.cx.journal().instance(&id(A)).note, None);
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_leaves_running_fails() {
    for (states, state) in [(&[Running, Terminated][..], "terminated"), (&[Running, Stopping, Stopped], "stopped")] {
        let (describe, checks) = (describes_states(A, states), checks_in_turn(&[Ok]));
        let job = Job::new(&[&describe, &checks]);
        let failed = format!(
            "waiting for {A} to be running with both status checks ok again: the instance is `{state}`: EC2 gave no \
             reason"
        );
        assert_eq!(wait_for(&job, 10).await, failed);
    }
}
