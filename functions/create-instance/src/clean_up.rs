//! `--on-timeout terminate`: takes back a launch whose wait did not end well.

use connector_sdk::Context;
use connector_sdk::action::InstanceAction;
use connector_sdk::ec2::types::InstanceStateName;
use connector_sdk::instances::{ALIVE, InstanceId};
use connector_sdk::wait::WaitPolicy;

const TERMINATE: InstanceAction = InstanceAction {
    doing: "terminating",
    verb: "terminate",
    done: "terminated",
    only_in: ALIVE,
    already: &[InstanceStateName::ShuttingDown, InstanceStateName::Terminated],
    transient: &[],
};

/// Terminates what the job launched. What it ends with stays the failure that led here, so a refusal is only said.
pub async fn terminate(cx: &Context, policy: &WaitPolicy, launched: &[InstanceId]) {
    if launched.is_empty() {
        return;
    }
    cx.event("the launch did not end well: all its instances are terminated (--on-timeout)");
    let failures: Vec<_> =
        launched.iter().filter_map(|id| cx.journal().instance(id).error.map(|error| (id, error))).collect();
    let call = |ids| {
        let request = cx.ec2().terminate_instances().set_instance_ids(Some(ids));
        async { request.send().await.map(|answer| answer.terminating_instances) }
    };
    TERMINATE.ask(cx, policy, launched, call).await;
    for (id, error) in failures {
        cx.journal().failed(id, error); // an accepted termination does not make the launch good
    }
}
