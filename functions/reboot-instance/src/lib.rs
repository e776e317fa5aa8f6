//! `RebootInstance`: reboots running instances, by name or by id.

use connector_sdk::action::{InstanceAction, InstanceArgs, once};
use connector_sdk::ec2::types::InstanceStateName::{Pending, Running, ShuttingDown, Terminated};
use connector_sdk::iam::{INSTANCES, IamAction, NO_INSTANCE};
use connector_sdk::instances::DESCRIBE_INSTANCES;
use connector_sdk::selection::{SELECTION, SELECTION_GROUP};
use connector_sdk::wait::{DESCRIBE_INSTANCE_STATUS, Goal, UNTIL_DONE, UNTIL_SEEN};
use connector_sdk::{Context, Example, Inputs, Operation, OperationMeta, Outcome, Result, async_trait, dry_run};

static META: OperationMeta = OperationMeta::new("RebootInstance", "Reboot running instances.")
    .description(
        "Without `--wait`, the job ends when EC2 has accepted the reboot. With `--wait`, it ends when the status \
         checks have left `ok` and returned to it. If they do not leave `ok` within five minutes, the job succeeds \
         with `reboot accepted, not observed`.",
    )
    .arguments(&[SELECTION, UNTIL_DONE])
    .groups(&[SELECTION_GROUP])
    .examples(&[Example {
        about: "Reboot all instances named `web` and wait for it.",
        arguments: &["--tag-name", "web", "--wait"],
    }])
    .iam_actions(&[REBOOT_INSTANCES, DESCRIBE_INSTANCES, DESCRIBE_INSTANCE_STATUS])
    .changes_resources();

const REBOOT_INSTANCES: IamAction = IamAction::change("ec2:RebootInstances")
    .on(INSTANCES)
    .probe(dry_run!(|ec2| ec2.reboot_instances().instance_ids(NO_INSTANCE)));

const REBOOT: InstanceAction = InstanceAction::new("rebooting", "reboot", "rebooted")
    .only_in(&[Running])
    .transient(&[Pending])
    .ignored_in(&[ShuttingDown, Terminated]);

struct RebootInstance;
connector_sdk::register!(RebootInstance);

#[async_trait]
impl Operation for RebootInstance {
    type Args = InstanceArgs;

    fn meta(&self) -> &'static OperationMeta {
        &META
    }

    fn parse(&self, inputs: &Inputs) -> Result<Self::Args> {
        InstanceArgs::parse(inputs)
    }

    async fn run(&self, cx: &Context, args: &Self::Args) -> Result<Outcome> {
        let call = |ids| {
            let request = cx.ec2().reboot_instances().set_instance_ids(Some(ids)).dry_run(cx.dry_run());
            async { request.customize().config_override(once()).send().await.map(drop) }
        };
        let goal = Goal::ReadyAgain { within: UNTIL_SEEN, unobserved: "reboot accepted, not observed" };
        REBOOT.run(cx, args, goal, call).await
    }
}

#[cfg(test)]
mod tests;
