//! Generates the JSON Schema and the UI schema of a form.

use std::collections::BTreeMap;

use connector_sdk::option_lists::OptionList;
use connector_sdk::{ArgGroup, ArgSpec, ValueKind};
use serde_json::{Map, Value, json};

use super::{Choice, Condition, FUNCTION, Field, FieldKind, Form, key, title};
use crate::registry::kebab_case;
use crate::settings::{self, REGION_NAME};

/// The available texts by option list. For a list without texts the field is a text input.
pub type Choices = BTreeMap<OptionList, Vec<String>>;

/// The form in output format: the function, its JSON Schema (draft 7), and its UI schema.
pub fn document(form: &Form, choices: &Choices) -> Value {
    json!({ "function": form.meta.name, "schema": schema(form, choices), "uiSchema": ui_schema(form) })
}

fn schema(form: &Form, choices: &Choices) -> Value {
    let function = form.meta.name;
    let mut properties = Map::from_iter([(
        FUNCTION.to_owned(),
        json!({ "title": "Function", "type": "string", "const": function, "default": function }),
    )]);
    let mut required = vec![json!(FUNCTION)];
    let always = form.fields.iter().filter(|field| field.conditions.is_empty());
    let (more, more_required) = members(always, choices);
    properties.extend(more);
    required.extend(more_required);
    let rules: Vec<Value> = conditional(form, choices).into_iter().chain(required_groups(form)).collect();
    let mut schema = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": title(&kebab_case(function)),
        "description": form.meta.summary,
        "type": "object",
        "properties": properties,
        "required": required,
    });
    if !rules.is_empty() {
        schema["allOf"] = Value::from(rules);
    }
    schema
}

/// The fields as object properties, and the names of the required ones.
fn members<'a>(fields: impl Iterator<Item = &'a Field>, choices: &Choices) -> (Map<String, Value>, Vec<Value>) {
    let (mut properties, mut required) = (Map::new(), Vec::new());
    for field in fields {
        if field.is_required() {
            required.push(json!(field.key));
        }
        properties.insert(field.key.clone(), property(field, choices));
    }
    (properties, required)
}

impl Field {
    /// Whether a value is required while the field is displayed.
    fn is_required(&self) -> bool {
        match &self.kind {
            FieldKind::Choice(_) => true,
            FieldKind::Argument(spec) => spec.required || spec.name == REGION_NAME || self.is_chosen(),
        }
    }

    /// Whether the field contains the value of the selected argument, not one that goes with it.
    fn is_chosen(&self) -> bool {
        self.conditions
            .iter()
            .any(|condition| matches!(condition, Condition::Chosen { title, .. } if *title == self.title))
    }
}

fn property(field: &Field, choices: &Choices) -> Value {
    match &field.kind {
        FieldKind::Choice(choice) => choosing(&field.title, choice),
        FieldKind::Argument(spec) => {
            let mut property = argument(spec, choices);
            let text = settings::help(spec);
            property["description"] = json!(if field.is_required() { without_default(&text) } else { text });
            property
        }
    }
}

/// The text without the sentence about the default: a field that is required has none.
pub(super) fn without_default(text: &str) -> String {
    let Some((before, default)) = text.split_once(" Default: ") else { return text.to_owned() };
    let after = default.split_once(". ").map(|(_, after)| format!(" {after}"));
    before.to_owned() + &after.unwrap_or_default()
}

fn choosing(name: &str, choice: &Choice) -> Value {
    let titles = choice.titles();
    json!({ "title": name, "type": "string", "default": titles.first(), "anyOf": one_of(&titles) })
}

/// The format of a choice in OpCon's forms.
fn one_of(texts: &[String]) -> Vec<Value> {
    texts.iter().map(|text| json!({ "type": "string", "title": text, "enum": [text] })).collect()
}

