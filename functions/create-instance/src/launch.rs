//! The launch: what a job asks for, the request for it, and whether EC2 launched enough.

use connector_sdk::names::ImageId;
use connector_sdk::{Context, Error, ErrorKind, Inputs, Result};

use crate::arguments::client_token::CLIENT_TOKEN;
use crate::arguments::count::Count;
use crate::arguments::key::Key;
use crate::arguments::network::{Network, each_once};
use crate::arguments::root_volume::RootVolume;
use crate::arguments::settings::Settings;
use crate::arguments::source::{IMAGE_ID, INSTANCE_TYPE, LAUNCH_TEMPLATE, LaunchTemplate};
use crate::arguments::tags::Tags;
use crate::arguments::user_data::UserDataSource;
use crate::attempt::{Attempt, attempts};

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
