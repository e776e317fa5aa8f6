//! The whole way of a job that performs an action on instances: select, ask, wait, save properties, judge.

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::InstanceAction;
use super::answer::Answer;
use crate::args::Inputs;
use crate::context::Context;
use crate::error::{Error, Result};
use crate::ids::InstanceId;
use crate::instances::{Instance, find_by_ids};
use crate::outcome::Outcome;
use crate::properties::PropertyNames;
use crate::selection::{Selected, Targets};
use crate::wait::{Goal, WaitArgs, WaitPolicy, wait_if_asked};

/// What a job of an action on instances is to do beside the action.
#[derive(Clone, Debug)]
pub struct InstanceArgs {
    targets: Targets,
    wait: WaitArgs,
    properties: PropertyNames,
}

impl InstanceArgs {
    /// What the arguments of [`SELECTION`](crate::selection::SELECTION) and [`UNTIL_DONE`](crate::wait::UNTIL_DONE), or
    /// [`UNTIL_READY`](crate::wait::UNTIL_READY), say.
    ///
    /// # Errors
    /// Those of [`Targets::parse`].
    pub fn parse(inputs: &Inputs) -> Result<Self> {
        let (targets, wait) = (Targets::parse(inputs)?, WaitArgs::parse(inputs));
        Ok(InstanceArgs { targets, wait, properties: PropertyNames::default() })
    }

    /// The same with what the arguments of [`PROPERTIES`](crate::properties::PROPERTIES) say.
    ///
    /// # Errors
    /// Those of [`PropertyNames::parse`].
    pub fn with_properties(self, inputs: &Inputs) -> Result<Self> {
        Ok(InstanceArgs { properties: PropertyNames::parse(inputs)?, ..self })
    }
}

impl InstanceAction {
    /// Performs the whole job. `goal` is what `call` leads to, see [`InstanceAction::request`].
    ///
    /// # Errors
    /// When not all instances succeeded, or not all properties could be saved.
    pub async fn run<F, A, R, E>(&self, cx: &Context, args: &InstanceArgs, goal: Goal, call: F) -> Result<Outcome>
    where
        F: Fn(Vec<String>) -> A,
        A: Future<Output = Result<R, SdkError<E, HttpResponse>>>,
        R: Into<Answer>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let job = InstanceJob::select(cx, args).await?;
        job.request(self, job.ids(), call).await;
        job.finish(self, goal).await
    }
}

/// A job of an action whose instances are selected, for functions that divide them, or act on them in several steps. With no
/// instance selected all steps do nothing, and the last one says so.
pub struct InstanceJob<'a> {
    cx: &'a Context,
    args: &'a InstanceArgs,
    policy: WaitPolicy,
    selected: Selected,
}

impl<'a> InstanceJob<'a> {
    /// Selects the instances, after making sure that their values can be saved.
    ///
    /// # Errors
    /// Those of [`Targets::find`] and [`PropertyNames::prepare`].
    pub async fn select(cx: &'a Context, args: &'a InstanceArgs) -> Result<Self> {
        args.properties.prepare(cx, 1).await?;
        let selected = args.targets.find(cx).await?;
        args.properties.check(cx, selected.ids.len())?;
        Ok(InstanceJob { cx, args, policy: args.wait.policy(cx), selected })
    }

    /// The ids of the instances, in the order of the job.
    pub fn ids(&self) -> &[InstanceId] {
        &self.selected.ids
    }

    /// What EC2 has shown of the instances; it may not have shown all of them.
    pub fn shown(&self) -> &[Instance] {
        &self.selected.shown
    }

    /// The limit for all the waiting of the job.
    pub fn policy(&self) -> &WaitPolicy {
        &self.policy
    }

    /// Asks for the action on some of the instances, see [`InstanceAction::request`]. Where ids are to be saved, those of the
    /// instances that EC2 has accepted at once are saved before the others are waited for.
    pub async fn request<F, A, R, E>(&self, action: &InstanceAction, ids: &[InstanceId], call: F)
    where
        F: Fn(Vec<String>) -> A,
        A: Future<Output = Result<R, SdkError<E, HttpResponse>>>,
        R: Into<Answer>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        if self.args.properties.is_empty() {
            return action.request(self.cx, &self.policy, ids, call).await;
        }
        for part in action.ready_and_transient(self.cx, ids) {
            action.request(self.cx, &self.policy, &part, &call).await;
            self.args.properties.save_ids(self.cx, self.ids()).await;
        }
    }

    /// The instances that EC2 has refused to act on with this code.
    pub fn refused_with(&self, code: &str) -> Vec<InstanceId> {
        let refused = |id: &&InstanceId| {
            self.cx.journal().read(id, |entry| entry.error.as_ref().and_then(Error::code) == Some(code))
        };
        self.ids().iter().filter(refused).cloned().collect()
    }

    /// Changes some of the instances, for an EC2 action that takes one instance at a time. Returns those that are changed. The
    /// others have failed, or are unchanged in a dry run.
    pub async fn change_each<A: Future<Output = Result<()>>>(
        &self,
        ids: Vec<InstanceId>,
        change: impl Fn(InstanceId) -> A,
    ) -> Vec<InstanceId> {
        let mut changed = Vec::new();
        for id in ids {
            match change(id.clone()).await {
                Ok(()) => changed.push(id),
                Err(error) if self.cx.dry_run() && error.is_dry_run_success() => {
                    self.cx.event(format!("{}: would succeed", error.action().unwrap_or(id.as_str())));
                    self.cx.journal().record_unchanged(&id);
                }
                Err(error) => self.cx.instance_failed(&id, error),
            }
        }
        changed
    }

    /// Waits as the job says, saves properties, and judges.
    ///
    /// # Errors
    /// When not all instances succeeded, or not all properties could be saved.
    pub async fn finish(&self, action: &InstanceAction, goal: Goal) -> Result<Outcome> {
        let (cx, ids, properties) = (self.cx, self.ids(), &self.args.properties);
        if ids.is_empty() {
            return self.args.targets.none_found(cx);
        }
        let waited = wait_if_asked(cx, &self.args.wait, ids, goal, &self.policy).await;
        if !waited && !cx.dry_run() && properties.wants_addresses() {
            find_addresses(cx, ids).await;
        }
        let saved = properties.save_addresses(cx, ids, waited, &self.policy).await;
        let outcome = action.verdict(cx, waited)?;
        saved.map(|()| outcome)
    }
}

/// Records what EC2 shows by now of instances that it has accepted. If it does not say, the job goes on: the action is
/// accepted, and what is known can be saved.
async fn find_addresses(cx: &Context, ids: &[InstanceId]) {
    match find_by_ids(cx, &cx.journal().not_failed(ids)).await {
        Ok(found) => found.iter().for_each(|instance| cx.journal().record_instance(instance)),
        Err(error) => cx.warning(error.to_string()),
    }
}
