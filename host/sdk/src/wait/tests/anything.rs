//! Waiting for anything that has an id and a state.

use std::sync::Mutex;

use super::*;
use crate::Result;

const IMAGE: &str = "image ami-0000000a";

/// Waits for an image with these poll results; the last one is repeated.
async fn wait_for_image(job: &Job, polls: Vec<Result<Poll>>) -> Result<()> {
    let polls = Mutex::new(polls);
    let next = || {
        let mut polls = polls.lock().unwrap();
        let poll = if polls.len() > 1 { polls.remove(0) } else { polls[0].clone() };
        async { poll }
    };
    wait_for(&job.cx, IMAGE, &a_minute(), next).await
}

fn pending() -> Result<Poll> {
    Ok(Poll::Pending("pending".to_owned()))
}

const IMAGE_STATES: States =
    States { target: &["available"], transient: &["pending", "transient"], failed: &["failed", "error"] };

/// Waits for an image with these states; the last one is repeated.
async fn wait_through(job: &Job, states: &[&str]) -> Result<()> {
    wait_for_image(job, states.iter().map(|state| Ok(IMAGE_STATES.poll(state, None))).collect()).await
}

fn failed(kind: ErrorKind, code: &str) -> Result<Poll> {
    Err(Error::new(kind, "no answer").with_code(code))
}

#[tokio::test(start_paused = true)]
async fn anything_is_waited_for_until_it_reaches_its_goal() {
    let job = Job::new(&[]);
    let polls =
        vec![pending(), failed(ErrorKind::Service, "Odd"), pending(), Ok(Poll::Reached("available".to_owned()))];
    wait_for_image(&job, polls).await.unwrap();
    assert_eq!(
        job.lines(),
        [
            "waiting for image ami-0000000a, at most 1m",
            "image ami-0000000a: pending",
            "warning: no answer (Odd); the wait continues",
            "image ami-0000000a: available",
        ]
    );
    assert_eq!(job.progress(), ["pending", "pending", "pending", "available"]);
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_goal_is_an_error() {
    let job = Job::new(&[]);
    let impossible = Ok(Poll::Impossible("the image is `failed`: no such snapshot".to_owned()));
    let error = wait_for_image(&job, vec![pending(), impossible]).await.unwrap_err();
    let message = "waiting for image ami-0000000a: the image is `failed`: no such snapshot";
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::UnexpectedState, message));
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_anything_has_the_limit_of_the_job() {
    let job = Job::new(&[]);
    let start = Instant::now();
    let error = wait_for_image(&job, vec![pending()]).await.unwrap_err();
    assert_eq!((error.kind(), start.elapsed()), (ErrorKind::WaitExpired, Duration::from_mins(1)));
    assert_eq!(error.to_string(), "timed out after 1m: image ami-0000000a is still `pending`");
    let error = wait_for_image(&job, vec![failed(ErrorKind::Unavailable, "Odd")]).await.unwrap_err();
    let message =
        "timed out after 1m: the state of image ami-0000000a is still unknown; the last poll failed: no answer (Odd)";
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::WaitExpired, message));
}

#[tokio::test(start_paused = true)]
async fn a_denied_poll_of_anything_ends_the_wait_at_the_second_time() {
    let job = Job::new(&[]);
    let error =
        wait_for_image(&job, vec![failed(ErrorKind::PermissionDenied, "AccessDeniedException")]).await.unwrap_err();
    assert_eq!((error.kind(), job.progress().len()), (ErrorKind::PermissionDenied, 1));
}

