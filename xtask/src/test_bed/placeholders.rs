//! Replaces placeholder IDs in function examples, such as `sg-0123456789abcdef0`, with IDs of existing EC2 resources.
//!
//! The program tests and the tests of the job forms share this file.

use std::collections::BTreeMap;

/// The suffix of placeholder IDs after their kind.
const PLACEHOLDER_SUFFIX: &str = "-0123456789abcdef";
/// The kind of instances. Tests have several of them; the first has the number 0.
const INSTANCE: &str = "i";

/// A kind of resource.
struct Kind {
    /// The prefix of its IDs.
    name: &'static str,
    /// The call that finds or creates a resource.
    action: &'static str,
    /// Its parameters. `{name}` is the name from the caller, `{zone}` an availability zone, and `{KIND}` the ID of that
    /// kind.
    parameters: &'static [(&'static str, &'static str)],
    /// The element of the response with the ID.
    id: &'static str,
}

/// All kinds except instances. Add a kind here when an example needs it.
const KINDS: &[Kind] = &[
    Kind { name: "ami", action: "DescribeImages", parameters: &[("Owner.1", "amazon")], id: "imageId" },
    Kind { name: "eipalloc", action: "AllocateAddress", parameters: &[("Domain", "vpc")], id: "allocationId" },
    Kind {
        name: "eni",
        action: "CreateNetworkInterface",
        parameters: &[("SubnetId", "{subnet}")],
        id: "networkInterfaceId",
    },
    Kind { name: "key", action: "CreateKeyPair", parameters: &[("KeyName", "{name}")], id: "keyPairId" },
    Kind {
        name: "lt",
        action: "CreateLaunchTemplate",
        parameters: &[
            ("LaunchTemplateName", "{name}"),
            ("LaunchTemplateData.ImageId", "{ami}"),
            ("LaunchTemplateData.InstanceType", "t3.micro"),
        ],
        id: "launchTemplateId",
    },
    Kind {
        name: "sg",
        action: "CreateSecurityGroup",
        parameters: &[("GroupName", "{name}"), ("GroupDescription", "For examples"), ("VpcId", "{vpc}")],
        id: "groupId",
    },
    Kind { name: "snap", action: "CreateSnapshot", parameters: &[("VolumeId", "{vol}")], id: "snapshotId" },
    Kind { name: "subnet", action: "DescribeSubnets", parameters: &[], id: "subnetId" },
    Kind {
        name: "vol",
        action: "CreateVolume",
        parameters: &[("AvailabilityZone", "{zone}"), ("Size", "1")],
        id: "volumeId",
    },
    Kind { name: "vpc", action: "DescribeVpcs", parameters: &[], id: "vpcId" },
];

/// A placeholder of each kind except instances.
#[cfg(test)]
pub fn every_kind() -> Vec<String> {
    KINDS.iter().map(|kind| format!("{}{PLACEHOLDER_SUFFIX}0", kind.name)).collect()
}

/// The values of placeholders, by kind.
pub struct Resources {
    instances: Vec<String>,
    ids: BTreeMap<&'static str, String>,
}

