//! Analyzes the fields of a form, and the choices that make each field visible.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::{Value, json};

/// The selected values of the fields on which other fields depend.
pub type Choices = BTreeMap<String, Value>;

/// A form as printed by `awsec2 forms`.
#[derive(Deserialize)]
pub struct Form {
    /// The function of the form.
    pub function: String,
    schema: Value,
    #[serde(rename = "uiSchema")]
    ui_schema: Value,
}

/// A visible field.
pub struct Field<'a> {
    /// Its property name.
    pub name: &'a str,
    /// Its schema.
    pub schema: &'a Value,
    /// The choices that make it visible.
    pub conditions: Choices,
}

/// A choice of a field.
#[derive(Debug, PartialEq)]
pub struct Alternative<'a> {
    /// The value itself.
    pub value: &'a Value,
    /// The displayed text.
    pub label: String,
}

impl Form {
    /// The fields, including conditional ones. A name may occur in several alternatives.
    pub fn fields(&self) -> Result<Vec<Field<'_>>> {
        let mut fields = Vec::new();
        collect(&self.schema, &Choices::new(), &mut fields)
            .with_context(|| format!("reading the schema of the form {}", self.function))?;
        fields.retain(|field| self.ui_schema[field.name]["ui:widget"] != "hidden");
        Ok(fields)
    }

    /// Choices that select each alternative of each field on which other fields depend at least once.
    pub fn choices(&self) -> Result<Vec<Choices>> {
        let fields = self.fields()?;
        let controls = controls(&fields);
        let first: Choices =
            controls.iter().filter_map(|(name, values)| Some((name.clone(), values.first()?.clone()))).collect();
        let mut all = vec![first.clone()];
        for field in &fields {
            for value in controls.get(field.name).into_iter().flatten() {
                let mut choices = first.clone();
                choices.extend(field.conditions.clone());
                choices.insert(field.name.to_owned(), value.clone());
                if !all.contains(&choices) {
                    all.push(choices);
                }
            }
        }
        Ok(all)
    }

    /// Whether the untouched form lacks a required value.
    pub fn is_incomplete_untouched(&self) -> bool {
        is_incomplete(&self.schema, &Choices::new())
    }
}

impl Field<'_> {
    /// Whether the field is visible with these choices.
    pub fn is_shown_with(&self, choices: &Choices) -> bool {
        self.conditions.iter().all(|(name, value)| choices.get(name) == Some(value))
    }
}

/// The choices of a list, as `enum` or in the format of ACS: `anyOf` with an `enum` of one value each.
pub fn alternatives(schema: &Value) -> Vec<Alternative<'_>> {
    let single = |option: &'_ Value| option["enum"].as_array().is_some_and(|values| values.len() == 1);
    if let Some(values) = schema["enum"].as_array() {
        return values.iter().map(|value| Alternative { value, label: shown(value) }).collect();
    }
    match schema["anyOf"].as_array() {
        Some(options) if options.iter().all(single) => options.iter().map(alternative).collect(),
        _ => Vec::new(),
    }
}

fn alternative(option: &Value) -> Alternative<'_> {
    let value = &option["enum"][0];
    let label = option["title"].as_str().map_or_else(|| shown(value), str::to_owned);
    Alternative { value, label }
}

/// A value without the quotes of a JSON string.
pub fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Schema keywords that could make fields visible by other means than `allOf` with `if` and `then`. They are rejected,
/// so that no field is missed; support must be added here first.
const UNSUPPORTED_KEYWORDS: [&str; 6] = ["if", "else", "oneOf", "dependencies", "dependentSchemas", "$ref"];

/// Collects the fields of a schema and of its conditional parts.
fn collect<'a>(schema: &'a Value, conditions: &Choices, fields: &mut Vec<Field<'a>>) -> Result<()> {
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        fields.push(Field { name, schema, conditions: conditions.clone() });
    }
    refuse(schema, &UNSUPPORTED_KEYWORDS)?;
    for part in conditional_parts(schema) {
        refuse(part, &UNSUPPORTED_KEYWORDS[1..])?;
        let mut conditions = conditions.clone();
        conditions.extend(conditions_of(&part["if"])?);
        collect(&part["then"], &conditions, fields)?;
    }
    Ok(())
}

