//! The arguments of jobs that can wait, and the timeout that they set.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::time::Instant;

use crate::args::{Always, Arg, ArgSpec, Inputs};
use crate::choices;
use crate::context::Context;

/// The interval of the first polls.
pub(super) const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
/// The longest interval, in a long wait.
const LONGEST_INTERVAL: Duration = Duration::from_secs(15);

/// Waits for the goal.
pub const WAIT: Arg<bool, Always> = Arg::flag("wait", "Wait until every instance reaches the expected state.");

/// The timeout.
pub const WAIT_TIMEOUT: Arg<Duration> = Arg::new(
    "wait-timeout",
    "LIMIT",
    "The maximum time to wait, such as `90s`, `10m` or `1h`; a number without a unit is minutes.",
)
.requires(&[WAIT.spec.name]);

/// The polling interval.
pub const POLL_INTERVAL: Arg<Duration> = Arg::new(
    "poll-interval",
    "INTERVAL",
    "The polling interval, such as `5s` or `1m`; a number without a unit is minutes. Default: 1 second at first, up \
     to 15 seconds later.",
)
.requires(&[WAIT.spec.name]);

/// The goal of the wait: passed status checks, or the state `running`.
pub const WAIT_FOR: Arg<Readiness, Always> = Arg::new(
    "wait-for",
    "LEVEL",
    "What to wait for: `running`, or `status-ok` (running, with both status checks passed).",
)
.default("status-ok")
.requires(&[WAIT.spec.name]);

/// The arguments of a function that can wait until instances are ready for use.
pub const UNTIL_READY: &[ArgSpec] = &[WAIT.spec, WAIT_FOR.spec, WAIT_TIMEOUT.spec, POLL_INTERVAL.spec];
/// The arguments of a function that can wait until instances are stopped or terminated.
pub const UNTIL_DONE: &[ArgSpec] = &[WAIT.spec, WAIT_TIMEOUT.spec, POLL_INTERVAL.spec];

choices! {
    /// When an instance is ready.
    pub enum Readiness {
        /// Its state is `running`, and its instance and system status checks are `ok`.
        StatusOk = "status-ok",
        /// Its state is `running`.
        Running = "running",
    }
}

/// The arguments about waiting.
#[derive(Clone, Debug, Default)]
pub struct WaitArgs {
    is_requested: bool,
    timeout: Option<Duration>,
    poll_interval: Option<Duration>,
}

impl WaitArgs {
    /// Reads the arguments.
    pub fn parse(inputs: &Inputs) -> Self {
        WaitArgs {
            is_requested: inputs.get(&WAIT),
            timeout: inputs.get(&WAIT_TIMEOUT),
            poll_interval: inputs.get(&POLL_INTERVAL),
        }
    }

    /// Whether the job waits; a dry run never does.
    pub fn applies(&self, cx: &Context) -> bool {
        self.is_requested && !cx.dry_run()
    }

    /// The common timeout of all waits of the job: the given one, or the default.
    pub fn policy(&self, cx: &Context) -> WaitPolicy {
        WaitPolicy::new(self.timeout.unwrap_or(cx.default_wait()), self.poll_interval)
    }
}

/// The timeout and the polling interval of a job. All waits of the job share one timeout, which starts with the first
/// wait.
#[derive(Debug)]
pub struct WaitPolicy {
    timeout: Duration,
    pub(super) poll_interval: Option<Duration>,
    start: OnceLock<Instant>,
}

impl WaitPolicy {
    /// Creates a policy; without an interval, it grows from 1 to 15 seconds.
    pub fn new(timeout: Duration, poll_interval: Option<Duration>) -> Self {
        WaitPolicy { timeout, poll_interval, start: OnceLock::new() }
    }

    /// The remaining time. The first call starts the clock.
    pub fn left(&self) -> Duration {
        self.timeout.saturating_sub(self.elapsed())
    }

    /// The remaining time in seconds, as a user would type it.
    pub(super) fn left_text(&self) -> String {
        human(self.left() + Duration::from_millis(500))
    }

    /// The timeout.
    pub(super) fn timeout(&self) -> Duration {
        self.timeout
    }

    /// The time since the first wait began. The first call starts the clock.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.get_or_init(Instant::now).elapsed()
    }

    /// The polling interval: a tenth of the elapsed time, within the bounds. So the goal is noticed soon in proportion
    /// to the wait, and a long wait costs few calls.
    pub(super) fn interval(&self, elapsed: Duration) -> Duration {
        self.poll_interval.unwrap_or((elapsed / 10).clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL))
    }

    /// The interval, reduced at random by up to a tenth once it has grown, so that jobs that began together do not poll
    /// together.
    pub(super) fn pause(&self, elapsed: Duration) -> Duration {
        let interval = self.interval(elapsed);
        let grown = self.poll_interval.is_none() && interval > SHORTEST_INTERVAL;
        if grown { interval.mul_f64(1.0 - fastrand::f64() / 10.0) } else { interval }
    }
}

/// A duration as a user would type it.
pub(super) fn human(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds > 0 && seconds.is_multiple_of(60) { format!("{}m", seconds / 60) } else { format!("{seconds}s") }
}
