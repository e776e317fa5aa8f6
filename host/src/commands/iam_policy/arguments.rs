//! The restrictions of a policy: an instance tag, and the roles that launches may pass.

use std::fmt;

/// The maximum length of a tag key and a tag value (AWS: "Tag your Amazon EC2 resources").
const MAX_TAG_LENGTHS: [usize; 2] = [128, 256];
/// The length of an account ID.
const ACCOUNT_DIGITS: usize = 12;

/// A tag that instances must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceTag {
    /// The key.
    pub key: String,
    /// The exact value.
    pub value: String,
}

impl ResourceTag {
    /// The name of its option.
    pub const OPTION: &str = "resource-tag";

    /// Parses `KEY=VALUE`.
    ///
    /// # Errors
    /// A description of a valid text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("must be a key, `=` and a value, as in `team=web`")?;
        if key.trim().is_empty() || key.chars().count() > MAX_TAG_LENGTHS[0] {
            return Err(format!("must have a key of 1 to {} characters before the `=`, not blank", MAX_TAG_LENGTHS[0]));
        }
        if value.chars().count() > MAX_TAG_LENGTHS[1] {
            return Err(format!("must have a value of at most {} characters after the `=`", MAX_TAG_LENGTHS[1]));
        }
        if text.contains("${") {
            return Err("must not contain `${`: IAM would read it as a policy variable".to_owned());
        }
        Ok(ResourceTag { key: key.to_owned(), value: value.to_owned() })
    }
}

/// The ARN of one IAM role.
///
/// AWS: "IAM identifiers", ARNs; "IAM and AWS STS quotas", names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleArn(String);

impl RoleArn {
    /// Parses the ARN.
    ///
    /// # Errors
    /// A description of a valid text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&byte);
        let is_role = |name: &str| !name.is_empty() && !name.ends_with('/') && name.bytes().all(allowed);
        let is_account = |id: &str| id.len() == ACCOUNT_DIGITS && id.bytes().all(|byte| byte.is_ascii_digit());
        let is_partition = |name: &str| name == "aws" || name.starts_with("aws-") && name.bytes().all(allowed);
        match parts[..] {
            ["arn", partition, "iam", "", account, role]
                if is_partition(partition)
                    && is_account(account)
                    && role.strip_prefix("role/").is_some_and(is_role) =>
            {
                Ok(RoleArn(text.to_owned()))
            }
            [.., profile] if profile.starts_with("instance-profile/") => {
                Err("must be the ARN of the role, not of the instance profile that has it".to_owned())
            }
            _ => {
                Err("must be the ARN of one role, as in `arn:aws:iam::123456789012:role/web`, without wildcards"
                    .to_owned())
            }
        }
    }
}

impl fmt::Display for RoleArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_split_at_the_first_equals_sign() {
        for (text, key, value) in [("team=web", "team", "web"), ("a=b=c", "a", "b=c"), ("a=", "a", "")] {
            assert_eq!(ResourceTag::parse(text), Ok(ResourceTag { key: key.to_owned(), value: value.to_owned() }));
        }
        let (long_key, long_value) = (format!("{}=v", "k".repeat(129)), format!("k={}", "v".repeat(257)));
        for text in ["", "team", "=web", "  =web", &long_key, &long_value, "team=${aws:username}", "${x}=1"] {
            assert!(ResourceTag::parse(text).unwrap_err().starts_with("must "), "{text}");
        }
    }

    #[test]
    fn a_role_is_one_of_one_account() {
        for text in ["arn:aws:iam::123456789012:role/web", "arn:aws-us-gov:iam::123456789012:role/batch/web@x"] {
            assert_eq!(RoleArn::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "web",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:iam::123456789012:role/*",
            "arn:aws:iam::*:role/web",
            "arn:*:iam::123456789012:role/web",
            "arn:aws:iam:us-east-1:123456789012:role/web",
            "arn:aws:iam::12345678901:role/web",
            "arn:aws:sts::123456789012:assumed-role/web/x",
            "arn:aws:iam::123456789012:user/web",
        ] {
            assert!(RoleArn::parse(text).unwrap_err().contains("ARN of one role"), "{text}");
        }
        let profile = RoleArn::parse("arn:aws:iam::123456789012:instance-profile/web").unwrap_err();
        assert!(profile.contains("not of the instance profile"), "{profile}");
    }
}
