//! The description of an instance, reduced to what the connector uses.

use aws_sdk_ec2::types::InstanceStateName;

use crate::error::{Error, Result};
use crate::ids::InstanceId;
use crate::quoted::shortened;

/// The description of an instance, reduced to what the connector uses.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The instance id.
    pub id: InstanceId,
    /// The value of its tag `Name`; `None` when it has none or an empty one.
    pub name: Option<String>,
    /// Its state.
    pub state: InstanceStateName,
    /// The reason for the state, if EC2 reports one: `<code>: <message>`.
    pub state_reason: Option<String>,
    /// The code of the reason, e.g. `Server.InsufficientInstanceCapacity`.
    pub state_reason_code: Option<String>,
    /// Its index within the launch, from 0.
    pub launch_index: i32,
    /// Whether hibernation was enabled at launch.
    pub can_hibernate: bool,
    /// Its public DNS name; `None` while it has none.
    pub public_dns: Option<String>,
    /// Its public IPv4 address; `None` while it has none.
    pub public_ip: Option<String>,
    /// Its private IPv4 address; `None` while it has none.
    pub private_ip: Option<String>,
}

impl Instance {
    /// Converts a description.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`](crate::ErrorKind::Unavailable) when the answer lacks the id or the state.
    pub fn from_ec2(instance: &aws_sdk_ec2::types::Instance) -> Result<Self> {
        let filled = |value: Option<&str>| value.filter(|text| !text.is_empty()).map(str::to_owned);
        let name = instance.tags().iter().find(|tag| tag.key() == Some("Name")).and_then(|tag| tag.value());
        let reason = instance.state_reason();
        let state = instance.state().and_then(|state| state.name());
        let (Some(id), Some(state)) = (instance.instance_id(), state) else {
            let id = instance.instance_id().unwrap_or("an instance");
            return Err(Error::incomplete(&format!("{id} without its id or its state")));
        };
        Ok(Instance {
            id: InstanceId::from_ec2(id),
            name: filled(name),
            state: state.clone(),
            state_reason: filled(reason.and_then(|reason| reason.message()))
                .or_else(|| filled(instance.state_transition_reason()))
                .map(|reason| shortened(&reason)),
            state_reason_code: filled(reason.and_then(|reason| reason.code())),
            launch_index: instance.ami_launch_index().unwrap_or(0),
            can_hibernate: instance.hibernation_options().and_then(|options| options.configured()).unwrap_or(false),
            public_dns: filled(instance.public_dns_name()),
            public_ip: filled(instance.public_ip_address()),
            private_ip: filled(instance.private_ip_address()),
        })
    }
}
