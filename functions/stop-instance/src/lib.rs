//! `StopInstance`: stops running instances, by name or by id.

use std::collections::HashMap;

use connector_sdk::prelude::*;

const FORCE: Arg<bool, Always> =
    Arg::flag("force", "Force the stop: the operating system cannot save its data. Not recommended for Windows.");
const SKIP_OS_SHUTDOWN: Arg<bool, Always> =
    Arg::flag("skip-os-shutdown", "Do not wait for the operating system to shut down; data in memory is lost.");
const HIBERNATE: Arg<bool, Always> =
    Arg::flag("hibernate", "Hibernate the instances, which must have been launched with hibernation enabled.");
const HIBERNATE_FALLBACK: Arg<Fallback, Always> = Arg::new(
    "hibernate-fallback",
    "ACTION",
    "What to do with an instance that cannot hibernate: `fail`, or `stop` it without hibernation.",
)
.default("fail")
.requires(&[HIBERNATE.spec.name]);

choices! {
    /// What to do with an instance that cannot hibernate.
    enum Fallback {
        Fail = "fail",
        Stop = "stop",
    }
}

const OPTIONS: &[ArgSpec] = &[FORCE.spec, SKIP_OS_SHUTDOWN.spec, HIBERNATE.spec, HIBERNATE_FALLBACK.spec];
/// An instance needs time to write its memory to the volume.
const EXCLUSIVE: ArgGroup = ArgGroup::at_most_one(&[FORCE.spec.name, SKIP_OS_SHUTDOWN.spec.name, HIBERNATE.spec.name]);

const STOP_INSTANCES: IamAction = IamAction::change("ec2:StopInstances")
    .on(INSTANCES)
    .probe(dry_run!(|ec2| ec2.stop_instances().instance_ids(NO_INSTANCE)));

const STOP: InstanceAction = InstanceAction::new("stopping", "stop", "stopped")
    .only_in(&[InstanceStateName::Running])
    .already(&[InstanceStateName::Stopped, InstanceStateName::Stopping])
    .transient(&[InstanceStateName::Pending])
    .repeatable();

const HIBERNATION: InstanceAction =
    InstanceAction { doing: "hibernating", verb: "hibernation", done: "hibernated", ..STOP };

/// The arguments of a job.
struct Args {
    instances: InstanceArgs,
    force: bool,
    skip_os_shutdown: bool,
    hibernate: Option<Fallback>,
}

struct StopInstance;
register!(StopInstance);

#[async_trait]
impl Operation for StopInstance {
    type Args = Args;

    const META: OperationMeta = OperationMeta::new("StopInstance", "Stop running instances.")
        .description(
            "Stops the instances with the given name or ids. An instance that is already stopped counts as a success. \
             Without `--wait`, the job ends when EC2 has accepted the stop.",
        )
        .arguments(&[SELECTION, OPTIONS, UNTIL_DONE])
        .groups(&[SELECTION_GROUP, EXCLUSIVE])
        .examples(&[
            Example::new("Stop all instances named `web` and wait for it.", &["--tag-name", "web", "--wait"]),
            Example::new(
                "Hibernate all instances named `web`, and stop those that cannot hibernate.",
                &["--tag-name", "web", "--hibernate", "--hibernate-fallback", "stop"],
            ),
            Example::new("Stop one instance.", &["--instance-id", "i-0123456789abcdef0"]),
        ])
        .iam_actions(&[STOP_INSTANCES, DESCRIBE_INSTANCES])
        .changes_resources();

    fn parse(&self, inputs: &Inputs) -> Result<Args> {
        let fallback = inputs.get(&HIBERNATE_FALLBACK);
        Ok(Args {
            instances: InstanceArgs::parse(inputs)?,
            force: inputs.get(&FORCE),
            skip_os_shutdown: inputs.get(&SKIP_OS_SHUTDOWN),
            hibernate: inputs.get(&HIBERNATE).then_some(fallback),
        })
    }

    async fn run(&self, cx: &Context, args: &Args) -> Result<Outcome> {
        let job = InstanceJob::select(cx, &args.instances).await?;
        let call = |ids, hibernate: bool| {
            let request = cx.ec2().stop_instances().set_instance_ids(Some(ids)).dry_run(cx.dry_run());
            let request = request.set_force(args.force.then_some(true)).set_hibernate(hibernate.then_some(true));
            let request = request.set_skip_os_shutdown(args.skip_os_shutdown.then_some(true));
            async { request.send().await.map(|answer| answer.stopping_instances) }
        };
        let (to_hibernate, to_stop) = match args.hibernate {
            Some(fallback) => divide(cx, &job, fallback),
            None => (Vec::new(), job.ids().to_vec()),
        };
        job.request(&STOP, &to_stop, |ids| call(ids, false)).await;
        job.request(&HIBERNATION, &to_hibernate, |ids| call(ids, true)).await;
        job.finish(&STOP, Goal::Stopped).await
    }
}

/// Splits the instances into those to hibernate and those to stop; the others have failed. For an instance of unknown
/// capability, EC2 decides.
fn divide(cx: &Context, job: &InstanceJob<'_>, fallback: Fallback) -> (Vec<InstanceId>, Vec<InstanceId>) {
    let shown: HashMap<_, _> = job.shown().iter().map(|instance| (&instance.id, instance)).collect();
    let (mut to_hibernate, mut to_stop) = (Vec::new(), Vec::new());
    for id in job.ids() {
        match shown.get(id) {
            Some(instance) if STOP.already.contains(&instance.state) => to_stop.push(id.clone()),
            Some(instance) if !instance.can_hibernate && fallback == Fallback::Stop => {
                cx.event(format!("{}: cannot hibernate, stopping it instead", cx.journal().label(id)));
                to_stop.push(id.clone());
            }
            Some(instance) if !instance.can_hibernate => {
                let error = Error::new(ErrorKind::UnexpectedState, "hibernation is not enabled for the instance")
                    .doing(format!("hibernating {id}"))
                    .hint("use `--hibernate-fallback stop` to stop such an instance");
                cx.instance_failed(id, error);
            }
            _ => to_hibernate.push(id.clone()),
        }
    }
    (to_hibernate, to_stop)
}

#[cfg(test)]
mod tests;
