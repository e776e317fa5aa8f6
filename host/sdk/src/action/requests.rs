//! The requests of an action: batches that are split until the refused instances stand alone.

use std::time::Duration;

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::answer::Answer;
use super::{InstanceAction, Refusal, fail, is_by_state, is_state};
use crate::codes;
use crate::context::Context;
use crate::error::{Doing as _, Error, ErrorKind, Result};
use crate::ids::{IDS_PER_REQUEST, InstanceId, list_of, texts};

/// How many instances in a row EC2 may refuse for the same reason, until the others are taken for refused, too.
const REFUSALS_IN_A_ROW: usize = 20;
/// How often a throttled request is sent again, as the AWS SDK does by default.
const THROTTLED_REPEATS: u32 = 2;

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
struct Row {
    code: Option<String>,
    length: usize,
}

impl Row {
    /// Counts a refusal; whether it is one too many.
    fn is_too_long(&mut self, error: &Error) -> bool {
        if self.code.as_deref() != error.code() {
            *self = Row { code: error.code().map(str::to_owned), length: 0 };
        }
        self.length += 1;
        self.length >= REFUSALS_IN_A_ROW
    }
}

/// How often a request was throttled that the AWS SDK does not repeat by itself, because a second one could do harm. EC2 has
/// done nothing then.
#[derive(Default)]
struct Throttled(u32);

impl Throttled {
    fn may_repeat(&self, error: &Error) -> bool {
        self.0 < THROTTLED_REPEATS
            && error.kind() != ErrorKind::Unknown
            && error.code().is_some_and(codes::is_throttling)
    }

    /// Counts, and says how long to wait before the request is sent again.
    fn pause(&mut self) -> Duration {
        self.0 += 1;
        Duration::from_secs(1 << self.0)
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
    pub(super) async fn request<F, A, R, E>(&self, cx: &Context, ids: &[InstanceId], call: &F) -> Vec<Refusal>
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
        let (mut refused, mut row, mut throttled) = (Vec::new(), Row::default(), Throttled::default());
        while let Some(batch) = batches.pop() {
            let action = format!("{} {}", self.doing, list_of(batch.ids));
            let request = async { call(texts(batch.ids)).await.doing(|| action.clone()) };
            let changed = match cx.change(&action, request).await {
                Err(error) if !self.repeatable && throttled.may_repeat(&error) => {
                    cx.sleep(throttled.pause()).await;
                    batches.push(batch);
                    continue;
                }
                changed => changed,
            };
            throttled = Throttled::default();
            let error = match changed {
                Ok(changed) => {
                    row = Row::default();
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
                    Error::new(ErrorKind::Unavailable, "not requested, because an earlier request got no response");
                self.give_up(cx, &batches, &not_asked.doing(self.doing)).await;
                return refused;
            } else if !can_be_split(&error) {
                let (by_state, others): (Vec<_>, Vec<_>) = refused.into_iter().partition(is_by_state);
                others.into_iter().for_each(|refusal| fail(cx, refusal));
                if !by_state.is_empty() {
                    cx.warning(error.to_string());
                }
                batches.push(batch);
                self.give_up(cx, &batches, &error).await;
                return by_state;
            } else if batch.lost && batch.ids.len() == 1 && !is_state(&error) {
                // What the lost request may have done survives this answer.
                self.record_unknown(cx, batch.ids, &error.into_unknown());
                self.confirm(cx, batch.ids, &action).await;
            } else if let [id] = batch.ids {
                let ends = row.is_too_long(&error);
                refused.push((id.clone(), error.clone()));
                if ends {
                    self.end_row(cx, &batches, &error, &mut refused).await;
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
    async fn end_row(&self, cx: &Context, left: &[Batch<'_>], error: &Error, refused: &mut Vec<Refusal>) {
        if is_state(error) {
            let left = left.iter().rev().flat_map(|batch| batch.ids);
            refused.extend(left.map(|id| (id.clone(), error.clone())));
        } else if !left.is_empty() {
            cx.warning(format!(
                "EC2 refused {REFUSALS_IN_A_ROW} instances in a row for the same reason: the other instances were not \
                 requested"
            ));
            let open = self.give_up(cx, left, error).await;
            open.iter().for_each(|id| cx.journal().failed(id, error.clone()));
        }
    }

    /// The end of the asking: what is left fails for this reason. It is reported here unless it will be the verdict. What EC2
    /// may have acted on with a request that was refused, or whose answer was lost, has an unknown outcome, unless it is seen where the action leads. Returns
    /// those that looks have shown elsewhere.
    async fn give_up(&self, cx: &Context, left: &[Batch<'_>], error: &Error) -> Vec<InstanceId> {
        let ids = || left.iter().rev().flat_map(|batch| batch.ids);
        if ids().next().is_none() {
            return Vec::new();
        }
        let mut any_result = false;
        cx.journal().each(|entry| any_result |= entry.result.is_some());
        if any_result {
            cx.warning(error.to_string());
        }
        ids().for_each(|id| cx.journal().failed(id, error.clone()));
        let may_be_done = |batch: &&Batch<'_>| !cx.dry_run() && (batch.lost || (batch.split && self.acts_in_parts));
        let in_part: Vec<InstanceId> =
            left.iter().rev().filter(may_be_done).flat_map(|batch| batch.ids).cloned().collect();
        let unknown = self.unknown(error.clone().into_unknown());
        in_part.iter().for_each(|id| cx.journal().failed(id, unknown.clone()));
        self.confirm(cx, &in_part, &format!("{} {}", self.doing, list_of(&in_part))).await
    }
}
