//! The termination of instances, which more than one function asks for.

use aws_sdk_ec2::types::InstanceStateName;

use super::InstanceAction;
use crate::context::Context;
use crate::ids::InstanceId;
use crate::instances::ALIVE;
use crate::wait::WaitPolicy;

/// The termination.
pub const TERMINATION: InstanceAction = InstanceAction {
    doing: "terminating",
    verb: "termination",
    done: "terminated",
    only_in: ALIVE,
    already: &[InstanceStateName::ShuttingDown, InstanceStateName::Terminated],
    transient: &[],
    ignored_in: &[],
    acts_in_parts: true, // it goes by availability zone
    repeatable: true,
};

/// Asks EC2 to terminate the instances, see [`InstanceAction::ask`].
pub async fn terminate(cx: &Context, policy: &WaitPolicy, ids: &[InstanceId]) {
    let call = |ids| {
        let request = cx.ec2().terminate_instances().set_instance_ids(Some(ids)).dry_run(cx.dry_run());
        async { request.send().await.map(|answer| answer.terminating_instances) }
    };
    TERMINATION.ask(cx, policy, ids, call).await;
}
