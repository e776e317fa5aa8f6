//! What is known of one OpCon property.

use super::contents::Contents;
use crate::error::Result;
use crate::property_store::Delivery;

/// A property and whether OpCon holds it now.
#[derive(Clone, Debug)]
pub struct PropertyEntry {
    /// The full name, with its counter.
    pub name: String,
    /// The value; `None` while it is not known.
    pub value: Option<String>,
    /// Whether OpCon was seen to hold it.
    pub saved: bool,
    /// Whether it was handed to an agent, which does not say what becomes of it.
    pub queued: bool,
    /// What the value is.
    pub contents: Contents,
}

impl PropertyEntry {
    /// A property that is to be saved.
    pub fn pending(name: impl Into<String>, contents: Contents, value: Option<String>) -> Self {
        PropertyEntry { name: name.into(), value, saved: false, queued: false, contents }
    }

    /// The property after the attempt to save it.
    #[must_use]
    pub fn after(self, attempt: &Result<Delivery>) -> Self {
        PropertyEntry {
            saved: matches!(attempt, Ok(Delivery::Confirmed)),
            queued: matches!(attempt, Ok(Delivery::Queued)),
            ..self
        }
    }

    /// Whether somebody must save it later.
    pub fn is_missing(&self) -> bool {
        !self.saved && !self.queued
    }
}
