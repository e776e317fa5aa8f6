//! Where option lists are kept, as the host provides it.

use std::path::Path;

use async_trait::async_trait;

use crate::error::Result;
use crate::option_list::{OptionEntry, OptionList};

/// Where option lists are kept: OpCon's properties and data scripts of Solution Manager, or a stand-in of a test.
#[async_trait]
pub trait OptionListStore: Send + Sync {
    /// The name of the option list's property, and its value for these entries.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the value would be longer than OpCon allows; the
    /// message has the count.
    fn to_property(&self, list: OptionList, entries: &[OptionEntry]) -> Result<(String, String)>;

    /// The entries in the option list's property; `None` when OpCon has no such property.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the property contains anything but entries of this
    /// list, and those of [`PropertyStore::prepare`](crate::properties::PropertyStore::prepare).
    async fn read(&self, list: OptionList) -> Result<Option<Vec<OptionEntry>>>;

    /// Replaces the option list in the data script, which is created if need be; the other lists in it stay.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the file cannot be read or written, or contains
    /// anything but option lists.
    fn write_script(&self, file: &Path, list: OptionList, entries: &[OptionEntry]) -> Result<()>;

    /// The entries of the option list in the data script; none when it has no line of this list.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when the file cannot be read, or contains anything but
    /// option lists.
    fn read_script(&self, file: &Path, list: OptionList) -> Result<Vec<OptionEntry>>;
}
