//! Selects values for form fields: those of the functions' examples, with IDs of the test bed in place of placeholders.
//!
//! An argument without an example gets a value by its kind.

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Value, json};

use super::form::{Alternative, Choices, Field, Form, alternatives};
use super::world::World;
use crate::codegen::{Argument, Function};
use crate::test_bed::{REGION, USER_ID};

/// The value of a field.
#[derive(Debug, PartialEq, Serialize)]
pub struct Entry {
    /// The value in the form data.
    pub value: Value,
    /// The displayed text of the option, or of each of several options; `null` for text inputs and checkboxes.
    pub label: Value,
}

/// The values for the test bed.
pub struct Values {
    functions: Vec<Function>,
    world: World,
}

impl Values {
    /// Values for the forms of these functions, with which every job succeeds.
    pub fn new(functions: Vec<Function>, world: World) -> Self {
        Self { functions, world }
    }

    /// The value for a field: the selected one, or one for its argument.
    pub fn entry(&self, form: &Form, field: &Field<'_>, choices: &Choices) -> Result<Entry> {
        let common = || match field.name {
            "userId" => Some(json!(USER_ID)),
            "region" => Some(json!(REGION)),
            _ => None,
        };
        let wanted = choices.get(field.name).cloned().or_else(common).or_else(|| self.of_examples(form, field.name));
        let wanted =
            wanted.or_else(|| offered(field.schema)).or_else(|| self.of_kind(self.argument(form, field.name)?));
        entry_of(field.schema, wanted.as_ref())
            .with_context(|| format!("no value is known for the field {}", field.name))
    }

    /// The function of the form, followed by all others, whose examples are used if it has none.
    fn functions(&self, form: &Form) -> impl Iterator<Item = &Function> + use<'_> {
        let (this, others): (Vec<_>, Vec<_>) =
            self.functions.iter().partition(|function| function.name == form.function);
        this.into_iter().chain(others)
    }

    fn argument(&self, form: &Form, field: &str) -> Option<&Argument> {
        let function = self.functions(form).next()?;
        function.arguments.iter().find(|argument| is_field_of(field, argument))
    }

    /// The values of the argument in the first example that has it.
    fn of_examples(&self, form: &Form, field: &str) -> Option<Value> {
        self.functions(form).find_map(|function| {
            let argument = function.arguments.iter().find(|argument| is_field_of(field, argument))?;
            argument.value_name.as_ref()?;
            let mut examples = function.examples.iter().map(|example| values_of(argument, &example.arguments));
            let texts = examples.find(|texts| !texts.is_empty())?;
            let values: Vec<Value> = texts.iter().map(|text| typed(argument, &self.world.filled(text))).collect();
            Some(Value::from(values))
        })
    }

    /// A value by the kind of the argument.
    fn of_kind(&self, argument: &Argument) -> Option<Value> {
        let value_name = argument.value_name.as_deref()?;
        Some(match (argument.kind.as_str(), value_name) {
            ("path", _) => json!(self.world.file),
            (_, "PROFILE") => json!(self.world.instance_profile),
            (_, "NAME") => json!(argument.name.to_uppercase().replace('-', "_")),
            _ => {
                let quoted = quoted_in(&argument.help).filter(|_| !value_name.contains('='));
                json!(quoted.unwrap_or(value_name))
            }
        })
    }
}

/// Whether a field has the name of an argument: `imageId` for `image-id`.
fn is_field_of(field: &str, argument: &Argument) -> bool {
    let letters = |name: &str| name.replace('-', "").to_lowercase();
    letters(field) == letters(&argument.name)
}

/// The values of the argument in an example.
fn values_of<'a>(argument: &Argument, example: &'a [String]) -> Vec<&'a str> {
    let option = format!("--{}", argument.name);
    let pairs = example.iter().zip(example.iter().skip(1));
    let texts = pairs.filter(|(word, _)| **word == option).map(|(_, text)| text.as_str());
    match argument.repeatable {
        true => texts.flat_map(|text| text.split(',')).collect(),
        false => texts.take(1).collect(),
    }
}

/// Converts a text to a form value.
fn typed(argument: &Argument, text: &str) -> Value {
    match argument.kind.as_str() {
        "integer" => text.parse::<u64>().map_or(json!(text), Value::from),
        _ => json!(text),
    }
}

