//! The requests of an action: batches that are split until the refused instances stand alone.

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::answer::Answer;
use super::description::InstanceAction;
use crate::attempts::once;
use crate::codes;
use crate::context::Context;
use crate::error::{Doing as _, Error, ErrorKind, Result};
use crate::ids::{IDS_PER_REQUEST, InstanceId, list_of, texts};

/// An instance that EC2 refused to act on.
pub(super) type Refusal = (InstanceId, Error);

/// How many instances in a row EC2 may refuse for the same reason, until the others are taken for refused, too.
const CONSECUTIVE_REFUSALS_LIMIT: usize = 20;

/// Instances for one request.
struct Batch<'a> {
    ids: &'a [InstanceId],
    /// Whether they were in a request before that was refused because of others.
    split: bool,
    /// Whether an answer to such a request was lost, so that EC2 may have acted on it.
    lost: bool,
}

/// Refusals of single instances, one after the other and with one code.
#[derive(Default)]
struct ConsecutiveRefusals {
    code: Option<String>,
    length: usize,
}

impl ConsecutiveRefusals {
    /// Counts a refusal; whether it is one too many.
    fn reaches_limit(&mut self, error: &Error) -> bool {
        if self.code.as_deref() != error.code() {
            *self = ConsecutiveRefusals { code: error.code().map(str::to_owned), length: 0 };
        }
        self.length += 1;
        self.length >= CONSECUTIVE_REFUSALS_LIMIT
    }
}

/// Whether a request for several instances that is refused so may succeed for some of them.
fn can_be_split(error: &Error) -> bool {
    !error.is_dry_run_success() && !error.code().is_none_or(codes::concerns_whole_request)
}

impl InstanceAction {
    /// Whether the instances of a request of unknown outcome may be asked for one by one.
    fn may_be_split(&self, batch: &Batch<'_>, error: &Error) -> bool {
        self.repeatable && batch.ids.len() > 1 && can_be_split(error)
    }

