//! The arguments of `CreateInstance`, grouped by topic.

pub mod client_token;
pub mod count;
pub mod key;
pub mod network;
pub mod on_timeout;
pub mod root_volume;
pub mod settings;
pub mod source;
pub mod tags;
pub mod user_data;

use connector_sdk::ArgGroup;

use self::key::KEY_NAME;
use self::network::{AVAILABILITY_ZONE, SECURITY_GROUP, SUBNET_ID};
use self::settings::{SPOT, TERMINATION_PROTECTION};
use self::source::{IMAGE_ID, INSTANCE_TYPE, LAUNCH_TEMPLATE};
use self::user_data::{USER_DATA, USER_DATA_FILE};

/// The option that can replace mandatory ones.
const TEMPLATE: &str = LAUNCH_TEMPLATE.spec.name;

/// The rules about mandatory and conflicting arguments.
pub const GROUPS: &[ArgGroup] = &[
    ArgGroup::at_least_one(&[IMAGE_ID.spec.name, TEMPLATE]),
    ArgGroup::at_least_one(&[INSTANCE_TYPE.spec.name, TEMPLATE]),
    ArgGroup::at_least_one(&[SECURITY_GROUP.spec.name, SUBNET_ID.spec.name, TEMPLATE]),
    ArgGroup::at_least_one(&[KEY_NAME.spec.name, TEMPLATE]),
    ArgGroup::at_most_one(&[SUBNET_ID.spec.name, AVAILABILITY_ZONE.spec.name]),
    ArgGroup::at_most_one(&[USER_DATA.spec.name, USER_DATA_FILE.spec.name]),
    ArgGroup::at_most_one(&[SPOT.spec.name, TERMINATION_PROTECTION.spec.name]),
];
