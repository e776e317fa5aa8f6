//! Requests to AWS without a readable answer, and answers that do not say whether AWS acted.

use std::error::Error as StdError;
use std::fmt;

use crate::{Call, ErrorKind, codes};

/// Whether an answer with this HTTP status and error code says that nothing was done. After an internal fault, AWS may
/// have acted.
pub fn nothing_was_done(status: u16, code: &str) -> bool {
    let fault = matches!(codes::kind_of(code), ErrorKind::Unavailable | ErrorKind::Service);
    status < 500 || !fault || codes::is_throttling(code)
}

/// The beginning of the message about [`NoAnswer::TooLarge`].
pub(crate) const TOO_LARGE: &str = "the response is too large";

/// Why a request has no readable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// There was no connection, so AWS did not receive the request.
    NotSent(String),
    /// AWS may have received the request, but the connection failed or timed out.
    Lost(String),
    /// The answer is empty or truncated.
    Incomplete {
        /// The HTTP status.
        status: u16,
        /// The number of bytes received.
        size: usize,
    },
    /// The answer is larger than any of AWS. The limit that it exceeds, such as `32 MiB`.
    TooLarge(String),
    /// The answer is from another server, such as a proxy.
    Foreign {
        /// The HTTP status.
        status: u16,
        /// Its beginning, in one line of printable ASCII.
        excerpt: String,
    },
}

impl NoAnswer {
    /// Combines the reason with its call, as the source error of an HTTP client.
    pub fn to(self, call: Call) -> Unanswered {
        Unanswered { call, reason: self }
    }
}

/// A call without a readable answer: the source error of an HTTP client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// The call.
    pub call: Call,
    /// Why there is no answer.
    pub reason: NoAnswer,
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let service = self.call.service();
        match &self.reason {
            NoAnswer::NotSent(why) => write!(f, "{service} could not be reached: {why}"),
            NoAnswer::Lost(why) => f.write_str(why),
            NoAnswer::Incomplete { status, size } => {
                write!(f, "the response was incomplete (HTTP status {status}, {size} bytes)")
            }
            NoAnswer::TooLarge(limit) => write!(f, "{TOO_LARGE}: more than {limit}"),
            NoAnswer::Foreign { status, excerpt } => {
                write!(f, "HTTP status {status} with a response that is not from {service}: `{excerpt}`")
            }
        }
    }
}

impl StdError for Unanswered {}

/// A change that an HTTP client refuses to send because the job is a dry run: its source error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DryRunViolation {
    /// The service and the change: the action, or method and path.
    pub call: String,
}

impl fmt::Display for DryRunViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "blocked a request to {} without `DryRun` in a dry run", self.call)
    }
}

impl StdError for DryRunViolation {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_faults_inside_aws_leave_open_what_was_done() {
        for (status, code, nothing) in [
            (400, "InvalidParameterValue", true),
            (400, "SomethingNew", true),
            (503, "RequestLimitExceeded", true),
            (500, "InsufficientInstanceCapacity", true),
            (500, "InternalError", false),
            (503, "Unavailable", false),
            (500, "SomethingNew", false),
        ] {
            assert_eq!(nothing_was_done(status, code), nothing, "{status} {code}");
        }
    }
}
