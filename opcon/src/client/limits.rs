//! How long the client of the OpCon API tries.

use std::time::Duration;

use crate::tls::TimeLimits;

/// How long the client tries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// How long one request may take; 5 s for the connection and 15 s for the whole by default.
    pub times: TimeLimits,
    /// The pauses before each further attempt; by default 0.5 s, 2 s and 4 s.
    pub pauses: Vec<Duration>,
    /// How long [`Client::check`](crate::Client::check) may take with all its attempts; 14 s by default.
    pub check: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            times: TimeLimits { connect: Duration::from_secs(5), request: Duration::from_secs(15) },
            pauses: [500, 2000, 4000].map(Duration::from_millis).to_vec(),
            check: Duration::from_secs(14),
        }
    }
}
