//! Requests an action for all instances of a job: waits for the end of transient states, and checks refusals because of a
//! state again.

use std::time::Duration;

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use tokio::time::{Instant, sleep};

use super::answer::Answer;
use super::batches::{Refusal, is_state_refusal};
use super::description::{InstanceAction, is_in};
use crate::codes;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::ids::InstanceId;
use crate::instances::find_known;
use crate::wait::{Goal, WaitPolicy, wait_for_instances};

/// The delay before a repeated request for an instance that EC2 refused because of its state, although the state allows
/// the action.
const REPEAT_INTERVAL: Duration = Duration::from_secs(3);
/// How long requests are repeated in this case: a read may be ahead of the state that EC2 checks, or stale (AWS:
/// "Eventual consistency in the Amazon EC2 API").
const REPEAT_LIMIT: Duration = Duration::from_mins(1);

impl InstanceAction {
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
        cx.journal().record_repeatable(self.repeatable);
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
                format!("the instance is `{state}`, and EC2 ignores a {} in this state", self.verb),
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
}
