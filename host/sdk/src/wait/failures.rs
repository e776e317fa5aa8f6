//! Failed polls: which are borne, and which end a wait because no later poll can mend them.

use std::time::Duration;

use tokio::time::Instant;

use crate::{Context, Error, ErrorKind, codes};

/// For how long credentials may be refused: new ones are not valid everywhere at once, and a service that checks them may
/// fail for a moment.
const REFUSED_LIMIT: Duration = Duration::from_secs(30);
/// For how long AWS may not know an id that it gave itself (AWS: "Eventual consistency in the Amazon EC2 API").
pub(super) const UNKNOWN_LIMIT: Duration = Duration::from_mins(1);
/// Polls in a row that may be denied: one alone may come from a policy that is being changed.
const DENIED_LIMIT: u32 = 2;

/// The failed polls of a wait.
#[derive(Default)]
pub(super) struct Failures {
    /// The kinds of failures that were reported: each is reported once in a wait.
    reported: Vec<(ErrorKind, Option<String>)>,
    /// The failure of the last poll, if it failed.
    last: Option<Error>,
    /// Since when every poll was refused because of its credentials.
    refused_since: Option<Instant>,
    /// Since when no poll has found what is waited for.
    unknown_since: Option<Instant>,
    /// How many polls in a row were denied.
    denied: u32,
}

impl Failures {
    /// Records a failed poll. Returns the error when it ends the wait; otherwise it was reported.
    pub(super) fn add(&mut self, cx: &Context, error: Error) -> Option<Error> {
        self.denied = if is_denied(&error) { self.denied + 1 } else { 0 };
        let refused_since = concerns_credentials(&error).then(|| self.refused_since.unwrap_or_else(Instant::now));
        self.refused_since = refused_since;
        // Other failures say nothing of whether AWS knows it by now.
        let unknown_since =
            (error.kind() == ErrorKind::NotFound).then(|| *self.unknown_since.get_or_insert_with(Instant::now));
        let lasts = |since: Option<Instant>, limit| since.is_some_and(|since| since.elapsed() >= limit);
        if self.denied >= DENIED_LIMIT || lasts(refused_since, REFUSED_LIMIT) || lasts(unknown_since, UNKNOWN_LIMIT) {
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

    /// Records that a poll succeeded.
    pub(super) fn end(&mut self) {
        (self.last, self.refused_since, self.unknown_since, self.denied) = (None, None, None, 0);
    }

    /// The failure of the last poll, if it failed.
    pub(super) fn into_last(self) -> Option<Error> {
        self.last
    }
}

/// Whether AWS knows the credentials and does not allow the action.
fn is_denied(error: &Error) -> bool {
    error.code().is_some_and(codes::is_permission_denied)
}

/// Whether the credentials themselves are refused, or there are none.
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
