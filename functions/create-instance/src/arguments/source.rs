//! The source of the instances: an image and an instance type, or a launch template.

use connector_sdk::args::Repeated;
use connector_sdk::ec2::types::LaunchTemplateSpecification;
use connector_sdk::ids::is_resource_id;
use connector_sdk::names::{ImageId, InstanceTypeName};
use connector_sdk::option_lists::OptionList;
use connector_sdk::{Arg, ArgSpec, ArgValue, ValueKind};

/// A launch template, by id or name, and its version.
///
/// AWS: "CreateLaunchTemplate": a name has 3 to 128 characters, which are letters, digits or `().-/_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LaunchTemplate {
    template: Template,
    version: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Template {
    Id(String),
    Name(String),
}

impl LaunchTemplate {
    /// The specification for EC2.
    pub fn to_ec2(&self) -> LaunchTemplateSpecification {
        let specification = LaunchTemplateSpecification::builder().set_version(self.version.clone());
        match &self.template {
            Template::Id(id) => specification.launch_template_id(id),
            Template::Name(name) => specification.launch_template_name(name),
        }
        .build()
    }

    /// The name or the id.
    pub fn as_str(&self) -> &str {
        match &self.template {
            Template::Id(text) | Template::Name(text) => text,
        }
    }
}

impl ArgValue for LaunchTemplate {
    const KIND: ValueKind = ValueKind::String;

    fn parse(text: &str) -> Result<Self, String> {
        let (template, version) = match text.split_once(':') {
            Some((template, version)) => (template, Some(version)),
            None => (text, None),
        };
        let is_number = |version: &str| version.parse::<u64>().is_ok_and(|number| number > 0);
        if version.is_some_and(|version| !is_number(version) && !["$Latest", "$Default"].contains(&version)) {
            return Err("must have a number, `$Latest` or `$Default` as the version after `:`".to_owned());
        }
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"().-/_".contains(&byte);
        let template = if is_resource_id(template, "lt-") {
            Template::Id(template.to_owned())
        } else if (3..=128).contains(&template.len()) && template.bytes().all(allowed) {
            Template::Name(template.to_owned())
        } else {
            return Err(
                "must be a launch template: its id, `lt-` and 8 or 17 lower-case hexadecimal digits, or its name of 3 \
                 to 128 characters, which are letters, digits or ().-/_; optionally followed by `:` and a version"
                    .to_owned(),
            );
        };
        Ok(LaunchTemplate { template, version: version.map(str::to_owned) })
    }
}

/// `--image-id ID`.
pub const IMAGE_ID: Arg<ImageId> = Arg::new(
    "image-id",
    "ID",
    "The image: `ami-` and 8 or 17 hexadecimal digits, alone or as in an option list (`\"My image : \
     ami-0123456789abcdef0\"`); or `resolve:ssm:PARAMETER`, a Systems Manager parameter that contains the id.",
)
.option_list(OptionList::Images);

/// `--instance-type TYPE`, repeatable or with commas.
pub const INSTANCE_TYPE: Arg<InstanceTypeName, Repeated> = Arg::new(
    "instance-type",
    "TYPE",
    "The instance type, such as `t3.micro`. Repeatable or comma-separated: if EC2 has no capacity for a type, or the \
     type is not available, the next one is tried, each in all subnets.",
)
.aliases(&["image-type"])
.option_list(OptionList::InstanceTypes)
.repeatable()
.separated_by(',');

/// `--launch-template TEMPLATE`.
pub const LAUNCH_TEMPLATE: Arg<LaunchTemplate> = Arg::new(
    "launch-template",
    "TEMPLATE",
    "A launch template as `NAME-OR-ID[:VERSION]`: its name or id (`lt-...`), and a version number, `$Latest` or \
     `$Default` (the default). Other arguments override the template; image, instance type, key pair and network can \
     be left to it.",
);

/// The arguments of this topic.
pub const ARGUMENTS: &[ArgSpec] = &[IMAGE_ID.spec, INSTANCE_TYPE.spec, LAUNCH_TEMPLATE.spec];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_launch_template_is_an_id_or_a_name_with_or_without_a_version() {
        let parsed = |text| LaunchTemplate::parse(text).unwrap().to_ec2();
        let template = LaunchTemplateSpecification::builder;
        assert_eq!(parsed("lt-0123abcd"), template().launch_template_id("lt-0123abcd").build());
        assert_eq!(parsed("lt-web:3"), template().launch_template_name("lt-web").version("3").build());
        assert_eq!(parsed("web:$Latest"), template().launch_template_name("web").version("$Latest").build());
        for text in ["we", "we b", "w\u{e9}b", ":1", &"x".repeat(129)] {
            assert!(LaunchTemplate::parse(text).unwrap_err().contains("must be a launch template"), "{text}");
        }
        for text in ["web:", "web:0", "web:newest", "web:1:2"] {
            assert!(LaunchTemplate::parse(text).unwrap_err().contains("as the version"), "{text}");
        }
    }
}
