//! Polls addresses that EC2 does not return yet, until they exist or certainly do not.

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

/// The number of complete answers without an address after which a running instance counts as having none: an address
/// can appear later than the state.
const ADDRESS_POLLS: usize = 5;
/// The polling interval.
const POLL_INTERVAL: Duration = Duration::from_secs(2);
/// The longest polling interval, after several failures.
const LONGEST_INTERVAL: Duration = Duration::from_secs(15);

/// The results of the polls for addresses.
#[derive(Default)]
pub(super) struct Polled {
    instances: HashMap<InstanceId, Counts>,
    /// The error of the last failed poll.
    pub(super) last_failure: Option<Error>,
}

/// The number of answers without a valid address.
#[derive(Clone, Copy, Default)]
struct Counts {
    /// While the instance was running.
    missing: usize,
    /// While it was shutting down, or with an invalid address.
    inconclusive: usize,
}

impl Polled {
    /// Whether a missing address does not exist.
    pub(super) fn has_none(&self, id: &InstanceId) -> bool {
        self.counts(id).missing >= ADDRESS_POLLS
    }

    /// Whether no further change is expected for the instance.
    fn is_decided(&self, id: &InstanceId) -> bool {
        let Counts { missing, inconclusive } = self.counts(id);
        missing + inconclusive >= ADDRESS_POLLS
    }

    fn counts(&self, id: &InstanceId) -> Counts {
        self.instances.get(id).copied().unwrap_or_default()
    }

    /// Counts an answer. Returns whether it is conclusive for all of these instances.
    fn count(&mut self, cx: &Context, names: &PropertyNames, ids: &[InstanceId], found: &[Instance]) -> bool {
        found.iter().for_each(|instance| cx.journal().record_instance(instance));
        let states: HashMap<_, _> = found.iter().map(|instance| (&instance.id, &instance.state)).collect();
        let mut all = true;
        for id in ids.iter().filter(|id| lacks_address(cx, names, id)) {
            let counts = self.instances.entry(id.clone()).or_default();
            match states.get(id) {
                Some(InstanceStateName::Running) if !has_invalid_address(cx, names, id) => counts.missing += 1,
                // The answer is stale, or the instance is not yet known.
                None | Some(InstanceStateName::Pending) => all = false,
                Some(_) => counts.inconclusive += 1,
            }
        }
        all
    }
}

/// Polls instances without a required address until each has it or certainly has none. Failed polls are inconclusive
/// and reported once; they are repeated until the job's timeout, and at least once.
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

/// Whether the instance has not failed and lacks a required address.
fn lacks_address(cx: &Context, names: &PropertyNames, id: &InstanceId) -> bool {
    cx.journal()
        .read(id, |entry| entry.error.is_none() && names.fields().any(|field| field.value(entry).known().is_none()))
}

fn has_invalid_address(cx: &Context, names: &PropertyNames, id: &InstanceId) -> bool {
    let is_invalid = |field: Field, entry: &InstanceEntry| matches!(field.value(entry), Value::Invalid(_));
    cx.journal().read(id, |entry| names.fields().any(|field| is_invalid(field, entry)))
}
