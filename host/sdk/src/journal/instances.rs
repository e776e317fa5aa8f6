//! What a job records of instances.

use super::entry::{InstanceEntry, ResourceResult};
use super::state::Journal;
use crate::error::Error;
use crate::ids::InstanceId;
use crate::instance::Instance;

impl Journal {
    /// Enters instances of which only the id is known. Instances are reported in the order in which they were entered.
    pub fn record_ids(&self, ids: &[InstanceId]) {
        for id in ids {
            self.update(id, |_| ());
        }
    }

    /// Enters what a description of an instance says.
    pub fn record_instance(&self, instance: &Instance) {
        self.update(&instance.id, |entry| {
            entry.name.clone_from(&instance.name);
            entry.state = Some(instance.state.as_str().to_owned());
            entry.public_dns.clone_from(&instance.public_dns);
            entry.public_ip.clone_from(&instance.public_ip);
            entry.private_ip.clone_from(&instance.private_ip);
        });
    }

    /// Enters the status checks that were seen.
    pub fn record_status_checks(&self, id: &InstanceId, status: &str) {
        self.update(id, |entry| entry.status_checks = Some(status.to_owned()));
    }

    /// Enters that EC2 accepted a change, with the states before and now, and whether this job changed the instance:
    /// `unchanged` when it was there already, `unknown` when that was not seen.
    pub fn record_accepted(
        &self,
        id: &InstanceId,
        previous: Option<&str>,
        state: Option<&str>,
        result: ResourceResult,
    ) {
        self.update(id, |entry| {
            entry.previous_state = previous.map(str::to_owned);
            entry.state = state.map(str::to_owned).or(entry.state.take());
            entry.result = Some(result);
            entry.accepted = true;
            entry.error = None;
            entry.changed |= result != ResourceResult::Unchanged;
        });
    }

    /// Enters that nothing was to be changed.
    pub fn record_unchanged(&self, id: &InstanceId) {
        self.update(id, |entry| {
            entry.previous_state.clone_from(&entry.state);
            (entry.result, entry.error) = (Some(ResourceResult::Unchanged), None);
        });
    }

    /// Enters what else is to be said of the result of an instance, in words of the action. The verdict counts such instances
    /// apart.
    pub fn record_note(&self, id: &InstanceId, note: &str) {
        self.update(id, |entry| entry.note = Some(note.to_owned()));
    }

    /// Enters a failure; one of kind [`ErrorKind::Unknown`] means that nobody knows whether EC2 made the change.
    pub fn record_failure(&self, id: &InstanceId, error: Error) {
        self.update(id, |entry| {
            entry.result = Some(ResourceResult::of_failure(&error));
            entry.error = Some(error);
        });
    }

    /// Adds what to do about it to the failure of an instance.
    pub fn add_hint(&self, id: &InstanceId, hint: &str) {
        self.update(id, |entry| entry.error = entry.error.take().map(|error| error.hint(hint)));
    }

    /// Enters the state of an instance before the job: what an answer to a repeated request says of it is not that.
    pub fn record_previous_state(&self, id: &InstanceId, state: &str) {
        self.update(id, |entry| entry.previous_state = Some(state.to_owned()));
    }

    /// Answers a question about one instance, as far as it is known. The question must not use the journal, which is locked
    /// meanwhile.
    pub fn read<T>(&self, id: &InstanceId, question: impl FnOnce(&InstanceEntry) -> T) -> T {
        match self.state().instances.get(id) {
            Some(entry) => question(entry),
            None => question(&InstanceEntry::new(id.clone())),
        }
    }

    /// Hands over all instances one by one, in the order in which they were entered. `visit` must not use the journal, which
    /// is locked meanwhile.
    pub fn for_each(&self, visit: impl FnMut(&InstanceEntry)) {
        self.state().instances.values().for_each(visit);
    }

    /// Whether the instance has failed, or its outcome is unknown for a reason.
    pub fn has_failed(&self, id: &InstanceId) -> bool {
        self.read(id, |entry| entry.error.is_some())
    }

    /// Those of the instances that have not failed, in their order.
    pub fn not_failed(&self, ids: &[InstanceId]) -> Vec<InstanceId> {
        ids.iter().filter(|id| !self.has_failed(id)).cloned().collect()
    }

    /// How event lines name the instance, see [`InstanceEntry::label`].
    pub fn label(&self, id: &InstanceId) -> String {
        self.read(id, InstanceEntry::label)
    }

    /// A copy of all instances, in the order in which they were entered.
    pub fn instances(&self) -> Vec<InstanceEntry> {
        self.state().instances.values().cloned().collect()
    }

    /// The ids of all instances, in the order in which they were entered.
    pub fn ids(&self) -> Vec<InstanceId> {
        self.state().instances.keys().cloned().collect()
    }

    /// A copy of one instance, as far as it is known.
    pub fn instance(&self, id: &InstanceId) -> InstanceEntry {
        self.read(id, Clone::clone)
    }
}
