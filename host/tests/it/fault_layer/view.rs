//! How an answer of EC2 is changed: instances that look other than they are, and pages that go on.
//!
//! Only the answer changes, moto goes its own way: an instance that is shown as `pending` runs there already.

use xmltree::Element;

use super::xml::{edit, retain_instances, set, set_state};
use crate::support::http::Message;

/// How the page tokens of the layer begin, by which it knows them again: moto would fail on them.
pub const NEXT_TOKEN_PREFIX: &str = "fault-layer-";

/// A change to what an answer says.
#[derive(Clone, Debug)]
pub struct View {
    what: What,
    /// The instances that it concerns; `None` for all.
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

/// Instances in another state, as in `pending`: for DescribeInstances.
pub fn state(name: &'static str) -> View {
    View { what: What::State { name, reason: None }, ids: None }
}

/// Running instances whose status checks are not what they are, as in `initializing`: for DescribeInstanceStatus.
pub fn status_checks(status: &'static str) -> View {
    View { what: What::StatusChecks(status), ids: None }
}

/// Instances with this text as their public address and name, or without any when it is empty: for DescribeInstances.
pub fn public_addresses(text: &'static str) -> View {
    View { what: What::PublicAddresses(text), ids: None }
}

/// Instances that are left out of the answer.
pub fn absent() -> View {
    View { what: What::Absent, ids: None }
}

/// An answer that says that there is a next page, whose token ends so. A request for that page gets the first page: with
/// one token, and no limit to the calls, the pages never end.
pub fn next_page(token: &str) -> View {
    View { what: What::NextToken(format!("{NEXT_TOKEN_PREFIX}{token}")), ids: None }
}

impl View {
    /// With the StateReason of the state.
    pub fn because(mut self, code: &'static str, message: &'static str) -> Self {
        match &mut self.what {
            What::State { reason, .. } => *reason = Some([code, message]),
            _ => panic!("only a state has a reason"),
        }
        self
    }

    /// Only of these instances.
    pub fn of<S: Into<String>>(mut self, ids: impl IntoIterator<Item = S>) -> Self {
        self.ids = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// Changes an answer, and returns whether it held anything to be changed.
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

    /// Changes an instance; `false` when it is to be left out.
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

/// Sets both status checks of an instance, as in `ok`.
pub fn set_status_checks(instance: &mut Element, status: &str) {
    set(instance, &["instanceStatus", "status"], status);
    set(instance, &["systemStatus", "status"], status);
}
