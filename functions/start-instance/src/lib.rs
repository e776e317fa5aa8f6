//! `StartInstance`: starts stopped instances, by name or by id, and saves them into OpCon properties.

use connector_sdk::prelude::*;
use connector_sdk::properties::PROPERTIES;
use connector_sdk::wait::{Readiness, WAIT_FOR};

const START_INSTANCES: IamAction = IamAction::change("ec2:StartInstances")
    .on(INSTANCES)
    .probe(dry_run!(|ec2| ec2.start_instances().instance_ids(NO_INSTANCE)));

const START: InstanceAction = InstanceAction::new("starting", "start", "started")
    .only_in(&[InstanceStateName::Stopped])
    .already(&[InstanceStateName::Running, InstanceStateName::Pending])
    .transient(&[InstanceStateName::Stopping])
    .repeatable();

struct StartInstance;
register!(StartInstance);

#[async_trait]
impl Operation for StartInstance {
    type Args = (InstanceArgs, Readiness);

    const META: OperationMeta = OperationMeta::new("StartInstance", "Start stopped instances.")
        .description(
            "Starts the instances with the given name or ids. An instance that is already running counts as a \
             success. Without `--wait`, the job ends when EC2 has accepted the start, and saves only the addresses \
             that EC2 has assigned by then. Instances found by name are numbered in the order of their ids, others in \
             the order in which they are given.",
        )
        .arguments(&[SELECTION, UNTIL_READY, PROPERTIES])
        .groups(&[SELECTION_GROUP])
        .examples(&[
            Example::new(
                "Start all instances named `web`, wait until they are ready, and save their addresses.",
                &["--tag-name", "web", "--wait", "--private-ip-property", "WEB_IP"],
            ),
            Example::new(
                "Start two instances without waiting.",
                &["--instance-id", "i-0123456789abcdef0,i-0123456789abcdef1"],
            ),
        ])
        .iam_actions(&[START_INSTANCES, DESCRIBE_INSTANCES, DESCRIBE_INSTANCE_STATUS])
        .changes_resources();

    fn parse(&self, inputs: &Inputs) -> Result<Self::Args> {
        Ok((InstanceArgs::parse(inputs)?.with_properties(inputs)?, inputs.get(&WAIT_FOR)))
    }

    async fn run(&self, cx: &Context, (args, readiness): &Self::Args) -> Result<Outcome> {
        let call = |ids| {
            let request = cx.ec2().start_instances().set_instance_ids(Some(ids)).dry_run(cx.dry_run());
            async { request.send().await.map(|answer| answer.starting_instances) }
        };
        START.run(cx, args, Goal::Ready(*readiness), call).await
    }
}

#[cfg(test)]
mod tests;
