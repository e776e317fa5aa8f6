//! Runs a complete job that performs an action on instances: select, request, wait, save properties, verdict.

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
use crate::wait::{Goal, WaitArgs, WaitPolicy, wait_if_requested};

/// The arguments of a job, besides those of the action.
#[derive(Clone, Debug)]
pub struct InstanceArgs {
    targets: Targets,
    wait: WaitArgs,
    properties: PropertyNames,
}

impl InstanceArgs {
    /// Reads the arguments of [`SELECTION`](crate::selection::SELECTION) and [`UNTIL_DONE`](crate::wait::UNTIL_DONE),
    /// or [`UNTIL_READY`](crate::wait::UNTIL_READY).
    ///
    /// # Errors
    /// Those of [`Targets::parse`].
    pub fn parse(inputs: &Inputs) -> Result<Self> {
        let (targets, wait) = (Targets::parse(inputs)?, WaitArgs::parse(inputs));
        Ok(InstanceArgs { targets, wait, properties: PropertyNames::default() })
    }

    /// Reads the arguments of [`PROPERTIES`](crate::properties::PROPERTIES), too.
    ///
    /// # Errors
    /// Those of [`PropertyNames::parse`].
    pub fn with_properties(self, inputs: &Inputs) -> Result<Self> {
        Ok(InstanceArgs { properties: PropertyNames::parse(inputs)?, ..self })
    }
}

impl InstanceAction {
    /// Runs the job. `goal` is the target of `call`, see [`InstanceAction::request`].
    ///
    /// # Errors
    /// When an instance failed or a property was not saved.
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

/// A job with selected instances, for functions that perform several steps on them. If no instance is selected, all
/// steps do nothing, and the last one reports it.
pub struct InstanceJob<'a> {
    cx: &'a Context,
    args: &'a InstanceArgs,
    policy: WaitPolicy,
    selected: Selected,
}

impl<'a> InstanceJob<'a> {
    /// Selects the instances, after a check that their values can be saved.
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

    /// The descriptions that EC2 returned; some may be missing.
    pub fn shown(&self) -> &[Instance] {
        &self.selected.shown
    }

    /// The common timeout of all waits of the job.
    pub fn policy(&self) -> &WaitPolicy {
        &self.policy
    }

    /// Requests the action for some of the instances, see [`InstanceAction::request`]. The ids of instances that EC2
    /// accepts at once are saved before the job waits for the others.
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

    /// The instances that EC2 refused with this code.
    pub fn refused_with(&self, code: &str) -> Vec<InstanceId> {
        let refused = |id: &&InstanceId| {
            self.cx.journal().read(id, |entry| entry.error.as_ref().and_then(Error::code) == Some(code))
        };
        self.ids().iter().filter(refused).cloned().collect()
    }

    /// Calls an EC2 action that takes one instance at a time. Returns the changed instances. The others have failed, or are
    /// unchanged in a dry run.
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

    /// Waits if requested, saves properties, and returns the verdict.
    ///
    /// # Errors
    /// When an instance failed or a property was not saved.
    pub async fn finish(&self, action: &InstanceAction, goal: Goal) -> Result<Outcome> {
        let (cx, ids, properties) = (self.cx, self.ids(), &self.args.properties);
        if ids.is_empty() {
            return self.args.targets.none_found(cx);
        }
        let waited = wait_if_requested(cx, &self.args.wait, ids, goal, &self.policy).await;
        if !waited && !cx.dry_run() && properties.wants_addresses() {
            find_addresses(cx, ids).await;
        }
        let saved = properties.save_addresses(cx, ids, waited, &self.policy).await;
        let outcome = action.verdict(cx, waited)?;
        saved.map(|()| outcome)
    }
}

/// Records descriptions of accepted instances. A failure is only a warning, since the action is accepted and known
/// values can be saved.
async fn find_addresses(cx: &Context, ids: &[InstanceId]) {
    match find_by_ids(cx, &cx.journal().not_failed(ids)).await {
        Ok(found) => found.iter().for_each(|instance| cx.journal().record_instance(instance)),
        Err(error) => cx.warning(error.to_string()),
    }
}
