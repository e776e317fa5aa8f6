//! The polling loop of all waits.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::arguments::{WaitPolicy, human};
use super::failures::Failures;
use crate::{Context, Error, ErrorKind, Result};

/// The minimum time between two polls that show an unexpected state before it counts: one poll alone may be stale (AWS:
/// "Eventual consistency in the Amazon EC2 API").
pub(super) const CONFIRMATION_INTERVAL: Duration = Duration::from_secs(10);

/// The result of a poll. [`States`](super::States) creates it from lists of states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Poll {
    /// In progress, in this state.
    Pending(String),
    /// At the goal, in this state.
    Reached(String),
    /// In an unexpected state: an error unless a poll ten seconds later shows the goal or progress, since the answer
    /// may be stale.
    Unexpected {
        /// The state.
        state: String,
        /// Why the goal cannot be reached, e.g. ``the state is `deregistered` ``.
        why: String,
    },
    /// The goal cannot be reached: why, e.g. ``the state is `failed`: no such snapshot``.
    Impossible(String),
}

/// Waits for anything with an id and a state. `what` names it, e.g. `image ami-0abc`; `poll` reads its state. Each
/// change of the state is reported.
///
/// A failed poll is reported once, and the wait continues. These failures end it: rejected credentials for 30 seconds,
/// a denied permission in two consecutive polls, and [`ErrorKind::NotFound`] for a minute.
///
/// # Errors
/// [`ErrorKind::UnexpectedState`] when the goal cannot be reached, [`ErrorKind::WaitExpired`] after the timeout,
/// otherwise the error of the poll that ended the wait.
pub async fn wait_for<F, A>(cx: &Context, what: &str, policy: &WaitPolicy, poll: F) -> Result<()>
where
    F: FnMut() -> A + Send,
    A: Future<Output = Result<Poll>> + Send,
{
    cx.event(format!("waiting for {what}, at most {}", policy.left_text()));
    let mut watched = Polled { cx, what, poll, state: None, unexpected_since: None, impossible: None };
    match run(cx, policy, &mut watched).await {
        End::Done => match watched.impossible {
            Some(why) => Err(Error::new(ErrorKind::UnexpectedState, why).doing(format!("waiting for {what}"))),
            None => Ok(()),
        },
        End::TimedOut(last_failure) => {
            let still = match &watched.state {
                Some(state) => format!("{what} is still `{state}`"),
                None => format!("the state of {what} is still unknown"),
            };
            Err(timed_out(policy, &still, last_failure.as_ref()))
        }
        End::Failed(error) => Err(error),
    }
}

/// The subject of a wait.
pub(super) trait Watched {
    /// Polls once and reports changes. Returns whether the wait is over.
    fn poll(&mut self) -> impl Future<Output = Result<bool>> + Send;
    /// The progress as a line, and in at most 20 characters.
    fn progress(&self) -> (String, String);
}

/// The end of a wait.
#[derive(Debug)]
pub(super) enum End {
    /// A poll ended the wait.
    Done,
    /// The wait timed out; the error is that of the last poll, if it failed.
    TimedOut(Option<Error>),
    /// The polls failed permanently.
    Failed(Error),
}

/// Polls until the end. The last poll is at the timeout, or immediate if no time is left.
pub(super) async fn run(cx: &Context, policy: &WaitPolicy, watched: &mut impl Watched) -> End {
    let start = Instant::now();
    let mut failures = Failures::default();
    let mut minutes_reported = minutes(policy.elapsed());
    loop {
        let over = match watched.poll().await {
            Ok(over) => {
                failures.reset();
                over
            }
            Err(error) => {
                if let Some(error) = failures.add(cx, error) {
                    return End::Failed(error);
                }
                false
            }
        };
        let left = policy.left();
        if left.is_zero() && !over {
            return End::TimedOut(failures.into_last());
        }
        let elapsed = policy.elapsed();
        let due = minutes(elapsed) > minutes_reported && !over;
        minutes_reported = minutes(elapsed);
        let (line, status) = watched.progress();
        cx.progress(&format!("waiting, {} of {}: {line}", human(elapsed), human(policy.timeout())), &status, due);
        if over {
            return End::Done;
        }
        sleep(policy.pause(start.elapsed()).min(left)).await;
    }
}

fn minutes(duration: Duration) -> u64 {
    duration.as_secs() / 60
}

/// The error of a wait that timed out. `still` describes the last poll, e.g. ``i-0abc is still `pending` ``.
pub(super) fn timed_out(policy: &WaitPolicy, still: &str, last_failure: Option<&Error>) -> Error {
    let failure = last_failure.map_or(String::new(), |error| format!("; the last poll failed: {error}"));
    let message = format!("timed out after {}: {still}{failure}", human(policy.timeout()));
    Error::new(ErrorKind::WaitExpired, message)
}

/// A resource of a [`wait_for`].
struct Polled<'a, F> {
    cx: &'a Context,
    what: &'a str,
    poll: F,
    /// The last known state.
    state: Option<String>,
    /// The first of the consecutive polls with an unexpected state.
    unexpected_since: Option<Instant>,
    impossible: Option<String>,
}

impl<F, A> Watched for Polled<'_, F>
where
    F: FnMut() -> A + Send,
    A: Future<Output = Result<Poll>> + Send,
{
    async fn poll(&mut self) -> Result<bool> {
        let shown = (self.poll)().await?;
        let unexpected_since = self.unexpected_since.take().unwrap_or_else(Instant::now);
        let (state, over) = match shown {
            Poll::Pending(state) => (state, false),
            Poll::Reached(state) => (state, true),
            Poll::Unexpected { state, .. } if unexpected_since.elapsed() < CONFIRMATION_INTERVAL => {
                self.unexpected_since = Some(unexpected_since);
                (state, false)
            }
            Poll::Unexpected { why, .. } | Poll::Impossible(why) => {
                self.impossible = Some(why);
                return Ok(true);
            }
        };
        if self.state.as_ref() != Some(&state) {
            self.cx.event(format!("{}: {state}", self.what));
            self.state = Some(state);
        }
        Ok(over)
    }

    fn progress(&self) -> (String, String) {
        const STATUS_LENGTH: usize = 20;
        let state = self.state.as_deref().unwrap_or("not found yet");
        (format!("{} is {state}", self.what), state.chars().take(STATUS_LENGTH).collect())
    }
}
