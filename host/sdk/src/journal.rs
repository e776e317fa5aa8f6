//! The journal of a job: what is known of each instance and property, so that nothing is lost however the job ends.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use crate::ids::{InstanceId, count_of};
use crate::instances::Instance;
use crate::properties::{Contents, Delivery};
use crate::{Error, ErrorKind, Outcome, Result};

/// What became of an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum InstanceResult {
    /// EC2 accepted the change.
    Changed,
    /// It was there already, or nothing was to be changed.
    Unchanged,
    /// The change was refused, or its goal was not reached.
    Failed,
    /// The change was asked for, and no answer says whether EC2 made it.
    Unknown,
}

impl InstanceResult {
    /// The result in one word, as in the reports.
    pub const fn name(self) -> &'static str {
        match self {
            InstanceResult::Changed => "changed",
            InstanceResult::Unchanged => "unchanged",
            InstanceResult::Failed => "failed",
            InstanceResult::Unknown => "unknown",
        }
    }
}

/// All that is known of one instance. Unknown values are `None`.
#[derive(Clone, Debug, Serialize)]
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
    pub result: Option<InstanceResult>,
    /// Why it failed.
    pub error: Option<Error>,
    /// Whether EC2 accepted the request for it, even if there was nothing to change or the goal was not reached.
    #[serde(skip)]
    pub accepted: bool,
    /// Whether EC2 accepted a change of it, even if the goal was not reached.
    #[serde(skip)]
    pub changed: bool,
}

impl InstanceEntry {
    fn new(id: InstanceId) -> Self {
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

/// A property and whether OpCon holds it now.
#[derive(Clone, Debug, Serialize)]
pub struct PropertyEntry {
    /// The full name, with its counter.
    pub name: String,
    /// The value; `None` while it is not known.
    pub value: Option<String>,
    /// Whether OpCon was seen to hold it.
    pub saved: bool,
    /// Whether it was handed to an agent, which does not say what becomes of it.
    #[serde(skip)]
    pub handed_over: bool,
    /// What the value is.
    #[serde(skip)]
    pub contents: Contents,
}

impl PropertyEntry {
    /// A property that is to be saved.
    pub fn pending(name: impl Into<String>, contents: Contents, value: Option<String>) -> Self {
        PropertyEntry { name: name.into(), value, saved: false, handed_over: false, contents }
    }

    /// The property after the attempt to save it.
    #[must_use]
    pub fn after(self, attempt: &Result<Delivery>) -> Self {
        PropertyEntry {
            saved: matches!(attempt, Ok(Delivery::Seen)),
            handed_over: matches!(attempt, Ok(Delivery::HandedOver)),
            ..self
        }
    }

    /// Whether somebody must save it later.
    pub fn is_missing(&self) -> bool {
        !self.saved && !self.handed_over
    }
}

/// What a job found, for people and for programs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The titles of the columns, as in `Image ID`.
    pub columns: &'static [&'static str],
    /// The rows, each with a cell for every column.
    pub rows: Vec<Vec<String>>,
}

/// A further run of the program that the operator is advised to make, as data: the host adds the program's name and the
/// common arguments of this job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What it is for, as in `to see what was launched`.
    pub purpose: String,
    /// The function and its arguments.
    pub words: Vec<String>,
}

/// What happened in a job so far. Shared by reference: a function writes while it runs, the host reads at the end,
/// also when the function was interrupted.
#[derive(Debug, Default)]
pub struct Journal {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    instances: Vec<InstanceEntry>,
    properties: Vec<PropertyEntry>,
    table: Option<Table>,
    something_else_changed: bool,
    under_way: Option<String>,
    unknown: Vec<String>,
    launch: Option<(String, Advice)>,
    advice: Vec<Advice>,
}

