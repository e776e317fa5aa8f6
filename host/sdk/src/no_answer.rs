//! Requests to AWS without an answer that can be read, and answers that do not say whether AWS acted.

use std::error::Error as StdError;
use std::fmt;

use crate::{Call, ErrorKind, codes};

/// Whether an answer with this HTTP status and error code says that nothing was done. Faults inside AWS say nothing: it
/// may have acted before it failed.
pub fn nothing_was_done(status: u16, code: &str) -> bool {
    let fault = matches!(codes::kind_of(code), ErrorKind::Unavailable | ErrorKind::Service);
    status < 500 || !fault || codes::is_throttling(code)
}

/// Why a request has no answer that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoAnswer {
    /// There was no connection, so AWS never heard of the request.
    NotSent(String),
    /// The request may have reached AWS, but the connection broke or the time was over.
    Lost(String),
    /// The answer is empty or ends too early.
    Incomplete {
        /// The HTTP status.
        status: u16,
        /// The size of what came, in bytes.
        size: usize,
    },
    /// The answer comes from something else than the service, such as a proxy.
    Foreign {
        /// The HTTP status.
        status: u16,
        /// How it begins, in one line of printable ASCII.
        excerpt: String,
    },
}

impl NoAnswer {
    /// As the reason that this call has no answer: the source of the error of an HTTP client.
    pub fn to(self, call: Call) -> Unanswered {
        Unanswered { call, reason: self }
    }
}

/// A call without an answer that can be read: the source of the error of an HTTP client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// What was asked for.
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
                write!(f, "the answer was incomplete (HTTP status {status}, {size} bytes)")
            }
            NoAnswer::Foreign { status, excerpt } => {
                write!(f, "HTTP status {status} with an answer that is not from {service}: `{excerpt}`")
            }
        }
    }
}

impl StdError for Unanswered {}

/// A change that an HTTP client has not sent, since the job is a dry run: the source of its error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DryRunViolation {
    /// The service, and the change: its action, or method and path.
    pub asked: String,
}

impl fmt::Display for DryRunViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the function asked {} in a dry run without DryRun", self.asked)
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
