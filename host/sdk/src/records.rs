//! Stores small records that outlive a job on this machine.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::Result;

/// A store of records, separate for each account and region.
pub trait Records: Send + Sync {
    /// The last record with this key; `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    fn read(&self, key: &str) -> Result<Option<String>>;

    /// Writes or replaces a record. It is on the disk when this returns, and is kept for some days.
    ///
    /// # Errors
    /// When it cannot be written.
    fn write(&self, key: &str, text: &str) -> Result<()>;
}

/// In-memory records that last as long as the job: for programs without a folder for records, and for tests.
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
