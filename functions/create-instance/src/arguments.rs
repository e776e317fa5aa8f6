//! The arguments of `CreateInstance`, the types of their values, and what they ask for together.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;

use connector_sdk::args::{Always, Repeated};
use connector_sdk::instances::{TagName, is_resource_id};
use connector_sdk::{Arg, ArgGroup, ArgSpec, ArgValue, Error, ErrorKind, Inputs, Result, ValueKind};

/// How many instances one launch is for: 1 to 65535. Displayed as `1 instance`, `2 instances`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InstanceCount(u16);

impl InstanceCount {
    /// The number in the type that EC2 wants.
    pub fn for_ec2(self) -> i32 {
        self.0.into()
    }
}

impl From<InstanceCount> for usize {
    fn from(count: InstanceCount) -> usize {
        count.0.into()
    }
}

impl fmt::Display for InstanceCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let noun = if self.0 == 1 { "instance" } else { "instances" };
        write!(f, "{} {noun}", self.0)
    }
}

impl ArgValue for InstanceCount {
    const KIND: ValueKind = ValueKind::Integer { minimum: 1 };

    fn parse(text: &str) -> Result<Self, String> {
        let number = text.parse().ok().filter(|number| *number > 0);
        number.map(InstanceCount).ok_or_else(|| "must be a whole number from 1 to 65535".to_owned())
    }
}

/// An image id, or the Systems Manager parameter that holds one.
///
/// AWS: "RunInstances", `ImageId`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageId(String);

impl ImageId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ArgValue for ImageId {
    const KIND: ValueKind = ValueKind::String;

    fn parse(text: &str) -> Result<Self, String> {
        let text = list_item(text);
        let id = text.rsplit_once(" : ").map_or(text, |(_, id)| id.trim());
        let parameter = id.strip_prefix("resolve:ssm:");
        if is_resource_id(id, "ami-") || parameter.is_some_and(is_one_word) {
            return Ok(ImageId(id.to_owned()));
        }
        Err("must be an image id, `ami-` and 8 or 17 lower-case hexadecimal digits, alone or behind ` : ` as in a list; \
             or `resolve:ssm:` and the name of a parameter"
            .to_owned())
    }
}

/// An instance type, as in `t3.micro`: family and size, each of letters, digits and dashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InstanceType(String);

impl InstanceType {
    /// The type as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ArgValue for InstanceType {
    const KIND: ValueKind = ValueKind::String;

    fn parse(text: &str) -> Result<Self, String> {
        let text = list_item(text);
        let is_part =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        match text.split_once('.') {
            Some((family, size)) if is_part(family) && is_part(size) => Ok(InstanceType(text.to_owned())),
            _ => Err("must be an instance type, as in `t3.micro`".to_owned()),
        }
    }
}

/// A security group: its id as it is, or its name in the default VPC.
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

/// The id of a subnet: `subnet-` and 8 or 17 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SubnetId(String);

impl SubnetId {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ArgValue for SubnetId {
    const KIND: ValueKind = ValueKind::String;

    fn parse(text: &str) -> Result<Self, String> {
        is_resource_id(text, "subnet-")
            .then(|| SubnetId(text.to_owned()))
            .ok_or_else(|| "must be a subnet id: `subnet-` and 8 or 17 lower-case hexadecimal digits".to_owned())
    }
}

/// The name of a key pair: 1 to 255 printable ASCII characters, no blank at either end.
///
/// AWS: "CreateKeyPair", `KeyName`. Whether it can be a file name matters only when the key pair has to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyName(String);

impl KeyName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ArgValue for KeyName {
    const KIND: ValueKind = ValueKind::String;

