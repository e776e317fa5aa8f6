//! The state of the journal and the records of changes.

use std::sync::{Mutex, MutexGuard, PoisonError};

use indexmap::IndexMap;

use super::entry::{InstanceEntry, ResourceResult};
use super::property::PropertyEntry;
use super::resource::{INSTANCE, Resource, ResourceEntry};
use super::results::{SuggestedCommand, Table, Text, TitledTable, WrittenFile};
use crate::error::{Error, ErrorKind};
use crate::ids::InstanceId;

/// The record of a job. Shared by reference: a function writes while it runs, and the host reads at the end, also after
/// an interruption.
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
    /// The total length of all texts.
    pub(super) text_bytes: usize,
    pub(super) files: Vec<WrittenFile>,
    has_other_change: bool,
    /// Whether all requests for changes so far may be sent a second time. `None` if no request said so.
    requests_are_repeatable: Option<bool>,
    change_in_progress: Option<String>,
    unknown_changes: Vec<String>,
    launch: Option<(String, SuggestedCommand)>,
    suggestions: Vec<SuggestedCommand>,
}

impl State {
    /// The errors of instances and other resources.
    pub(super) fn errors(&self) -> impl Iterator<Item = &Error> {
        let of_instances = self.instances.values().filter_map(|entry| entry.error.as_ref());
        of_instances.chain(self.resources.values().filter_map(|entry| entry.error.as_ref()))
    }

    /// The results of instances and other resources, except instances with a note.
    pub(super) fn results(&self) -> impl Iterator<Item = ResourceResult> {
        let without_note = self.instances.values().filter(|entry| entry.note.is_none());
        let of_instances = without_note.filter_map(|entry| entry.result);
        of_instances.chain(self.resources.values().filter_map(|entry| entry.result))
    }

    /// The notes of instances, each with its number of instances.
    pub(super) fn notes(&self) -> IndexMap<&str, usize> {
        let mut notes = IndexMap::new();
        for note in self.instances.values().filter_map(|entry| entry.note.as_deref()) {
            *notes.entry(note).or_default() += 1;
        }
        notes
    }

    /// The number of instances and other resources that the verdict is about.
    pub(super) fn number(&self) -> usize {
        self.judged_instances().count() + self.resources.len()
    }

    /// In a job with other resources, an instance without a result was only looked up.
    fn judged_instances(&self) -> impl Iterator<Item = &InstanceEntry> {
        let all = self.resources.is_empty();
        self.instances.values().filter(move |entry| all || entry.result.is_some() || entry.error.is_some())
    }

    /// The common kind of all resources that the verdict is about: `resource` for several kinds.
    pub(super) fn kind(&self) -> &'static str {
        let mut kinds = self.resources.keys().map(|(kind, _)| *kind);
        match (self.judged_instances().next().is_none(), kinds.next()) {
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

    /// Records that something other than an instance was created or changed, e.g. a key pair or a security group.
    pub fn record_other_change(&self) {
        self.state().has_other_change = true;
    }

    /// Records whether requests that the job sends do no harm when another run of the job sends them again, e.g. those of
    /// a launch with the same client token. One that does harm outweighs all others.
    pub fn record_repeatable(&self, repeatable: bool) {
        let mut state = self.state();
        state.requests_are_repeatable = Some(repeatable && state.requests_are_repeatable != Some(false));
    }

    /// Whether a second run of the job does no harm: nothing was changed, or all requests are known to be repeatable.
    pub fn may_be_repeated(&self) -> bool {
        !self.anything_changed() || self.state().requests_are_repeatable == Some(true)
    }

    /// Records that a change is requested, e.g. `stopping i-0abc`. Until [`Journal::end_change`], an interruption
    /// reports that EC2 may have made it.
    pub fn begin_change(&self, action: &str) {
        self.state().change_in_progress = Some(action.to_owned());
    }

    /// Records that EC2 has answered.
    pub fn end_change(&self) {
        self.state().change_in_progress = None;
    }

    /// The changes of unknown outcome, the current one first. Those of instances are recorded with the instances.
    pub fn unresolved_changes(&self) -> Vec<String> {
        let state = self.state();
        state.change_in_progress.iter().chain(&state.unknown_changes).cloned().collect()
    }

    /// Records a change of unknown outcome that is not one of an instance, e.g. `creating key pair web`.
    pub fn record_unknown_change(&self, action: &str) {
        self.state().unknown_changes.push(action.to_owned());
    }

    /// Records that the outcome of this change is now known.
    pub fn resolve_change(&self, action: &str) {
        self.state().unknown_changes.retain(|unknown| unknown != action);
    }

    /// Whether there is a change of unknown outcome, including one in progress.
    pub fn anything_unknown(&self) -> bool {
        let state = self.state();
        let is_unknown = |error: &Error| error.kind() == ErrorKind::Unknown;
        state.change_in_progress.is_some() || !state.unknown_changes.is_empty() || state.errors().any(is_unknown)
    }

    /// Records the client token of a launch that is requested, and the command that shows its instances.
    pub fn record_launch(&self, client_token: &str, look_up: SuggestedCommand) {
        self.state().launch = Some((client_token.to_owned(), look_up));
    }

    /// The client token of the last requested launch, and the command that shows its instances.
    pub fn last_launch(&self) -> Option<(String, SuggestedCommand)> {
        self.state().launch.clone()
    }

    /// Records a command as a suggestion to the operator.
    pub fn suggest(&self, command: SuggestedCommand) {
        self.state().suggestions.push(command);
    }

    /// The commands suggested to the operator.
    pub fn suggestions(&self) -> Vec<SuggestedCommand> {
        self.state().suggestions.clone()
    }

    /// Whether anything was changed in EC2, as far as is known, including a change in progress.
    pub fn anything_changed(&self) -> bool {
        let state = self.state();
        let open = state.change_in_progress.is_some() || !state.unknown_changes.is_empty();
        let changed = state.instances.values().any(|entry| entry.changed);
        open || state.has_other_change || changed || state.resources.values().any(|entry| entry.changed)
    }
}
