//! `TerminateInstance`: removes instances for good, by name or by id.

use connector_sdk::ec2::types::InstanceStateName;
use connector_sdk::instances::{Change, SELECTION, SELECTION_GROUP, Selection};
use connector_sdk::wait::{Goal, UNTIL_DONE, wait_if_asked};
use connector_sdk::{Context, Example, Inputs, Operation, OperationMeta, Outcome, Result, async_trait, register};

static META: OperationMeta = OperationMeta::new("TerminateInstance", "Remove instances for good.")
    .description(
        "Terminates the instances with the given name or ids: their data on instance-store volumes, and on EBS volumes that \
         are deleted with their instance, is lost. An instance that is terminated already counts as a success. \
         Without --wait the job ends when EC2 has accepted the termination.",
    )
    .arguments(&[SELECTION, UNTIL_DONE])
    .groups(&[SELECTION_GROUP])
    .examples(&[
        Example { about: "Terminate all instances named web and wait for it.", arguments: &["--tag-name", "web", "--wait"] },
        Example { about: "Terminate one instance.", arguments: &["--instance-id", "i-0123456789abcdef0"] },
    ])
    .iam_actions(&["ec2:TerminateInstances", "ec2:DescribeInstances"])
    .changes_resources();

const TERMINATE: Change = Change {
    doing: "terminating",
    verb: "termination",
    done: "terminated",
    already: &[InstanceStateName::ShuttingDown, InstanceStateName::Terminated],
};

struct TerminateInstance;
register!(TerminateInstance);

#[async_trait]
impl Operation for TerminateInstance {
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
        TERMINATE
            .ask(cx, &ids, |ids| {
                let request = cx.ec2().terminate_instances().set_instance_ids(Some(ids)).dry_run(cx.dry_run());
                async { request.send().await.map(|answer| answer.terminating_instances) }
            })
            .await?;
        let waited = wait_if_asked(cx, inputs, &ids, Goal::Terminated).await?;
        TERMINATE.verdict(cx, waited)
    }
}

#[cfg(test)]
mod tests;