    fn parse(text: &str) -> Result<Self, String> {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if printable && (1..=255).contains(&text.len()) && text.trim() == text {
            return Ok(KeyName(text.to_owned()));
        }
        Err("must have 1 to 255 printable ASCII characters, and no blank at either end".to_owned())
    }
}

/// An entry of one of OpCon's lists, which may arrive with the quotation marks that it has there.
fn list_item(text: &str) -> &str {
    text.trim().trim_matches('"').trim()
}

fn is_one_word(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

/// `--number N`.
pub const NUMBER: Arg<InstanceCount, Always> =
    Arg::new("number", "N", "How many instances to launch, 1 to 65535: all of them, or none.").default("1");

/// `--image-id ID`.
pub const IMAGE_ID: Arg<ImageId, Always> = Arg::new(
    "image-id",
    "ID",
    "The image: `ami-` and 8 or 17 hexadecimal digits, alone or in list form as in `My image : ami-0123456789abcdef0`; \
     or `resolve:ssm:PARAMETER`, a Systems Manager parameter that holds the id.",
)
.required();

/// `--instance-type TYPE`.
pub const INSTANCE_TYPE: Arg<InstanceType, Always> =
    Arg::new("instance-type", "TYPE", "The instance type, as in `t3.micro`.").required().aliases(&["image-type"]);

/// `--tag-name NAME`: unlike that of the other functions, it selects nothing.
pub const TAG_NAME: Arg<TagName> = Arg::new(
    "tag-name",
    "NAME",
    "The value of the tag `Name` that every launched instance gets, at most 256 characters. Default: no such tag.",
)
.aliases(&["tag"]);

/// `--security-group NAME-OR-ID`, repeatable.
pub const SECURITY_GROUP: Arg<SecurityGroup, Repeated> = Arg::new(
    "security-group",
    "NAME-OR-ID",
    "A security group, by id (`sg-...`) or by name in the default VPC; one that does not exist is made there, without \
     rules for incoming traffic. Repeatable.",
)
.repeatable();

/// `--subnet-id ID`.
pub const SUBNET_ID: Arg<SubnetId> = Arg::new(
    "subnet-id",
    "ID",
    "The subnet to launch into, `subnet-` and 8 or 17 hexadecimal digits, with the default security group of its VPC.",
);

/// `--key-name NAME`.
pub const KEY_NAME: Arg<KeyName, Always> = Arg::new(
    "key-name",
    "NAME",
    "The key pair, at most 255 ASCII characters. One that does not exist is made, and its private key saved as NAME.pem; \
     then the name must be a possible file name, on Windows too.",
)
.required();

/// `--key-dir DIR`.
pub const KEY_DIR: Arg<PathBuf> = Arg::new(
    "key-dir",
    "DIR",
    "The folder for the private key of a key pair that has to be made. Default: `keys` beside Connector.config.",
);

/// The arguments that are this function's own.
pub const OWN: &[ArgSpec] = &[
    NUMBER.spec,
    IMAGE_ID.spec,
    INSTANCE_TYPE.spec,
    TAG_NAME.spec,
    SECURITY_GROUP.spec,
    SUBNET_ID.spec,
    KEY_NAME.spec,
    KEY_DIR.spec,
];

/// Either security groups or a subnet.
pub const NETWORK_GROUP: ArgGroup =
    ArgGroup { members: &[SECURITY_GROUP.spec.name, SUBNET_ID.spec.name], required: true, exclusive: true };

/// Where in the network the instances go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Network {
    /// Into the default VPC with these security groups, each once, at least one.
    SecurityGroups(Vec<SecurityGroup>),
    /// Into this subnet.
    Subnet(SubnetId),
}

impl Network {
    /// What `--security-group` and `--subnet-id` say.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] unless exactly one of the two is given.
    pub fn from_inputs(inputs: &Inputs) -> Result<Self> {
        let mut seen = HashSet::new();
        let groups = inputs.get(&SECURITY_GROUP).into_iter().filter(|group| seen.insert(group.clone()));
        let groups: Vec<_> = groups.collect();
        match (inputs.get(&SUBNET_ID), groups.is_empty()) {
            (Some(subnet), true) => Ok(Network::Subnet(subnet)),
            (None, false) => Ok(Network::SecurityGroups(groups)),
            _ => Err(Error::new(
                ErrorKind::InvalidInput,
                "one of --security-group and --subnet-id must be given, not both",
            )
            .doing("reading where to launch")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_id_is_what_follows_the_last_separator() {
        for (text, id) in [
            ("ami-0123abcd", "ami-0123abcd"),
            (" ami-0123456789abcdef0 ", "ami-0123456789abcdef0"),
            ("My image 1.0 : ami-0123456789abcdef0", "ami-0123456789abcdef0"),
            ("\"a : b : ami-0123abcd\"", "ami-0123abcd"),
            ("resolve:ssm:/images/web:3", "resolve:ssm:/images/web:3"),
            ("Newest : resolve:ssm:web", "resolve:ssm:web"),
        ] {
            assert_eq!(ImageId::parse(text).unwrap().as_str(), id, "{text}");
        }
        for text in [
            "web",
            "ami-",
            "ami-0123ABCD",
            "ami-0123abcd : web",
            "My image:ami-0123abcd",
            "resolve:ssm:",
            "resolve:ssm:a b",
        ] {
            assert!(ImageId::parse(text).unwrap_err().contains("must be an image id"), "{text}");
        }
    }

    #[test]
    fn an_instance_type_has_one_dot() {
        for (text, instance_type) in [
            ("t3.micro", "t3.micro"),
            (" \"u-6tb1.112xlarge\" ", "u-6tb1.112xlarge"),
            ("c7gd.metal-48xl", "c7gd.metal-48xl"),
        ] {
            assert_eq!(InstanceType::parse(text).unwrap().as_str(), instance_type, "{text}");
        }
        for text in ["t3", "t3.", ".micro", "t3.micro.x", "t3 .micro", "t3.mi_cro", "\"\""] {
            assert!(InstanceType::parse(text).unwrap_err().contains("as in `t3.micro`"), "{text}");
        }
    }

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
    fn counts_subnets_and_key_names_have_limits() {
        assert_eq!(InstanceCount::parse("65535").unwrap().to_string(), "65535 instances");
        for text in ["0", "-1", "65536", "2.5", "two"] {
            assert!(InstanceCount::parse(text).unwrap_err().contains("from 1 to 65535"), "{text}");
        }
        assert_eq!(SubnetId::parse("subnet-0123abcd").unwrap().as_str(), "subnet-0123abcd");
        assert!(SubnetId::parse("subnet-web").unwrap_err().contains("subnet id"));
        assert_eq!(KeyName::parse("team/web key").unwrap().as_str(), "team/web key");
        for text in [" web", "web ", "w\u{e9}b", "a\tb", &"x".repeat(256)] {
            assert!(KeyName::parse(text).unwrap_err().contains("printable ASCII"), "{text}");
        }
    }
}
