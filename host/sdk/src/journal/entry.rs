//! The journal entry of an instance.

use crate::error::{Error, ErrorKind};
use crate::ids::InstanceId;

/// The result of an action for a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceResult {
    /// EC2 accepted the change.
    Changed,
    /// Nothing had to be changed.
    Unchanged,
    /// The change was refused, or its goal was not reached.
    Failed,
    /// The change was requested, and no answer says whether EC2 made it.
    Unknown,
}

impl ResourceResult {
    /// The result of a failure.
    pub(super) fn of_failure(error: &Error) -> Self {
        if error.kind() == ErrorKind::Unknown { ResourceResult::Unknown } else { ResourceResult::Failed }
    }

    /// The result as one word, for reports.
    pub const fn name(self) -> &'static str {
        match self {
            ResourceResult::Changed => "changed",
            ResourceResult::Unchanged => "unchanged",
            ResourceResult::Failed => "failed",
            ResourceResult::Unknown => "unknown",
        }
    }
}

/// The recorded values of an instance; `None` for unknown values.
#[derive(Clone, Debug)]
pub struct InstanceEntry {
    /// The instance id.
    pub id: InstanceId,
    /// The value of its tag `Name`.
    pub name: Option<String>,
    /// Its state before the job, as EC2 names it (`running`, `stopped` ...).
    pub previous_state: Option<String>,
    /// The last known state.
    pub state: Option<String>,
    /// The combined instance and system status checks: `ok` when both are.
    pub status_checks: Option<String>,
    /// Its public DNS name.
    pub public_dns: Option<String>,
    /// Its public IPv4 address.
    pub public_ip: Option<String>,
    /// Its private IPv4 address.
    pub private_ip: Option<String>,
    /// The result of the action; `None` until it is known.
    pub result: Option<ResourceResult>,
    /// A note on the result, e.g. `reboot accepted, not observed`.
    pub note: Option<String>,
    /// Why it failed.
    pub error: Option<Error>,
    /// Whether EC2 accepted the request for it, even if there was nothing to change or the goal was not reached.
    pub accepted: bool,
    /// Whether EC2 accepted a change of it, even if the goal was not reached.
    pub changed: bool,
}

impl InstanceEntry {
    pub(super) fn new(id: InstanceId) -> Self {
        InstanceEntry {
            id,
            name: None,
            previous_state: None,
            state: None,
            status_checks: None,
            public_dns: None,
            public_ip: None,
            private_ip: None,
            result: None,
            note: None,
            error: None,
            accepted: false,
            changed: false,
        }
    }

    /// The id, and the name if it has one, for event lines.
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => format!("{} ({name})", self.id),
            None => self.id.to_string(),
        }
    }
}
