//! Names of regions, instance types and images, with one parser for jobs, option lists and forms.

use crate::ids::is_resource_id;
use crate::{ArgValue, ValueKind, checked_text};

checked_text! {
    /// A region, e.g. `us-east-1`. The form of option lists, `US_EAST_1`, is accepted as well.
    pub struct RegionName from name_of_region where is_region, else "must be a region, such as `us-east-1` or \
                                                                     `US_EAST_1`";
}

fn name_of_region(text: &str) -> String {
    entry(text).replace('_', "-").to_ascii_lowercase()
}

/// Lower-case words and a number, separated by dashes.
fn is_region(name: &str) -> bool {
    let consists_of = |part: &str, allowed: fn(&u8) -> bool| !part.is_empty() && part.bytes().all(|b| allowed(&b));
    match name.split('-').collect::<Vec<_>>().as_slice() {
        [words @ .., number] if words.len() >= 2 => {
            words.iter().all(|word| consists_of(word, u8::is_ascii_lowercase))
                && consists_of(number, u8::is_ascii_digit)
        }
        _ => false,
    }
}

impl RegionName {
    /// The region in the form of option lists, `US_EAST_1`.
    pub fn in_option_list(&self) -> String {
        self.0.to_ascii_uppercase().replace('-', "_")
    }
}

checked_text! {
    /// An instance type, e.g. `t3.micro`: family and size, each of lower-case letters, digits and dashes.
    pub struct InstanceTypeName from entry where is_instance_type,
        else "must be an instance type in lower case, such as `t3.micro`";
}

fn is_instance_type(text: &str) -> bool {
    text.split_once('.').is_some_and(|(family, size)| is_family(family) && is_family(size))
}

/// Whether the text can be an instance family, the part of an instance type before the dot. The size, after it, has the
/// same form.
pub fn is_family(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// An image id, or the Systems Manager parameter that contains one.
///
/// AWS: "RunInstances", `ImageId`; "PutParameter", `Name`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageId {
    /// The id: `ami-` and 8 or 17 lower-case hexadecimal digits.
    Ami(String),
    /// `resolve:ssm:` and the name or the ARN of the parameter, optionally with a version or a label.
    Parameter(String),
}

impl ImageId {
    /// The text for RunInstances.
    pub fn as_str(&self) -> &str {
        match self {
            ImageId::Ami(text) | ImageId::Parameter(text) => text,
        }
    }

    /// Parses an entry of an option list, `description : id`, with an optional description.
    ///
    /// # Errors
    /// A description of the expected form.
    pub fn parse_described(text: &str) -> Result<(Option<&str>, Self), String> {
        let text = entry(text);
        let (description, id) =
            text.rsplit_once(" : ").map_or((None, text), |(text, id)| (Some(text.trim()), id.trim()));
        let is_parameter = id.strip_prefix("resolve:ssm:").is_some_and(is_name_of_parameter);
        match id {
            _ if is_resource_id(id, "ami-") => Ok((description, ImageId::Ami(id.to_owned()))),
            _ if is_parameter => Ok((description, ImageId::Parameter(id.to_owned()))),
            _ => Err(
                "must be an image id (`ami-` and 8 or 17 lower-case hexadecimal digits), alone or after ` : ` as in \
                 an option list; or `resolve:ssm:` and the name of a parameter"
                    .to_owned(),
            ),
        }
    }
}

impl ArgValue for ImageId {
    const KIND: ValueKind = ValueKind::String;

    fn parse(text: &str) -> Result<Self, String> {
        Self::parse_described(text).map(|(_, id)| id)
    }
}

fn is_name_of_parameter(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-/:".contains(&byte))
}

/// Removes the quotation marks that an entry has in an option list.
fn entry(text: &str) -> &str {
    text.trim().trim_matches('"').trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_has_two_forms() {
        for (text, name, in_option_list) in [
            ("us-east-1", "us-east-1", "US_EAST_1"),
            ("US_EAST_1", "us-east-1", "US_EAST_1"),
            ("US_GOV_EAST_1", "us-gov-east-1", "US_GOV_EAST_1"),
            ("Ap_NorthEast_1", "ap-northeast-1", "AP_NORTHEAST_1"),
            (" \"EU_WEST_1\" ", "eu-west-1", "EU_WEST_1"),
        ] {
            let region = RegionName::parse(text).unwrap();
            assert_eq!((region.as_str(), region.in_option_list().as_str()), (name, in_option_list));
        }
        for text in
            ["", "us", "us-1", "useast1", "us-east", "us-east-1a", "US_EAST_1A", "us-east-+1", "us east 1", "us--1"]
        {
            assert!(RegionName::parse(text).unwrap_err().contains("must be a region"), "{text}");
        }
    }

    #[test]
    fn an_instance_type_has_one_dot() {
        for (text, instance_type) in [
            ("t3.micro", "t3.micro"),
            (" \"u-6tb1.112xlarge\" ", "u-6tb1.112xlarge"),
            ("c7gd.metal-48xl", "c7gd.metal-48xl"),
        ] {
            assert_eq!(InstanceTypeName::parse(text).unwrap().as_str(), instance_type, "{text}");
        }
        for text in ["t3", "t3.", ".micro", "t3.micro.x", "t3 .micro", "t3.mi_cro", "T3.micro", "\"\""] {
            assert!(InstanceTypeName::parse(text).unwrap_err().contains("such as `t3.micro`"), "{text}");
        }
    }

    #[test]
    fn an_image_id_is_what_follows_the_last_separator() {
        for (text, description, id) in [
            ("ami-0123abcd", None, "ami-0123abcd"),
            (" ami-0123456789abcdef0 ", None, "ami-0123456789abcdef0"),
            ("My image 1.0 : ami-0123456789abcdef0", Some("My image 1.0"), "ami-0123456789abcdef0"),
            ("\"a : b  :  ami-0123abcd\"", Some("a : b"), "ami-0123abcd"),
            ("resolve:ssm:/images/web:3", None, "resolve:ssm:/images/web:3"),
            ("Newest : resolve:ssm:web", Some("Newest"), "resolve:ssm:web"),
        ] {
            let (found, image) = ImageId::parse_described(text).unwrap();
            assert_eq!((found, image.as_str()), (description, id), "{text}");
            assert_eq!(ImageId::parse(text), Ok(image));
        }
        for text in [
            "web",
            "ami-",
            "ami-1",
            "ami-0123ABCD",
            "ami-0123abcd : web",
            " : ami-0123abcd",
            "My image:ami-0123abcd",
            "resolve:ssm:",
            "resolve:ssm:a b",
            "resolve:ssm:[[A]]",
        ] {
            assert!(ImageId::parse(text).unwrap_err().contains("must be an image id"), "{text}");
        }
    }
}