impl Journal {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, id: &InstanceId, change: impl FnOnce(&mut InstanceEntry)) {
        let mut state = self.state();
        let known = state.instances.iter().position(|entry| entry.id == *id);
        let index = known.unwrap_or_else(|| {
            state.instances.push(InstanceEntry::new(id.clone()));
            state.instances.len() - 1
        });
        change(&mut state.instances[index]);
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
        state.under_way.is_some() || !state.unknown.is_empty() || state.instances.iter().any(unknown)
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
        let properties = &mut self.state().properties;
        match properties.iter_mut().find(|known| known.name == entry.name) {
            Some(known) => *known = entry,
            None => properties.push(entry),
        }
    }

    /// Enters what the job found, in place of what it found before.
    pub fn found(&self, table: Table) {
        self.state().table = Some(table);
    }

    /// What the job found; `None` for jobs that find nothing but instances.
    pub fn table(&self) -> Option<Table> {
        self.state().table.clone()
    }

    /// All instances, in the order in which they were entered.
    pub fn instances(&self) -> Vec<InstanceEntry> {
        self.state().instances.clone()
    }

    /// The ids of all instances, in the order in which they were entered.
    pub fn ids(&self) -> Vec<InstanceId> {
        self.state().instances.iter().map(|entry| entry.id.clone()).collect()
    }

    /// One instance, as far as it is known.
    pub fn instance(&self, id: &InstanceId) -> InstanceEntry {
        let known = self.state().instances.iter().find(|entry| entry.id == *id).cloned();
        known.unwrap_or_else(|| InstanceEntry::new(id.clone()))
    }

    /// All properties, in the order in which they were entered. One that has no value yet gets the one that EC2 has shown
    /// of its instance meanwhile.
    pub fn properties(&self) -> Vec<PropertyEntry> {
        let state = self.state();
        let mut properties = state.properties.clone();
        for property in properties.iter_mut().filter(|property| property.value.is_none()) {
            property.value = property.contents.value_in(&state.instances);
        }
        properties
    }

    /// Whether anything was changed in EC2, as far as is known: a change that is under way counts.
    pub fn anything_changed(&self) -> bool {
        let state = self.state();
        let open = state.under_way.is_some() || !state.unknown.is_empty();
        open || state.something_else_changed || state.instances.iter().any(|entry| entry.changed)
    }

    /// The verdict on all instances: success with counts, or the error that says how many failed.
    ///
    /// `changed` and `unchanged` say what became of an instance, as in `started` and `was running already`.
    ///
    /// # Errors
    /// When an instance failed. One failure alone, or an expired wait, keeps its kind; otherwise, when others
    /// succeeded, the kind is [`ErrorKind::Partial`].
    pub fn verdict(&self, doing: &str, changed: &str, unchanged: &str) -> Result<Outcome> {
        let entries = self.instances();
        let failures: Vec<&Error> = entries.iter().filter_map(|entry| entry.error.as_ref()).collect();
        if failures.is_empty() {
            let count = |result| entries.iter().filter(|entry| entry.result == Some(result)).count();
            let told = success(count(InstanceResult::Changed), changed, count(InstanceResult::Unchanged), unchanged);
            return Ok(Outcome::new(match count(InstanceResult::Unknown) {
                0 => told,
                count if count == entries.len() => format!("{} {changed} or {unchanged}", count_of(count)),
                count => format!("{told}, {} {changed} or {unchanged}", count_of(count)),
            }));
        }
        Err(failure(doing, &failures, entries.len()))
    }
}

fn success(changed_count: usize, changed: &str, unchanged_count: usize, unchanged: &str) -> String {
    match (changed_count, unchanged_count) {
        (0, 0) => "no instances".to_owned(),
        (count, 0) => format!("{} {changed}", count_of(count)),
        (0, count) => format!("{} {unchanged}", count_of(count)),
        (count, others) => format!("{} {changed}, {} {unchanged}", count_of(count), count_of(others)),
    }
}

