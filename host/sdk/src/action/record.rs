//! Records the results of an action: from the answer of EC2, or from the instance states if no complete answer was
//! received.

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

/// The number of polls after an unknown outcome: the states change within seconds.
const CONFIRMATIONS: usize = 4;
/// The interval of these polls.
const CONFIRMATION_INTERVAL: Duration = Duration::from_secs(3);

impl InstanceAction {
    /// Records the answer to a request. If `repeated`, AWS may have acted on an earlier request, so the recorded states
    /// are the previous ones.
    pub(super) fn record_answer(&self, cx: &Context, ids: &[InstanceId], answer: Answer, repeated: bool) {
        match answer {
            Answer::Named(changes) => self.record_changes(cx, ids, &changes, repeated),
            Answer::Unnamed => {
                for id in ids {
                    let previous = cx.journal().read(id, |entry| entry.previous_state.clone());
                    if previous.is_none() && !self.ignored_in.is_empty() {
                        let why = format!(
                            "EC2 accepted the request, but the state of the instance is unknown, and EC2 ignores a {} in \
                             some states",
                            self.verb
                        );
                        let error = Error::new(ErrorKind::Unknown, why).doing(format!("{} {id}", self.doing));
                        cx.instance_failed(id, self.unknown(error));
                    } else {
                        self.accept(cx, id, previous.as_deref(), None, false);
                    }
                }
            }
        }
    }

    /// Records the state changes of an answer. Missing instances have an unknown outcome.
    fn record_changes(&self, cx: &Context, ids: &[InstanceId], changes: &[InstanceStateChange], repeated: bool) {
        let changes: HashMap<_, _> =
            changes.iter().filter_map(|change| Some((change.instance_id()?, change))).collect();
        for id in ids {
            let Some(change) = changes.get(id.as_str()) else {
                let missing =
                    Error::new(ErrorKind::Unknown, "the response was incomplete: it does not name the instance");
                cx.journal().record_failure(id, self.unknown(missing.doing(format!("{} {id}", self.doing))));
                continue;
            };
            let answered = change.previous_state().and_then(|state| state.name()).map(InstanceStateName::as_str);
            let current = change.current_state().and_then(|state| state.name()).map(InstanceStateName::as_str);
            let recorded = cx.journal().read(id, |entry| entry.previous_state.clone());
            let previous = if repeated { recorded.as_deref().or(answered) } else { answered.or(recorded.as_deref()) };
            // If the previous state is unknown, an earlier request of this job may have changed it.
            let unclear = repeated && recorded.is_none() && is_among(answered, self.already);
            self.accept(cx, id, previous.filter(|_| !unclear), current, unclear);
        }
    }

    /// Records an instance whose state is a target of the action.
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
            cx.event(format!("{label}: already {was}"));
        } else {
            cx.event(format!("{label}: {} accepted, {was} -> {is}", self.verb));
        }
    }

    /// Records an unknown outcome for these instances.
    pub(super) fn record_unknown(&self, cx: &Context, ids: &[InstanceId], error: &Error) {
        cx.warning(error.to_string());
        ids.iter().for_each(|id| cx.journal().record_failure(id, self.unknown(error.clone())));
    }

    /// Adds the hint for an unknown outcome.
    pub(super) fn unknown(&self, error: Error) -> Error {
        let warning = if self.repeatable { "repeating it is safe" } else { "EC2 may already have performed it" };
        error.hint(format!(
            "check the state of the instances, and run the job again if they still need the {}: {warning}",
            self.verb
        ))
    }

    /// Polls the instances of unknown outcome until the action shows in their states. Returns those that the last poll
    /// showed in other states.
    pub(super) async fn confirm(&self, cx: &Context, ids: &[InstanceId], action: &str) -> Vec<InstanceId> {
        let is_unknown = |id: &&InstanceId| {
            cx.journal().read(id, |entry| entry.result == Some(ResourceResult::Unknown) && entry.error.is_some())
        };
        let mut unknown: Vec<InstanceId> = ids.iter().filter(is_unknown).cloned().collect();
        let mut described = Vec::new();
        let confirmations = if self.already.is_empty() { 0 } else { CONFIRMATIONS }; // no state confirms it
        for _ in 0..confirmations {
            if unknown.is_empty() {
                return Vec::new();
            }
            sleep(CONFIRMATION_INTERVAL).await;
            described = match find_known(cx, &unknown).await {
                Ok(found) => found,
                Err(error) => {
                    cx.warning(error.to_string());
                    Vec::new()
                }
            };
            described.iter().for_each(|instance| cx.journal().record_instance(instance));
            unknown.retain(|id| {
                let is_confirmed = is_in(cx, id, self.already);
                if is_confirmed {
                    self.record_state(cx, id);
                }
                !is_confirmed
            });
        }
        if !unknown.is_empty() {
            cx.warning(format!("{action}: unknown whether EC2 accepted the request for {}", list_of(&unknown)));
        }
        let described: HashSet<_> = described.iter().map(|instance| &instance.id).collect();
        unknown.retain(|id| described.contains(id));
        unknown
    }

    /// The states in which EC2 refuses the action, which a dry run does not report.
    fn refusing_states(&self) -> Vec<InstanceStateName> {
        let accepting = [self.only_in, self.already, self.transient].concat();
        let all = InstanceStateName::values().iter().map(|name| InstanceStateName::from(*name));
        all.filter(|state| !accepting.contains(state)).collect()
    }

    /// Records the result of a dry run.
    pub(super) fn record_dry_run(&self, cx: &Context, ids: &[InstanceId]) {
        for id in ids {
            let (label, state) = cx.journal().read(id, |entry| (entry.label(), entry.state.clone()));
            let state = state.as_deref().unwrap_or("in an unknown state");
            if is_in(cx, id, self.already) {
                cx.event(format!("{label}: already {state}"));
            } else if is_in(cx, id, &self.refusing_states()) {
                let refused = Error::new(ErrorKind::UnexpectedState, format!("the instance is `{state}`"));
                cx.instance_failed(id, refused.doing(format!("{} {id}", self.doing)));
                continue;
            } else {
                cx.event(format!("{label}: is {state}, would be {}", self.done));
            }
            cx.journal().record_unchanged(id);
        }
    }
}
