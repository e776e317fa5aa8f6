//! The journal entry of an OpCon property.

use super::contents::Contents;
use crate::error::Result;
use crate::property_store::Delivery;

/// A property and its delivery to OpCon.
#[derive(Clone, Debug)]
pub struct PropertyEntry {
    /// The full name, including the counter.
    pub name: String,
    /// The value; `None` until it is known.
    pub value: Option<String>,
    /// Whether OpCon confirmed the value.
    pub saved: bool,
    /// Whether it was queued with an agent, which does not confirm it.
    pub queued: bool,
    /// Whether it cannot be transported to OpCon, which keeps the old value.
    pub impossible: bool,
    /// What the value is, for messages.
    pub contents: Contents,
}

impl PropertyEntry {
    /// Creates the entry of a property to be saved.
    pub fn pending(name: impl Into<String>, contents: Contents, value: Option<String>) -> Self {
        PropertyEntry { name: name.into(), value, saved: false, queued: false, impossible: false, contents }
    }

    /// Updates the entry after an attempt to save it.
    #[must_use]
    pub fn after(self, attempt: &Result<Delivery>) -> Self {
        PropertyEntry {
            saved: matches!(attempt, Ok(Delivery::Confirmed)),
            queued: matches!(attempt, Ok(Delivery::Queued)),
            ..self
        }
    }

    /// Whether it still has to be saved.
    pub fn is_missing(&self) -> bool {
        !self.saved && !self.queued && !self.impossible
    }
}