fn failure(doing: &str, failures: &[&Error], total: usize) -> Error {
    if let ([only], 1) = (failures, total) {
        return (*only).clone();
    }
    let first = failures[0];
    // One failure of the whole request is one failure, whatever its number of instances.
    if failures.len() == total && failures.iter().all(|error| error.to_string() == first.to_string()) {
        return (*first).clone();
    }
    let unknown: Vec<_> = failures.iter().filter(|error| error.kind() == ErrorKind::Unknown).collect();
    if let Some(first) = unknown.first() {
        // Whatever else happened: whoever repeats the job must know that something of it may be done.
        let (number, others) = (unknown.len(), failures.len() - unknown.len());
        let others = if others == 0 { String::new() } else { format!(", {others} more failed") };
        let message = format!("unknown outcome of {number} of {}{others}; the first: {first}", count_of(total));
        return with_hint_of(first, Error::new(ErrorKind::Unknown, message).doing(doing));
    }
    let alike = failures.iter().all(|error| error.kind() == first.kind());
    let kind = match (alike, failures.len() == total) {
        (true, true) => first.kind(),
        (true, false) if first.kind() == ErrorKind::WaitExpired => ErrorKind::WaitExpired,
        (false, true) => ErrorKind::Service,
        _ => ErrorKind::Partial,
    };
    let message = format!("{} of {} failed; the first: {first}", failures.len(), count_of(total));
    with_hint_of(first, Error::new(kind, message).doing(doing))
}

