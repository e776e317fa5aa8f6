//! The network of the instances: security groups, subnets, availability zone and public addresses.

use std::collections::HashSet;

use connector_sdk::args::{Always, Repeated};
use connector_sdk::ids::is_resource_id;
use connector_sdk::{Arg, ArgSpec, ArgValue, Inputs, ValueKind, checked_text};

/// A security group: an id, or a name in the VPC of the launch.
///
/// AWS: "CreateSecurityGroup", `GroupName`: up to 255 characters of a fixed set, never beginning with `sg-`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SecurityGroup {
    /// The id: `sg-` and 8 or 17 hexadecimal digits.
    Id(String),
    /// The name.
    Name(String),
}

impl ArgValue for SecurityGroup {
    const KIND: ValueKind = ValueKind::String;

    fn parse(text: &str) -> Result<Self, String> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b" ._-:/()#,@[]+=&;{}!$*".contains(&byte);
        if text.starts_with("sg-") {
            let id = is_resource_id(text, "sg-").then(|| SecurityGroup::Id(text.to_owned()));
            return id.ok_or_else(|| {
                "begins with `sg-`, so it must be a security group id: `sg-` and 8 or 17 lower-case hexadecimal digits"
                    .to_owned()
            });
        }
        if text.trim().is_empty() || text.len() > 255 || !text.bytes().all(allowed) {
            return Err("must be the name of a security group: at most 255 characters, which are letters, digits, \
                        spaces or ._-:/()#,@[]+=&;{}!$*"
                .to_owned());
        }
        Ok(SecurityGroup::Name(text.to_owned()))
    }
}

checked_text! {
    /// The id of a subnet: `subnet-` and 8 or 17 lower-case hexadecimal digits.
    pub struct SubnetId where |text| is_resource_id(text, "subnet-"),
        else "must be a subnet id: `subnet-` and 8 or 17 lower-case hexadecimal digits";
}

checked_text! {
    /// The name of an availability zone or a local zone, as in `us-east-1a`: lower-case letters, digits and dashes.
    pub struct ZoneName where is_zone_name, else "must be the name of an availability zone, such as `us-east-1a`";
}

fn is_zone_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.bytes().all(allowed) && text.contains('-') && text.ends_with(|c: char| c.is_ascii_lowercase())
}

/// `--security-group NAME-OR-ID`, repeatable.
pub const SECURITY_GROUP: Arg<SecurityGroup, Repeated> = Arg::new(
    "security-group",
    "NAME-OR-ID",
    "A security group, by id (`sg-...`) or by name. A name is looked up in the VPC of `--subnet-id`, otherwise in the \
     default VPC; a group that does not exist is created there, without inbound rules. Repeatable. Default: the \
     default group of the VPC.",
)
.repeatable();

/// `--subnet-id ID`, repeatable or with commas.
pub const SUBNET_ID: Arg<SubnetId, Repeated> = Arg::new(
    "subnet-id",
    "ID",
    "The subnet to launch in, `subnet-` and 8 or 17 hexadecimal digits. Repeatable or comma-separated: if EC2 has no \
     capacity in a subnet, the next one is tried. Default: a subnet of the default VPC.",
)
.repeatable()
.separated_by(',');

/// `--availability-zone ZONE`.
pub const AVAILABILITY_ZONE: Arg<ZoneName> = Arg::new(
    "availability-zone",
    "ZONE",
    "The availability zone in the default VPC, such as `us-east-1a`; not with a subnet, which is in a zone already. \
     Default: chosen by EC2.",
);

/// `--associate-public-ip`.
pub const ASSOCIATE_PUBLIC_IP: Arg<bool, Always> = Arg::flag(
    "associate-public-ip",
    "Assign a public IPv4 address to each instance, regardless of the setting of the subnet.",
);

/// The arguments of this topic.
pub const ARGUMENTS: &[ArgSpec] =
    &[SECURITY_GROUP.spec, SUBNET_ID.spec, AVAILABILITY_ZONE.spec, ASSOCIATE_PUBLIC_IP.spec];

/// The network settings of a launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// The security groups, without duplicates; empty for the default group of the VPC.
    pub groups: Vec<SecurityGroup>,
    /// The subnets in order of preference, without duplicates; empty for a subnet of the default VPC.
    pub subnets: Vec<SubnetId>,
    /// The availability zone.
    pub zone: Option<ZoneName>,
    /// Whether to assign a public address, regardless of the subnet's setting.
    pub associate_public_ip: bool,
}

impl Network {
    /// Reads the arguments.
    pub fn parse(inputs: &Inputs) -> Self {
        Network {
            groups: unique(inputs.get(&SECURITY_GROUP)),
            subnets: unique(inputs.get(&SUBNET_ID)),
            zone: inputs.get(&AVAILABILITY_ZONE),
            associate_public_ip: inputs.get(&ASSOCIATE_PUBLIC_IP),
        }
    }
}

/// Removes duplicates and keeps the order.
pub fn unique<T: Clone + Eq + std::hash::Hash>(items: Vec<T>) -> Vec<T> {
    let mut seen = HashSet::new();
    items.into_iter().filter(|item| seen.insert(item.clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn security_groups_are_ids_or_names() {
        assert_eq!(SecurityGroup::parse("sg-0123abcd"), Ok(SecurityGroup::Id("sg-0123abcd".to_owned())));
        assert_eq!(SecurityGroup::parse("web, db*"), Ok(SecurityGroup::Name("web, db*".to_owned())));
        assert!(SecurityGroup::parse("sg-web").unwrap_err().contains("begins with `sg-`"));
        for text in ["  ", "web?", "w\u{e9}b", &"x".repeat(256)] {
            assert!(SecurityGroup::parse(text).unwrap_err().contains("name of a security group"), "{text}");
        }
    }

    #[test]
    fn subnets_and_zones_have_a_form() {
        assert_eq!(SubnetId::parse("subnet-0123abcd").unwrap().as_str(), "subnet-0123abcd");
        assert!(SubnetId::parse("subnet-web").unwrap_err().contains("subnet id"));
        for text in ["us-east-1a", "us-west-2-lax-1a"] {
            assert_eq!(ZoneName::parse(text).unwrap().as_str(), text);
        }
        for text in ["a", "us-east-1", "US_EAST_1A", "us-east-1a "] {
            assert!(ZoneName::parse(text).unwrap_err().contains("such as `us-east-1a`"), "{text}");
        }
    }
}
