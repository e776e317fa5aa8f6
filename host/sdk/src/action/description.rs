//! What an action on instances is: its words, the states between which it leads, and how EC2 treats requests for it.

use aws_sdk_ec2::types::InstanceStateName;

use crate::context::Context;
use crate::error::Result;
use crate::ids::InstanceId;
use crate::outcome::Outcome;

/// An action on instances: its words, the states between which it leads, and how EC2 treats requests for it.
#[derive(Clone, Copy, Debug)]
pub struct InstanceAction {
    /// The action as it goes on, as in `stopping`.
    pub doing: &'static str,
    /// The action's name, as in `stop`.
    pub verb: &'static str,
    /// What an instance has been when the job was told to wait, as in `stopped`.
    pub done: &'static str,
    /// The states in which the action makes sense.
    pub only_in: &'static [InstanceStateName],
    /// The states in which there is nothing to do. None for an action that leads to no state of its own, as a reboot.
    pub already: &'static [InstanceStateName],
    /// The states in which EC2 refuses the action, but which end by themselves: these are waited out first.
    pub transient: &'static [InstanceStateName],
    /// The states in which EC2 accepts the request, and ignores it without saying so.
    pub ignored_in: &'static [InstanceStateName],
    /// Whether EC2 may have acted on some of the instances of a request that it refuses because of others.
    pub non_atomic: bool,
    /// Whether a second request for an instance that EC2 has acted on does no harm. Otherwise the AWS SDK does not repeat
    /// requests either, and those without an answer end as unknown.
    pub repeatable: bool,
}

impl InstanceAction {
    /// An action that leads to no state of its own, of which EC2 does all or nothing, and which must not be asked for twice.
    pub const fn new(doing: &'static str, verb: &'static str, done: &'static str) -> Self {
        let none = &[];
        let (only_in, already, transient, ignored_in) = (none, none, none, none);
        let (non_atomic, repeatable) = (false, false);
        InstanceAction { doing, verb, done, only_in, already, transient, ignored_in, non_atomic, repeatable }
    }

    /// The same that makes sense in these states.
    pub const fn only_in(self, states: &'static [InstanceStateName]) -> Self {
        InstanceAction { only_in: states, ..self }
    }

    /// The same for which there is nothing to do in these states.
    pub const fn already(self, states: &'static [InstanceStateName]) -> Self {
        InstanceAction { already: states, ..self }
    }

    /// The same of which EC2 may do a part.
    pub const fn non_atomic(self) -> Self {
        InstanceAction { non_atomic: true, ..self }
    }

    /// The same that may be asked for twice.
    pub const fn repeatable(self) -> Self {
        InstanceAction { repeatable: true, ..self }
    }

    /// The same for which these states are waited out.
    pub const fn transient(self, states: &'static [InstanceStateName]) -> Self {
        InstanceAction { transient: states, ..self }
    }

    /// The same that EC2 ignores in these states.
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

/// Whether the instance was last seen in one of these states.
pub(super) fn is_in(cx: &Context, id: &InstanceId, states: &[InstanceStateName]) -> bool {
    cx.journal().read(id, |entry| is_among(entry.state.as_deref(), states))
}

pub(super) fn is_among(state: Option<&str>, states: &[InstanceStateName]) -> bool {
    states.iter().any(|known| state == Some(known.as_str()))
}
