//! OpCon properties: the four that a job may name, and how instances are saved into them.

mod addresses;
mod arguments;
mod names;
mod saving;

pub use arguments::{ID_PROPERTY, PRIVATE_IP_PROPERTY, PROPERTIES, PUBLIC_DNS_PROPERTY, PUBLIC_IP_PROPERTY};
pub use names::PropertyNames;

pub use crate::journal::{Contents, Field};
pub use crate::property_store::{Delivery, PropertyStore};

#[cfg(test)]
mod tests;
