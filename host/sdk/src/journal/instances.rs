//! Journal records of instances.

use super::entry::{InstanceEntry, ResourceResult};
use super::state::Journal;
use crate::error::Error;
use crate::ids::InstanceId;
use crate::instance::Instance;

impl Journal {
    /// Records instances by id. Instances are reported in the order of recording.
    pub fn record_ids(&self, ids: &[InstanceId]) {
        for id in ids {
            self.update(id, |_| ());
        }
    }

    /// Records the description of an instance.
    pub fn record_instance(&self, instance: &Instance) {
        self.update(&instance.id, |entry| {
            entry.name.clone_from(&instance.name);
            entry.state = Some(instance.state.as_str().to_owned());
            entry.public_dns.clone_from(&instance.public_dns);
            entry.public_ip.clone_from(&instance.public_ip);
            entry.private_ip.clone_from(&instance.private_ip);
        });
    }

    /// Records the status checks of an instance.
    pub fn record_status_checks(&self, id: &InstanceId, status: &str) {
        self.update(id, |entry| entry.status_checks = Some(status.to_owned()));
    }

    /// Records that EC2 accepted a request, with the states before and after, and whether this job changed the
    /// instance: `unchanged` if it already had the target state, `unknown` if that is not known.
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

    /// Records that nothing had to be changed.
    pub fn record_unchanged(&self, id: &InstanceId) {
        self.update(id, |entry| {
            entry.previous_state.clone_from(&entry.state);
            (entry.result, entry.error) = (Some(ResourceResult::Unchanged), None);
        });
    }

    /// Records a note on the result of an instance. The verdict counts instances with a note separately.
    pub fn record_note(&self, id: &InstanceId, note: &str) {
        self.update(id, |entry| entry.note = Some(note.to_owned()));
    }

    /// Records a failure. The kind [`ErrorKind::Unknown`](crate::ErrorKind::Unknown) means that no answer says whether EC2 made the change.
    pub fn record_failure(&self, id: &InstanceId, error: Error) {
        self.update(id, |entry| {
            entry.result = Some(ResourceResult::of_failure(&error));
            entry.error = Some(error);
        });
    }

    /// Adds a hint to the failure of an instance.
    pub fn add_hint(&self, id: &InstanceId, hint: &str) {
        self.update(id, |entry| entry.error = entry.error.take().map(|error| error.hint(hint)));
    }

    /// Records the state of an instance before the job. The answer to a repeated request does not contain it.
    pub fn record_previous_state(&self, id: &InstanceId, state: &str) {
        self.update(id, |entry| entry.previous_state = Some(state.to_owned()));
    }

    /// Calls `read` with the entry of an instance, or with an empty one. `read` must not use the journal, which is
    /// locked meanwhile.
    pub fn read<T>(&self, id: &InstanceId, read: impl FnOnce(&InstanceEntry) -> T) -> T {
        match self.state().instances.get(id) {
            Some(entry) => read(entry),
            None => read(&InstanceEntry::new(id.clone())),
        }
    }

    /// Calls `visit` with each instance, in the order of recording. `visit` must not use the journal, which is locked
    /// meanwhile.
    pub fn for_each(&self, visit: impl FnMut(&InstanceEntry)) {
        self.state().instances.values().for_each(visit);
    }

    /// Whether the instance has an error: a failure or an unknown outcome.
    pub fn has_failed(&self, id: &InstanceId) -> bool {
        self.read(id, |entry| entry.error.is_some())
    }

    /// The instances without an error, in order.
    pub fn not_failed(&self, ids: &[InstanceId]) -> Vec<InstanceId> {
        ids.iter().filter(|id| !self.has_failed(id)).cloned().collect()
    }

    /// The name of the instance in event lines, see [`InstanceEntry::label`].
    pub fn label(&self, id: &InstanceId) -> String {
        self.read(id, InstanceEntry::label)
    }

    /// A copy of all instances, in the order of recording.
    pub fn instances(&self) -> Vec<InstanceEntry> {
        self.state().instances.values().cloned().collect()
    }

    /// The ids of all instances, in the order of recording.
    pub fn ids(&self) -> Vec<InstanceId> {
        self.state().instances.keys().cloned().collect()
    }

    /// A copy of the entry of an instance, or an empty one.
    pub fn instance(&self, id: &InstanceId) -> InstanceEntry {
        self.read(id, Clone::clone)
    }
}
