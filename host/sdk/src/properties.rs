//! OpCon properties: a job saves any value into one, and the values of its instances into up to four.

mod addresses;
mod arguments;
mod names;
mod property;
mod saving;

pub use arguments::{ID_PROPERTY, PRIVATE_IP_PROPERTY, PROPERTIES, PUBLIC_DNS_PROPERTY, PUBLIC_IP_PROPERTY};
pub use names::PropertyNames;
pub use property::Property;

pub use crate::journal::{Contents, Field};
pub use crate::property_store::{Delivery, PropertyStore};

#[cfg(test)]
mod tests;
