//! Changes responses of EC2: instances with different attributes, and further pages.
//!
//! Only the response changes, not the state of moto: an instance that is reported as `pending` is already running
//! there.

use xmltree::Element;

use super::xml::{edit, retain_instances, set, set_state};
use crate::support::http::Message;

/// The prefix of page tokens from the layer, which moto would reject.
pub const NEXT_TOKEN_PREFIX: &str = "fault-layer-";

/// A change to a response.
#[derive(Clone, Debug)]
pub struct View {
    what: What,
    /// The affected instances, or `None` for all.
    ids: Option<Vec<String>>,
}

#[derive(Clone, Debug)]
enum What {
    State { name: &'static str, reason: Option<[&'static str; 2]> },
    StatusChecks(&'static str),
    PublicAddresses(&'static str),
    Absent,
    NextToken(String),
}

/// Reports instances in another state, e.g. `pending`. For DescribeInstances.
pub fn state(name: &'static str) -> View {
    View { what: What::State { name, reason: None }, ids: None }
}

/// Reports other status checks for running instances, e.g. `initializing`. For DescribeInstanceStatus.
pub fn status_checks(status: &'static str) -> View {
    View { what: What::StatusChecks(status), ids: None }
}

/// Reports this text as public address and name of instances, or none if it is empty. For DescribeInstances.
pub fn public_addresses(text: &'static str) -> View {
    View { what: What::PublicAddresses(text), ids: None }
}

/// Omits instances from the response.
pub fn absent() -> View {
    View { what: What::Absent, ids: None }
}

/// Reports a next page, whose token has this suffix. A request for that page returns the first page, so with a fixed
/// token and no limit to the calls the pages never end.
pub fn next_page(token: &str) -> View {
    View { what: What::NextToken(format!("{NEXT_TOKEN_PREFIX}{token}")), ids: None }
}

impl View {
    /// Adds the StateReason of the state.
    pub fn because(mut self, code: &'static str, message: &'static str) -> Self {
        match &mut self.what {
            What::State { reason, .. } => *reason = Some([code, message]),
            _ => panic!("only a state has a reason"),
        }
        self
    }

    /// Restricts the change to these instances.
    pub fn of<S: Into<String>>(mut self, ids: impl IntoIterator<Item = S>) -> Self {
        self.ids = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// Changes a response, and returns whether it contained anything to change.
    pub fn change(&self, answer: &mut Message) -> bool {
        let mut changed = false;
        edit(answer, |root| match &self.what {
            What::NextToken(token) => {
                set(root, &["nextToken"], token);
                changed = true;
            }
            _ => retain_instances(root, &mut |id, instance| {
                let concerned = self.ids.as_ref().is_none_or(|ids| ids.iter().any(|other| other == id));
                changed |= concerned;
                !concerned || self.keep_changed(instance)
            }),
        });
        changed
    }

    /// Changes an instance. Returns `false` if it is omitted.
    fn keep_changed(&self, instance: &mut Element) -> bool {
        match self.what {
            What::State { name, reason } => {
                set_state(instance, "instanceState", name);
                if let Some([code, message]) = reason {
                    set(instance, &["stateReason", "code"], code);
                    set(instance, &["stateReason", "message"], message);
                }
            }
            What::StatusChecks(status) => set_status_checks(instance, status),
            What::PublicAddresses(text) => {
                set(instance, &["ipAddress"], text);
                set(instance, &["dnsName"], text);
            }
            What::Absent => return false,
            What::NextToken(_) => {}
        }
        true
    }
}

/// Sets both status checks of an instance, e.g. to `ok`.
pub fn set_status_checks(instance: &mut Element, status: &str) {
    set(instance, &["instanceStatus", "status"], status);
    set(instance, &["systemStatus", "status"], status);
}
