//! The journal itself.

use std::sync::{Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;

use super::entry::{InstanceEntry, InstanceResult};
use super::property::PropertyEntry;
use super::results::{Advice, Table};
use crate::error::{Error, ErrorKind};
use crate::ids::InstanceId;
use crate::instance::Instance;

/// What happened in a job so far. Shared by reference: a function writes while it runs, the host reads at the end,
/// also when the function was interrupted.
#[derive(Debug, Default)]
pub struct Journal {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) instances: IndexMap<InstanceId, InstanceEntry>,
    properties: IndexMap<String, PropertyEntry>,
    table: Option<Table>,
    something_else_changed: bool,
    under_way: Option<String>,
    unknown: Vec<String>,
    launch: Option<(String, Advice)>,
    advice: Vec<Advice>,
}

impl Journal {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, id: &InstanceId, change: impl FnOnce(&mut InstanceEntry)) {
        let mut state = self.state();
        match state.instances.get_mut(id) {
            Some(entry) => change(entry),
            None => change(state.instances.entry(id.clone()).or_insert_with(|| InstanceEntry::new(id.clone()))),
        }
    }

    /// Enters instances of which only the id is known. Instances are reported in the order in which they were entered.
    pub fn enter(&self, ids: &[InstanceId]) {
        for id in ids {
            self.update(id, |_| ());
        }
    }

    /// Enters what a description of an instance says.
    pub fn see(&self, instance: &Instance) {
        self.update(&instance.id, |entry| {
            entry.name.clone_from(&instance.name);
            entry.state = Some(instance.state.as_str().to_owned());
            entry.public_dns.clone_from(&instance.public_dns);
            entry.public_ip.clone_from(&instance.public_ip);
            entry.private_ip.clone_from(&instance.private_ip);
        });
    }

    /// Enters the status checks that were seen.
    pub fn see_status_checks(&self, id: &InstanceId, status: &str) {
        self.update(id, |entry| entry.status_checks = Some(status.to_owned()));
    }

    /// Enters that EC2 accepted a change, with the states before and now, and whether this job changed the instance:
    /// `unchanged` when it was there already, `unknown` when that was not seen.
    pub fn accepted(&self, id: &InstanceId, previous: Option<&str>, state: Option<&str>, result: InstanceResult) {
        self.update(id, |entry| {
            entry.previous_state = previous.map(str::to_owned);
            entry.state = state.map(str::to_owned).or(entry.state.take());
            entry.result = Some(result);
            entry.accepted = true;
            entry.error = None;
            entry.changed |= result != InstanceResult::Unchanged;
        });
    }

    /// Enters that nothing was to be changed.
    pub fn unchanged(&self, id: &InstanceId) {
        self.update(id, |entry| {
            entry.previous_state.clone_from(&entry.state);
            entry.result = Some(InstanceResult::Unchanged);
        });
    }

    /// Enters a failure; one of kind [`ErrorKind::Unknown`] means that nobody knows whether EC2 made the change.
    pub fn failed(&self, id: &InstanceId, error: Error) {
        let unknown = error.kind() == ErrorKind::Unknown;
        self.update(id, |entry| {
            entry.result = Some(if unknown { InstanceResult::Unknown } else { InstanceResult::Failed });
            entry.error = Some(error);
        });
    }

    /// Enters the state of an instance before the job: what an answer to a repeated request says of it is not that.
    pub fn was(&self, id: &InstanceId, state: &str) {
        self.update(id, |entry| entry.previous_state = Some(state.to_owned()));
    }

    /// Enters that something other than an instance was made or changed in EC2: a key pair, a security group.
    pub fn something_else_changed(&self) {
        self.state().something_else_changed = true;
    }

    /// Enters that EC2 is being asked for a change, as in `stopping i-0abc`. Until [`Journal::end`], an interruption must
    /// say that EC2 may have done it all the same.
    pub fn begin(&self, action: &str) {
        self.state().under_way = Some(action.to_owned());
    }

    /// Enters that EC2 has answered.
    pub fn end(&self) {
        self.state().under_way = None;
    }

    /// The changes that EC2 was asked for of which no answer says whether it made them, that under way first. Those of
    /// instances are with the instances.
    pub fn open_changes(&self) -> Vec<String> {
        let state = self.state();
        state.under_way.iter().chain(&state.unknown).cloned().collect()
    }

    /// Enters a change that is not one of an instance in this journal, as in `creating key pair web`, of which no answer
    /// says whether EC2 made it.
    pub fn unknown(&self, action: &str) {
        self.state().unknown.push(action.to_owned());
    }

    /// Enters that it is known by now what became of that change.
    pub fn resolve(&self, action: &str) {
        self.state().unknown.retain(|unknown| unknown != action);
    }

    /// Whether a change was asked for of which no answer says whether EC2 made it: one that is under way counts.
    pub fn anything_unknown(&self) -> bool {
        let state = self.state();
        let unknown =
            |entry: &InstanceEntry| entry.error.as_ref().is_some_and(|error| error.kind() == ErrorKind::Unknown);
        state.under_way.is_some() || !state.unknown.is_empty() || state.instances.values().any(unknown)
    }

    /// Enters the client token of the launch that is being asked for, and the command that shows what EC2 launched by it.
    pub fn launching(&self, client_token: &str, look_up: Advice) {
        self.state().launch = Some((client_token.to_owned(), look_up));
    }

    /// The client token of the last launch that was asked for, and the command that shows what EC2 launched by it.
    pub fn last_launch(&self) -> Option<(String, Advice)> {
        self.state().launch.clone()
    }

    /// Enters what the operator is advised to run next.
    pub fn advise(&self, advice: Advice) {
        self.state().advice.push(advice);
    }

    /// What the operator is advised to run next.
    pub fn advice(&self) -> Vec<Advice> {
        self.state().advice.clone()
    }

    /// Enters what became of a property, in place of what was known of it.
    pub fn property(&self, entry: PropertyEntry) {
        self.state().properties.insert(entry.name.clone(), entry);
    }

    /// Answers a question about a property, by its full name: with `None` when nothing is recorded of it. The question must
    /// not use the journal, which is locked meanwhile.
    pub fn read_property<T>(&self, full_name: &str, question: impl FnOnce(Option<&PropertyEntry>) -> T) -> T {
        question(self.state().properties.get(full_name))
    }

    /// Enters what the job found, in place of what it found before.
    pub fn found(&self, table: Table) {
        self.state().table = Some(table);
    }

    /// What the job found; `None` for jobs that find nothing but instances.
    pub fn table(&self) -> Option<Table> {
        self.state().table.clone()
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
    pub fn each(&self, visit: impl FnMut(&InstanceEntry)) {
        self.state().instances.values().for_each(visit);
    }

    /// Whether the instance has failed, or its outcome is unknown for a reason.
    pub fn has_failed(&self, id: &InstanceId) -> bool {
        self.read(id, |entry| entry.error.is_some())
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

    /// A copy of all properties, in the order in which they were entered. One that has no value yet gets the one that EC2 has
    /// shown of its instance meanwhile.
    pub fn properties(&self) -> Vec<PropertyEntry> {
        let state = self.state();
        let mut properties: Vec<_> = state.properties.values().cloned().collect();
        for property in properties.iter_mut().filter(|property| property.value.is_none()) {
            property.value = property.contents.value_in(&state.instances);
        }
        properties
    }

    /// Whether anything was changed in EC2, as far as is known: a change that is under way counts.
    pub fn anything_changed(&self) -> bool {
        let state = self.state();
        let open = state.under_way.is_some() || !state.unknown.is_empty();
        open || state.something_else_changed || state.instances.values().any(|entry| entry.changed)
    }
}
