//! The launch: what a job asks for, the request for it, and whether EC2 launched enough.

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
    /// The instance types to try in turn, each once.
    pub instance_types: Vec<InstanceTypeName>,
    /// The client token that was given.
    pub token: Option<ClientToken>,
}

impl Launch {
    /// What the arguments say.
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

    /// Reports that EC2 launched fewer instances than wanted, where these are enough.
    pub fn report_count(&self, cx: &Context, number: usize, enough: bool) {
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
