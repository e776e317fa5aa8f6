//! The one loop of all waits: polls until the end, the limit, or a failure that no later poll can mend.

use std::time::Duration;

use tokio::time::{Instant, sleep};

use super::arguments::{WaitPolicy, human};
use super::failures::Failures;
use crate::{Context, Error, ErrorKind, Result};

/// How far apart the polls must be that show something off the way: one alone may be stale (AWS: "Eventual consistency in
/// the Amazon EC2 API").
pub(super) const CONFIRMATION_INTERVAL: Duration = Duration::from_secs(10);

/// What a poll shows of something that is waited for. [`States`](super::States) finds it out by lists of states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Poll {
    /// It is on the way, in this state.
    Pending(String),
    /// It is at the goal, in this state.
    Reached(String),
    /// It is in a state that is neither the goal nor on the way to it: an error when a poll ten seconds later does not show it
    /// at the goal or on the way, since the answer may be stale.
    Unexpected {
        /// The state.
        state: String,
        /// Why the goal cannot be reached, as in ``the state is `deregistered` ``.
        why: String,
    },
    /// It cannot reach the goal any more: why, as in ``the state is `failed`: no such snapshot``.
    Impossible(String),
}

/// Waits for anything that has an id and a state. `what` names it, as in `image ami-0abc`; `poll` finds out its state. Each
/// change of the state is reported.
///
/// A failed poll is reported once and borne. What ends the wait: credentials that are refused for 30 seconds, a permission
/// that is denied in two polls in a row, and failures of kind [`ErrorKind::NotFound`] for a minute.
///
/// # Errors
/// [`ErrorKind::UnexpectedState`] when the goal cannot be reached, [`ErrorKind::WaitExpired`] when the limit of the job is
/// over, otherwise that of the poll that ended the wait.
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

/// What the loop polls.
pub(super) trait Watched {
    /// Polls once and reports what is new. Returns whether the wait is over.
    fn poll(&mut self) -> impl Future<Output = Result<bool>> + Send;
    /// How far the wait is: for a line, and in at most 20 characters.
    fn progress(&self) -> (String, String);
}

/// How a wait ends.
#[derive(Debug)]
pub(super) enum End {
    /// A poll showed the end.
    Done,
    /// The limit of the job is over; the error is that of the last poll, if it failed.
    TimedOut(Option<Error>),
    /// The polls failed in a way that no later poll can mend.
    Failed(Error),
}

/// Polls until the end. The last poll is at the limit, or at once when no time is left.
pub(super) async fn run(cx: &Context, policy: &WaitPolicy, watched: &mut impl Watched) -> End {
    let start = Instant::now();
    let mut failures = Failures::default();
    let mut minutes_reported = minutes(policy.elapsed());
    loop {
        let over = match watched.poll().await {
            Ok(over) => {
                failures.end();
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

/// The error of a wait whose limit is over. `still` says what the last poll showed, as in ``i-0abc is still `pending` ``.
pub(super) fn timed_out(policy: &WaitPolicy, still: &str, last_failure: Option<&Error>) -> Error {
    let failure = last_failure.map_or(String::new(), |error| format!("; the last poll failed: {error}"));
    let message = format!("timed out after {}: {still}{failure}", human(policy.timeout()));
    Error::new(ErrorKind::WaitExpired, message)
}

/// Anything with an id and a state.
struct Polled<'a, F> {
    cx: &'a Context,
    what: &'a str,
    poll: F,
    /// The state that was seen last.
    state: Option<String>,
    /// The first poll that showed it off the way, since it was last on it.
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
        let state = self.state.as_deref().unwrap_or("not seen yet");
        (format!("{} is {state}", self.what), state.chars().take(STATUS_LENGTH).collect())
    }
}
