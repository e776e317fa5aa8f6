//! Actions on instances, e.g. a stop: their properties, their requests, and the result for each instance.

mod answer;
mod job;
mod record;
mod requests;
mod terminate;

use std::time::Duration;

use aws_sdk_ec2::config::retry::RetryConfig;
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

/// The delay before a repeated request for an instance that EC2 refused because of its state, although the state allows
/// the action.
const REPEAT_INTERVAL: Duration = Duration::from_secs(3);
/// How long requests are repeated in this case: a read may be ahead of the state that EC2 checks, or stale (AWS:
/// "Eventual consistency in the Amazon EC2 API").
const REPEAT_LIMIT: Duration = Duration::from_mins(1);

/// For `config_override` of a request whose repetition by the AWS SDK, after a lost answer, would do harm: it is sent once. A
/// throttled one is repeated by [`InstanceAction::request`].
pub fn once() -> aws_sdk_ec2::config::Builder {
    aws_sdk_ec2::Config::builder().retry_config(RetryConfig::disabled())
}

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
    /// Whether a second request for an instance that EC2 has acted on does no harm.
    pub repeatable: bool,
}

/// An instance for which EC2 refused the action.
type Refusal = (InstanceId, Error);

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

    /// The same that may be asked for twice.
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

    /// Requests the action for all these instances and records each result in the journal. A failure of the whole
    /// request is recorded too, so that instances accepted before are still waited for and reported.
    ///
    /// `call` sends the request for some of the instances; in a dry run, it sets `DryRun`. The states in the journal
    /// are those before the job. One request serves all instances, unless EC2 refuses it: then it is split until each
    /// refused instance has its own request. Instances in a transient state follow when it has ended, within the job's
    /// timeout.
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

    /// Removes the instances for which EC2 would ignore the request; they have failed.
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

    /// Splits the instances into those ready for the action and those in a transient state.
    pub fn ready_and_transient(&self, cx: &Context, ids: &[InstanceId]) -> [Vec<InstanceId>; 2] {
        let (transient, ready) = ids.iter().cloned().partition(|id| self.is_transient(cx, id));
        [ready, transient]
    }

    /// Whether the instance is in a transient state. A dry run does not wait.
    fn is_transient(&self, cx: &Context, id: &InstanceId) -> bool {
        !cx.dry_run() && is_in(cx, id, self.transient)
    }

    /// Describes the instances that were refused because of their state. Returns those in a transient state, and those
    /// to request again because their state now allows the action. The others have failed or are already in the target
    /// state.
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
            if self.is_transient(cx, &id) {
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
    is_state_error(error)
}

fn is_state_error(error: &Error) -> bool {
    error.code().is_some_and(codes::concerns_state)
}

/// Whether the last known state of the instance is one of these.
fn is_in(cx: &Context, id: &InstanceId, states: &[InstanceStateName]) -> bool {
    cx.journal().read(id, |entry| is_among(entry.state.as_deref(), states))
}

fn is_among(state: Option<&str>, states: &[InstanceStateName]) -> bool {
    states.iter().any(|known| state == Some(known.as_str()))
}

#[cfg(test)]
mod tests;