fn with_hint_of(cause: &Error, error: Error) -> Error {
    match cause.hint_text() {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::properties::Field;
    use crate::testing;

    fn id(number: usize) -> InstanceId {
        InstanceId::from_ec2(&format!("i-{number:08x}"))
    }

    /// A journal of instances that ended so.
    fn journal_of(ends: &[Result<InstanceResult, ErrorKind>]) -> Journal {
        let journal = Journal::default();
        for (number, end) in ends.iter().enumerate() {
            match end {
                Ok(result) => journal.accepted(&id(number), None, None, *result),
                Err(kind) => journal.failed(&id(number), Error::new(*kind, format!("reason {number}"))),
            }
        }
        journal
    }

    #[test]
    fn a_success_is_told_with_counts() {
        let [changed, unchanged] = [Ok(InstanceResult::Changed), Ok(InstanceResult::Unchanged)];
        for (ends, message) in [
            (&[][..], "no instances"),
            (&[changed], "1 instance started"),
            (&[unchanged, unchanged], "2 instances running already"),
            (&[changed, unchanged, changed], "2 instances started, 1 instance running already"),
        ] {
            let outcome = journal_of(ends).verdict("starting", "started", "running already").unwrap();
            assert_eq!(outcome.message, message);
        }
    }

    #[test]
    fn a_failure_has_the_kind_that_fits_all_instances() {
        use ErrorKind::{Capacity, Partial, Service, UnexpectedState, WaitExpired};
        let changed = Ok(InstanceResult::Changed);
        use ErrorKind::Unknown;
        for (ends, kind, message) in [
            (
                &[changed, Err(Capacity), Err(Unknown)][..],
                Unknown,
                "starting: unknown outcome of 1 of 3 instances, 1 more failed; the first: reason 2",
            ),
            (&[Err(Capacity)], Capacity, "reason 0"),
            (&[Err(Capacity), Err(Capacity)], Capacity, "starting: 2 of 2 instances failed; the first: reason 0"),
            (&[Err(Capacity), Err(WaitExpired)], Service, "starting: 2 of 2 instances failed; the first: reason 0"),
            (&[changed, Err(UnexpectedState)], Partial, "starting: 1 of 2 instances failed; the first: reason 1"),
            (&[changed, Err(WaitExpired)], WaitExpired, "starting: 1 of 2 instances failed; the first: reason 1"),
            (
                &[changed, Err(WaitExpired), Err(Capacity)],
                Partial,
                "starting: 2 of 3 instances failed; the first: reason 1",
            ),
        ] {
            let error = journal_of(ends).verdict("starting", "started", "unchanged").unwrap_err();
            assert_eq!((error.kind(), error.to_string().as_str()), (kind, message), "{ends:?}");
        }
    }

    #[test]
    fn an_entry_gathers_what_was_learnt_in_turn() {
        let journal = Journal::default();
        journal.enter(&[id(1), id(0)]);
        let description = testing::instance(id(0).as_str(), &"stopped".into());
        journal.see(&Instance::from_ec2(&description).unwrap());
        journal.accepted(&id(0), Some("stopped"), Some("pending"), InstanceResult::Changed);
        journal.see_status_checks(&id(0), "initializing");
        journal.failed(&id(0), Error::new(ErrorKind::WaitExpired, "too late"));
        let entries = journal.instances();
        assert_eq!(entries.iter().map(|entry| &entry.id).collect::<Vec<_>>(), [&id(1), &id(0)], "in order of entry");
        assert_eq!(
            serde_json::to_value(&entries[1]).unwrap(),
            serde_json::json!({
                "id": "i-00000000", "name": "web", "previous_state": "stopped", "state": "pending",
                "status_checks": "initializing", "public_dns": null, "public_ip": null, "private_ip": "10.0.0.1",
                "result": "failed",
                "error": {"kind": "wait-expired", "code": null, "message": "too late", "request_id": null, "hint": null},
            })
        );
        assert_eq!(entries[1].label(), "i-00000000 (web)");
        assert_eq!(entries[0].label(), "i-00000001");
        assert!(journal.anything_changed(), "the start was accepted, though the goal was not reached");
    }

    #[test]
    fn an_answer_without_a_state_leaves_the_one_known() {
        let journal = Journal::default();
        journal.accepted(&id(0), Some("running"), Some("stopping"), InstanceResult::Changed);
        journal.accepted(&id(0), Some("stopping"), None, InstanceResult::Unchanged);
        let entry = journal.instance(&id(0));
        assert_eq!(entry.state.as_deref(), Some("stopping"));
        assert!(entry.changed, "once changed, it stays so");
    }

    /// A property for the address of an instance that has no value yet.
    fn pending(name: &str) -> PropertyEntry {
        PropertyEntry::pending(name, Contents::Of(Field::PrivateIp, id(0)), None)
    }

    #[test]
    fn a_property_is_entered_once_and_knows_whether_it_is_missing() {
        let journal = Journal::default();
        journal.property(pending("A"));
        journal.property(pending("B"));
        journal.property(pending("A").after(&Ok(Delivery::Seen)));
        let entries = journal.properties();
        let told: Vec<_> = entries.iter().map(|entry| (entry.name.as_str(), entry.saved, entry.is_missing())).collect();
        assert_eq!(told, [("A", true, false), ("B", false, true)]);
        let handed_over = pending("C").after(&Ok(Delivery::HandedOver));
        assert!(!handed_over.saved && !handed_over.is_missing());
        assert!(pending("D").after(&Err(Error::new(ErrorKind::Service, "no"))).is_missing());
    }

    #[test]
    fn a_property_without_a_value_gets_the_one_that_is_seen_meanwhile() {
        let journal = Journal::default();
        journal.property(pending("IP"));
        let json = |journal: &Journal| serde_json::to_value(journal.properties()).unwrap();
        assert_eq!(json(&journal), serde_json::json!([{"name": "IP", "value": null, "saved": false}]));
        let mut description = testing::instance(id(0).as_str(), &"running".into());
        description.private_ip_address = Some("no address".to_owned());
        journal.see(&Instance::from_ec2(&description).unwrap());
        assert_eq!(json(&journal)[0]["value"], serde_json::Value::Null, "only what can be an address is a value");
        description.private_ip_address = Some("10.0.0.1".to_owned());
        journal.see(&Instance::from_ec2(&description).unwrap());
        assert_eq!(json(&journal)[0]["value"], "10.0.0.1");
    }

    #[test]
    fn only_changes_count_as_changes() {
        let journal = journal_of(&[Ok(InstanceResult::Unchanged), Err(ErrorKind::Capacity)]);
        assert!(!journal.anything_changed());
        journal.something_else_changed();
        assert!(journal.anything_changed());
    }
}
