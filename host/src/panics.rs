//! Converts panics, which are defects in the program, to errors that name the source location.

use std::panic::{self, AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};

use connector_sdk::{Error, ErrorKind, Result};

/// The location of the last panic.
pub struct Panics {
    place: Arc<Mutex<String>>,
}

impl Panics {
    /// Records the location of panics instead of printing it.
    pub fn install_hook() -> Self {
        let place = Arc::new(Mutex::new(String::new()));
        let kept = place.clone();
        panic::set_hook(Box::new(move |panic| {
            tracing::error!("{panic}");
            if let Ok(mut place) = kept.lock() {
                *place = panic.to_string();
            }
        }));
        Panics { place }
    }

    /// Runs the work of a function or an administrator command.
    ///
    /// # Errors
    /// Those of the work, and [`ErrorKind::Bug`] if it panics.
    pub fn guard<T>(&self, name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
        catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
            let place = self.place.lock().map(|place| place.clone()).unwrap_or_default();
            Err(Error::new(ErrorKind::Bug, format!("a defect in the program: {place}"))
                .doing(format!("running {name}"))
                .hint("report this defect with the job output"))
        })
    }
}