fn refuse(schema: &Value, keywords: &[&str]) -> Result<()> {
    match keywords.iter().find(|keyword| schema.get(keyword).is_some()) {
        Some(keyword) => bail!("fields with {keyword} are not supported"),
        None => Ok(()),
    }
}

fn conditional_parts(schema: &Value) -> &[Value] {
    schema["allOf"].as_array().map_or(&[], Vec::as_slice)
}

/// The values that an `if` requires. A condition that a field has any value is ignored, because all fields are filled
/// in. A condition that another field has no value shows no field. Other kinds of conditions are not supported.
fn conditions_of(condition: &Value) -> Result<Choices> {
    if condition.get("not").is_some() {
        return Ok(Choices::new());
    }
    let properties = condition["properties"].as_object();
    let properties = properties.with_context(|| format!("the condition {condition} has no properties"))?;
    let values = properties.iter().filter(|(_, schema)| !is_any_value(schema)).map(|(name, schema)| {
        let value = schema.get("const").with_context(|| format!("the condition on {name} has no const"))?;
        Ok((name.clone(), value.clone()))
    });
    values.collect()
}

/// Whether the schema only requires that a value is present.
fn is_any_value(schema: &Value) -> bool {
    *schema == json!({"minLength": 1, "minItems": 1})
}

/// Whether an `if` requires a value for a field without a default.
fn requires_any_value(condition: &Value) -> bool {
    condition["properties"].as_object().into_iter().flatten().any(|(_, schema)| is_any_value(schema))
}

/// The fields on which other fields depend, with the values to select: all choices of a list, otherwise the relevant
/// ones.
fn controls(fields: &[Field<'_>]) -> BTreeMap<String, Vec<Value>> {
    let mut controls: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (name, value) in fields.iter().flat_map(|field| &field.conditions) {
        let values = controls.entry(name.clone()).or_default();
        if !values.contains(value) {
            values.push(value.clone());
        }
    }
    for field in fields {
        let alternatives = alternatives(field.schema);
        if let (Some(values), false) = (controls.get_mut(field.name), alternatives.is_empty()) {
            *values = alternatives.iter().map(|alternative| alternative.value.clone()).collect();
        }
    }
    controls
}

/// Whether a required field has no default, in the schema or in a conditional part that is active by default.
fn is_incomplete(schema: &Value, defaults_around: &Choices) -> bool {
    let mut defaults = defaults_around.clone();
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        defaults.extend(value_by_itself(schema).map(|value| (name.clone(), value)));
    }
    let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
    if required.iter().filter_map(Value::as_str).any(|name| !defaults.contains_key(name)) {
        return true;
    }
    conditional_parts(schema).iter().any(|part| {
        let conditions = conditions_of(&part["if"]).unwrap_or_default();
        let met = conditions.iter().all(|(name, value)| defaults.get(name) == Some(value));
        met && !requires_any_value(&part["if"]) && is_incomplete(&part["then"], &defaults)
    })
}

