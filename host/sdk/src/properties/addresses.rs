//! Addresses that EC2 shows late: they are looked for until they are there, or certainly are not.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_ec2::types::InstanceStateName;
use tokio::time::sleep;

use super::names::PropertyNames;
use crate::ids::InstanceId;
use crate::instances::{Instance, find_shown};
use crate::journal::{Field, Value};
use crate::wait::WaitPolicy;
use crate::{Context, Error, InstanceEntry};

/// How many whole answers must show a running instance without an address before it counts as having none: an address can
/// come later than the state.
const ADDRESS_POLLS: usize = 5;
/// The time between two polls.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// The time between two polls after several have failed.
const LONGEST_INTERVAL: Duration = Duration::from_secs(15);

/// What the polls for addresses have shown.
#[derive(Default)]
pub(super) struct Polled {
    instances: HashMap<InstanceId, Counts>,
    /// Why the last poll failed, if one did.
    pub(super) last_failure: Option<Error>,
}

/// The answers that showed an instance without an address.
#[derive(Clone, Copy, Default)]
struct Counts {
    /// While it was running, and the address was not there.
    none: usize,
    /// While it was going away, or with a text that is no address.
    inconclusive: usize,
}

impl Polled {
    /// Whether an address that is missing now does not exist.
    pub(super) fn has_none(&self, id: &InstanceId) -> bool {
        self.counts(id).none >= ADDRESS_POLLS
    }

    /// Whether nothing more is to be expected for the instance.
    fn is_decided(&self, id: &InstanceId) -> bool {
        let Counts { none, inconclusive } = self.counts(id);
        none + inconclusive >= ADDRESS_POLLS
    }

    fn counts(&self, id: &InstanceId) -> Counts {
        self.instances.get(id).copied().unwrap_or_default()
    }

    /// Counts an answer. Returns whether it says something of every one of these instances.
    fn count(&mut self, cx: &Context, names: &PropertyNames, ids: &[InstanceId], found: &[Instance]) -> bool {
        found.iter().for_each(|instance| cx.journal().record_instance(instance));
        let states: HashMap<_, _> = found.iter().map(|instance| (&instance.id, &instance.state)).collect();
        let mut all = true;
        for id in ids.iter().filter(|id| lacks_address(cx, names, id)) {
            let counts = self.instances.entry(id.clone()).or_default();
            match states.get(id) {
                Some(InstanceStateName::Running) if !has_invalid_address(cx, names, id) => counts.none += 1,
                // EC2 shows the past, or does not know the instance yet.
                None | Some(InstanceStateName::Pending) => all = false,
                Some(_) => counts.inconclusive += 1,
            }
        }
        all
    }
}

/// Polls instances that lack an address which the job wants, until each has it or certainly has none. A failed poll says
/// nothing: it is reported once, and borne until the job's limit for waiting is over, but one more is made at least.
pub(super) async fn poll(cx: &Context, names: &PropertyNames, ids: &[InstanceId], policy: &WaitPolicy) -> Polled {
    let mut polled = Polled::default();
    let (mut interval, mut is_last) = (POLL_INTERVAL, false);
    loop {
        let undecided = |id: &&InstanceId| lacks_address(cx, names, id) && !polled.is_decided(id);
        let undecided: Vec<_> = ids.iter().filter(undecided).cloned().collect();
        if undecided.is_empty() {
            return polled;
        }
        sleep(interval.min(policy.left()).max(POLL_INTERVAL)).await;
        let is_whole = match find_shown(cx, &undecided).await {
            Ok(found) => {
                interval = POLL_INTERVAL;
                polled.count(cx, names, &undecided, &found)
            }
            Err(error) => {
                interval = (interval * 2).min(LONGEST_INTERVAL);
                if polled.last_failure.is_none() {
                    cx.warning(format!("{error}; addresses are looked up again"));
                }
                polled.last_failure = Some(error);
                false
            }
        };
        if !is_whole && policy.left().is_zero() {
            if is_last {
                return polled;
            }
            is_last = true;
        }
    }
}

/// Whether the instance is where it should be, and lacks an address which the job wants.
fn lacks_address(cx: &Context, names: &PropertyNames, id: &InstanceId) -> bool {
    cx.journal()
        .read(id, |entry| entry.error.is_none() && names.fields().any(|field| field.value(entry).known().is_none()))
}

fn has_invalid_address(cx: &Context, names: &PropertyNames, id: &InstanceId) -> bool {
    let is_invalid = |field: Field, entry: &InstanceEntry| matches!(field.value(entry), Value::Invalid(_));
    cx.journal().read(id, |entry| names.fields().any(|field| is_invalid(field, entry)))
}
