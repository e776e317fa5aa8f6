//! Decides which failed polls end a wait.

use std::time::Duration;

use tokio::time::Instant;

use crate::{Context, Error, ErrorKind, codes};

/// How long credentials may be rejected: new ones are not valid everywhere at once, and the check may fail temporarily.
const REJECTED_LIMIT: Duration = Duration::from_secs(30);
/// How long an id from AWS may be unknown (AWS: "Eventual consistency in the Amazon EC2 API").
pub(super) const NOT_FOUND_LIMIT: Duration = Duration::from_mins(1);
/// Consecutive denied polls that end a wait: a single one may be caused by a policy change.
const DENIED_LIMIT: u32 = 2;

/// The failed polls of a wait.
#[derive(Default)]
pub(super) struct Failures {
    /// The reported kinds of failures: each is reported once in a wait.
    reported: Vec<(ErrorKind, Option<String>)>,
    /// The error of the last poll, if it failed.
    last: Option<Error>,
    /// When the credentials were first rejected, without a success since.
    rejected_since: Option<Instant>,
    /// When the resource was first not found, without a success since.
    not_found_since: Option<Instant>,
    /// The number of consecutive denied polls.
    denied: u32,
}

impl Failures {
    /// Records and reports a failed poll. Returns the error if it ends the wait.
    pub(super) fn add(&mut self, cx: &Context, error: Error) -> Option<Error> {
        self.denied = if is_denied(&error) { self.denied + 1 } else { 0 };
        let rejected_since = concerns_credentials(&error).then(|| self.rejected_since.unwrap_or_else(Instant::now));
        self.rejected_since = rejected_since;
        // Other failures do not show whether AWS knows the id.
        let not_found_since =
            (error.kind() == ErrorKind::NotFound).then(|| *self.not_found_since.get_or_insert_with(Instant::now));
        let lasts = |since: Option<Instant>, limit| since.is_some_and(|since| since.elapsed() >= limit);
        if self.denied >= DENIED_LIMIT
            || lasts(rejected_since, REJECTED_LIMIT)
            || lasts(not_found_since, NOT_FOUND_LIMIT)
        {
            return Some(error);
        }
        let key = (error.kind(), error.code().map(str::to_owned));
        if !self.reported.contains(&key) {
            cx.warning(format!("{error}; the wait continues"));
            self.reported.push(key);
        }
        self.last = Some(error);
        None
    }

    /// Records a successful poll.
    pub(super) fn reset(&mut self) {
        (self.last, self.rejected_since, self.not_found_since, self.denied) = (None, None, None, 0);
    }

    /// The error of the last poll, if it failed.
    pub(super) fn into_last(self) -> Option<Error> {
        self.last
    }
}

/// Whether valid credentials are not allowed to perform the action.
fn is_denied(error: &Error) -> bool {
    error.code().is_some_and(codes::is_permission_denied)
}

/// Whether the credentials are rejected or missing.
fn concerns_credentials(error: &Error) -> bool {
    error.code().map_or(error.kind() == ErrorKind::PermissionDenied, codes::concerns_credentials)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_credentials_are_refused_ones() {
        let error = Error::new(ErrorKind::PermissionDenied, "no usable AWS credentials");
        assert!(concerns_credentials(&error) && !is_denied(&error));
        assert!(concerns_credentials(&error.clone().with_code("ExpiredTokenException")));
        assert!(is_denied(&error.with_code("AccessDeniedException")));
        assert!(!concerns_credentials(&Error::new(ErrorKind::Unavailable, "no answer")));
    }
}
