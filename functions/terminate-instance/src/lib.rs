//! `TerminateInstance`: removes instances for good, by name or by id.

use connector_sdk::action::{InstanceArgs, InstanceJob, TERMINATE_INSTANCES, TERMINATION, terminate};
use connector_sdk::args::Always;
use connector_sdk::codes::OPERATION_NOT_PERMITTED;
use connector_sdk::ec2::types::AttributeBooleanValue;
use connector_sdk::iam::{Condition, INSTANCES, NO_INSTANCE, Optional};
use connector_sdk::instances::DESCRIBE_INSTANCES;
use connector_sdk::selection::{SELECTION, SELECTION_GROUP};
use connector_sdk::wait::{Goal, UNTIL_DONE};
use connector_sdk::{
    Arg, Context, Doing as _, Error, Example, IamAction, Inputs, InstanceId, Operation, OperationMeta, Outcome, Result,
    async_trait, dry_run, register,
};

const DISABLE_PROTECTION: Arg<bool, Always> =
    Arg::flag("disable-protection", "Disable termination protection for the instances that have it.");

const LIFT_IT: &str = "add `--disable-protection` to disable the termination protection of the instances";

static META: OperationMeta = OperationMeta::new("TerminateInstance", "Terminate instances permanently.")
    .description(
        "Terminates the instances with the given name or ids: their data on instance-store volumes, and on EBS \
         volumes that are deleted with the instance, is lost. An instance that is already terminated counts as a \
         success. If one instance is protected, EC2 refuses the request for all instances in its availability zone: \
         the job requests the others again. Without `--wait`, the job ends when EC2 has accepted the termination.",
    )
    .arguments(&[SELECTION, &[DISABLE_PROTECTION.spec], UNTIL_DONE])
    .groups(&[SELECTION_GROUP])
    .examples(&[
        Example {
            about: "Terminate all instances named `web` and wait for it.",
            arguments: &["--tag-name", "web", "--wait"],
        },
        Example {
            about: "Terminate one instance, even if it is protected against termination.",
            arguments: &["--instance-id", "i-0123456789abcdef0", "--disable-protection"],
        },
        Example { about: "Terminate one instance.", arguments: &["--instance-id", "i-0123456789abcdef0"] },
    ])
    .iam_actions(&[TERMINATE_INSTANCES, DESCRIBE_INSTANCES, LIFT_PROTECTION])
    .changes_resources();

/// Only this attribute: with others, such as user data and security groups, a user can take over an instance.
const LIFT_PROTECTION: IamAction = IamAction::change("ec2:ModifyInstanceAttribute")
    .on(INSTANCES)
    .only_if(&[Condition { operator: "StringEquals", key: "ec2:Attribute", value: "DisableApiTermination" }])
    .optional(Optional { name: "termination-protection", purpose: "to disable termination protection" })
    .probe(dry_run!(|ec2| ec2.modify_instance_attribute().instance_id(NO_INSTANCE).disable_api_termination(off())));

struct TerminateInstance;
register!(TerminateInstance);

#[async_trait]
impl Operation for TerminateInstance {
    /// Whether protection is lifted comes last.
    type Args = (InstanceArgs, bool);

    fn meta(&self) -> &'static OperationMeta {
        &META
    }

    fn parse(&self, inputs: &Inputs) -> Result<Self::Args> {
        Ok((InstanceArgs::parse(inputs)?, inputs.get(&DISABLE_PROTECTION)))
    }

    async fn run(&self, cx: &Context, (args, disable_protection): &Self::Args) -> Result<Outcome> {
        let job = InstanceJob::select(cx, args).await?;
        terminate(cx, job.policy(), job.ids()).await;
        let protected = protected(cx, job.ids());
        if *disable_protection {
            let unprotected = lift_protection(cx, &protected).await;
            terminate(cx, job.policy(), &unprotected).await;
        } else {
            protected.into_iter().for_each(|(id, error)| cx.journal().failed(&id, error.hint(LIFT_IT)));
        }
        job.finish(&TERMINATION, Goal::Terminated).await
    }
}

/// Those of the instances that EC2 refused to terminate because they are protected, with its refusals.
fn protected(cx: &Context, ids: &[InstanceId]) -> Vec<(InstanceId, Error)> {
    let refusal = |id: &InstanceId| cx.journal().read(id, |entry| entry.error.clone());
    let refused = ids.iter().filter_map(|id| Some((id.clone(), refusal(id)?)));
    refused.filter(|(_, error)| error.code() == Some(OPERATION_NOT_PERMITTED)).collect()
}

/// Lifts the protection from the instances, and returns those from which it is lifted. One call for each: EC2 has none for
/// several.
async fn lift_protection(cx: &Context, protected: &[(InstanceId, Error)]) -> Vec<InstanceId> {
    let mut unprotected = Vec::new();
    for (id, _) in protected {
        let request = cx.ec2().modify_instance_attribute().instance_id(id.as_str()).disable_api_termination(off());
        let action = format!("disabling the termination protection of {id}");
        let lift = async { request.send().await.doing(|| action.clone()) };
        match cx.change(&action, lift).await {
            Ok(_) => {
                cx.event(format!("{id}: termination protection disabled"));
                cx.journal().something_else_changed();
                unprotected.push(id.clone());
            }
            Err(error) => {
                cx.warning(error.to_string());
                cx.journal().failed(id, error);
            }
        }
    }
    unprotected
}

fn off() -> AttributeBooleanValue {
    AttributeBooleanValue::builder().value(false).build()
}

#[cfg(test)]
mod tests;
