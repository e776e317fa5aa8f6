//! The launch: the request for it, and the instances that EC2 answers with.

use std::time::Duration;

use connector_sdk::ec2::Client;
use connector_sdk::ec2::config::AsyncSleep as _;
use connector_sdk::ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use connector_sdk::ec2::types::{self, ResourceType, Tag, TagSpecification};
use connector_sdk::instances::{Instance, InstanceId, TagName, list_of};
use connector_sdk::{Context, Doing as _, Error, ErrorKind, Inputs, Result, codes};

use crate::arguments::{
    IMAGE_ID, INSTANCE_TYPE, ImageId, InstanceCount, InstanceType, KEY_NAME, KeyName, NUMBER, Network, TAG_NAME,
};

/// A security group that EC2 does not know.
const INVALID_GROUP_NOT_FOUND: &str = "InvalidGroup.NotFound";
/// How often the launch is sent while EC2 does not know what it has just made: that lasts seconds, and here it may last
/// a minute (AWS: "Eventual consistency in the Amazon EC2 API").
const ATTEMPTS: usize = 20;
/// The time between two of these attempts.
const ATTEMPT_INTERVAL: Duration = Duration::from_secs(3);

/// What a job asks to be launched.
#[derive(Clone, Debug)]
pub struct Launch {
    /// How many instances.
    pub count: InstanceCount,
    /// The image they are made of.
    pub image: ImageId,
    /// Their type.
    pub instance_type: InstanceType,
    /// The value of their tag `Name`.
    pub name: Option<TagName>,
    /// Where in the network they go.
    pub network: Network,
    /// The key pair that opens them.
    pub key_name: KeyName,
}

impl Launch {
    /// What the arguments say.
    ///
    /// # Errors
    /// Those of [`Network::from_inputs`].
    pub fn from_inputs(inputs: &Inputs) -> Result<Self> {
        Ok(Launch {
            count: inputs.get(&NUMBER),
            image: inputs.get(&IMAGE_ID),
            instance_type: inputs.get(&INSTANCE_TYPE),
            name: inputs.get(&TAG_NAME),
            network: Network::from_inputs(inputs)?,
            key_name: inputs.get(&KEY_NAME),
        })
    }

    /// The request for all of the instances or none. The SDK gives each one that is sent a client token of its own, the
    /// same in all its retries, so that a retry launches nothing twice.
    pub fn request(&self, ec2: &Client, key_name: Option<String>, group_ids: Vec<String>) -> RunInstancesFluentBuilder {
        let subnet_id = match &self.network {
            Network::Subnet(id) => Some(id.as_str().to_owned()),
            Network::SecurityGroups(_) => None,
        };
        let name = self.name.as_ref().map(|name| Tag::builder().key("Name").value(name.as_str()).build());
        let tags = name.map(|tag| TagSpecification::builder().resource_type(ResourceType::Instance).tags(tag).build());
        ec2.run_instances()
            .min_count(self.count.for_ec2())
            .max_count(self.count.for_ec2())
            .image_id(self.image.as_str())
            .instance_type(self.instance_type.as_str().into())
            .set_key_name(key_name)
            .set_security_group_ids(Some(group_ids))
            .set_subnet_id(subnet_id)
            .set_tag_specifications(tags.map(|tags| vec![tags]))
    }

    /// Sends the request, and returns the instances in the order of the launch.
    ///
    /// # Errors
    /// Those of EC2; in a dry run also the one that says it would succeed.
    pub async fn send(&self, cx: &Context, request: RunInstancesFluentBuilder) -> Result<Vec<Instance>> {
        let mut attempt = 1;
        loop {
            let answer = request.clone().dry_run(cx.dry_run()).send().await;
            match answer.doing(|| self.action()) {
                Err(error) if attempt < ATTEMPTS && is_not_known_yet(cx, &error) => attempt += 1,
                Err(error) => return Err(error),
                Ok(answer) => return Ok(in_order(answer.instances())),
            }
            if let Some(clock) = cx.ec2().config().sleep_impl() {
                clock.sleep(ATTEMPT_INTERVAL).await;
            }
        }
    }

    /// Makes sure that EC2 launched as many instances as it was asked for.
    ///
    /// # Errors
    /// [`ErrorKind::Partial`] when it launched fewer, [`ErrorKind::Service`] when it launched none.
    pub fn check_count(&self, launched: &[InstanceId]) -> Result<()> {
        let error = match launched.len() {
            0 => Error::new(ErrorKind::Service, "EC2 accepted the launch, but its answer names no instance"),
            number if number < self.count.into() => {
                Error::new(ErrorKind::Partial, format!("EC2 launched only {number}: {}", list_of(launched)))
            }
            _ => return Ok(()),
        };
        Err(error.doing(self.action()))
    }

    fn action(&self) -> String {
        format!("launching {} of {}", self.count, self.image.as_str())
    }
}

/// Whether EC2 speaks of a key pair or a security group that this job has just made: before the launch, the job changes
/// nothing else.
fn is_not_known_yet(cx: &Context, error: &Error) -> bool {
    let unknown = [codes::INVALID_KEY_PAIR_NOT_FOUND, INVALID_GROUP_NOT_FOUND];
    cx.journal().anything_changed() && error.code().is_some_and(|code| unknown.contains(&code))
}

/// The instances in the order of the launch.
fn in_order(launched: &[types::Instance]) -> Vec<Instance> {
    let mut launched: Vec<_> = launched.iter().filter_map(Instance::from_ec2).collect();
    launched.sort_by(|a, b| (a.launch_index, &a.id).cmp(&(b.launch_index, &b.id)));
    launched
}
