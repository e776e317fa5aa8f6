//! Parses the name of a new function.

use std::str::FromStr;

use anyhow::{Context as _, Error, ensure};

/// A name such as `RebootInstance`: at least two words, each an upper-case letter followed by lower-case letters or
/// digits. Such a name has a unique kebab-case form, `reboot-instance`, for the package and its folder.
#[derive(Debug)]
pub struct FunctionName {
    pascal_case: String,
    package: String,
}

impl FunctionName {
    /// `RebootInstance`.
    pub fn pascal_case(&self) -> &str {
        &self.pascal_case
    }

    /// `reboot-instance`.
    pub fn package(&self) -> &str {
        &self.package
    }

    /// The EC2 action on instances that matches the name of the function.
    ///
    /// # Errors
    /// If the name does not end with `Instance`.
    pub fn instance_action(&self) -> Result<InstanceAction, Error> {
        let verb = self.package.strip_suffix("-instance").with_context(|| {
            format!(
                "reading the function's name {:?}: an action on instances is named as EC2's, in the singular, \
                 like RebootInstance",
                self.pascal_case
            )
        })?;
        let verb = verb.replace('-', " ");
        let stem = verb.strip_suffix('e').unwrap_or(&verb);
        Ok(InstanceAction {
            ec2_action: format!("{}s", self.pascal_case),
            method: format!("{}s", self.package.replace('-', "_")),
            doing: format!("{stem}ing"),
            done: format!("{stem}ed"),
            verb,
        })
    }
}

/// An EC2 action on instances, and its verb forms. They are those of a regular verb; the author corrects others.
#[derive(Debug, PartialEq, Eq)]
pub struct InstanceAction {
    /// `RebootInstances`.
    pub ec2_action: String,
    /// The client method: `reboot_instances`.
    pub method: String,
    /// `reboot`.
    pub verb: String,
    /// `rebooting`.
    pub doing: String,
    /// `rebooted`.
    pub done: String,
}

impl FromStr for FunctionName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        ensure!(
            text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(|c| c.is_ascii_alphanumeric()),
            "reading the function's name {text:?}: must be words such as RebootInstance"
        );
        let mut package = String::new();
        for c in text.chars() {
            if c.is_ascii_uppercase() && !package.is_empty() {
                package.push('-');
            }
            package.push(c.to_ascii_lowercase());
        }
        let words: Vec<&str> = package.split('-').collect();
        ensure!(
            words.len() > 1 && words.iter().all(|word| word.len() > 1),
            "reading the function's name {text:?}: must be two or more words of at least two letters, such as \
             RebootInstance (write Ec2, not EC2)"
        );
        Ok(Self { pascal_case: text.to_owned(), package })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_is_the_name_in_kebab_case() {
        let name: FunctionName = "GetInstanceStatusByTag".parse().unwrap();
        assert_eq!(name.package(), "get-instance-status-by-tag");
        assert_eq!(name.pascal_case(), "GetInstanceStatusByTag");
    }

    #[test]
    fn an_action_on_instances_has_ec2_s_name_in_the_plural() {
        let name: FunctionName = "TerminateInstance".parse().unwrap();
        let action = InstanceAction {
            ec2_action: "TerminateInstances".into(),
            method: "terminate_instances".into(),
            verb: "terminate".into(),
            doing: "terminating".into(),
            done: "terminated".into(),
        };
        assert_eq!(name.instance_action().unwrap(), action);
    }

    #[test]
    fn other_forms_are_refused() {
        for text in ["", "rebootInstance", "reboot-instance", "Reboot Instance", "Reboot", "RebootEC2", "../Reboot"] {
            let error = text.parse::<FunctionName>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("reading the function's name {text:?}: ")), "{error}");
        }
    }
}
