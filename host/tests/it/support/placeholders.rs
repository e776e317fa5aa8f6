//! The examples of functions as command lines that run: what is a placeholder in them becomes something that exists.

use super::functions::{Example, Function};

/// How the ids of placeholders begin, after the kind of the resource.
const PLACEHOLDER: &str = "-0123456789abcdef";

/// What the placeholders in examples stand for.
pub struct Placeholders<'a> {
    /// What makes every name in the examples one of this job's own.
    pub suffix: &'a str,
    /// The instances, of which the examples number the first as 0.
    pub instances: &'a [String],
    /// The image.
    pub image: &'a str,
    /// The subnet.
    pub subnet: &'a str,
}

impl Placeholders<'_> {
    /// The command line of an example, with the name of its function. What a value is follows from the argument: one that
    /// is shown as `NAME` is a name; ids are known by their form.
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
        match text.split_once(PLACEHOLDER) {
            Some(("i", number)) => {
                let instance = number.parse().ok().and_then(|number: usize| self.instances.get(number));
                instance.cloned().unwrap_or_else(|| text.to_owned())
            }
            Some(("ami", _)) => self.image.to_owned(),
            Some(("subnet", _)) => self.subnet.to_owned(),
            None if is_name => format!("{text}{}", self.suffix),
            _ => text.to_owned(),
        }
    }
}

/// A text with 1 in the place of each reference to a property, as in `[[$JOBID]]`.
fn without_references(text: &str) -> String {
    let mut parts = text.split("[[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |done, part| done + "1" + part.split_once("]]").map_or("", |(_, rest)| rest))
}

#[test]
fn placeholders_of_an_example_become_what_exists() {
    let argument = |name: &str, value_name: Option<&str>| serde_json::json!({ "name": name, "aliases": [], "value_name": value_name, "help": "", "default": null });
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
    let instances = ["i-a".to_owned(), "i-b".to_owned()];
    let placeholders = Placeholders { suffix: "_1", instances: &instances, image: "ami-1", subnet: "subnet-1" };
    let expected = [
        "TryThing",
        "--tag-name",
        "web_1",
        "--security-group",
        "sg-0123456789abcdef0,web_1",
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
