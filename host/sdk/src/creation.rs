//! Runs the complete job of creating one resource that is not an instance: request, record, wait, verdict.

use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::context::Context;
use crate::error::{Doing as _, Error, ErrorKind, Result};
use crate::journal::{Resource, ResourceResult};
use crate::outcome::Outcome;
use crate::wait::{States, WaitArgs, wait_for};

/// How a resource such as a snapshot or an image is created.
#[derive(Clone, Copy, Debug)]
pub struct ResourceCreation {
    /// The kind of resource, in the singular, e.g. `snapshot`.
    pub kind: &'static str,
    /// The states for the wait.
    pub states: States,
}

/// The description of a resource by AWS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// The state, as AWS names it.
    pub state: String,
    /// The reason for the state, if AWS reports one.
    pub reason: Option<String>,
}

impl ResourceCreation {
    /// Runs the job. `what` names the resource before it has an id, e.g. `a snapshot of vol-0abc`.
    ///
    /// `create` sends the request, in a dry run with `DryRun`, and returns the id of the answer. The AWS SDK does not repeat
    /// it, because a second request would create a second resource. `describe` returns `None` as long as AWS does not list
    /// the resource.
    ///
    /// # Errors
    /// Those of the request; [`ErrorKind::Unknown`] when the answer is lost or has no id; those of [`wait_for`].
    pub async fn run<C, D, A, E, F>(
        &self,
        cx: &Context,
        wait: &WaitArgs,
        what: &str,
        create: C,
        describe: D,
    ) -> Result<Outcome>
    where
        C: Future<Output = Result<Option<String>, SdkError<E, HttpResponse>>>,
        D: Fn(String) -> A + Send + Sync,
        A: Future<Output = Result<Option<Described>, SdkError<F, HttpResponse>>> + Send,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
        F: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let resource = match self.create(cx, what, create).await {
            Err(error) if cx.dry_run() && error.is_dry_run_success() => {
                return Ok(Outcome::new(format!("creation of {what} would succeed, nothing changed (dry run)")));
            }
            created => created?,
        };
        if wait.applies(cx) {
            let name = format!("{} {}", self.kind, resource.id);
            let poll = || async {
                let described = describe(resource.id.clone()).await.doing(|| format!("describing {name}"))?;
                let not_found = || Error::new(ErrorKind::NotFound, "not found").doing(format!("describing {name}"));
                let Described { state, reason } = described.ok_or_else(not_found)?;
                cx.journal().record_resource(&resource.clone().with_state(&state));
                Ok(self.states.poll(&state, reason.as_deref()))
            };
            if let Err(error) = wait_for(cx, &name, &wait.policy(cx), poll).await {
                cx.journal().record_resource_result(&resource, Err(error));
            }
        }
        cx.journal().verdict("creating", "created", "unchanged")
    }

    /// Sends the request, and records the resource as soon as its id is known.
    async fn create<C, E>(&self, cx: &Context, what: &str, create: C) -> Result<Resource>
    where
        C: Future<Output = Result<Option<String>, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let (kind, action) = (self.kind, format!("creating {what}"));
        let check = format!("check whether there is a new {kind} before you run the job again");
        let created = match cx.change_once(&action, async { create.await.doing(|| action.clone()) }).await {
            Err(error) if error.kind() == ErrorKind::Unknown => return Err(error.hint(check)),
            created => created?,
        };
        let Some(id) = created.answer.filter(|id| !id.is_empty()) else {
            let message = format!("the response was incomplete: it has no id of the {kind}");
            return Err(Error::new(ErrorKind::Unknown, message).doing(action).hint(check));
        };
        let resource = Resource::new(kind, &id);
        cx.journal().record_resource_result(&resource, Ok(ResourceResult::Changed));
        cx.event(format!("{kind} {id}: created"));
        Ok(resource)
    }
}

#[cfg(test)]
mod tests;
