//! Timeouts and retries of the OpCon API client.

use std::time::Duration;

use crate::tls::TimeLimits;

/// Timeouts and retries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The timeouts of one request. Default: 5 s to connect, 15 s in total.
    pub times: TimeLimits,
    /// The delay before each retry. Default: 0.5 s, 2 s and 4 s.
    pub pauses: Vec<Duration>,
    /// The timeout of [`Client::check`](crate::Client::check), including all retries. Default: 14 s.
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