/// The choices in the schema, also for list items.
fn offered(schema: &Value) -> Option<Value> {
    let schema = schema.get("items").unwrap_or(schema);
    match schema["type"].as_str()? {
        "boolean" => Some(json!(true)),
        "integer" => schema.get("default").or_else(|| schema.get("minimum")).cloned(),
        _ => schema.get("default").cloned(),
    }
}

/// The first text in backticks, as in "the longest time to wait: `90s`, `10m`".
fn quoted_in(help: &str) -> Option<&str> {
    help.split('`').nth(1)
}

fn entry_of(schema: &Value, wanted: Option<&Value>) -> Option<Entry> {
    let alternatives = alternatives(schema);
    if schema["type"] == "array" {
        several(&schema["items"], wanted)
    } else if !alternatives.is_empty() {
        one_of(&alternatives, wanted)
    } else {
        // A field for a single value gets the first of several.
        let wanted = wanted.map(|value| value.get(0).unwrap_or(value)).cloned();
        Some(Entry { value: wanted.or_else(|| offered(schema))?, label: Value::Null })
    }
}

fn several(items: &Value, wanted: Option<&Value>) -> Option<Entry> {
    let wanted: Vec<Option<&Value>> = match wanted {
        Some(Value::Array(values)) => values.iter().map(Some).collect(),
        one => vec![one],
    };
    let entries = wanted.into_iter().map(|wanted| entry_of(items, wanted)).collect::<Option<Vec<Entry>>>()?;
    let (values, labels) = entries.into_iter().map(|entry| (entry.value, entry.label)).unzip();
    Some(Entry { value: Value::Array(values), label: Value::Array(labels) })
}

