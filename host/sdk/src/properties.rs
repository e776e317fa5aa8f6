//! OpCon properties: the four that a job may name, and how instances are saved into them.

mod addresses;
mod contents;
mod names;
mod saving;

use async_trait::async_trait;

pub use contents::{Contents, Field};
pub use names::PropertyNames;

use crate::wait::WAIT;
use crate::{Arg, ArgSpec, Result};

/// `--id-property NAME`.
pub const ID_PROPERTY: Arg<String> = Arg::new(
    "id-property",
    "NAME",
    "The OpCon property that gets the instance id; with several instances NAME_1, NAME_2 and so on.",
)
.asked_with(WAIT.spec.name);
/// `--public-dns-property NAME`.
pub const PUBLIC_DNS_PROPERTY: Arg<String> =
    Arg::new("public-dns-property", "NAME", "The OpCon property that gets the public DNS name.")
        .aliases(&["dns-property"])
        .asked_with(WAIT.spec.name);
/// `--public-ip-property NAME`.
pub const PUBLIC_IP_PROPERTY: Arg<String> =
    Arg::new("public-ip-property", "NAME", "The OpCon property that gets the public IPv4 address.")
        .asked_with(WAIT.spec.name);
/// `--private-ip-property NAME`.
pub const PRIVATE_IP_PROPERTY: Arg<String> =
    Arg::new("private-ip-property", "NAME", "The OpCon property that gets the private IPv4 address.")
        .asked_with(WAIT.spec.name);

/// The arguments of a function that saves instances into properties.
pub const PROPERTIES: &[ArgSpec] =
    &[ID_PROPERTY.spec, PUBLIC_DNS_PROPERTY.spec, PUBLIC_IP_PROPERTY.spec, PRIVATE_IP_PROPERTY.spec];

/// Where properties are saved: OpCon, or a stand-in of a test.
#[async_trait]
pub trait PropertyStore: Send + Sync {
    /// The full name of a property: the counter, if any, goes on the name part, never on a schedule or job behind it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when OpCon would not accept the name.
    fn full_name(&self, name: &str, counter: Option<usize>) -> Result<String>;

    /// Makes sure that properties can be saved: settings, address, token. Called before anything is changed in EC2.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], [`ErrorKind::PermissionDenied`] or [`ErrorKind::Unavailable`].
    async fn prepare(&self) -> Result<()>;

    /// Saves a value under a full name. Several may be saved at the same time.
    ///
    /// # Errors
    /// When OpCon, or the agent's folder, did not take it.
    async fn save(&self, full_name: &str, value: &str) -> Result<Delivery>;
}

/// How sure it is that OpCon holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It was read back.
    Seen,
    /// It was handed to an agent, which does not say what becomes of it.
    HandedOver,
}

impl Delivery {
    /// What became of the value of a property, in one line.
    pub fn told(self, name: &str, value: &str) -> String {
        match self {
            Delivery::Seen => format!("property {name} = {value}: saved"),
            Delivery::HandedOver => format!("property {name} = {value}: handed to the agent, not confirmed"),
        }
    }
}

#[cfg(test)]
mod tests;
