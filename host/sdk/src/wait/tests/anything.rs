//! Waiting for anything that has an id and a state.

use std::sync::Mutex;

use super::*;
use crate::Result;

const IMAGE: &str = "image ami-0000000a";

/// Waits for an image whose polls have these results, and the last of them for ever.
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
async fn what_cannot_reach_its_goal_is_an_error() {
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
