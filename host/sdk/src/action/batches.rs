//! Sends the requests of an action in batches, and splits a refused batch until each refused instance has its own
//! request.

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::answer::Answer;
use super::description::InstanceAction;
use crate::attempts::once;
use crate::codes;
use crate::context::Context;
use crate::error::{Doing as _, Error, ErrorKind, Result};
use crate::ids::{IDS_PER_REQUEST, InstanceId, list_of, texts};

/// An instance for which EC2 refused the action.
pub(super) type Refusal = (InstanceId, Error);

/// The number of consecutive refusals with one code after which no further requests are sent.
const CONSECUTIVE_REFUSALS_LIMIT: usize = 20;

/// The instances of one request.
struct Batch<'a> {
    ids: &'a [InstanceId],
    /// Whether they were part of a request that was refused because of others.
    split: bool,
    /// Whether the answer to such a request was lost, so that EC2 may have acted on it.
    lost: bool,
}

/// Counts consecutive refusals of single instances with one code.
#[derive(Default)]
struct ConsecutiveRefusals {
    code: Option<String>,
    length: usize,
}

impl ConsecutiveRefusals {
    /// Counts a refusal. Returns whether the limit is reached.
    fn reaches_limit(&mut self, error: &Error) -> bool {
        if self.code.as_deref() != error.code() {
            *self = ConsecutiveRefusals { code: error.code().map(str::to_owned), length: 0 };
        }
        self.length += 1;
        self.length >= CONSECUTIVE_REFUSALS_LIMIT
    }
}

/// Whether a refused request may succeed for some of its instances.
fn can_be_split(error: &Error) -> bool {
    !error.is_dry_run_success() && !error.code().is_none_or(codes::concerns_whole_request)
}

impl InstanceAction {
    /// Whether a request of unknown outcome can be split.
    fn may_be_split(&self, batch: &Batch<'_>, error: &Error) -> bool {
        self.repeatable && batch.ids.len() > 1 && can_be_split(error)
    }

    /// Requests the action, and returns the instances that EC2 refused, each with its error. All other results are in
    /// the journal.
    pub(super) async fn send_batches<F, A, R, E>(&self, cx: &Context, ids: &[InstanceId], call: &F) -> Vec<Refusal>
    where
        F: Fn(Vec<String>) -> A,
        A: Future<Output = Result<R, SdkError<E, HttpResponse>>>,
        R: Into<Answer>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        // An id that EC2 did not return is the likely cause of a refusal.
        let (known, unknown): (Vec<_>, Vec<_>) =
            ids.iter().cloned().partition(|id| cx.journal().read(id, |entry| entry.state.is_some()));
        let chunks = known.chunks(IDS_PER_REQUEST).chain(unknown.chunks(IDS_PER_REQUEST));
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
                    let answer: Answer = changed.answer.into();
                    let may_leave_out = matches!(answer, Answer::Named(_));
                    self.record_answer(cx, batch.ids, answer, changed.repeated || batch.split);
                    if may_leave_out {
                        self.confirm(cx, batch.ids, &action).await;
                    }
                    continue;
                }
                Err(error) => error,
            };
            if cx.dry_run() && error.is_dry_run_success() {
                self.record_dry_run(cx, batch.ids);
            } else if error.kind() == ErrorKind::Unknown && !self.may_be_split(&batch, &error) {
                self.record_unknown(cx, batch.ids, &error);
                self.confirm(cx, batch.ids, &action).await;
                let not_requested =
                    Error::new(ErrorKind::Unavailable, "not requested, because an earlier request got no response");
                self.abort(cx, &batches, &not_requested.doing(self.doing)).await;
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
            } else if batch.lost && batch.ids.len() == 1 && !is_state_error(&error) {
                // The lost request may have acted, so the outcome stays unknown.
                self.record_unknown(cx, batch.ids, &error.into_unknown());
                self.confirm(cx, batch.ids, &action).await;
            } else if let [id] = batch.ids {
                let stops = consecutive.reaches_limit(&error);
                refused.push((id.clone(), error.clone()));
                if stops {
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

    /// Stops after too many consecutive refusals. If the cause is a state, the remaining instances are returned as
    /// refused, so that their states are checked again.
    async fn stop_after_refusals(
        &self,
        cx: &Context,
        remaining: &[Batch<'_>],
        error: &Error,
        refused: &mut Vec<Refusal>,
    ) {
        if is_state_error(error) {
            let remaining = remaining.iter().rev().flat_map(|batch| batch.ids);
            refused.extend(remaining.map(|id| (id.clone(), error.clone())));
        } else if !remaining.is_empty() {
            cx.warning(format!(
                "EC2 refused {CONSECUTIVE_REFUSALS_LIMIT} instances in a row for the same reason: the other instances were not \
                 requested"
            ));
            let open = self.abort(cx, remaining, error).await;
            open.iter().for_each(|id| cx.journal().record_failure(id, error.clone()));
        }
    }

    /// Stops because of an error: the remaining instances fail with it. The error is reported here unless it becomes
    /// the verdict. Where EC2 may have acted on a refused or lost request, the outcome is unknown, unless the states
    /// confirm it. Returns the instances that polls showed in other states.
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
        let possibly_changed: Vec<InstanceId> =
            remaining.iter().rev().filter(may_have_acted).flat_map(|batch| batch.ids).cloned().collect();
        let unknown = self.unknown(error.clone().into_unknown());
        possibly_changed.iter().for_each(|id| cx.journal().record_failure(id, unknown.clone()));
        self.confirm(cx, &possibly_changed, &format!("{} {}", self.doing, list_of(&possibly_changed))).await
    }
}

/// Whether EC2 refused the instance because of its state.
pub(super) fn is_state_refusal((_, error): &Refusal) -> bool {
    is_state_error(error)
}

fn is_state_error(error: &Error) -> bool {
    error.code().is_some_and(codes::concerns_state)
}
