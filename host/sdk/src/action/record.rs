//! What an action on instances came to: as its answer says, or, where there is no whole answer, as their states show.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use aws_sdk_ec2::types::{InstanceStateChange, InstanceStateName};
use tokio::time::sleep;

use super::answer::Answer;
use super::description::{InstanceAction, is_among, is_in};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::ids::{InstanceId, list_of};
use crate::instances::find_known;
use crate::journal::ResourceResult;

/// How often instances are looked at after a request without a whole answer: their states show within seconds.
const CONFIRMATIONS: usize = 4;
/// The time between two of these looks.
const CONFIRMATION_INTERVAL: Duration = Duration::from_secs(3);

impl InstanceAction {
    /// Records the answer to a request. `repeated` says that an earlier request may have been acted on: then the states
    /// before are those that were seen before the first one.
    pub(super) fn record_answer(&self, cx: &Context, ids: &[InstanceId], answer: Answer, repeated: bool) {
        match answer {
            Answer::Named(changes) => self.record_changes(cx, ids, &changes, repeated),
            Answer::Unnamed => {
                for id in ids {
                    let previous = cx.journal().read(id, |entry| entry.previous_state.clone());
                    // An instance whose state was not seen may be one that EC2 ignores.
                    let unclear = previous.is_none() && !self.ignored_in.is_empty();
                    self.accept(cx, id, previous.as_deref(), None, unclear);
                }
            }
        }
    }

    /// Records an answer that names instances. Those that it leaves out have an unknown outcome.
    fn record_changes(&self, cx: &Context, ids: &[InstanceId], changes: &[InstanceStateChange], repeated: bool) {
        let changes: HashMap<_, _> =
            changes.iter().filter_map(|change| Some((change.instance_id()?, change))).collect();
        for id in ids {
            let Some(change) = changes.get(id.as_str()) else {
                let missing =
                    Error::new(ErrorKind::Unknown, "the answer was incomplete: it does not name the instance");
                cx.journal().record_failure(id, self.unknown(missing.doing(format!("{} {id}", self.doing))));
                continue;
            };
            let answered = change.previous_state().and_then(|state| state.name()).map(InstanceStateName::as_str);
            let current = change.current_state().and_then(|state| state.name()).map(InstanceStateName::as_str);
            let seen = cx.journal().read(id, |entry| entry.previous_state.clone());
            let previous = if repeated { seen.as_deref().or(answered) } else { answered.or(seen.as_deref()) };
            // Whoever changed it, if that was not seen: this job may have, with the request before.
            let unclear = repeated && seen.is_none() && is_among(answered, self.already);
            self.accept(cx, id, previous.filter(|_| !unclear), current, unclear);
        }
    }

    /// Records an instance that was seen where the action leads.
    pub(super) fn record_state(&self, cx: &Context, id: &InstanceId) {
        let (previous, state) = cx.journal().read(id, |entry| (entry.previous_state.clone(), entry.state.clone()));
        self.accept(cx, id, previous.as_deref(), state.as_deref(), previous.is_none());
    }

    fn accept(&self, cx: &Context, id: &InstanceId, previous: Option<&str>, current: Option<&str>, unclear: bool) {
        let already = is_among(previous, self.already);
        let result = match (unclear, already) {
            (true, _) => ResourceResult::Unknown,
            (false, true) => ResourceResult::Unchanged,
            (false, false) => ResourceResult::Changed,
        };
        cx.journal().record_accepted(id, previous, current, result);
        let label = cx.journal().label(id);
        let (was, is) = (previous.unwrap_or("unknown"), current.unwrap_or("unknown"));
        if self.already.is_empty() {
            cx.event(format!("{label}: {} accepted", self.verb));
        } else if already {
            cx.event(format!("{label}: was {was} already"));
        } else {
            cx.event(format!("{label}: {} accepted, {was} -> {is}", self.verb));
        }
    }

    /// Records that nobody knows what became of these instances.
    pub(super) fn record_unknown(&self, cx: &Context, ids: &[InstanceId], error: &Error) {
        cx.warning(error.to_string());
        ids.iter().for_each(|id| cx.journal().record_failure(id, self.unknown(error.clone())));
    }

    /// Says what helps where nobody knows what became of an instance.
    pub(super) fn unknown(&self, error: Error) -> Error {
        let warning = if self.repeatable { "nothing is done twice" } else { "EC2 may have done it once already" };
        error.hint(format!(
            "check the state of the instances, and run the job again if they still need the {}: {warning}",
            self.verb
        ))
    }

    /// Looks whether those of the instances whose outcome is unknown are on the way by now. Returns those that the last look
    /// has shown elsewhere.
    pub(super) async fn confirm(&self, cx: &Context, ids: &[InstanceId], action: &str) -> Vec<InstanceId> {
        let is_unknown = |id: &&InstanceId| {
            cx.journal().read(id, |entry| entry.result == Some(ResourceResult::Unknown) && entry.error.is_some())
        };
        let mut unknown: Vec<InstanceId> = ids.iter().filter(is_unknown).cloned().collect();
        let mut shown = Vec::new();
        let confirmations = if self.already.is_empty() { 0 } else { CONFIRMATIONS }; // no state would show it
        for _ in 0..confirmations {
            if unknown.is_empty() {
                return Vec::new();
            }
            sleep(CONFIRMATION_INTERVAL).await;
            shown = match find_known(cx, &unknown).await {
                Ok(found) => found,
                Err(error) => {
                    cx.warning(error.to_string());
                    Vec::new()
                }
            };
            shown.iter().for_each(|instance| cx.journal().record_instance(instance));
            unknown.retain(|id| {
                let there = is_in(cx, id, self.already);
                if there {
                    self.record_state(cx, id);
                }
                !there
            });
        }
        if !unknown.is_empty() {
            cx.warning(format!("{action}: unknown whether EC2 accepted it for {}", list_of(&unknown)));
        }
        let shown: HashSet<_> = shown.iter().map(|instance| &instance.id).collect();
        unknown.retain(|id| shown.contains(id));
        unknown
    }

    /// The states in which EC2 refuses the action, which it does not say in a dry run.
    fn refusing_states(&self) -> Vec<InstanceStateName> {
        let fit = [self.only_in, self.already, self.transient].concat();
        let all = InstanceStateName::values().iter().map(|name| InstanceStateName::from(*name));
        all.filter(|state| !fit.contains(state)).collect()
    }

    /// Records what a dry run found out.
    pub(super) fn record_dry_run(&self, cx: &Context, ids: &[InstanceId]) {
        for id in ids {
            let (label, state) = cx.journal().read(id, |entry| (entry.label(), entry.state.clone()));
            let state = state.as_deref().unwrap_or("in an unknown state");
            if is_in(cx, id, self.already) {
                cx.event(format!("{label}: is {state} already"));
            } else if is_in(cx, id, &self.refusing_states()) {
                let gone = Error::new(ErrorKind::UnexpectedState, format!("it is {state}"));
                cx.instance_failed(id, gone.doing(format!("{} {id}", self.doing)));
                continue;
            } else {
                cx.event(format!("{label}: is {state}, would be {}", self.done));
            }
            cx.journal().record_unchanged(id);
        }
    }
}
