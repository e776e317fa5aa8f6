//! The tags of the instances and their volumes.

use std::collections::HashSet;

use connector_sdk::args::{Always, Repeated};
use connector_sdk::ec2::types::{ResourceType, Tag, TagSpecification};
use connector_sdk::instances::TagName;
use connector_sdk::{Arg, ArgSpec, ArgValue, Error, ErrorKind, Inputs, Result, ValueKind};

/// The most tags of a resource (AWS: "Tag your Amazon EC2 resources").
const MAXIMUM: usize = 50;
/// The tag key of the name.
const NAME: &str = "Name";

/// A tag: a key of 1 to 128 characters that does not begin with `aws:`, and a value of at most 256.
///
/// AWS: "Tag your Amazon EC2 resources", restrictions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagPair {
    key: String,
    value: String,
}

impl ArgValue for TagPair {
    const KIND: ValueKind = ValueKind::String;

    fn parse(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("must be a key, `=` and a value, as in `team=web`")?;
        if key.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("aws:")) {
            return Err("must not have a key that begins with `aws:`: these are reserved".to_owned());
        }
        if key.trim().is_empty() || key.chars().count() > 128 {
            return Err("must have a key of 1 to 128 characters before the `=`, not blank".to_owned());
        }
        if value.chars().count() > 256 {
            return Err("must have a value of at most 256 characters after the `=`".to_owned());
        }
        Ok(TagPair { key: key.to_owned(), value: value.to_owned() })
    }
}

/// `--tag-name NAME`: sets the name, unlike in the other functions, where it selects instances.
pub const TAG_NAME: Arg<TagName> = Arg::new(
    "tag-name",
    "NAME",
    "The value of the `Name` tag of every launched instance, at most 256 characters. Default: no `Name` tag.",
)
.aliases(&["tag"]);

/// `--tags KEY=VALUE`, repeatable.
pub const TAGS: Arg<TagPair, Repeated> = Arg::new(
    "tags",
    "KEY=VALUE",
    "An additional tag: a key of 1 to 128 characters that does not begin with `aws:`, and a value of at most 256 \
     characters. Repeatable, up to 50 tags in total.",
)
.repeatable();

/// `--no-volume-tags`.
pub const NO_VOLUME_TAGS: Arg<bool, Always> =
    Arg::flag("no-volume-tags", "Do not add the tags of the instances to their volumes.");

/// The arguments of this topic.
pub const ARGUMENTS: &[ArgSpec] = &[TAG_NAME.spec, TAGS.spec, NO_VOLUME_TAGS.spec];

/// The tags of a launch: at most 50, with distinct keys.
#[derive(Clone, Debug)]
pub struct Tags {
    pairs: Vec<TagPair>,
    on_volumes: bool,
}

impl Tags {
    /// Reads the arguments.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when a key is given twice, or there are too many.
    pub fn parse(inputs: &Inputs) -> Result<Self> {
        let name = inputs.get(&TAG_NAME).map(|name| TagPair { key: NAME.to_owned(), value: name.as_str().to_owned() });
        let pairs: Vec<TagPair> = name.into_iter().chain(inputs.get(&TAGS)).collect();
        let wrong = |message: String| Error::new(ErrorKind::InvalidInput, message);
        let mut seen = HashSet::new();
        if let Some(twice) = pairs.iter().find(|pair| !seen.insert(pair.key.as_str())) {
            let also = if twice.key == NAME { ", as `--tag-name` sets it too" } else { "" };
            return Err(wrong(format!("the tag `{}` is given twice{also}", twice.key)));
        }
        if pairs.len() > MAXIMUM {
            return Err(wrong(format!("{} tags are given; EC2 accepts at most {MAXIMUM}", pairs.len())));
        }
        Ok(Tags { pairs, on_volumes: !inputs.get(&NO_VOLUME_TAGS) })
    }

    /// The specifications for EC2; `None` without tags.
    pub fn to_ec2(&self) -> Option<Vec<TagSpecification>> {
        if self.pairs.is_empty() {
            return None;
        }
        let tags: Vec<_> =
            self.pairs.iter().map(|pair| Tag::builder().key(&pair.key).value(&pair.value).build()).collect();
        let resources = [ResourceType::Instance].into_iter().chain(self.on_volumes.then_some(ResourceType::Volume));
        let specification =
            |resource| TagSpecification::builder().resource_type(resource).set_tags(Some(tags.clone())).build();
        Some(resources.map(specification).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_split_at_the_first_equals_sign() {
        for (text, key, value) in [("team=web", "team", "web"), ("a=b=c", "a", "b=c"), ("a=", "a", "")] {
            assert_eq!(TagPair::parse(text), Ok(TagPair { key: key.to_owned(), value: value.to_owned() }));
        }
    }

    #[test]
    fn a_tag_has_limits() {
        let long = |key: usize, value: usize| format!("{}={}", "\u{e9}".repeat(key), "\u{e9}".repeat(value));
        assert!(TagPair::parse(&long(128, 256)).is_ok());
        for (text, why) in [
            ("team".to_owned(), "must be a key, `=` and a value"),
            (" =web".to_owned(), "1 to 128 characters"),
            ("=web".to_owned(), "1 to 128 characters"),
            (long(129, 1), "1 to 128 characters"),
            (long(1, 257), "at most 256"),
            ("AWS:team=web".to_owned(), "begins with `aws:`"),
        ] {
            assert!(TagPair::parse(&text).unwrap_err().contains(why), "{text}");
        }
    }
}
