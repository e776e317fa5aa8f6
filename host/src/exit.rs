//! Exit codes: one for each kind of failure. They are a contract; OpCon judges a job by them.

use connector_sdk::{Error, ErrorKind};

/// All of it succeeded.
pub const SUCCESS: u8 = 0;
/// A defect in the program, also when it shows before any job was read.
pub const DEFECT: u8 = 70;

/// The exit code of a failed job. `changed` says whether something was changed in EC2 all the same.
pub fn code_of(error: &Error, changed: bool) -> u8 {
    match error.kind() {
        // Their codes promise that nothing was done.
        ErrorKind::InvalidInput | ErrorKind::Unavailable if changed => 1,
        ErrorKind::InvalidInput => 2,
        ErrorKind::UnexpectedState | ErrorKind::Service => 1,
        ErrorKind::PermissionDenied => 3,
        ErrorKind::NotFound => 4,
        ErrorKind::WaitExpired => 5,
        ErrorKind::Partial => 6,
        ErrorKind::PropertyNotSaved => 7,
        ErrorKind::Capacity => 8,
        ErrorKind::Unavailable => 9,
        ErrorKind::Interrupted => 10,
        ErrorKind::Unknown => 11,
        ErrorKind::Bug => DEFECT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_that_promise_that_nothing_was_done_keep_it() {
        for (kind, untouched, changed) in
            [(ErrorKind::InvalidInput, 2, 1), (ErrorKind::Unavailable, 9, 1), (ErrorKind::Unknown, 11, 11)]
        {
            let error = Error::new(kind, "no");
            assert_eq!((code_of(&error, false), code_of(&error, true)), (untouched, changed));
        }
    }
}
