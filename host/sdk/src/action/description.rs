//! Describes an action on instances: its words in messages, its states, and how EC2 handles requests for it.

use aws_sdk_ec2::types::InstanceStateName;

use crate::context::Context;
use crate::error::Result;
use crate::ids::InstanceId;
use crate::outcome::Outcome;

/// An action on instances: its words in messages, its states, and how EC2 handles requests for it.
#[derive(Clone, Copy, Debug)]
pub struct InstanceAction {
    /// The present participle, e.g. `stopping`.
    pub doing: &'static str,
    /// The name, e.g. `stop`.
    pub verb: &'static str,
    /// The past participle, e.g. `stopped`.
    pub done: &'static str,
    /// The states that allow the action.
    pub only_in: &'static [InstanceStateName],
    /// The states in which nothing has to be done. Empty for an action without a target state, e.g. a reboot.
    pub already: &'static [InstanceStateName],
    /// The transient states in which EC2 refuses the action; the job waits until they end.
    pub transient: &'static [InstanceStateName],
    /// The states in which EC2 accepts the request but silently ignores it.
    pub ignored_in: &'static [InstanceStateName],
    /// Whether EC2 may act on some instances of a request that it refuses because of others.
    pub non_atomic: bool,
    /// Whether a second request for an instance that EC2 has acted on does no harm. Otherwise the AWS SDK does not repeat
    /// requests either, and those without an answer end as unknown.
    pub repeatable: bool,
}

impl InstanceAction {
    /// Creates an action without a target state, which is atomic and not repeatable.
    pub const fn new(doing: &'static str, verb: &'static str, done: &'static str) -> Self {
        let none = &[];
        let (only_in, already, transient, ignored_in) = (none, none, none, none);
        let (non_atomic, repeatable) = (false, false);
        InstanceAction { doing, verb, done, only_in, already, transient, ignored_in, non_atomic, repeatable }
    }

    /// Sets the states that allow the action.
    pub const fn only_in(self, states: &'static [InstanceStateName]) -> Self {
        InstanceAction { only_in: states, ..self }
    }

    /// Sets the states in which nothing has to be done.
    pub const fn already(self, states: &'static [InstanceStateName]) -> Self {
        InstanceAction { already: states, ..self }
    }

    /// Marks the action as non-atomic: EC2 may act on some instances of a request that it refuses.
    pub const fn non_atomic(self) -> Self {
        InstanceAction { non_atomic: true, ..self }
    }

    /// Marks the action as repeatable: a second request does no harm.
    pub const fn repeatable(self) -> Self {
        InstanceAction { repeatable: true, ..self }
    }

    /// Sets the transient states to wait for.
    pub const fn transient(self, states: &'static [InstanceStateName]) -> Self {
        InstanceAction { transient: states, ..self }
    }

    /// Sets the states in which EC2 ignores the request.
    pub const fn ignored_in(self, states: &'static [InstanceStateName]) -> Self {
        InstanceAction { ignored_in: states, ..self }
    }

    /// The verdict on a job that performed this action, see [`Journal::verdict`](crate::Journal::verdict).
    ///
    /// # Errors
    /// When an instance failed.
    pub fn verdict(&self, cx: &Context, waited: bool) -> Result<Outcome> {
        if cx.dry_run() {
            let checked = cx.journal().verdict(self.doing, self.done, "checked")?;
            return Ok(Outcome::new(format!("{}, nothing changed (dry run)", checked.message)));
        }
        cx.journal().verdict(self.doing, if waited { self.done } else { self.doing }, "unchanged")
    }
}

/// Whether the last known state of the instance is one of these.
pub(super) fn is_in(cx: &Context, id: &InstanceId, states: &[InstanceStateName]) -> bool {
    cx.journal().read(id, |entry| is_among(entry.state.as_deref(), states))
}

pub(super) fn is_among(state: Option<&str>, states: &[InstanceStateName]) -> bool {
    states.iter().any(|known| state == Some(known.as_str()))
}
