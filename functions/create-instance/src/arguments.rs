//! The arguments of `CreateInstance` by theme, each parsed into a type that cannot be wrong inside.

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

/// What a launch template can stand for.
const TEMPLATE: &str = LAUNCH_TEMPLATE.spec.name;

/// What must be given, and what must not be given together.
pub const GROUPS: &[ArgGroup] = &[
    one_of(&[IMAGE_ID.spec.name, TEMPLATE]),
    one_of(&[INSTANCE_TYPE.spec.name, TEMPLATE]),
    one_of(&[SECURITY_GROUP.spec.name, SUBNET_ID.spec.name, TEMPLATE]),
    one_of(&[KEY_NAME.spec.name, TEMPLATE]),
    not_together(&[SUBNET_ID.spec.name, AVAILABILITY_ZONE.spec.name]),
    not_together(&[USER_DATA.spec.name, USER_DATA_FILE.spec.name]),
    not_together(&[SPOT.spec.name, TERMINATION_PROTECTION.spec.name]),
];

const fn one_of(members: &'static [&'static str]) -> ArgGroup {
    ArgGroup { members, required: true, exclusive: false }
}

const fn not_together(members: &'static [&'static str]) -> ArgGroup {
    ArgGroup { members, required: false, exclusive: true }
}
