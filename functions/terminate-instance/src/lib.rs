//! `TerminateInstance`: terminates instances, by name or by id.

use connector_sdk::action::{TERMINATE_INSTANCES, TERMINATION, terminate};
use connector_sdk::codes::OPERATION_NOT_PERMITTED;
use connector_sdk::ec2::types::AttributeBooleanValue;
use connector_sdk::iam;
use connector_sdk::prelude::*;

const DISABLE_PROTECTION: Arg<bool, Always> =
    Arg::flag("disable-protection", "Disable termination protection for the instances that have it.");

const PROTECTION_HINT: &str = "add `--disable-protection` to disable the termination protection of the instances";

/// Only this attribute: changing others, such as user data or security groups, would give control over an instance.
const MODIFY_INSTANCE_ATTRIBUTE: IamAction = IamAction::change("ec2:ModifyInstanceAttribute")
    .on(INSTANCES)
    .only_if(&[iam::Condition { operator: "StringEquals", key: "ec2:Attribute", value: "DisableApiTermination" }])
    .optional(iam::Optional { name: "termination-protection", purpose: "to disable termination protection" })
    .probe(dry_run!(|ec2| ec2.modify_instance_attribute().instance_id(NO_INSTANCE).disable_api_termination(off())));

struct TerminateInstance;
register!(TerminateInstance);

#[async_trait]
impl Operation for TerminateInstance {
    /// The arguments, and whether to disable termination protection.
    type Args = (InstanceArgs, bool);

    const META: OperationMeta = OperationMeta::new("TerminateInstance", "Terminate instances permanently.")
        .description(
            "Terminates the instances with the given name or ids: their data on instance-store volumes, and on EBS \
             volumes that are deleted with the instance, is lost. An instance that is already terminated counts as a \
             success. If one instance is protected, EC2 refuses the request for all instances in its availability \
             zone: the job requests the others again. Without `--wait`, the job ends when EC2 has accepted the \
             termination.",
        )
        .arguments(&[SELECTION, &[DISABLE_PROTECTION.spec], UNTIL_DONE])
        .groups(&[SELECTION_GROUP])
        .examples(&[
            Example::new("Terminate all instances named `web` and wait for it.", &["--tag-name", "web", "--wait"]),
            Example::new(
                "Terminate one instance, even if it is protected against termination.",
                &["--instance-id", "i-0123456789abcdef0", "--disable-protection"],
            ),
            Example::new("Terminate one instance.", &["--instance-id", "i-0123456789abcdef0"]),
        ])
        .iam_actions(&[TERMINATE_INSTANCES, DESCRIBE_INSTANCES, MODIFY_INSTANCE_ATTRIBUTE])
        .changes_resources();

    fn parse(&self, inputs: &Inputs) -> Result<Self::Args> {
        Ok((InstanceArgs::parse(inputs)?, inputs.get(&DISABLE_PROTECTION)))
    }

    async fn run(&self, cx: &Context, (args, disable_protection): &Self::Args) -> Result<Outcome> {
        let job = InstanceJob::select(cx, args).await?;
        terminate(cx, job.policy(), job.ids()).await;
        let protected = job.refused_with(OPERATION_NOT_PERMITTED);
        if *disable_protection {
            let unprotected = job.change_each(protected, |id| disable_termination_protection(cx, id)).await;
            terminate(cx, job.policy(), &unprotected).await;
        } else {
            protected.iter().for_each(|id| cx.journal().add_hint(id, PROTECTION_HINT));
        }
        job.finish(&TERMINATION, Goal::Terminated).await
    }
}

/// EC2 disables the protection of one instance per request.
async fn disable_termination_protection(cx: &Context, id: InstanceId) -> Result<()> {
    let request = cx.ec2().modify_instance_attribute().dry_run(cx.dry_run()).disable_api_termination(off());
    let action = format!("disabling the termination protection of {id}");
    cx.change(&action, async { request.instance_id(id.as_str()).send().await.doing(|| action.clone()) }).await?;
    cx.event(format!("{id}: termination protection disabled"));
    cx.journal().record_other_change();
    Ok(())
}

fn off() -> AttributeBooleanValue {
    AttributeBooleanValue::builder().value(false).build()
}

#[cfg(test)]
mod tests;
