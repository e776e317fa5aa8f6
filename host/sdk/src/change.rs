//! A change that is asked of instances, such as a stop, and what becomes of each of them.

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::types::{InstanceStateChange, InstanceStateName};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::instances::{IDS_PER_REQUEST, InstanceId, find_by_ids, list_of, texts};
use crate::wait::{Goal, WaitPolicy, wait_for_instances};
use crate::{Context, Doing, Error, ErrorKind, Outcome, Result, codes};

/// A change: how it is told, and what it leads to.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// The action as it goes on, as in `stopping`.
    pub doing: &'static str,
    /// The action's name, as in `stop`.
    pub verb: &'static str,
    /// What a changed instance has been when the job was told to wait, as in `stopped`.
    pub done: &'static str,
    /// The states in which there is nothing to change.
    pub already: &'static [InstanceStateName],
    /// The states in which EC2 refuses the change, but which pass by themselves: these are waited out first.
    pub wait_out: &'static [InstanceStateName],
}

/// States that an instance passes through by itself.
const PASSING: &[InstanceStateName] =
    &[InstanceStateName::Pending, InstanceStateName::Stopping, InstanceStateName::ShuttingDown];

/// An instance that EC2 refused to change.
type Refusal = (InstanceId, Error);

impl Change {
    /// Asks EC2 for the change of all these instances, and enters what becomes of each into the journal.
    ///
    /// `call` makes the request for some of them; in a dry run it sets `DryRun`. One call serves them all, unless EC2
    /// refuses it because of single instances: then it is split until these stand alone. Instances in a state that must
    /// be waited out are asked for when it is over, at the latest after the job's limit for waiting.
    ///
    /// # Errors
    /// Failures that do not concern single instances. What concerns one is in the journal.
    pub async fn ask<F, A, E>(&self, cx: &Context, policy: &WaitPolicy, ids: &[InstanceId], call: F) -> Result<()>
    where
        F: Fn(Vec<String>) -> A,
        A: Future<Output = Result<Option<Vec<InstanceStateChange>>, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let (mut passing, ready): (Vec<_>, Vec<_>) = ids.iter().cloned().partition(|id| self.must_wait(cx, id));
        let refused = self.ask_for(cx, &ready, &call).await?;
        passing.extend(self.sort_out(cx, refused).await);
        if passing.is_empty() {
            return Ok(());
        }
        wait_for_instances(cx, &passing, Goal::Left(self.wait_out), policy).await;
        passing.retain(|id| cx.journal().instance(id).error.is_none());
        self.ask_for(cx, &passing, &call).await?.into_iter().for_each(|refusal| fail(cx, refusal));
        Ok(())
    }

    /// Whether the instance was seen in a state that must be waited out. A dry run does not wait.
    fn must_wait(&self, cx: &Context, id: &InstanceId) -> bool {
        !cx.dry_run() && self.is_state_of(cx, id, self.wait_out)
    }

    fn is_state_of(&self, cx: &Context, id: &InstanceId, states: &[InstanceStateName]) -> bool {
        let seen = cx.journal().instance(id).state;
        states.iter().any(|state| seen.as_deref() == Some(state.as_str()))
    }

    /// Asks for the change, and returns the instances that EC2 refused, each with the reason.
    async fn ask_for<F, A, E>(&self, cx: &Context, ids: &[InstanceId], call: &F) -> Result<Vec<Refusal>>
    where
        F: Fn(Vec<String>) -> A,
        A: Future<Output = Result<Option<Vec<InstanceStateChange>>, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let (mut refused, mut accepted) = (Vec::new(), false);
        let mut batches: Vec<_> = ids.chunks(IDS_PER_REQUEST).map(|batch| (batch, false)).rev().collect();
        while let Some((batch, asked_before)) = batches.pop() {
            let action = format!("{} {}", self.doing, list_of(batch));
            cx.journal().begin(&action);
            let answer = call(texts(batch)).await;
            cx.journal().end();
            match answer.doing(|| action) {
                Ok(changes) => {
                    accepted = true;
                    self.enter_answer(cx, batch, &changes.unwrap_or_default(), asked_before);
                }
                Err(error) if cx.dry_run() && error.is_dry_run_success() => self.enter_dry_run(cx, batch),
                Err(error) if error.code().is_none_or(codes::concerns_whole_request) => {
                    refused.into_iter().for_each(|refusal| fail(cx, refusal));
                    if !accepted {
                        return Err(may_be_repeated(error));
                    }
                    let left = batches.iter().rev().flat_map(|(batch, _)| batch.iter());
                    give_up(cx, batch.iter().chain(left), &may_be_repeated(error));
                    return Ok(Vec::new());
                }
                Err(error) => match batch {
                    [id] => refused.push((id.clone(), error)),
                    _ => {
                        let (front, back) = batch.split_at(batch.len() / 2);
                        batches.extend([(back, true), (front, true)]);
                    }
                },
            }
        }
        Ok(refused)
    }

    /// Looks at the instances that were refused because of their state: returns those whose state will pass. The others
    /// have failed, and the journal has their state.
    async fn sort_out(&self, cx: &Context, refused: Vec<Refusal>) -> Vec<InstanceId> {
        let by_state = |(_, error): &&Refusal| error.code() == Some(codes::INCORRECT_INSTANCE_STATE);
        let unfit: Vec<InstanceId> = refused.iter().filter(by_state).map(|(id, _)| id.clone()).collect();
        match find_by_ids(cx, &unfit).await {
            Ok(found) => found.iter().for_each(|instance| cx.journal().see(instance)),
            Err(error) => cx.warning(error.to_string()),
        }
        let passes = |(id, _): &Refusal| unfit.contains(id) && self.must_wait(cx, id);
        let (passing, failed): (Vec<_>, Vec<_>) = refused.into_iter().partition(passes);
        failed.into_iter().for_each(|refusal| fail(cx, refusal));
        passing.into_iter().map(|(id, _)| id).collect()
    }

    /// Enters the answer to a request. `asked_before` says that the instances were in a request before that was refused
    /// because of others: EC2 may have acted on some all the same (TerminateInstances does, by availability zone).
    fn enter_answer(&self, cx: &Context, batch: &[InstanceId], changes: &[InstanceStateChange], asked_before: bool) {
        for id in batch {
            let Some(change) = changes.iter().find(|change| change.instance_id() == Some(id.as_str())) else {
                let missing = Error::new(
                    ErrorKind::Service,
                    "EC2 accepted the request but its answer does not name the instance",
                );
                fail(cx, (id.clone(), missing.doing(format!("{} {id}", self.doing))));
                continue;
            };
            let previous = change.previous_state().and_then(|state| state.name());
            let current = change.current_state().and_then(|state| state.name());
            let ours = asked_before
                && previous.is_some_and(|state| PASSING.contains(state))
                && !self.is_state_of(cx, id, self.already);
            let already = !ours && previous.is_some_and(|state| self.already.contains(state));
            cx.journal().accepted(id, previous.map(|s| s.as_str()), current.map(|s| s.as_str()), !already);
            let label = cx.journal().instance(id).label();
            let (previous, current) = (state_text(previous), state_text(current));
            cx.event(match already {
                true => format!("{label}: was {previous} already"),
                false => format!("{label}: {} accepted, {previous} -> {current}", self.verb),
            });
        }
    }

    fn enter_dry_run(&self, cx: &Context, batch: &[InstanceId]) {
        for id in batch {
            let entry = cx.journal().instance(id);
            let state = entry.state.as_deref().unwrap_or("in an unknown state");
            if self.is_state_of(cx, id, self.already) {
                cx.event(format!("{}: is {state} already", entry.label()));
            } else if self.is_state_of(cx, id, &[InstanceStateName::ShuttingDown, InstanceStateName::Terminated]) {
                let gone = Error::new(ErrorKind::UnexpectedState, format!("it is {state}"));
                fail(cx, (id.clone(), gone.doing(format!("{} {id}", self.doing))));
                continue;
            } else {
                cx.event(format!("{}: is {state}, would be {}", entry.label(), self.done));
            }
            cx.journal().unchanged(id);
        }
    }

    /// The verdict on a job that made this change, see [`Journal::verdict`](crate::Journal::verdict).
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

/// The end of the asking because of a failure that concerns all, after something was changed: the verdict is about all.
fn give_up<'a>(cx: &Context, left: impl Iterator<Item = &'a InstanceId>, error: &Error) {
    cx.warning(error.to_string());
    left.for_each(|id| cx.journal().failed(id, error.clone()));
}

/// A request without an answer may have been acted on; all changes are such that asking again does no harm.
fn may_be_repeated(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Unavailable if error.code() != Some(codes::REQUEST_LIMIT_EXCEEDED) => {
            error.hint("EC2 may have accepted it all the same; the job can be run again, nothing is changed twice")
        }
        _ => error,
    }
}

/// Reports a failed instance, and enters it into the journal.
fn fail(cx: &Context, (id, error): Refusal) {
    cx.warning(error.to_string());
    cx.journal().failed(&id, error);
}

fn state_text(state: Option<&InstanceStateName>) -> &str {
    state.map_or("unknown", |state| state.as_str())
}

#[cfg(test)]
mod tests;
