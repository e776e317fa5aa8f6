//! Decides whether and when a failed request is repeated.

use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::failure::{Failure, Passing};
use super::limits::Limits;

/// A failure that is longer ago than this belongs to another outage. Longer than a pause and an attempt.
const SAME_OUTAGE: Duration = Duration::from_secs(30);

/// What a call is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Saving, after something was done: nobody is waiting for the next step.
    Saving,
    /// Checking and reading, before anything was done.
    Preparing,
}

/// Receives a line for the operator.
type Notice = Arc<dyn Fn(&str) + Send + Sync>;

/// What all calls of a client share: the outage, and the notice about it.
#[derive(Clone, Default)]
pub(super) struct Outage {
    failures: Arc<Mutex<Failures>>,
    notice: Option<Notice>,
    noticed: Arc<AtomicBool>,
}

impl Outage {
    /// The same outage, which is reported once: as soon as a call that precedes the action of a job is repeated.
    pub(super) fn reported_to(self, notice: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Outage { notice: Some(Arc::new(notice)), ..self }
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn report(&self, text: impl FnOnce() -> String) {
        if let Some(notice) = &self.notice
            && !self.noticed.swap(true, Ordering::Relaxed)
        {
            notice(&text());
        }
    }
}

impl fmt::Debug for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outage").finish_non_exhaustive()
    }
}

/// Since when a server fails: first because it is busy, then because the connection breaks.
#[derive(Default)]
struct Failures([Option<Span>; 2]);

struct Span {
    since: Instant,
    last: Instant,
}

impl Failures {
    /// Records a failure. Returns how long such failures last.
    fn last(&mut self, passing: Passing, now: Instant) -> Duration {
        let span = &mut self.0[match passing {
            Passing::Busy => 0,
            Passing::Broken => 1,
        }];
        let since = match span {
            Some(span) if now - span.last <= SAME_OUTAGE => span.since,
            _ => now,
        };
        *span = Some(Span { since, last: now });
        now - since
    }
}

/// The patience of one operation, such as saving a property, which may take several requests.
pub(crate) struct Patience {
    purpose: Purpose,
    limits: Limits,
    outage: Outage,
    own: Failures,
    pause: Duration,
}

impl Patience {
    pub(super) fn new(purpose: Purpose, limits: &Limits, outage: &Outage) -> Self {
        let pause = limits.pause;
        Patience { purpose, limits: limits.clone(), outage: outage.clone(), own: Failures::default(), pause }
    }

    /// Repeats the attempt until it succeeds, fails for good, or has failed for too long. The attempts are numbered
    /// from 1. `server` names the server in the notice.
    pub(super) async fn bear<T, F>(&mut self, server: &str, attempt: impl Fn(u32) -> F) -> Result<T, Failure>
    where
        F: Future<Output = Result<T, Failure>>,
    {
        let mut number = 1;
        loop {
            let failure = match attempt(number).await {
                Ok(found) => {
                    *self.outage.failures() = Failures::default();
                    return Ok(found);
                }
                Err(failure) => failure,
            };
            let Some(passing) = failure.passing else { return Err(failure) };
            let limit = self.limit(passing);
            let now = Instant::now();
            let lasted = self.own.last(passing, now).max(self.outage.failures().last(passing, now));
            if lasted >= limit {
                return Err(if number > 1 { failure.tried_for(limit) } else { failure });
            }
            if self.purpose == Purpose::Preparing {
                self.outage.report(|| {
                    format!("{server} does not respond properly yet: {failure}; trying again for up to {limit:?}")
                });
            }
            tokio::time::sleep(self.next_pause().min(limit - lasted)).await;
            number += 1;
        }
    }

    fn limit(&self, passing: Passing) -> Duration {
        match (self.purpose, passing) {
            (Purpose::Saving, _) => self.limits.saving,
            (Purpose::Preparing, Passing::Busy) => self.limits.busy,
            (Purpose::Preparing, Passing::Broken) => self.limits.broken,
        }
    }

    fn next_pause(&mut self) -> Duration {
        let pause = self.pause.mul_f64(1.0 - fastrand::f64() / 2.0);
        self.pause = (self.pause * 2).min(self.limits.pause * 8);
        pause
    }
}

#[cfg(test)]
mod tests;
