//! `StopInstance`: stops running instances, by name or by id.

use connector_sdk::ec2::types::InstanceStateName;
use connector_sdk::instances::{Change, SELECTION, SELECTION_GROUP, Selection};
use connector_sdk::wait::{Goal, UNTIL_DONE, wait_if_asked};
use connector_sdk::{Context, Example, Inputs, Operation, OperationMeta, Outcome, Result, async_trait, register};

static META: OperationMeta = OperationMeta::new("StopInstance", "Stop running instances.")
    .description(
        "Stops the instances with the given name or ids. An instance that is stopped already counts as a success. \
         Without --wait the job ends when EC2 has accepted the stop.",
    )
    .arguments(&[SELECTION, UNTIL_DONE])
    .groups(&[SELECTION_GROUP])
    .examples(&[
        Example { about: "Stop all instances named web and wait for it.", arguments: &["--tag-name", "web", "--wait"] },
        Example { about: "Stop one instance.", arguments: &["--instance-id", "i-0123456789abcdef0"] },
    ])
    .iam_actions(&["ec2:StopInstances", "ec2:DescribeInstances"])
    .changes_resources();

const STOP: Change = Change {
    doing: "stopping",
    verb: "stop",
    done: "stopped",
    already: &[InstanceStateName::Stopped, InstanceStateName::Stopping],
};

struct StopInstance;
register!(StopInstance);

#[async_trait]
impl Operation for StopInstance {
    fn meta(&self) -> &'static OperationMeta {
        &META
    }

    fn check(&self, inputs: &Inputs) -> Result<()> {
        Selection::from_inputs(inputs).map(drop)
    }

    async fn run(&self, cx: &Context, inputs: &Inputs) -> Result<Outcome> {
        let selection = Selection::from_inputs(inputs)?;
        let ids = selection.find(cx, inputs).await?;
        if ids.is_empty() {
            return selection.nothing_found(inputs);
        }
        STOP.ask(cx, &ids, |ids| {
            let request = cx.ec2().stop_instances().set_instance_ids(Some(ids)).dry_run(cx.dry_run());
            async { request.send().await.map(|answer| answer.stopping_instances) }
        })
        .await?;
        let waited = wait_if_asked(cx, inputs, &ids, Goal::Stopped).await?;
        STOP.verdict(cx, waited)
    }
}

#[cfg(test)]
mod tests;
