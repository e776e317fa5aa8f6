//! `StopInstance`: stops running instances, by name or by id.

use connector_sdk::action::InstanceAction;
use connector_sdk::args::Always;
use connector_sdk::ec2::types::InstanceStateName;
use connector_sdk::iam::{INSTANCES, NO_INSTANCE};
use connector_sdk::instances::{DESCRIBE_INSTANCES, InstanceId, SELECTION, SELECTION_GROUP, Selection, see_all};
use connector_sdk::wait::{Goal, UNTIL_DONE, WaitPolicy, wait_if_asked};
use connector_sdk::{
    Arg, ArgGroup, ArgSpec, Context, Error, ErrorKind, Example, IamAction, Inputs, Operation, OperationMeta, Outcome,
    Result, async_trait, choices, dry_run, register,
};

const FORCE: Arg<bool, Always> =
    Arg::flag("force", "Stop without a chance for the operating system to save its data; not recommended for Windows.");
const SKIP_OS_SHUTDOWN: Arg<bool, Always> =
    Arg::flag("skip-os-shutdown", "Do not wait for the operating system to shut down; data in memory is lost.");
const HIBERNATE: Arg<bool, Always> =
    Arg::flag("hibernate", "Hibernate instead of stopping; the instances must have been launched for it.");
const HIBERNATE_FALLBACK: Arg<Fallback, Always> = Arg::new(
    "hibernate-fallback",
    "ACTION",
    "What becomes of an instance that cannot hibernate: `fail`, or `stop` for an ordinary stop.",
)
.default("fail")
.requires(&[HIBERNATE.spec.name]);

choices! {
    /// What becomes of an instance that cannot hibernate.
    enum Fallback {
        Fail = "fail",
        Stop = "stop",
    }
}

static META: OperationMeta = OperationMeta::new("StopInstance", "Stop running instances.")
    .description(
        "Stops the instances with the given name or ids. An instance that is stopped already counts as a success. \
         Without --wait the job ends when EC2 has accepted the stop.",
    )
    .arguments(&[SELECTION, HOW, UNTIL_DONE])
    .groups(&[SELECTION_GROUP, HOW_GROUP])
    .examples(&[
        Example { about: "Stop all instances named web and wait for it.", arguments: &["--tag-name", "web", "--wait"] },
        Example { about: "Stop one instance.", arguments: &["--instance-id", "i-0123456789abcdef0"] },
    ])
    .iam_actions(&[STOP_INSTANCES, DESCRIBE_INSTANCES])
    .changes_resources();

const HOW: &[ArgSpec] = &[FORCE.spec, SKIP_OS_SHUTDOWN.spec, HIBERNATE.spec, HIBERNATE_FALLBACK.spec];
/// An instance that hibernates must be given the time to write its memory to the volume.
const HOW_GROUP: ArgGroup = ArgGroup {
    members: &[FORCE.spec.name, SKIP_OS_SHUTDOWN.spec.name, HIBERNATE.spec.name],
    required: false,
    exclusive: true,
};

const STOP_INSTANCES: IamAction = IamAction::change("ec2:StopInstances")
    .on(INSTANCES)
    .probe(dry_run!(|ec2| ec2.stop_instances().instance_ids(NO_INSTANCE)));

const STOP: InstanceAction = InstanceAction {
    doing: "stopping",
    verb: "stop",
    done: "stopped",
    only_in: &[InstanceStateName::Running],
    already: &[InstanceStateName::Stopped, InstanceStateName::Stopping],
    transient: &[InstanceStateName::Pending],
    acts_in_parts: false,
};

const HIBERNATION: InstanceAction =
    InstanceAction { doing: "hibernating", verb: "hibernation", done: "hibernated", ..STOP };

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
        let policy = WaitPolicy::from_inputs(cx, inputs);
        let ids = selection.find(cx, inputs).await?;
        if ids.is_empty() {
            return selection.nothing_found(cx, inputs);
        }
        let (to_hibernate, to_stop) = match inputs.get(&HIBERNATE) {
            true => who_can_hibernate(cx, &ids, inputs.get(&HIBERNATE_FALLBACK)).await?,
            false => (Vec::new(), ids.clone()),
        };
        stop(cx, inputs, &policy, &to_stop, false).await;
        stop(cx, inputs, &policy, &to_hibernate, true).await;
        let waited = wait_if_asked(cx, inputs, &ids, Goal::Stopped, &policy).await;
        STOP.verdict(cx, waited)
    }
}

async fn stop(cx: &Context, inputs: &Inputs, policy: &WaitPolicy, ids: &[InstanceId], hibernate: bool) {
    let [force, skip_os_shutdown] = [&FORCE, &SKIP_OS_SHUTDOWN].map(|flag| inputs.get(flag).then_some(true));
    let call = |ids| {
        let request = cx.ec2().stop_instances().set_instance_ids(Some(ids)).dry_run(cx.dry_run());
        let request = request.set_force(force).set_skip_os_shutdown(skip_os_shutdown);
        let request = request.set_hibernate(hibernate.then_some(true));
        async { request.send().await.map(|answer| answer.stopping_instances) }
    };
    if hibernate { HIBERNATION } else { STOP }.ask(cx, policy, ids, call).await;
}

/// Divides the instances into those that can hibernate and those to be stopped; others have failed. One call.
async fn who_can_hibernate(
    cx: &Context,
    ids: &[InstanceId],
    fallback: Fallback,
) -> Result<(Vec<InstanceId>, Vec<InstanceId>)> {
    let (mut to_hibernate, mut to_stop) = (Vec::new(), Vec::new());
    for instance in see_all(cx, ids).await? {
        let label = cx.journal().instance(&instance.id).label();
        if STOP.already.contains(&instance.state) {
            to_stop.push(instance.id);
        } else if instance.can_hibernate {
            to_hibernate.push(instance.id);
        } else if fallback == Fallback::Stop {
            cx.event(format!("{label}: cannot hibernate, is stopped instead"));
            to_stop.push(instance.id);
        } else {
            let error = Error::new(ErrorKind::UnexpectedState, "it was not launched so that it can hibernate")
                .doing(format!("hibernating {}", instance.id))
                .hint("--hibernate-fallback stop stops such an instance");
            cx.warning(error.to_string());
            cx.journal().failed(&instance.id, error);
        }
    }
    Ok((to_hibernate, to_stop))
}

#[cfg(test)]
mod tests;
