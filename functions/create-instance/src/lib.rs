//! `CreateInstance`: launches instances of one image, with the key pair and the security groups that they need, and
//! saves them into OpCon properties.

mod arguments;
mod key_pair;
mod launch;
mod private_key;
mod security_group;
#[cfg(test)]
mod tests;

use connector_sdk::instances::{Instance, InstanceId};
use connector_sdk::properties::{PROPERTIES, PropertyNames};
use connector_sdk::wait::{Goal, UNTIL_READY, WAIT_FOR, wait_if_asked};
use connector_sdk::{Context, Example, Inputs, Operation, OperationMeta, Outcome, Result, async_trait, register};

use crate::arguments::{KEY_DIR, NETWORK_GROUP, Network, OWN};
use crate::launch::Launch;

static META: OperationMeta = OperationMeta::new("CreateInstance", "Launch one or more instances of one image.")
    .description(
        "Launches all of the instances or none. A key pair that does not exist is made, and its private key saved in a file \
         that only its owner can read; a security group that does not exist is made in the default VPC, closed for \
         incoming traffic. What was made stays, even if the launch fails. \
         Without --wait the job ends when EC2 has accepted the launch, and only those addresses are saved into \
         properties that EC2 knows by then. Several instances are numbered in the order of their launch.",
    )
    .arguments(&[OWN, UNTIL_READY, PROPERTIES])
    .groups(&[NETWORK_GROUP])
    .examples(&[
        Example {
            about: "Launch an instance named web, wait until it is ready, and save its id and address.",
            arguments: &[
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
        },
        Example {
            about: "Launch three instances into a subnet without waiting.",
            arguments: &[
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
        },
    ])
    .iam_actions(&[
        "ec2:RunInstances",
        "ec2:CreateTags",
        "ec2:DescribeInstances",
        "ec2:DescribeInstanceStatus",
        "ec2:DescribeKeyPairs",
        "ec2:CreateKeyPair",
        "ec2:DeleteKeyPair",
        "ec2:DescribeVpcs",
        "ec2:DescribeSecurityGroups",
        "ec2:CreateSecurityGroup",
    ])
    .changes_resources();

/// The folder for private keys, beside the connector's own files.
const KEY_FOLDER: &str = "keys";

struct CreateInstance;
register!(CreateInstance);

#[async_trait]
impl Operation for CreateInstance {
    fn meta(&self) -> &'static OperationMeta {
        &META
    }

    fn check(&self, inputs: &Inputs) -> Result<()> {
        Launch::from_inputs(inputs).map(drop)
    }

    async fn run(&self, cx: &Context, inputs: &Inputs) -> Result<Outcome> {
        let launch = Launch::from_inputs(inputs)?;
        let properties = PropertyNames::from_inputs(inputs);
        properties.prepare(cx, launch.count.into()).await?;

        let key_folder = inputs.get(&KEY_DIR).unwrap_or_else(|| cx.folder().join(KEY_FOLDER));
        let key_name = key_pair::provide(cx, &launch.key_name, &key_folder).await?;
        let group_ids = match &launch.network {
            Network::SecurityGroups(groups) => security_group::provide(cx, groups).await?,
            Network::Subnet(_) => Vec::new(),
        };

        let launched = match launch.send(cx, launch.request(cx.ec2(), key_name, group_ids)).await {
            Err(error) if cx.dry_run() && error.is_dry_run_success() => {
                let message = format!("launch of {} would succeed, nothing changed (dry run)", launch.count);
                return Ok(Outcome::new(message));
            }
            launched => enter(cx, &launched?),
        };
        launch.check_count(&launched)?;

        let waited = wait_if_asked(cx, inputs, &launched, Goal::Ready(inputs.get(&WAIT_FOR))).await;
        let saved = properties.save(cx, &launched, waited).await;
        let done = if waited { "launched and ready" } else { "launched" };
        let outcome = cx.journal().verdict("launching", done, "unchanged")?;
        saved.map(|()| outcome)
    }
}

/// Enters the instances into the journal and says their ids, at once: from here on they cost money.
fn enter(cx: &Context, launched: &[Instance]) -> Vec<InstanceId> {
    for instance in launched {
        let state = instance.state.as_str();
        cx.journal().see(instance);
        cx.journal().accepted(&instance.id, None, Some(state), true);
        cx.event(format!("{}: launched, {state}", cx.journal().instance(&instance.id).label()));
    }
    launched.iter().map(|instance| instance.id.clone()).collect()
}