impl Resources {
    /// Uses existing resources of the caller, by kind.
    pub fn known(ids: &[(&'static str, &str)]) -> Self {
        Resources { instances: Vec::new(), ids: ids.iter().map(|(kind, id)| (*kind, (*id).to_owned())).collect() }
    }

    /// Finds or creates one resource of each kind that the arguments of examples name. `call` sends an action with
    /// parameters to EC2 and returns the XML of the response. `name` is the name of created resources, and `zone` an
    /// availability zone.
    ///
    /// # Errors
    /// An unknown kind, with the placeholder; the errors of `call`; and a response without an ID.
    pub fn with_all<'a>(
        mut self,
        words: impl IntoIterator<Item = &'a str>,
        name: &str,
        zone: &str,
        mut call: impl FnMut(&str, &[(&str, &str)]) -> Result<String, String>,
    ) -> Result<Self, String> {
        for word in words {
            let mut rest = word;
            while let Some(placeholder) = Placeholder::first_in(rest) {
                if placeholder.kind != INSTANCE {
                    let add = |wrong| format!("the placeholder `{word}` in an example: {wrong}");
                    self.add(placeholder.kind, name, zone, &mut call).map_err(add)?;
                }
                rest = placeholder.after;
            }
        }
        Ok(self)
    }

    /// The same resources with these instances.
    pub fn with_instances(&self, instances: &[String]) -> Self {
        Resources { instances: instances.to_owned(), ids: self.ids.clone() }
    }

    fn add(
        &mut self,
        kind: &str,
        name: &str,
        zone: &str,
        call: &mut impl FnMut(&str, &[(&str, &str)]) -> Result<String, String>,
    ) -> Result<String, String> {
        if let Some(id) = self.ids.get(kind) {
            return Ok(id.clone());
        }
        let kind = KINDS.iter().find(|known| known.name == kind).ok_or_else(|| {
            format!("nothing is known of the kind `{kind}`; add it to KINDS in xtask/src/test_bed/placeholders.rs")
        })?;
        let mut parameters = Vec::new();
        for (key, value) in kind.parameters {
            let value = match value.strip_prefix('{').and_then(|value| value.strip_suffix('}')) {
                None => (*value).to_owned(),
                Some("name") => name.to_owned(),
                Some("zone") => zone.to_owned(),
                Some(other) => self.add(other, name, zone, call)?,
            };
            parameters.push((*key, value));
        }
        let parameters: Vec<_> = parameters.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let answer = call(kind.action, &parameters)?;
        let id = first(&answer, kind.id).ok_or_else(|| format!("{} answers without {}", kind.action, kind.id))?;
        self.ids.insert(kind.name, id.to_owned());
        Ok(id.to_owned())
    }

    /// The text with existing IDs in place of placeholders, or `None` if it has no placeholders. Placeholders for
    /// instances that the tests do not have are kept.
    pub fn filled(&self, text: &str) -> Option<String> {
        let Placeholder { before, kind, number, after } = Placeholder::first_in(text)?;
        let id = match kind {
            INSTANCE => number.parse().ok().and_then(|number: usize| self.instances.get(number)),
            kind => self.ids.get(kind),
        };
        let id = id.cloned().unwrap_or_else(|| format!("{kind}{PLACEHOLDER_SUFFIX}{number}"));
        Some(format!("{before}{id}{}", self.filled(after).unwrap_or_else(|| after.to_owned())))
    }
}

/// A placeholder in a text.
struct Placeholder<'a> {
    before: &'a str,
    kind: &'a str,
    number: &'a str,
    after: &'a str,
}

impl<'a> Placeholder<'a> {
    fn first_in(text: &'a str) -> Option<Self> {
        let (start, rest) = text.split_once(PLACEHOLDER_SUFFIX)?;
        let before = start.trim_end_matches(|letter: char| letter.is_ascii_lowercase());
        let (_, after) = rest.split_at_checked(1)?;
        Some(Placeholder { before, kind: &start[before.len()..], number: &rest[..1], after })
    }
}

/// The text of the first element with this tag.
fn first<'a>(xml: &'a str, tag: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{tag}>"))?;
    rest.split_once('<').map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Answers each action with an ID that contains the name of the action.
    fn call(action: &str, parameters: &[(&str, &str)]) -> Result<String, String> {
        let kind = KINDS.iter().find(|kind| kind.action == action).ok_or("no such action")?;
        Ok(format!("<{0}>{1}-{2}</{0}>", kind.id, kind.name, parameters.len()))
    }

    #[test]
    fn placeholders_are_replaced_everywhere() {
        let words = ["snap-0123456789abcdef0", "team=ami-0123456789abcdef0", "i-0123456789abcdef0"];
        let resources = Resources::known(&[("ami", "ami-1")]).with_all(words, "web", "us-east-1a", call).unwrap();
        let resources = resources.with_instances(&["i-a".to_owned(), "i-b".to_owned()]);
        for (text, filled) in [
            ("snap-0123456789abcdef0", Some("snap-1")),
            ("vol-0123456789abcdef0", Some("vol-2")),
            ("arn:aws:ec2:*:*:image/ami-0123456789abcdef0", Some("arn:aws:ec2:*:*:image/ami-1")),
            ("i-0123456789abcdef1,i-0123456789abcdef0", Some("i-b,i-a")),
            ("i-0123456789abcdef7", Some("i-0123456789abcdef7")),
            ("0123456789abcdef0123456789abcdef", None),
            ("t3.micro", None),
        ] {
            assert_eq!(resources.filled(text).as_deref(), filled, "{text}");
        }
    }

    #[test]
    fn every_kind_can_be_had() {
        let words = every_kind();
        let resources = Resources::known(&[("ami", "ami-1")])
            .with_all(words.iter().map(String::as_str), "web", "us-east-1a", call)
            .unwrap();
        assert_eq!(resources.ids.len(), KINDS.len(), "{:?}", resources.ids);
    }

    #[test]
    fn an_unknown_kind_is_named_with_the_place_to_add_it() {
        let wrong = Resources::known(&[("ami", "ami-1")])
            .with_all(["fpga-0123456789abcdef0"], "web", "us-east-1a", call)
            .err()
            .unwrap();
        assert!(wrong.starts_with("the placeholder `fpga-0123456789abcdef0` in an example: "), "{wrong}");
        assert!(
            wrong.ends_with("of the kind `fpga`; add it to KINDS in xtask/src/test_bed/placeholders.rs"),
            "{wrong}"
        );
    }
}
