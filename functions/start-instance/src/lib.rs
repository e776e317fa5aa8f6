//! `StartInstance`: starts stopped instances, by name or by id, and saves them into OpCon properties.

use connector_sdk::action::InstanceAction;
use connector_sdk::ec2::types::InstanceStateName;
use connector_sdk::iam::{INSTANCES, NO_INSTANCE};
use connector_sdk::instances::{DESCRIBE_INSTANCES, InstanceId, SELECTION, SELECTION_GROUP, Selection, find_by_ids};
use connector_sdk::properties::{PROPERTIES, PropertyNames};
use connector_sdk::wait::{DESCRIBE_INSTANCE_STATUS, Goal, UNTIL_READY, WAIT_FOR, WaitPolicy, wait_if_asked};
use connector_sdk::{
    Context, Example, IamAction, Inputs, Operation, OperationMeta, Outcome, Result, async_trait, dry_run, register,
};

static META: OperationMeta = OperationMeta::new("StartInstance", "Start stopped instances.")
    .description(
        "Starts the instances with the given name or ids. An instance that is running already counts as a success. \
         Without --wait the job ends when EC2 has accepted the start, and only those addresses are saved into properties \
         that EC2 knows by then. Instances found by name are numbered in the order of their ids, others as they were given.",
    )
    .arguments(&[SELECTION, UNTIL_READY, PROPERTIES])
    .groups(&[SELECTION_GROUP])
    .examples(&[
        Example {
            about: "Start all instances named web, wait until they are ready, and save their addresses.",
            arguments: &["--tag-name", "web", "--wait", "--private-ip-property", "WEB_IP"],
        },
        Example {
            about: "Start two instances without waiting.",
            arguments: &["--instance-id", "i-0123456789abcdef0,i-0123456789abcdef1"],
        },
    ])
    .iam_actions(&[START_INSTANCES, DESCRIBE_INSTANCES, DESCRIBE_INSTANCE_STATUS])
    .changes_resources();

const START_INSTANCES: IamAction = IamAction::change("ec2:StartInstances")
    .on(INSTANCES)
    .probe(dry_run!(|ec2| ec2.start_instances().instance_ids(NO_INSTANCE)));

const START: InstanceAction = InstanceAction {
    doing: "starting",
    verb: "start",
    done: "started",
    only_in: &[InstanceStateName::Stopped],
    already: &[InstanceStateName::Running, InstanceStateName::Pending],
    transient: &[InstanceStateName::Stopping],
    acts_in_parts: false,
};

struct StartInstance;
register!(StartInstance);

#[async_trait]
impl Operation for StartInstance {
    fn meta(&self) -> &'static OperationMeta {
        &META
    }

    fn check(&self, inputs: &Inputs) -> Result<()> {
        PropertyNames::check_inputs(inputs)?;
        Selection::from_inputs(inputs).map(drop)
    }

    async fn run(&self, cx: &Context, inputs: &Inputs) -> Result<Outcome> {
        let selection = Selection::from_inputs(inputs)?;
        let policy = WaitPolicy::from_inputs(cx, inputs);
        let properties = PropertyNames::from_inputs(inputs);
        properties.prepare(cx, 1).await?;
        let ids = selection.find(cx, inputs).await?;
        if ids.is_empty() {
            return selection.nothing_found(cx, inputs);
        }
        properties.check(cx, ids.len())?;
        let call = |ids| {
            let request = cx.ec2().start_instances().set_instance_ids(Some(ids)).dry_run(cx.dry_run());
            async { request.send().await.map(|answer| answer.starting_instances) }
        };
        // The ids of those that start at once are saved before the others are waited for.
        for part in START.ready_and_transient(cx, &ids) {
            START.ask(cx, &policy, &part, call).await;
            properties.save_ids(cx, &ids).await;
        }
        let waited = wait_if_asked(cx, inputs, &ids, Goal::Ready(inputs.get(&WAIT_FOR)), &policy).await;
        if !waited && !cx.dry_run() && properties.want_addresses() {
            look_up_addresses(cx, &ids).await;
        }
        let saved = properties.save_addresses(cx, &ids, waited, &policy).await;
        let outcome = START.verdict(cx, waited)?;
        saved.map(|()| outcome)
    }
}

/// Enters into the journal what EC2 knows by now of the instances that it starts. If it does not say, the job goes on:
/// the start is accepted, and what is known can be saved.
async fn look_up_addresses(cx: &Context, ids: &[InstanceId]) {
    let started = ids.iter().filter(|id| cx.journal().instance(id).error.is_none());
    let started: Vec<_> = started.cloned().collect();
    match find_by_ids(cx, &started).await {
        Ok(found) => found.iter().for_each(|instance| cx.journal().see(instance)),
        Err(error) => cx.warning(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
