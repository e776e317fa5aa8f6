//! What is known of one resource of AWS that is not an instance.

use super::entry::ResourceResult;
use crate::error::Error;

/// The kind of instances. What is recorded of a resource of this kind is recorded of the instance.
pub const INSTANCE: &str = "instance";

/// A resource of AWS, as far as a job has seen it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// What it is, in the singular, as in `image`.
    pub kind: &'static str,
    /// Its id, as in `ami-0abc`.
    pub id: String,
    /// Its name; `None` while it is not known, or where there is none.
    pub name: Option<String>,
    /// The state last seen, in AWS's words.
    pub state: Option<String>,
}

impl Resource {
    /// A resource of which only kind and id are known.
    pub fn new(kind: &'static str, id: impl Into<String>) -> Self {
        Resource { kind, id: id.into(), name: None, state: None }
    }

    /// The same resource with its name.
    #[must_use]
    pub fn with_name(self, name: impl Into<String>) -> Self {
        Resource { name: Some(name.into()), ..self }
    }

    /// The same resource in that state.
    #[must_use]
    pub fn with_state(self, state: impl Into<String>) -> Self {
        Resource { state: Some(state.into()), ..self }
    }
}

/// All that is known of one resource.
#[derive(Clone, Debug)]
pub struct ResourceEntry {
    /// The resource.
    pub resource: Resource,
    /// What became of it; `None` while that is not known, or where nothing was asked for.
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

    /// Takes over what is known by now. What is not known any more stays.
    pub(super) fn update(&mut self, resource: &Resource) {
        self.resource.name = resource.name.clone().or(self.resource.name.take());
        self.resource.state = resource.state.clone().or(self.resource.state.take());
    }
}
