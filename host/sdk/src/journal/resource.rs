//! The journal entry of an AWS resource that is not an instance.

use super::entry::ResourceResult;
use crate::error::Error;

/// The kind of instances. Records of this kind go to the entry of the instance.
pub const INSTANCE: &str = "instance";

/// An AWS resource with its last known values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The kind, in the singular, e.g. `image`.
    pub kind: &'static str,
    /// Its id, e.g. `ami-0abc`.
    pub id: String,
    /// Its name; `None` if it is unknown or missing.
    pub name: Option<String>,
    /// The last known state, as AWS names it.
    pub state: Option<String>,
}

impl Resource {
    /// Creates a resource without name and state.
    pub fn new(kind: &'static str, id: impl Into<String>) -> Self {
        Resource { kind, id: id.into(), name: None, state: None }
    }

    /// Sets the name.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Resource { name: Some(name.into()), ..self }
    }

    /// Sets the state.
    #[must_use]
    pub fn with_state(self, state: impl Into<String>) -> Self {
        Resource { state: Some(state.into()), ..self }
    }
}

/// The entry of a resource.
#[derive(Clone, Debug)]
pub struct ResourceEntry {
    /// The resource.
    pub resource: Resource,
    /// The result; `None` until it is known, or if nothing was requested.
    pub result: Option<ResourceResult>,
    /// Why it failed.
    pub error: Option<Error>,
    /// Whether AWS accepted a change of it, even if the goal was not reached.
    pub(super) changed: bool,
}

impl ResourceEntry {
    pub(super) fn new(resource: Resource) -> Self {
        ResourceEntry { resource, result: None, error: None, changed: false }
    }

    /// Updates the known values and keeps the others.
    pub(super) fn update(&mut self, resource: &Resource) {
        self.resource.name = resource.name.clone().or(self.resource.name.take());
        self.resource.state = resource.state.clone().or(self.resource.state.take());
    }
}
