//! The values that forms are filled in with: by the name of the field, otherwise by its kind.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Serialize;
use serde_json::{Value, json};

use super::form::{Alternative, Choices, Field, alternatives};
use crate::test_bed::{Addresses, REGION, USER_ID};

/// What a field is filled in with.
#[derive(Debug, PartialEq, Serialize)]
pub struct Entry {
    /// The value that the form then holds.
    pub value: Value,
    /// What a list shows for it, or for each of several values; `null` where people type or tick.
    pub label: Value,
}

/// The values that suit the test bed, by the name of the field.
pub struct Values(BTreeMap<&'static str, Value>);

impl Values {
    /// Values with which every job succeeds: `name` and `id` are those of a running instance, `user_data` is a file, and
    /// `data_script` one of lists.
    pub fn new(addresses: &Addresses, name: &str, id: &str, user_data: &Path, data_script: &Path) -> Self {
        Self(BTreeMap::from([
            ("userId", json!(USER_ID)),
            ("region", json!(REGION)),
            ("tagName", json!(name)),
            ("instanceId", json!([id])),
            // Whether the instance can hibernate or not, it is stopped.
            ("hibernateFallback", json!("stop")),
            ("expectState", json!(["running", "stopped"])),
            ("number", json!(2)),
            ("minNumber", json!(1)),
            ("imageId", json!(addresses.image_id)),
            ("instanceType", json!(["t3.micro", "t3.small"])),
            ("launchTemplate", json!("forms:1")),
            ("tags", json!(["team=forms", "purpose=a \"quoted\" value"])),
            ("securityGroup", json!(["default"])),
            ("subnetId", json!([addresses.subnet_id])),
            ("availabilityZone", json!(format!("{REGION}a"))),
            ("keyName", json!("forms")),
            ("keyDir", json!("keys")),
            ("volumeSize", json!(40)),
            ("userData", json!("echo \"forms\"")),
            ("userDataFile", json!(user_data)),
            ("iamInstanceProfile", json!(addresses.instance_profile)),
            ("clientToken", json!("forms")),
            ("owner", json!(["amazon"])),
            ("name", json!(["*"])),
            ("family", json!(["t3", "m5"])),
            ("max", json!(2)),
            ("dataScript", json!(data_script)),
            ("waitTimeout", json!("2m")),
            ("pollInterval", json!("5s")),
            ("idProperty", json!("FORMS_ID")),
            ("publicDnsProperty", json!("FORMS_PUBLIC_DNS")),
            ("publicIpProperty", json!("FORMS_PUBLIC_IP")),
            ("privateIpProperty", json!("FORMS_PRIVATE_IP")),
        ]))
    }

    /// What to fill a field in with: what was chosen for it, or what suits its name or else its kind.
    pub fn entry(&self, field: &Field<'_>, choices: &Choices) -> Result<Entry> {
        let wanted = choices.get(field.name).or_else(|| self.0.get(field.name));
        entry_of(field.schema, wanted)
            .with_context(|| format!("no value is known for the field {} (xtask/src/test_forms/values.rs)", field.name))
    }
}

fn entry_of(schema: &Value, wanted: Option<&Value>) -> Option<Entry> {
    let alternatives = alternatives(schema);
    if schema["type"] == "array" {
        several(&schema["items"], wanted)
    } else if !alternatives.is_empty() {
        one_of(&alternatives, wanted)
    } else {
        // A field for one value takes the first of several.
        let wanted = wanted.map(|value| value.get(0).unwrap_or(value)).cloned();
        Some(Entry { value: wanted.or_else(|| typed(schema))?, label: Value::Null })
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

/// The wanted alternative, which may be a part of a longer one as in `My image : ami-...`, otherwise the first.
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

/// `US_EAST_1` and `us-east-1` are one region.
fn comparable(value: &Value) -> String {
    super::form::shown(value).to_lowercase().replace('_', "-")
}

/// A value that the schema itself offers: its default, an example, or what the description has in backquotes.
fn typed(schema: &Value) -> Option<Value> {
    let offered = || schema.get("default").or_else(|| schema["examples"].get(0)).cloned();
    match schema["type"].as_str()? {
        "boolean" => Some(json!(true)),
        "integer" | "number" => offered().or_else(|| schema.get("minimum").cloned()).or(Some(json!(1))),
        "string" => offered().or_else(|| quoted_in(schema["description"].as_str()?).map(Value::from)),
        _ => None,
    }
}

/// The first text in backquotes, as in "the longest time to wait: `90s`, `10m`".
fn quoted_in(description: &str) -> Option<&str> {
    description.split('`').nth(1)
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
    fn the_exact_alternative_wins_over_one_that_contains_it() {
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

    #[test]
    fn a_field_without_a_value_gets_one_by_its_kind() {
        assert_eq!(value(json!({"type": "boolean", "default": false}), Value::Null), Some(json!(true)));
        assert_eq!(value(json!({"type": "integer", "minimum": 8}), Value::Null), Some(json!(8)));
        assert_eq!(value(json!({"type": "integer"}), Value::Null), Some(json!(1)));
        assert_eq!(value(json!({"type": "string", "default": "x"}), Value::Null), Some(json!("x")));
        assert_eq!(value(json!({"type": "string", "examples": ["y"]}), Value::Null), Some(json!("y")));
        let limit = json!({"type": "string", "description": "The longest time: `90s`, `10m`."});
        assert_eq!(value(limit, Value::Null), Some(json!("90s")));
    }

    #[test]
    fn a_field_that_nothing_is_known_of_is_named() {
        let schema = json!({"type": "string", "description": "Its colour."});
        let field = Field { name: "colour", schema: &schema, conditions: Choices::new() };
        let error = Values(BTreeMap::new()).entry(&field, &Choices::new()).unwrap_err();
        assert_eq!(error.to_string(), "no value is known for the field colour (xtask/src/test_forms/values.rs)");
    }
}
