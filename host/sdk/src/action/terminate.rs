//! The termination of instances, which several functions use.

use aws_sdk_ec2::types::InstanceStateName;

use super::InstanceAction;
use crate::context::Context;
use crate::dry_run;
use crate::iam::{INSTANCES, IamAction, NO_INSTANCE};
use crate::ids::InstanceId;
use crate::instances::ALIVE;
use crate::wait::WaitPolicy;

/// The permission to terminate instances.
pub const TERMINATE_INSTANCES: IamAction = IamAction::change("ec2:TerminateInstances")
    .on(INSTANCES)
    .probe(dry_run!(|ec2| ec2.terminate_instances().instance_ids(NO_INSTANCE)));

/// The termination of instances. It is not atomic: EC2 acts per availability zone.
pub const TERMINATION: InstanceAction = InstanceAction::new("terminating", "termination", "terminated")
    .only_in(ALIVE)
    .already(&[InstanceStateName::ShuttingDown, InstanceStateName::Terminated])
    .non_atomic()
    .repeatable();

/// Terminates the instances, see [`InstanceAction::request`].
pub async fn terminate(cx: &Context, policy: &WaitPolicy, ids: &[InstanceId]) {
    let call = |ids| {
        let request = cx.ec2().terminate_instances().set_instance_ids(Some(ids)).dry_run(cx.dry_run());
        async { request.send().await.map(|answer| answer.terminating_instances) }
    };
    TERMINATION.request(cx, policy, ids, call).await;
}