/// The requested choice, which may be part of a longer text such as `My image : ami-...`, otherwise the first choice.
fn one_of(alternatives: &[Alternative<'_>], wanted: Option<&Value>) -> Option<Entry> {
    let wanted = wanted.map(|value| value.get(0).unwrap_or(value));
    let chosen = |matches: fn(&str, &str) -> bool| {
        let wanted = comparable(wanted?);
        alternatives.iter().find(|alternative| matches(&comparable(alternative.value), &wanted))
    };
    let chosen = chosen(|offered, wanted| offered == wanted)
        .or_else(|| chosen(|offered, wanted| offered.contains(wanted)))
        .or_else(|| alternatives.first())?;
    Some(Entry { value: chosen.value.clone(), label: json!(chosen.label) })
}

/// `US_EAST_1` and `us-east-1` are the same region.
fn comparable(value: &Value) -> String {
    super::form::shown(value).to_lowercase().replace('_', "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(schema: Value, wanted: Value) -> Option<Value> {
        entry_of(&schema, Some(&wanted).filter(|wanted| !wanted.is_null())).map(|entry| entry.value)
    }

    #[test]
    fn a_field_gets_the_value_of_its_name() {
        assert_eq!(value(json!({"type": "string"}), json!("web")), Some(json!("web")));
        assert_eq!(value(json!({"type": "string"}), json!(["t3.micro", "t3.small"])), Some(json!("t3.micro")));
        let several = json!({"type": "array", "items": {"type": "string"}});
        assert_eq!(value(several.clone(), json!(["a", "b"])), Some(json!(["a", "b"])));
        assert_eq!(value(several, json!("a")), Some(json!(["a"])));
    }

    #[test]
    fn a_list_gets_what_it_offers() {
        let regions = json!({"type": "string", "enum": ["EU_WEST_1", "US_EAST_1"]});
        assert_eq!(value(regions.clone(), json!("us-east-1")), Some(json!("US_EAST_1")));
        assert_eq!(value(regions, json!("mars-1")), Some(json!("EU_WEST_1")));
        let images = json!({"anyOf": [{"enum": ["A : ami-1"]}, {"title": "The B", "enum": ["B : ami-2"]}]});
        let entry = entry_of(&images, Some(&json!("ami-2"))).unwrap();
        assert_eq!(entry, Entry { value: json!("B : ami-2"), label: json!("The B") });
    }

    #[test]
    fn an_exact_match_takes_precedence() {
        let states = json!({"enum": ["stopped by force", "stopped"]});
        assert_eq!(value(states, json!("stopped")), Some(json!("stopped")));
    }

    #[test]
    fn several_values_of_a_list_have_a_label_each() {
        let states = json!({"type": "array", "uniqueItems": true, "items": {"enum": ["pending", "running"]}});
        let entry = entry_of(&states, Some(&json!(["running"]))).unwrap();
        assert_eq!(entry, Entry { value: json!(["running"]), label: json!(["running"]) });
        assert_eq!(value(states, Value::Null), Some(json!(["pending"])));
    }

    /// A form and a function with these arguments and one example.
    fn values(arguments: Value, example: Value) -> (Form, Values) {
        let function = |name: &str, arguments: Value, example: Value| {
            json!({
                "name": name, "summary": "", "description": "", "arguments": arguments,
                "examples": [{"about": "", "arguments": example}], "iam_actions": [], "optional_permissions": [],
                "changes_resources": true, "crate": "x", "version": "0.1.0",
            })
        };
        let other = function("Another", json!([argument("colour", "string", "COLOUR")]), json!(["--colour", "red"]));
        let functions = json!([other, function("TryThing", arguments, example)]);
        let form = json!({"function": "TryThing", "schema": {}, "uiSchema": {}});
        let values = Values::new(serde_json::from_value(functions).unwrap(), World::sample());
        (serde_json::from_value(form).unwrap(), values)
    }

    fn argument(name: &str, kind: &str, value_name: &str) -> Value {
        json!({
            "name": name, "aliases": [], "value_name": value_name, "help": "As in `quoted`.", "kind": kind,
            "required": false, "default": null, "choices": [], "repeatable": name.ends_with("-id"), "secret": false,
        })
    }

    fn filled(values: &(Form, Values), name: &str, schema: Value) -> Value {
        let field = Field { name, schema: &schema, conditions: Choices::new() };
        values.1.entry(&values.0, &field, &Choices::new()).unwrap().value
    }

    #[test]
    fn a_field_gets_what_the_examples_have_for_its_argument() {
        let arguments = [
            argument("instance-id", "string", "ID"),
            argument("tag-name", "string", "NAME"),
            argument("number", "integer", "N"),
            argument("colour", "string", "COLOUR"),
        ];
        let ids = "i-0123456789abcdef1,i-0123456789abcdef0";
        let example = json!(["--instance-id", ids, "--tag-name", "web-[[$DATE]]", "--number", "3"]);
        let values = values(json!(arguments), example);
        let text = || json!({"type": "string"});
        let list = json!({"type": "array", "items": {"type": "string"}});
        assert_eq!(filled(&values, "instanceId", list), json!(["i-b", "i-a"]));
        assert_eq!(filled(&values, "tagName", text()), json!("web-1"));
        assert_eq!(filled(&values, "number", json!({"type": "integer", "minimum": 1})), json!(3));
        assert_eq!(filled(&values, "colour", text()), json!("red"), "as in an example of another function");
        assert_eq!(filled(&values, "userId", text()), json!(USER_ID));
    }

    #[test]
    fn a_field_that_no_example_has_gets_a_value_by_its_kind() {
        let arguments = [
            argument("id-property", "string", "NAME"),
            argument("tags", "string", "KEY=VALUE"),
            argument("zone", "string", "ZONE"),
            argument("user-data-file", "path", "FILE"),
            argument("iam-instance-profile", "string", "PROFILE"),
        ];
        let values = values(json!(arguments), json!([]));
        let text = || json!({"type": "string"});
        assert_eq!(filled(&values, "idProperty", text()), json!("ID_PROPERTY"));
        assert_eq!(filled(&values, "tags", text()), json!("KEY=VALUE"));
        assert_eq!(filled(&values, "zone", text()), json!("quoted"));
        assert_eq!(filled(&values, "userDataFile", text()), json!("lists.txt"));
        assert_eq!(filled(&values, "iamInstanceProfile", text()), json!("testbed"));
        assert_eq!(filled(&values, "wait", json!({"type": "boolean", "default": false})), json!(true));
        assert_eq!(filled(&values, "size", json!({"type": "integer", "minimum": 8})), json!(8));
        assert_eq!(filled(&values, "limit", json!({"type": "string", "default": "x"})), json!("x"));
    }

    #[test]
    fn a_field_of_no_argument_is_named() {
        let (form, values) = values(json!([]), json!([]));
        let schema = json!({"type": "string"});
        let field = Field { name: "shape", schema: &schema, conditions: Choices::new() };
        let error = values.entry(&form, &field, &Choices::new()).err().unwrap();
        assert_eq!(error.to_string(), "no value is known for the field shape");
    }
}
