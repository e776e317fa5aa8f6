//! How long the client of the OpCon API waits for responses, and how long it bears failures.

use std::time::Duration;

use crate::tls::TimeLimits;

/// The time that requests and their repetitions may take.
///
/// A request is repeated if it could not be delivered, was cut off, had no response in time, or reached a busy server
/// (HTTP 408, 429, 500, 502, 503, 504): until the time is over that OpCon has failed without a success in between. The
/// last attempt begins within this time, and may take [`Limits::times`] in addition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The timeouts of one request. Of jobs: 5 s to connect, 15 s in total.
    pub times: TimeLimits,
    /// How long a failing save is repeated, which does no harm. Of jobs: 30 s.
    pub saving: Duration,
    /// How long other calls, which precede the action of a job, bear a busy server. Of jobs: 60 s.
    pub busy: Duration,
    /// How long other calls bear a refused or broken connection. Of jobs: 20 s.
    pub broken: Duration,
    /// The pause before the first repetition. It doubles up to eight times of this; up to half of it is left out at
    /// random, because many jobs start at the same time. Of jobs: 0.5 s.
    pub pause: Duration,
}

impl Limits {
    /// The limits of a job, whose OpCon may be down for a moment or busy.
    pub fn of_jobs() -> Self {
        Limits {
            times: TimeLimits { connect: Duration::from_secs(5), request: Duration::from_secs(15) },
            saving: Duration::from_secs(30),
            busy: Duration::from_secs(60),
            broken: Duration::from_secs(20),
            pause: Duration::from_millis(500),
        }
    }

    /// The limits of a command, for whose result a person waits: calls bear a server for 5 seconds.
    pub fn of_commands() -> Self {
        let short = Duration::from_secs(5);
        Limits { saving: short, busy: short, broken: short, ..Limits::of_jobs() }
    }
}
