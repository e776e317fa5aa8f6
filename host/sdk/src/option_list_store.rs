//! The store of option lists, which the host implements.

use std::path::Path;

use async_trait::async_trait;

use crate::error::Result;
use crate::option_list::{OptionEntry, OptionList};

/// A store of option lists: OpCon properties and data scripts of Solution Manager, or a test double.
#[async_trait]
pub trait OptionListStore: Send + Sync {
    /// The name of the list's property, and its value for these entries.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the value is longer than OpCon allows; the
    /// message contains the length.
    fn to_property(&self, list: OptionList, entries: &[OptionEntry]) -> Result<(String, String)>;

    /// The entries in the list's property; `None` if OpCon has no such property.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the property contains anything but entries of
    /// this list, and those of [`PropertyStore::prepare`](crate::properties::PropertyStore::prepare).
    async fn read(&self, list: OptionList) -> Result<Option<Vec<OptionEntry>>>;

    /// Replaces the list in the data script and keeps the others. The file is created if needed.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the file cannot be read or written, or contains
    /// anything but option lists.
    fn write_script(&self, file: &Path, list: OptionList, entries: &[OptionEntry]) -> Result<()>;

    /// The entries of the list in the data script; empty if it has none.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the file cannot be read, or contains anything but
    /// option lists.
    fn read_script(&self, file: &Path, list: OptionList) -> Result<Vec<OptionEntry>>;
}
