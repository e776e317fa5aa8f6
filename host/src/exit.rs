//! Exit codes, one for each kind of failure.
//!
//! They are stable, because OpCon evaluates them.

use connector_sdk::{Error, ErrorKind};

/// The job succeeded.
pub const SUCCESS: u8 = 0;
/// A change was requested, and no response confirms whether EC2 performed it.
const UNKNOWN: u8 = 11;
/// A defect in the program, also if it occurs before a job starts.
pub const DEFECT: u8 = 70;

/// The exit code of a failed job. `changed`: something was changed in EC2. `unknown`: the outcome of a change is not
/// known.
pub fn code_of(error: &Error, changed: bool, unknown: bool) -> u8 {
    match error.kind() {
        ErrorKind::Interrupted => 10,
        ErrorKind::Bug => DEFECT,
        // An unknown outcome must be resolved before the job is repeated.
        ErrorKind::Unknown => UNKNOWN,
        _ if unknown => UNKNOWN,
        // These codes guarantee that nothing was changed.
        ErrorKind::InvalidInput | ErrorKind::Unavailable if changed => 1,
        ErrorKind::InvalidInput => 2,
        ErrorKind::UnexpectedState | ErrorKind::Service | ErrorKind::LocalFile => 1,
        ErrorKind::PermissionDenied => 3,
        ErrorKind::NotFound => 4,
        ErrorKind::WaitExpired => 5,
        ErrorKind::Partial => 6,
        ErrorKind::PropertyNotSaved => 7,
        ErrorKind::Capacity => 8,
        ErrorKind::Unavailable => 9,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_promises_no_more_than_is_known() {
        let code = |kind, changed, unknown| code_of(&Error::new(kind, "it failed"), changed, unknown);
        for kind in [ErrorKind::InvalidInput, ErrorKind::Unavailable] {
            assert_eq!(code(kind, true, false), 1, "something was changed");
        }
        assert_eq!(code(ErrorKind::Unavailable, false, false), 9);
        for kind in [ErrorKind::Unavailable, ErrorKind::Capacity, ErrorKind::Partial, ErrorKind::PermissionDenied] {
            assert_eq!(code(kind, true, true), UNKNOWN);
        }
        assert_eq!((code(ErrorKind::Interrupted, true, true), code(ErrorKind::Bug, true, true)), (10, DEFECT));
    }
}
