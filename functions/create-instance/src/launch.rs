//! The launch that a job requests.

use connector_sdk::client_token::ClientToken;
use connector_sdk::names::{ImageId, InstanceTypeName};
use connector_sdk::{Context, Inputs, Result};

use crate::arguments::client_token::{CLIENT_TOKEN, check_length};
use crate::arguments::count::Count;
use crate::arguments::key::Key;
use crate::arguments::network::{Network, unique};
use crate::arguments::root_volume::RootVolume;
use crate::arguments::settings::Settings;
use crate::arguments::source::{IMAGE_ID, INSTANCE_TYPE, LAUNCH_TEMPLATE, LaunchTemplate};
use crate::arguments::tags::Tags;
use crate::arguments::user_data::UserDataSource;

/// The requested launch. `None` is left to EC2, or to the launch template.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The number of instances.
    pub count: Count,
    /// The image.
    pub image: Option<ImageId>,
    /// The launch template, for everything that is not given.
    pub template: Option<LaunchTemplate>,
    /// The network settings.
    pub network: Network,
    /// The key pair.
    pub key: Option<Key>,
    /// The tags of the instances and their volumes.
    pub tags: Tags,
    /// The root volume.
    pub root_volume: Option<RootVolume>,
    /// The user data.
    pub user_data: Option<UserDataSource>,
    /// The settings of the instances.
    pub settings: Settings,
    /// The instance types in order of preference, without duplicates.
    pub instance_types: Vec<InstanceTypeName>,
    /// The given client token.
    pub token: Option<ClientToken>,
}

impl Launch {
    /// Reads the arguments.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](connector_sdk::ErrorKind::InvalidInput) when arguments contradict each other.
    pub fn parse(inputs: &Inputs) -> Result<Self> {
        let launch = Launch {
            count: Count::parse(inputs)?,
            image: inputs.get(&IMAGE_ID),
            template: inputs.get(&LAUNCH_TEMPLATE),
            key: Key::parse(inputs),
            tags: Tags::parse(inputs)?,
            root_volume: RootVolume::parse(inputs)?,
            user_data: UserDataSource::parse(inputs),
            settings: Settings::parse(inputs),
            instance_types: unique(inputs.get(&INSTANCE_TYPE)),
            token: inputs.get(&CLIENT_TOKEN),
            network: Network::parse(inputs),
        };
        let attempts = launch.instance_types.len().max(1) * launch.network.subnets.len().max(1);
        launch.token.iter().try_for_each(|token| check_length(token, attempts))?;
        Ok(launch)
    }

    /// Reports a launch with fewer instances than wanted, if they are enough.
    pub fn report_count(&self, cx: &Context, number: usize, enough: bool) {
        if enough && number < self.count.wanted.into() {
            cx.event(format!("EC2 launched {number} of {}, enough for `--min-number`", self.count));
        }
    }

    /// The action, e.g. `launching 2 instances of ami-0123abcd`.
    pub fn action(&self) -> String {
        match (&self.image, &self.template) {
            (Some(image), _) => format!("launching {} of {}", self.count, image.as_str()),
            (None, Some(template)) => format!("launching {} of template {}", self.count, template.as_str()),
            (None, None) => format!("launching {}", self.count),
        }
    }
}
