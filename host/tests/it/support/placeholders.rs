//! Converts function examples to command lines that run, with existing resources in place of placeholders.

#[path = "../../../../xtask/src/test_bed/placeholders.rs"]
mod resources;

use super::functions::{Example, Function, functions};
use super::{Ec2, test_bed, unique};

pub use resources::Resources;

/// All resources except instances in the examples of functions in this region. Existing ones are not created.
pub fn resources_in(region: &str, known: &[(&'static str, &str)]) -> Resources {
    let words = functions().iter().flat_map(|function| &function.examples).flat_map(|example| &example.arguments);
    resources_of(words, region, known)
}

fn resources_of<'a>(
    words: impl Iterator<Item = &'a String>,
    region: &str,
    known: &[(&'static str, &str)],
) -> Resources {
    let ec2 = Ec2::in_region(region);
    let call = |action: &str, parameters: &[(&str, &str)]| Ok(ec2.call(action, parameters));
    let found =
        Resources::known(known).with_all(words.map(String::as_str), &unique("example"), &format!("{region}a"), call);
    found.unwrap_or_else(|wrong| panic!("{wrong}"))
}

/// The values of placeholders in examples.
pub struct Placeholders<'a> {
    /// The suffix that makes names in examples unique to this job.
    pub suffix: &'a str,
    /// The existing resources, including the instances.
    pub resources: &'a Resources,
}

impl Placeholders<'_> {
    /// The command line of an example, with its function name. The argument determines the type of a value: one with
    /// the placeholder `NAME` is a name; IDs are recognized by their format.
    pub fn fill(&self, function: &Function, example: &Example) -> Vec<String> {
        let mut line = vec![function.name.clone()];
        let mut value_name = None;
        for word in &example.arguments {
            if let Some(value_name) = value_name.take() {
                line.push(self.value(value_name, word));
                continue;
            }
            let option = word.strip_prefix("--").unwrap_or_default();
            let (name, value) = option.split_once('=').map_or((option, None), |(name, value)| (name, Some(value)));
            let of_option = function.argument(name).and_then(|argument| argument.value_name.as_deref());
            match value {
                Some(value) => line.push(format!("--{name}={}", self.value(of_option.unwrap_or_default(), value))),
                None => {
                    value_name = of_option;
                    line.push(word.clone());
                }
            }
        }
        line
    }

    fn value(&self, value_name: &str, text: &str) -> String {
        let is_name = value_name.split('-').any(|part| part == "NAME");
        let parts: Vec<_> = without_references(text).split(',').map(|part| self.part(is_name, part)).collect();
        parts.join(",")
    }

    fn part(&self, is_name: bool, text: &str) -> String {
        let name = || if is_name { format!("{text}{}", self.suffix) } else { text.to_owned() };
        self.resources.filled(text).unwrap_or_else(name)
    }
}

/// Replaces each reference to a property, e.g. `[[$JOBID]]`, with 1.
fn without_references(text: &str) -> String {
    let mut parts = text.split("[[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |done, part| done + "1" + part.split_once("]]").map_or("", |(_, rest)| rest))
}

#[test]
fn placeholders_in_an_example_become_existing_ids() {
    let argument = |name: &str, value_name: Option<&str>| serde_json::json!({ "name": name, "aliases": [], "value_name": value_name, "help": "", "default": null, "secret": false, "choices": [] });
    let function: Function = serde_json::from_value(serde_json::json!({
        "name": "TryThing", "summary": "", "changes_resources": true, "iam_actions": [], "optional_permissions": [], "crate": "try-thing",
        "arguments": [
            argument("tag-name", Some("NAME")), argument("security-group", Some("NAME-OR-ID")), argument("wait", None),
            argument("instance-id", Some("ID")), argument("image-id", Some("ID")), argument("type", Some("TYPE")),
            argument("token", Some("TEXT")),
        ],
        "examples": [{ "about": "", "arguments": [
            "--tag-name", "web", "--security-group", "sg-0123456789abcdef0,web", "--wait", "--type", "t3.micro",
            "--instance-id", "i-0123456789abcdef1,i-0123456789abcdef0,i-0123456789abcdef7",
            "--image-id=ami-0123456789abcdef0", "--token", "[[$A]]-[[$B C]]x",
        ] }],
    }))
    .unwrap();
    let resources = Resources::known(&[("ami", "ami-1"), ("sg", "sg-1")]);
    let resources = resources.with_instances(&["i-a".to_owned(), "i-b".to_owned()]);
    let placeholders = Placeholders { suffix: "_1", resources: &resources };
    let expected = [
        "TryThing",
        "--tag-name",
        "web_1",
        "--security-group",
        "sg-1,web_1",
        "--wait",
        "--type",
        "t3.micro",
        "--instance-id",
        "i-b,i-a,i-0123456789abcdef7",
        "--image-id=ami-1",
        "--token",
        "1-1x",
    ];
    assert_eq!(placeholders.fill(&function, &function.examples[0]), expected);
}

#[test]
fn every_kind_of_placeholder_exists_on_the_test_bed() {
    let (region, placeholders) = (&test_bed().region, resources::every_kind());
    let resources = resources_of(placeholders.iter(), region, &[("ami", &test_bed().image_id)]);
    for placeholder in &placeholders {
        let (kind, _) = placeholder.split_once('-').unwrap();
        let id = resources.filled(placeholder).unwrap();
        assert!(id != *placeholder && id.starts_with(&format!("{kind}-")), "{placeholder}: {id}");
    }
}
