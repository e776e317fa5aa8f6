//! Converts panics, which are defects in the program, to errors that name the source location.

use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use connector_sdk::{Error, ErrorKind, Result};

/// The text of the last panic, with its location.
static LAST: Mutex<String> = Mutex::new(String::new());

/// Records and logs panics instead of printing them.
pub fn install_hook() {
    panic::set_hook(Box::new(|panic| {
        tracing::error!("{panic}");
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = panic.to_string();
    }));
}

/// Runs the work of a function or an administrator command.
///
/// # Errors
/// Those of the work, and [`ErrorKind::Bug`] if it panics.
pub fn guard<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(defect(name)))
}

/// The error for the last panic.
pub fn defect(name: &str) -> Error {
    let place = LAST.lock().unwrap_or_else(PoisonError::into_inner).clone();
    Error::new(ErrorKind::Bug, format!("a defect in the program: {place}"))
        .doing(format!("running {name}"))
        .hint("report this defect with the job output")
}
