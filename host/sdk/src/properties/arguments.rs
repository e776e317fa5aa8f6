//! The arguments for saving values of instances into properties.

use crate::args::{Arg, ArgSpec};
use crate::wait::WAIT;

/// The property for the instance ids.
pub const ID_PROPERTY: Arg<String> = Arg::new(
    "id-property",
    "NAME",
    "The OpCon property for the instance id. With several instances: `NAME_1`, `NAME_2` and so on.",
)
.form_flag(WAIT.spec.name);
/// The property for the public DNS names.
pub const PUBLIC_DNS_PROPERTY: Arg<String> =
    Arg::new("public-dns-property", "NAME", "The OpCon property for the public DNS name.")
        .aliases(&["dns-property"])
        .form_flag(WAIT.spec.name);
/// The property for the public IPv4 addresses.
pub const PUBLIC_IP_PROPERTY: Arg<String> =
    Arg::new("public-ip-property", "NAME", "The OpCon property for the public IPv4 address.").form_flag(WAIT.spec.name);
/// The property for the private IPv4 addresses.
pub const PRIVATE_IP_PROPERTY: Arg<String> =
    Arg::new("private-ip-property", "NAME", "The OpCon property for the private IPv4 address.")
        .form_flag(WAIT.spec.name);

/// The arguments of a function that saves values of instances into properties.
pub const PROPERTIES: &[ArgSpec] =
    &[ID_PROPERTY.spec, PUBLIC_DNS_PROPERTY.spec, PUBLIC_IP_PROPERTY.spec, PRIVATE_IP_PROPERTY.spec];
