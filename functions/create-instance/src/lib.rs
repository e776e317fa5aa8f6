//! `CreateInstance`: launches instances with their key pair and security groups, and saves them into OpCon properties.

mod arguments;
mod attempt;
mod clean_up;
mod fallback;
mod history;
mod image;
mod key_pair;
mod launch;
mod launched;
mod permissions;
mod prerequisites;
mod private_key;
mod recover;
mod request;
mod security_group;
mod send;
#[cfg(test)]
mod tests;

use connector_sdk::prelude::*;
use connector_sdk::properties::{PROPERTIES, PropertyNames};
use connector_sdk::wait::{WAIT_FOR, WaitArgs, wait_if_requested};

use crate::arguments::on_timeout::OnTimeout;
use crate::arguments::{
    GROUPS, client_token, count, key, network, on_timeout, root_volume, settings, source, tags, user_data,
};
use crate::attempt::Attempts;
use crate::launch::Launch;

struct CreateInstance;
register!(CreateInstance);

/// The arguments of a job.
struct Args {
    launch: Launch,
    on_timeout: OnTimeout,
    properties: PropertyNames,
    wait: WaitArgs,
    goal: Goal,
}

#[async_trait]
impl Operation for CreateInstance {
    type Args = Args;

    const META: OperationMeta = OperationMeta::new("CreateInstance", "Launch one or more instances from one image.")
        .description(
            "Launches all of the instances or none, unless `--min-number` is given. A key pair that does not exist is \
             created, and its private key is saved in a file that only its owner can read. A security group that does \
             not exist is created without inbound rules. Created key pairs and security groups are kept, even if the \
             launch fails. Several instance types or subnets are tried in order until EC2 has capacity for one of \
             them. Without `--wait`, the job ends when EC2 has accepted the launch, and saves only the addresses that \
             EC2 has assigned by then. Several instances are numbered in the order of their launch.",
        )
        .arguments(&[
            count::ARGUMENTS,
            source::ARGUMENTS,
            tags::ARGUMENTS,
            network::ARGUMENTS,
            key::ARGUMENTS,
            root_volume::ARGUMENTS,
            user_data::ARGUMENTS,
            settings::ARGUMENTS,
            client_token::ARGUMENTS,
            UNTIL_READY,
            on_timeout::ARGUMENTS,
            PROPERTIES,
        ])
        .groups(GROUPS)
        .examples(&[
            Example::new(
                "Launch an instance named `web`, wait until it is ready, and save its id and address.",
                &[
                    "--image-id",
                    "ami-0123456789abcdef0",
                    "--instance-type",
                    "t3.micro",
                    "--key-name",
                    "batch",
                    "--security-group",
                    "web-servers",
                    "--tag-name",
                    "web",
                    "--wait",
                    "--id-property",
                    "WEB_ID",
                    "--private-ip-property",
                    "WEB_IP",
                ],
            ),
            Example::new(
                "Launch from a template, once for each run of the job.",
                &["--launch-template", "nightly:$Latest", "--client-token", "[[$JOBID]]-[[$SCHEDULE DATE]]"],
            ),
            Example::new(
                "Launch three instances in a subnet without waiting.",
                &[
                    "--number",
                    "3",
                    "--image-id",
                    "ami-0123456789abcdef0",
                    "--instance-type",
                    "t3.micro",
                    "--key-name",
                    "batch",
                    "--subnet-id",
                    "subnet-0123456789abcdef0",
                ],
            ),
        ])
        .iam_actions(permissions::ALL)
        .changes_resources();

    fn parse(&self, inputs: &Inputs) -> Result<Args> {
        Ok(Args {
            on_timeout: OnTimeout::parse(inputs)?,
            properties: PropertyNames::parse(inputs)?,
            launch: Launch::parse(inputs)?,
            wait: WaitArgs::parse(inputs),
            goal: Goal::Ready(inputs.get(&WAIT_FOR)),
        })
    }

    async fn run(&self, cx: &Context, args: &Args) -> Result<Outcome> {
        let Args { launch, properties, wait, goal, .. } = args;
        let (attempts, policy) = (Attempts::of(launch)?, wait.policy(cx));
        properties.prepare(cx, launch.count.wanted.into()).await?;

        let prerequisites = prerequisites::ensure(cx, launch, &attempts.first().token).await?;
        let (launched, enough) = match fallback::launch(cx, launch, &attempts, &prerequisites).await {
            Err(error) if cx.dry_run() && error.is_dry_run_success() => {
                let message = format!("launch of {} would succeed, nothing changed (dry run)", launch.count);
                return Ok(Outcome::new(message));
            }
            // Instances of a launch of unknown outcome are results of this job, too.
            Err(error) if error.kind() == ErrorKind::Unknown => (cx.journal().ids(), Err(error)),
            launched => (launched?, Ok(())),
        };
        properties.save_ids(cx, &launched).await;
        launch.report_count(cx, launched.len(), enough.is_ok());

        let waited = enough.is_ok() && wait_if_requested(cx, wait, &launched, *goal, &policy).await;
        let saved = properties.save_addresses(cx, &launched, waited, &policy).await;
        let done = if waited { "launched and ready" } else { "launched" };
        let outcome = match enough.and_then(|()| cx.journal().verdict("launching", done, "unchanged")) {
            Err(failure) if waited && args.on_timeout == OnTimeout::Terminate => {
                Err(clean_up::terminate(cx, &policy, &launched, *goal, failure).await)
            }
            outcome => outcome,
        };
        outcome.and_then(|outcome| saved.map(|()| outcome))
    }
}
