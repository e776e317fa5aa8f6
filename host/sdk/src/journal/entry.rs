//! What is known of one instance.

use crate::error::{Error, ErrorKind};
use crate::ids::InstanceId;

/// What became of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceResult {
    /// EC2 accepted the change.
    Changed,
    /// It was there already, or nothing was to be changed.
    Unchanged,
    /// The change was refused, or its goal was not reached.
    Failed,
    /// The change was asked for, and no answer says whether EC2 made it.
    Unknown,
}

impl ResourceResult {
    /// The result of what failed for this reason.
    pub(super) fn of_failure(error: &Error) -> Self {
        if error.kind() == ErrorKind::Unknown { ResourceResult::Unknown } else { ResourceResult::Failed }
    }

    /// The result in one word, as in the reports.
    pub const fn name(self) -> &'static str {
        match self {
            ResourceResult::Changed => "changed",
            ResourceResult::Unchanged => "unchanged",
            ResourceResult::Failed => "failed",
            ResourceResult::Unknown => "unknown",
        }
    }
}

/// All that is known of one instance. Unknown values are `None`.
#[derive(Clone, Debug)]
pub struct InstanceEntry {
    /// The instance id.
    pub id: InstanceId,
    /// The value of its tag `Name`.
    pub name: Option<String>,
    /// Its state before the job, in EC2's words (`running`, `stopped` …).
    pub previous_state: Option<String>,
    /// The state last seen.
    pub state: Option<String>,
    /// The instance and system status checks taken together: `ok` when both are.
    pub status_checks: Option<String>,
    /// Its public DNS name.
    pub public_dns: Option<String>,
    /// Its public IPv4 address.
    pub public_ip: Option<String>,
    /// Its private IPv4 address.
    pub private_ip: Option<String>,
    /// What became of it; `None` while that is not known.
    pub result: Option<ResourceResult>,
    /// What else is to be said of the result, as in `reboot accepted, not observed`.
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

    /// How event lines name the instance: the id, and the name where it has one.
    pub fn label(&self) -> String {
        match &self.name {
            Some(name) => format!("{} ({name})", self.id),
            None => self.id.to_string(),
        }
    }
}
