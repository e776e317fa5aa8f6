//! Actions on instances, such as a stop: what they are, how EC2 is asked for them, and what becomes of each instance.

mod answer;
mod job;
mod record;
mod requests;
mod terminate;

use std::time::Duration;

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::types::InstanceStateName;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tokio::time::{Instant, sleep};

pub use answer::Answer;
pub use job::{InstanceArgs, InstanceJob};
pub use terminate::{TERMINATE_INSTANCES, TERMINATION, terminate};

use crate::codes;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::InstanceId;
use crate::instances::find_known;
use crate::outcome::Outcome;
use crate::wait::{Goal, WaitPolicy, wait_for_instances};

/// The time between two requests for an instance that EC2 refused because of its state although it is in a fit one.
const REPEAT_INTERVAL: Duration = Duration::from_secs(3);
/// For how long EC2 may refuse an instance because of its state although it is in a fit one: reads may be ahead of what
/// EC2 decides by, and behind it (AWS: "Eventual consistency in the Amazon EC2 API").
const REPEAT_LIMIT: Duration = Duration::from_mins(1);

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

/// An instance that EC2 refused to act on.
type Refusal = (InstanceId, Error);

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

    /// Asks EC2 for the action on all these instances, and records what becomes of each in the journal: also a failure of
    /// all of them, so that what was accepted before is still waited for and reported.
    ///
    /// `call` makes the request for some of them; in a dry run it sets `DryRun`. Their states, as far as the journal has
    /// them, are those before the job. One call serves them all, unless EC2 refuses it: then it is split until the refused
    /// ones stand alone. Instances in a transient state are asked for when it is over, within the job's limit for waiting.
    pub async fn request<F, A, R, E>(&self, cx: &Context, policy: &WaitPolicy, ids: &[InstanceId], call: F)
    where
        F: Fn(Vec<String>) -> A,
        A: Future<Output = Result<R, SdkError<E, HttpResponse>>>,
        R: Into<Answer>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let [mut ready, mut transient] = self.ready_and_transient(cx, ids);
        let mut refused_since = None;
        loop {
            ready = self.without_ignored(cx, &ready);
            let refused = self.send_batches(cx, &ready, &call).await;
            if !transient.is_empty() {
                wait_for_instances(cx, &transient, Goal::Left(self.transient), policy).await;
                transient.retain(|id| !cx.journal().has_failed(id));
            }
            let since = *refused_since.get_or_insert_with(Instant::now);
            let (more_transient, again) = self.recheck_refused(cx, refused, policy, since).await;
            ready = std::mem::take(&mut transient);
            ready.extend(again);
            transient = more_transient;
            if ready.is_empty() && transient.is_empty() {
                return;
            }
        }
    }

    /// Those of the instances that EC2 would not ignore; the others have failed.
    fn without_ignored(&self, cx: &Context, ids: &[InstanceId]) -> Vec<InstanceId> {
        let (ignored, others): (Vec<_>, Vec<_>) = ids.iter().cloned().partition(|id| is_in(cx, id, self.ignored_in));
        for id in ignored {
            let state = cx.journal().read(&id, |entry| entry.state.clone().unwrap_or_default());
            let error = Error::new(
                ErrorKind::UnexpectedState,
                format!("the instance is `{state}`, in which EC2 ignores a {}", self.verb),
            );
            let action = format!("{} {id}", self.doing);
            cx.instance_failed(&id, error.doing(action));
        }
        others
    }

    /// The instances that can be asked for at once, and those that were seen in a transient state.
    pub fn ready_and_transient(&self, cx: &Context, ids: &[InstanceId]) -> [Vec<InstanceId>; 2] {
        let (transient, ready) = ids.iter().cloned().partition(|id| self.must_wait(cx, id));
        [ready, transient]
    }

    /// Whether the instance was seen in a transient state. A dry run does not wait.
    fn must_wait(&self, cx: &Context, id: &InstanceId) -> bool {
        !cx.dry_run() && is_in(cx, id, self.transient)
    }

    /// Looks at the instances that were refused because of their state. Returns those in a transient state, and those to
    /// be asked for again, because their state is a fit one by now. The others have failed, or are there already.
    async fn recheck_refused(
        &self,
        cx: &Context,
        refused: Vec<Refusal>,
        policy: &WaitPolicy,
        since: Instant,
    ) -> (Vec<InstanceId>, Vec<InstanceId>) {
        let (by_state, others): (Vec<_>, Vec<_>) = refused.into_iter().partition(is_state_refusal);
        others.into_iter().for_each(|(id, error)| cx.instance_failed(&id, error));
        let refused_ids: Vec<InstanceId> = by_state.iter().map(|(id, _)| id.clone()).collect();
        if refused_ids.is_empty() {
            return (Vec::new(), Vec::new());
        }
        match find_known(cx, &refused_ids).await {
            Ok(found) => found.iter().for_each(|instance| cx.journal().record_instance(instance)),
            Err(error) => cx.warning(error.to_string()),
        }
        let (mut transient, mut again) = (Vec::new(), Vec::new());
        for (id, error) in by_state {
            let spot = error.code() != Some(codes::INCORRECT_INSTANCE_STATE);
            let in_time = !policy.left().is_zero() && (spot || since.elapsed() < REPEAT_LIMIT);
            if self.must_wait(cx, &id) {
                transient.push(id);
            } else if is_in(cx, &id, self.already) {
                self.record_state(cx, &id);
            } else if is_in(cx, &id, self.only_in) && in_time && !cx.dry_run() {
                again.push(id);
            } else if spot && is_in(cx, &id, self.only_in) && !cx.dry_run() {
                let message = format!("timed out: {}", error.message());
                let expired = Error::new(ErrorKind::WaitExpired, message).with_code(error.code().unwrap_or_default());
                cx.instance_failed(&id, expired.doing(format!("{} {id}", self.doing)));
            } else {
                cx.instance_failed(&id, error);
            }
        }
        if !again.is_empty() && transient.is_empty() {
            sleep(REPEAT_INTERVAL.min(policy.left())).await;
        }
        (transient, again)
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

/// Whether EC2 refused the instance because of its state.
fn is_state_refusal((_, error): &Refusal) -> bool {
    is_state(error)
}

fn is_state(error: &Error) -> bool {
    error.code().is_some_and(codes::concerns_state)
}

/// Whether the instance was last seen in one of these states.
fn is_in(cx: &Context, id: &InstanceId, states: &[InstanceStateName]) -> bool {
    cx.journal().read(id, |entry| is_among(entry.state.as_deref(), states))
}

fn is_among(state: Option<&str>, states: &[InstanceStateName]) -> bool {
    states.iter().any(|known| state == Some(known.as_str()))
}

#[cfg(test)]
mod tests;
