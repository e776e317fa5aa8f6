//! The launch: what a job asks for, the request for it, and whether EC2 launched enough.

use connector_sdk::ec2::Client;
use connector_sdk::ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use connector_sdk::ec2::types::{InstanceNetworkInterfaceSpecification, Placement};
use connector_sdk::{Context, Error, ErrorKind, Inputs, Result};

use crate::arguments::client_token::CLIENT_TOKEN;
use crate::arguments::count::Count;
use crate::arguments::key::Key;
use crate::arguments::network::{Network, each_once};
use crate::arguments::root_volume::RootVolume;
use crate::arguments::settings::Settings;
use crate::arguments::source::{IMAGE_ID, INSTANCE_TYPE, ImageId, LAUNCH_TEMPLATE, LaunchTemplate};
use crate::arguments::tags::Tags;
use crate::arguments::user_data::{UserData, UserDataSource};
use crate::attempt::{Attempt, attempts};
use crate::needs::Needs;

/// What a job asks to be launched. What is `None` is left to EC2, or to the launch template.
#[derive(Clone, Debug)]
pub struct Launch {
    /// How many instances.
    pub count: Count,
    /// The image they are made of.
    pub image: Option<ImageId>,
    /// The launch template, for what nothing else says.
    pub template: Option<LaunchTemplate>,
    /// Where in the network they go.
    pub network: Network,
    /// The key pair that opens them.
    pub key: Option<Key>,
    /// Their tags, and those of their volumes.
    pub tags: Tags,
    /// Their root volume.
    pub root_volume: Option<RootVolume>,
    /// Their user data.
    pub user_data: Option<UserDataSource>,
    /// Their settings.
    pub settings: Settings,
    /// How it is tried, at least one way.
    pub attempts: Vec<Attempt>,
    /// Whether the client token was given, so that an earlier run of the job may have launched already.
    pub may_be_repeated: bool,
}

impl Launch {
    /// What the arguments say.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when arguments contradict each other, or leave something open.
    pub fn from_inputs(inputs: &Inputs) -> Result<Self> {
        let network = Network::from_inputs(inputs);
        let types = each_once(inputs.get(&INSTANCE_TYPE));
        let launch = Launch {
            count: Count::from_inputs(inputs)?,
            image: inputs.get(&IMAGE_ID),
            template: inputs.get(&LAUNCH_TEMPLATE),
            key: Key::from_inputs(inputs),
            tags: Tags::from_inputs(inputs)?,
            root_volume: RootVolume::from_inputs(inputs)?,
            user_data: UserDataSource::from_inputs(inputs),
            settings: Settings::from_inputs(inputs),
            attempts: attempts(inputs, &types, &network.subnets)?,
            may_be_repeated: inputs.get(&CLIENT_TOKEN).is_some(),
            network,
        };
        match launch.missing().filter(|_| launch.template.is_none()) {
            Some(missing) => {
                Err(Error::new(ErrorKind::InvalidInput, format!("neither {missing} nor --launch-template is given")))
            }
            None => Ok(launch),
        }
    }

    /// The first argument of those that a launch without a template needs and that have no value.
    fn missing(&self) -> Option<&'static str> {
        let nowhere = self.network.groups.is_empty() && self.network.subnets.is_empty();
        [
            (self.image.is_none(), "--image-id"),
            (self.attempts[0].instance_type.is_none(), "--instance-type"),
            (nowhere, "--security-group nor --subnet-id"),
            (self.key.is_none(), "--key-name"),
        ]
        .into_iter()
        .find_map(|(missing, argument)| missing.then_some(argument))
    }

    /// The request of one attempt.
    pub fn request(&self, ec2: &Client, attempt: &Attempt, needs: &Needs) -> RunInstancesFluentBuilder {
        let instance_type = attempt.instance_type.as_ref().map(|instance_type| instance_type.as_str().into());
        let request = ec2
            .run_instances()
            .client_token(attempt.token.as_str())
            .min_count(self.count.minimum.for_ec2())
            .max_count(self.count.wanted.for_ec2())
            .set_image_id(self.image.as_ref().map(|image| image.as_str().to_owned()))
            .set_instance_type(instance_type)
            .set_launch_template(self.template.as_ref().map(LaunchTemplate::for_ec2))
            .set_key_name(needs.key_name.clone())
            .set_block_device_mappings(needs.root_volume.clone().map(|volume| vec![volume]))
            .set_user_data(needs.user_data.as_ref().map(UserData::for_ec2))
            .set_tag_specifications(self.tags.for_ec2());
        self.settings.add_to(self.place(request, attempt, needs))
    }

    /// Says where the instances go. Whether they get a public address can be said of a network interface only, and then
    /// EC2 takes subnet and security groups there.
    fn place(&self, request: RunInstancesFluentBuilder, attempt: &Attempt, needs: &Needs) -> RunInstancesFluentBuilder {
        let subnet_id = attempt.subnet.as_ref().map(|subnet| subnet.as_str().to_owned());
        let groups = Some(needs.group_ids.clone()).filter(|ids| !ids.is_empty());
        let zone = self.network.zone.as_ref();
        let request =
            request.set_placement(zone.map(|zone| Placement::builder().availability_zone(zone.as_str()).build()));
        if !self.network.associate_public_ip {
            return request.set_subnet_id(subnet_id).set_security_group_ids(groups);
        }
        let interface = InstanceNetworkInterfaceSpecification::builder()
            .device_index(0)
            .associate_public_ip_address(true)
            .set_subnet_id(subnet_id)
            .set_groups(groups);
        request.network_interfaces(interface.build())
    }

    /// Reports that EC2 launched fewer instances than wanted, where these are enough.
    pub fn tell_count(&self, cx: &Context, number: usize, enough: bool) {
        if enough && number < self.count.wanted.into() {
            cx.event(format!("EC2 launched {number} of {}, enough for --min-number", self.count));
        }
    }

    /// What is being done, as in `launching 2 instances of ami-0123abcd`.
    pub fn action(&self) -> String {
        match (&self.image, &self.template) {
            (Some(image), _) => format!("launching {} of {}", self.count, image.as_str()),
            (None, Some(template)) => format!("launching {} of template {}", self.count, template.as_str()),
            (None, None) => format!("launching {}", self.count),
        }
    }
}
