//! `StopInstance`: stops running instances, by name or by id.

use std::collections::HashMap;

use connector_sdk::prelude::*;

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
        Args = "stop",
    }
}

const STOP_OPTIONS: &[ArgSpec] = &[FORCE.spec, SKIP_OS_SHUTDOWN.spec, HIBERNATE.spec, HIBERNATE_FALLBACK.spec];
/// An instance that hibernates must be given the time to write its memory to the volume.
const STOP_OPTIONS_GROUP: ArgGroup =
    ArgGroup::at_most_one(&[FORCE.spec.name, SKIP_OS_SHUTDOWN.spec.name, HIBERNATE.spec.name]);

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

/// How the instances are stopped.
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
            "Stops the instances with the given name or ids. An instance that is stopped already counts as a success. \
             Without --wait the job ends when EC2 has accepted the stop.",
        )
        .arguments(&[SELECTION, STOP_OPTIONS, UNTIL_DONE])
        .groups(&[SELECTION_GROUP, STOP_OPTIONS_GROUP])
        .examples(&[
            Example {
                about: "Stop all instances named web and wait for it.",
                arguments: &["--tag-name", "web", "--wait"],
            },
            Example {
                about: "Hibernate all instances named web, and stop those that cannot.",
                arguments: &["--tag-name", "web", "--hibernate", "--hibernate-fallback", "stop"],
            },
            Example { about: "Stop one instance.", arguments: &["--instance-id", "i-0123456789abcdef0"] },
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

/// Divides the instances into those to hibernate and those to stop; others have failed. One that EC2 has not shown is asked
/// to hibernate, and EC2 decides.
fn divide(cx: &Context, job: &InstanceJob<'_>, fallback: Fallback) -> (Vec<InstanceId>, Vec<InstanceId>) {
    let shown: HashMap<_, _> = job.shown().iter().map(|instance| (&instance.id, instance)).collect();
    let (mut to_hibernate, mut to_stop) = (Vec::new(), Vec::new());
    for id in job.ids() {
        match shown.get(id) {
            Some(instance) if STOP.already.contains(&instance.state) => to_stop.push(id.clone()),
            Some(instance) if !instance.can_hibernate && fallback == Fallback::Args => {
                cx.event(format!("{}: cannot hibernate, is stopped instead", cx.journal().label(id)));
                to_stop.push(id.clone());
            }
            Some(instance) if !instance.can_hibernate => {
                let error = Error::new(ErrorKind::UnexpectedState, "it was not launched so that it can hibernate")
                    .doing(format!("hibernating {id}"))
                    .hint("--hibernate-fallback stop stops such an instance");
                cx.instance_failed(id, error);
            }
            _ => to_hibernate.push(id.clone()),
        }
    }
    (to_hibernate, to_stop)
}

#[cfg(test)]
mod tests;