fn argument(spec: &'static ArgSpec, choices: &Choices) -> Value {
    let offered = spec.option_list.and_then(|list| choices.get(&list));
    let mut single = match spec.kind {
        ValueKind::Flag => json!({ "type": "boolean", "default": false }),
        ValueKind::Integer { minimum } => json!({ "type": "integer", "minimum": minimum }),
        ValueKind::Duration => json!({ "type": "string", "pattern": DURATION }),
        ValueKind::Choice(choices) => {
            let texts: Vec<String> = choices.iter().map(|text| (*text).to_owned()).collect();
            json!({ "type": "string", "anyOf": one_of(&texts) })
        }
        ValueKind::String | ValueKind::Path => json!({ "type": "string", "minLength": 1 }),
    };
    if let Some(texts) = offered {
        single = json!({ "type": "string", "anyOf": one_of(texts) });
    }
    if let Some(default) = spec.default.filter(|_| !spec.is_flag()) {
        single["default"] = match spec.kind {
            ValueKind::Integer { .. } => default.parse::<u32>().map_or(json!(default), Value::from),
            _ => json!(default),
        };
    }
    let mut property = if spec.repeatable {
        single["title"] = json!(title(spec.name));
        json!({ "type": "array", "items": single })
    } else {
        single
    };
    property["title"] = json!(title(spec.name));
    property
}

/// A duration, or a reference that OpCon replaces by one.
const DURATION: &str = r"^([1-9][0-9]*[smh]?|.*\[\[.+\]\].*)$";

/// The conditional fields, grouped by condition.
fn conditional(form: &Form, choices: &Choices) -> Vec<Value> {
    let mut listed: Vec<&[Condition]> = Vec::new();
    let mut rules = Vec::new();
    for field in form.fields.iter().filter(|field| !field.conditions.is_empty()) {
        let conditions = field.conditions.as_slice();
        if listed.contains(&conditions) {
            continue;
        }
        listed.push(conditions);
        let together = form.fields.iter().filter(|other| other.conditions == conditions);
        let (properties, required) = members(together, choices);
        let mut then = json!({ "properties": properties });
        if !required.is_empty() {
            then["required"] = Value::from(required);
        }
        rules.push(json!({ "if": all(conditions), "then": then }));
    }
    rules
}

/// The schema of an object that meets all conditions.
fn all(conditions: &[Condition]) -> Value {
    let keys: Vec<&str> = conditions.iter().map(Condition::key).collect();
    let properties: Map<String, Value> =
        conditions.iter().map(|condition| (condition.key().to_owned(), condition.schema())).collect();
    json!({ "properties": properties, "required": keys })
}

impl Condition {
    fn key(&self) -> &str {
        match self {
            Condition::Flag(key) | Condition::Given(key) | Condition::Chosen { key, .. } => key,
        }
    }

    /// The required value of the field.
    fn schema(&self) -> Value {
        match self {
            Condition::Flag(_) => json!({ "const": true }),
            Condition::Given(_) => given(),
            Condition::Chosen { title, .. } => json!({ "const": title }),
        }
    }
}

/// A field that is present may still be empty.
fn given() -> Value {
    json!({ "minLength": 1, "minItems": 1 })
}

/// Groups of arguments of which at least one is required: the last one is required if all others are missing.
fn required_groups(form: &Form) -> Vec<Value> {
    form.meta
        .groups
        .iter()
        .filter(|group| group.required && !group.exclusive)
        .map(|group| {
            let asked_for = asked_for(form, group);
            let others = group.members.iter().filter(|name| **name != asked_for);
            let given: Vec<Value> =
                others.map(|name| json!({ "properties": { key(name): given() }, "required": [key(name)] })).collect();
            json!({ "if": { "not": { "anyOf": given } }, "then": { "required": [key(asked_for)] } })
        })
        .collect()
}

/// The last one with a single value, because a form treats an empty list of values as present.
fn asked_for(form: &Form, group: &ArgGroup) -> &'static str {
    let single = |name: &&&'static str| form.meta.all_arguments().any(|spec| spec.name == **name && !spec.repeatable);
    group.members.iter().rev().find(single).or(group.members.last()).copied().unwrap_or_default()
}

fn ui_schema(form: &Form) -> Value {
    let keys = form.fields.iter().map(|field| field.key.as_str());
    let order: Vec<&str> = std::iter::once(FUNCTION).chain(keys).chain(["*"]).collect();
    json!({ "ui:order": order, FUNCTION: { "ui:widget": "hidden" } })
}