/// The initial value of a field. A list is initially empty, which is valid unless it requires items.
fn value_by_itself(schema: &Value) -> Option<Value> {
    let empty_list = || (schema["type"] == "array" && schema["minItems"].is_null()).then(|| Value::Array(Vec::new()));
    schema.get("default").or_else(|| schema.get("const")).cloned().or_else(empty_list)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(schema: Value) -> Form {
        let ui_schema = json!({"function": {"ui:widget": "hidden"}});
        Form { function: "StopInstance".to_owned(), schema, ui_schema }
    }

    fn list(values: &[&str]) -> Value {
        let options: Vec<Value> =
            values.iter().map(|value| json!({"type": "string", "title": value, "enum": [value]})).collect();
        json!({"type": "string", "default": values[0], "anyOf": options})
    }

    fn when(name: &str, value: Value, then: Value) -> Value {
        json!({"if": {"properties": {name: {"const": value}}, "required": [name]}, "then": then})
    }

    fn stop_instance() -> Form {
        form(json!({
            "properties": {
                "function": {"type": "string", "const": "StopInstance"},
                "instancesBy": list(&["Tag Name", "Instance ID"]),
                "wait": {"type": "boolean", "default": false},
            },
            "required": ["function", "instancesBy"],
            "allOf": [
                when("instancesBy", json!("Tag Name"), json!({
                    "properties": {"tagName": {"type": "string"}}, "required": ["tagName"]
                })),
                when("instancesBy", json!("Instance ID"), json!({
                    "properties": {"how": list(&["Soft", "Hard"])},
                    "allOf": [when("how", json!("Hard"), json!({"properties": {"force": {"type": "boolean"}}}))],
                })),
                when("wait", json!(true), json!({"properties": {"waitTimeout": {"type": "string"}}})),
            ],
        }))
    }

    #[test]
    fn fields_are_found_below_their_conditions_and_hidden_ones_are_left_out() {
        let form = stop_instance();
        let fields = form.fields().unwrap();
        let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
        assert_eq!(names, ["instancesBy", "wait", "tagName", "how", "force", "waitTimeout"]);
        let force = fields.iter().find(|field| field.name == "force").unwrap();
        assert_eq!(
            serde_json::to_value(&force.conditions).unwrap(),
            json!({"instancesBy": "Instance ID", "how": "Hard"})
        );
    }

    #[test]
    fn each_alternative_is_chosen_once_and_what_it_needs_with_it() {
        let choices = serde_json::to_value(stop_instance().choices().unwrap()).unwrap();
        assert_eq!(
            choices,
            json!([
                {"how": "Soft", "instancesBy": "Tag Name", "wait": true},
                {"how": "Soft", "instancesBy": "Instance ID", "wait": true},
                {"how": "Hard", "instancesBy": "Instance ID", "wait": true},
            ])
        );
    }

    #[test]
    fn a_form_without_conditions_is_filled_in_once() {
        let choices = form(json!({"properties": {"tagName": {"type": "string"}}})).choices().unwrap();
        assert_eq!(choices, [Choices::new()]);
    }

    #[test]
    fn required_values_without_a_default_are_missing() {
        assert!(stop_instance().is_incomplete_untouched(), "the name is required by the first alternative");
        let with = |schema: Value| form(json!({"properties": {"a": schema}, "required": ["a"]}));
        assert!(with(json!({"type": "string"})).is_incomplete_untouched());
        assert!(with(json!({"type": "array", "minItems": 1})).is_incomplete_untouched());
        assert!(!with(json!({"type": "array"})).is_incomplete_untouched());
        assert!(!with(list(&["x"])).is_incomplete_untouched());
    }

    #[test]
    fn alternatives_come_in_two_shapes() {
        let (x, y) = (json!("x"), json!(2));
        let shape = json!({"anyOf": [{"title": "The x", "enum": ["x"]}, {"enum": [2]}]});
        let found = alternatives(&shape);
        assert_eq!(
            found,
            [Alternative { value: &x, label: "The x".into() }, Alternative { value: &y, label: "2".into() }]
        );
        assert_eq!(alternatives(&json!({"enum": ["x"]})), [Alternative { value: &x, label: "x".into() }]);
        assert_eq!(alternatives(&json!({"type": "string"})), []);
    }

    #[test]
    fn any_value_will_do_for_some_conditions() {
        let given = json!({"properties": {"a": {"minLength": 1, "minItems": 1}}, "required": ["a"]});
        let more = json!({"if": given, "then": {"properties": {"b": {"type": "string"}}, "required": ["b"]}});
        let schema = |rules: Value| form(json!({"properties": {"a": {"type": "string"}}, "allOf": rules}));
        let form = schema(json!([more]));
        assert_eq!(form.choices().unwrap(), [Choices::new()]);
        assert_eq!(form.fields().unwrap().len(), 2);
        assert!(!form.is_incomplete_untouched(), "nothing is in a, so b is not asked for");
        let without = json!({"if": {"not": {"anyOf": [given]}}, "then": {"required": ["c"]}});
        assert!(schema(json!([without])).is_incomplete_untouched(), "nothing is in a, so c is asked for");
    }

    #[test]
    fn a_condition_of_another_kind_is_refused() {
        let schema = json!({"allOf": [{"if": {"properties": {"a": {"minimum": 1}}}, "then": {}}]});
        let error = form(schema).choices().unwrap_err();
        assert_eq!(
            format!("{error:#}"),
            "reading the schema of the form StopInstance: the condition on a has no const"
        );
    }
}
