//! Records: small texts that outlive a job on this machine.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::Result;

/// Where records are kept, those of each account and region apart.
pub trait Records: Send + Sync {
    /// The record with this key, as it was written last; `None` when there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self, key: &str) -> Result<Option<String>>;

    /// Writes a record in the place of the one before. It is on the disk when this returns, and is kept for some days.
    ///
    /// # Errors
    /// When it cannot be written.
    fn write(&self, key: &str, text: &str) -> Result<()>;
}

/// Records that last as long as the job: for programs without a place for others, and for tests.
#[derive(Debug, Default)]
pub struct InMemory(Mutex<HashMap<String, String>>);

impl Records for InMemory {
    fn read(&self, key: &str) -> Result<Option<String>> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn write(&self, key: &str, text: &str) -> Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key.to_owned(), text.to_owned());
        Ok(())
    }
}
