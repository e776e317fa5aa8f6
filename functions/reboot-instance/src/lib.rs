//! `RebootInstance`: reboots running instances, by name or by id.

use connector_sdk::prelude::*;
use connector_sdk::wait::OBSERVATION_LIMIT;

const REBOOT_INSTANCES: IamAction = IamAction::change("ec2:RebootInstances")
    .on(INSTANCES)
    .probe(dry_run!(|ec2| ec2.reboot_instances().instance_ids(NO_INSTANCE)));

const REBOOT: InstanceAction = InstanceAction::new("rebooting", "reboot", "rebooted")
    .only_in(&[InstanceStateName::Running])
    .transient(&[InstanceStateName::Pending])
    .ignored_in(&[InstanceStateName::ShuttingDown, InstanceStateName::Terminated]);

struct RebootInstance;
register!(RebootInstance);

#[async_trait]
impl Operation for RebootInstance {
    type Args = InstanceArgs;

    const META: OperationMeta = OperationMeta::new("RebootInstance", "Reboot running instances.")
        .description(
            "Without `--wait`, the job ends when EC2 has accepted the reboot. With `--wait`, it ends when the status \
             checks have left `ok` and returned to it. If they do not leave `ok` within five minutes, or before the \
             timeout, the job succeeds with `reboot accepted, not observed`.",
        )
        .arguments(&[SELECTION, UNTIL_DONE])
        .groups(&[SELECTION_GROUP])
        .examples(&[Example::new(
            "Reboot all instances named `web` and wait for it.",
            &["--tag-name", "web", "--wait"],
        )])
        .iam_actions(&[REBOOT_INSTANCES, DESCRIBE_INSTANCES, DESCRIBE_INSTANCE_STATUS])
        .changes_resources();

    fn parse(&self, inputs: &Inputs) -> Result<Self::Args> {
        InstanceArgs::parse(inputs)
    }

    async fn run(&self, cx: &Context, args: &Self::Args) -> Result<Outcome> {
        let call = |ids| {
            let request = cx.ec2().reboot_instances().set_instance_ids(Some(ids)).dry_run(cx.dry_run());
            async { request.send().await.map(drop) }
        };
        let goal = Goal::ReadyAgain { within: OBSERVATION_LIMIT, unobserved_note: "reboot accepted, not observed" };
        REBOOT.run(cx, args, goal, call).await
    }
}

#[cfg(test)]
mod tests;