#[test]
fn a_state_is_classified_by_its_list() {
    let [pending, reached] = ["pending", "available"].map(|state| IMAGE_STATES.poll(state, None));
    assert_eq!((pending, reached), (Poll::Pending("pending".to_owned()), Poll::Reached("available".to_owned())));
    for (reason, why) in [
        (Some("no such snapshot"), "the state is `failed`: no such snapshot"),
        (Some(""), "the state is `failed`: AWS gave no reason"),
        (None, "the state is `failed`: AWS gave no reason"),
    ] {
        assert_eq!(IMAGE_STATES.poll("failed", reason), Poll::Impossible(why.to_owned()));
    }
    for state in ["deregistered", "Available", ""] {
        assert!(matches!(IMAGE_STATES.poll(state, None), Poll::Unexpected { .. }), "{state}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_state_ends_the_wait_at_once() {
    let job = Job::new(&[]);
    let error = wait_through(&job, &["pending", "failed", "available"]).await.unwrap_err();
    let message = "waiting for image ami-0000000a: the state is `failed`: AWS gave no reason";
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::UnexpectedState, message));
}

#[tokio::test(start_paused = true)]
async fn an_unlisted_state_is_an_error_after_the_second_poll() {
    let job = Job::new(&[]);
    let error = wait_through(&job, &["pending", "deregistered", "deregistered", "available"]).await.unwrap_err();
    assert!(error.message().starts_with("the state is `deregistered`"), "{error}");
    assert_eq!((error.kind(), job.progress().len()), (ErrorKind::UnexpectedState, 3));
    let two_of_them = wait_through(&job, &["pending", "deregistered", "moving", "available"]).await.unwrap_err();
    assert!(two_of_them.message().starts_with("the state is `moving`"), "{two_of_them}");
}

#[tokio::test(start_paused = true)]
async fn one_stale_unlisted_state_does_not_end_the_wait() {
    let job = Job::new(&[]);
    wait_through(&job, &["odd", "pending", "odd", "available"]).await.unwrap();
    job.assert_reported("image ami-0000000a: odd");
}

#[tokio::test(start_paused = true)]
async fn two_polls_of_an_unlisted_state_in_less_than_ten_seconds_count_as_one() {
    for (stale, good) in [(3, true), (4, false)] {
        let job = Job::new(&[]);
        let states: Vec<_> = vec!["odd"; stale].into_iter().chain(["available"]).collect();
        let polls = Mutex::new(states.into_iter());
        let next = || {
            let state = polls.lock().unwrap().next().unwrap();
            async move { Ok(IMAGE_STATES.poll(state, None)) }
        };
        let policy = WaitPolicy::new(Duration::from_hours(1), Some(Duration::from_secs(4)));
        assert_eq!(wait_for(&job.cx, IMAGE, &policy, next).await.is_ok(), good, "{stale} stale polls");
    }
}

#[tokio::test(start_paused = true)]
async fn a_resource_not_found_for_a_minute_ends_the_wait() {
    let job = Job::new(&[]);
    let policy = WaitPolicy::new(Duration::from_hours(1), Some(Duration::from_secs(20)));
    let missing = || async { failed(ErrorKind::NotFound, "InvalidAMIID.NotFound") };
    let start = Instant::now();
    let error = wait_for(&job.cx, IMAGE, &policy, missing).await.unwrap_err();
    assert_eq!((error.kind(), start.elapsed()), (ErrorKind::NotFound, Duration::from_mins(1)));

    let throttled = failed(ErrorKind::Unavailable, "RequestLimitExceeded");
    let answers = vec![failed(ErrorKind::NotFound, "InvalidAMIID.NotFound"), throttled];
    let polls = Mutex::new(answers.into_iter().cycle());
    let next = || {
        let poll = polls.lock().unwrap().next().unwrap();
        async { poll }
    };
    let error = wait_for(&job.cx, IMAGE, &policy, next).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "what failed says nothing of whether it is known");

    let late = [failed(ErrorKind::NotFound, "InvalidAMIID.NotFound"), pending()];
    let late = late.iter().cycle().take(20).cloned().chain([Ok(Poll::Reached("available".to_owned()))]);
    let polls = Mutex::new(late);
    let next = || {
        let poll = polls.lock().unwrap().next().unwrap();
        async { poll }
    };
    wait_for(&job.cx, IMAGE, &policy, next).await.unwrap();
}