    /// Asks for the action, and returns the instances that EC2 refused, each with the reason. All else is in the journal.
    pub(super) async fn send_batches<F, A, R, E>(&self, cx: &Context, ids: &[InstanceId], call: &F) -> Vec<Refusal>
    where
        F: Fn(Vec<String>) -> A,
        A: Future<Output = Result<R, SdkError<E, HttpResponse>>>,
        R: Into<Answer>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        // An id that EC2 did not show is the likely cause of a refusal.
        let (seen, unseen): (Vec<_>, Vec<_>) =
            ids.iter().cloned().partition(|id| cx.journal().read(id, |entry| entry.state.is_some()));
        let chunks = seen.chunks(IDS_PER_REQUEST).chain(unseen.chunks(IDS_PER_REQUEST));
        let mut batches: Vec<_> = chunks.map(|ids| Batch { ids, split: false, lost: false }).collect();
        batches.reverse();
        let (mut refused, mut consecutive) = (Vec::new(), ConsecutiveRefusals::default());
        while let Some(batch) = batches.pop() {
            let action = format!("{} {}", self.doing, list_of(batch.ids));
            let request = async {
                let request = call(texts(batch.ids));
                let answer = if self.repeatable { request.await } else { once(request).await };
                answer.doing(|| action.clone())
            };
            let error = match cx.change(&action, request).await {
                Ok(changed) => {
                    consecutive = ConsecutiveRefusals::default();
                    self.record_answer(cx, batch.ids, changed.answer.into(), changed.repeated || batch.split);
                    self.confirm(cx, batch.ids, &action).await;
                    continue;
                }
                Err(error) => error,
            };
            if cx.dry_run() && error.is_dry_run_success() {
                self.record_dry_run(cx, batch.ids);
            } else if error.kind() == ErrorKind::Unknown && !self.may_be_split(&batch, &error) {
                self.record_unknown(cx, batch.ids, &error);
                self.confirm(cx, batch.ids, &action).await;
                let not_asked =
                    Error::new(ErrorKind::Unavailable, "not asked for, because of a request without an answer");
                self.abort(cx, &batches, &not_asked.doing(self.doing)).await;
                return refused;
            } else if !can_be_split(&error) {
                let (by_state, others): (Vec<_>, Vec<_>) = refused.into_iter().partition(is_state_refusal);
                others.into_iter().for_each(|(id, error)| cx.instance_failed(&id, error));
                if !by_state.is_empty() {
                    cx.warning(error.to_string());
                }
                batches.push(batch);
                self.abort(cx, &batches, &error).await;
                return by_state;
            } else if batch.lost && batch.ids.len() == 1 && !is_state(&error) {
                // What the lost request may have done survives this answer.
                self.record_unknown(cx, batch.ids, &error.into_unknown());
                self.confirm(cx, batch.ids, &action).await;
            } else if let [id] = batch.ids {
                let ends = consecutive.reaches_limit(&error);
                refused.push((id.clone(), error.clone()));
                if ends {
                    self.stop_after_refusals(cx, &batches, &error, &mut refused).await;
                    return refused;
                }
            } else {
                let (front, back) = batch.ids.split_at(batch.ids.len() / 2);
                let lost = batch.lost || error.kind() == ErrorKind::Unknown;
                batches.extend([back, front].map(|ids| Batch { ids, split: true, lost }));
            }
        }
        refused
    }

    /// The end of the asking because of a row of refusals. Where a state is the reason, whoever looks at the states finds those
    /// that can be asked for by then.
    async fn stop_after_refusals(
        &self,
        cx: &Context,
        remaining: &[Batch<'_>],
        error: &Error,
        refused: &mut Vec<Refusal>,
    ) {
        if is_state(error) {
            let remaining = remaining.iter().rev().flat_map(|batch| batch.ids);
            refused.extend(remaining.map(|id| (id.clone(), error.clone())));
        } else if !remaining.is_empty() {
            cx.warning(format!(
                "EC2 refused {CONSECUTIVE_REFUSALS_LIMIT} instances in a row for one reason: the others are not asked for"
            ));
            let open = self.abort(cx, remaining, error).await;
            open.iter().for_each(|id| cx.journal().record_failure(id, error.clone()));
        }
    }

    /// The end of the asking: what is left fails for this reason. It is reported here unless it will be the verdict. What EC2
    /// may have acted on with a request that was refused, or whose answer was lost, has an unknown outcome, unless it is seen where the action leads. Returns
    /// those that looks have shown elsewhere.
    async fn abort(&self, cx: &Context, remaining: &[Batch<'_>], error: &Error) -> Vec<InstanceId> {
        let ids = || remaining.iter().rev().flat_map(|batch| batch.ids);
        if ids().next().is_none() {
            return Vec::new();
        }
        let mut any_result = false;
        cx.journal().for_each(|entry| any_result |= entry.result.is_some());
        if any_result {
            cx.warning(error.to_string());
        }
        ids().for_each(|id| cx.journal().record_failure(id, error.clone()));
        let may_have_acted = |batch: &&Batch<'_>| !cx.dry_run() && (batch.lost || (batch.split && self.non_atomic));
        let in_part: Vec<InstanceId> =
            remaining.iter().rev().filter(may_have_acted).flat_map(|batch| batch.ids).cloned().collect();
        let unknown = self.unknown(error.clone().into_unknown());
        in_part.iter().for_each(|id| cx.journal().record_failure(id, unknown.clone()));
        self.confirm(cx, &in_part, &format!("{} {}", self.doing, list_of(&in_part))).await
    }
}

/// Whether EC2 refused the instance because of its state.
pub(super) fn is_state_refusal((_, error): &Refusal) -> bool {
    is_state(error)
}

fn is_state(error: &Error) -> bool {
    error.code().is_some_and(codes::concerns_state)
}
