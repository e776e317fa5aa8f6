//! The journal itself.

use std::sync::{Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;

use super::entry::{InstanceEntry, ResourceResult};
use super::property::PropertyEntry;
use super::resource::{INSTANCE, Resource, ResourceEntry};
use super::results::{SuggestedCommand, Table, Text, TitledTable, WrittenFile};
use crate::error::{Error, ErrorKind};
use crate::ids::InstanceId;

/// What happened in a job so far. Shared by reference: a function writes while it runs, the host reads at the end,
/// also when the function was interrupted.
#[derive(Debug, Default)]
pub struct Journal {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) instances: IndexMap<InstanceId, InstanceEntry>,
    /// By kind and id.
    pub(super) resources: IndexMap<(&'static str, String), ResourceEntry>,
    pub(super) properties: IndexMap<String, PropertyEntry>,
    pub(super) table: Option<Table>,
    pub(super) titled_tables: Vec<TitledTable>,
    pub(super) texts: Vec<Text>,
    /// How long all texts are together.
    pub(super) text_bytes: usize,
    pub(super) files: Vec<WrittenFile>,
    record_other_change: bool,
    under_way: Option<String>,
    unknown: Vec<String>,
    launch: Option<(String, SuggestedCommand)>,
    advice: Vec<SuggestedCommand>,
}

impl State {
    /// Why instances and other resources failed.
    pub(super) fn errors(&self) -> impl Iterator<Item = &Error> {
        let of_instances = self.instances.values().filter_map(|entry| entry.error.as_ref());
        of_instances.chain(self.resources.values().filter_map(|entry| entry.error.as_ref()))
    }

    /// The results of instances and other resources, without those that have a note.
    pub(super) fn results(&self) -> impl Iterator<Item = ResourceResult> {
        let without_note = self.instances.values().filter(|entry| entry.note.is_none());
        let of_instances = without_note.filter_map(|entry| entry.result);
        of_instances.chain(self.resources.values().filter_map(|entry| entry.result))
    }

    /// The notes of instances, each with the number of those that have it.
    pub(super) fn notes(&self) -> IndexMap<&str, usize> {
        let mut notes = IndexMap::new();
        for note in self.instances.values().filter_map(|entry| entry.note.as_deref()) {
            *notes.entry(note).or_default() += 1;
        }
        notes
    }

    /// What all of them are: `resource` for several kinds.
    pub(super) fn kind(&self) -> &'static str {
        let mut kinds = self.resources.keys().map(|(kind, _)| *kind);
        match (self.instances.is_empty(), kinds.next()) {
            (_, None) => INSTANCE,
            (true, Some(kind)) if kinds.all(|other| other == kind) => kind,
            _ => "resource",
        }
    }

    pub(super) fn resource(&mut self, resource: &Resource) -> &mut ResourceEntry {
        let entry = self.resources.entry((resource.kind, resource.id.clone()));
        let entry = entry.or_insert_with(|| ResourceEntry::new(resource.clone()));
        entry.update(resource);
        entry
    }
}

impl Journal {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn update(&self, id: &InstanceId, change: impl FnOnce(&mut InstanceEntry)) {
        let mut state = self.state();
        match state.instances.get_mut(id) {
            Some(entry) => change(entry),
            None => change(state.instances.entry(id.clone()).or_insert_with(|| InstanceEntry::new(id.clone()))),
        }
    }

    /// Enters that something other than an instance was made or changed in EC2: a key pair, a security group.
    pub fn record_other_change(&self) {
        self.state().record_other_change = true;
    }

    /// Enters that EC2 is being asked for a change, as in `stopping i-0abc`. Until [`Journal::end_change`], an interruption must
    /// say that EC2 may have done it all the same.
    pub fn begin_change(&self, action: &str) {
        self.state().under_way = Some(action.to_owned());
    }

    /// Enters that EC2 has answered.
    pub fn end_change(&self) {
        self.state().under_way = None;
    }

    /// The changes that EC2 was asked for of which no answer says whether it made them, that under way first. Those of
    /// instances are with the instances.
    pub fn unresolved_changes(&self) -> Vec<String> {
        let state = self.state();
        state.under_way.iter().chain(&state.unknown).cloned().collect()
    }

    /// Enters a change that is not one of an instance in this journal, as in `creating key pair web`, of which no answer
    /// says whether EC2 made it.
    pub fn record_unknown_change(&self, action: &str) {
        self.state().unknown.push(action.to_owned());
    }

    /// Enters that it is known by now what became of that change.
    pub fn resolve_change(&self, action: &str) {
        self.state().unknown.retain(|unknown| unknown != action);
    }

    /// Whether a change was asked for of which no answer says whether EC2 made it: one that is under way counts.
    pub fn anything_unknown(&self) -> bool {
        let state = self.state();
        let is_unknown = |error: &Error| error.kind() == ErrorKind::Unknown;
        state.under_way.is_some() || !state.unknown.is_empty() || state.errors().any(is_unknown)
    }

    /// Enters the client token of the launch that is being asked for, and the command that shows what EC2 launched by it.
    pub fn record_launch(&self, client_token: &str, look_up: SuggestedCommand) {
        self.state().launch = Some((client_token.to_owned(), look_up));
    }

    /// The client token of the last launch that was asked for, and the command that shows what EC2 launched by it.
    pub fn last_launch(&self) -> Option<(String, SuggestedCommand)> {
        self.state().launch.clone()
    }

    /// Enters what the operator is advised to run next.
    pub fn suggest(&self, advice: SuggestedCommand) {
        self.state().advice.push(advice);
    }

    /// What the operator is advised to run next.
    pub fn suggestions(&self) -> Vec<SuggestedCommand> {
        self.state().advice.clone()
    }

    /// Whether anything was changed in EC2, as far as is known: a change that is under way counts.
    pub fn anything_changed(&self) -> bool {
        let state = self.state();
        let open = state.under_way.is_some() || !state.unknown.is_empty();
        let changed = state.instances.values().any(|entry| entry.changed);
        open || state.record_other_change || changed || state.resources.values().any(|entry| entry.changed)
    }
}
