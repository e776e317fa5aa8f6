//! Converts a completed form to the command line of its job.

use connector_sdk::{ArgSpec, Error, ErrorKind, Result};
use serde_json::{Map, Value};

use super::{Choice, Condition, FUNCTION, Field, FieldKind, Form, title};
use crate::arguments::Quoting;

/// The options of a completed form. Empty fields, and fields that are no longer displayed, are ignored.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for an unknown field or an invalid field value.
pub fn args(form: &Form, filled: &Map<String, Value>) -> Result<Vec<String>> {
    let known = form.fields.iter().map(|field| field.key.as_str()).chain([FUNCTION]);
    if let Some(unknown) = filled.keys().find(|key| !known.clone().any(|known| known == key.as_str())) {
        let nearest = known.max_by(|a, b| strsim::jaro(a, unknown).total_cmp(&strsim::jaro(b, unknown)));
        let unknown_field = Quoting::of(filled.keys()).quoted(unknown);
        let error = invalid_form(form, format!("the form has no field{unknown_field}"));
        return Err(nearest.map_or(error.clone(), |nearest| error.hint(format!("did you mean `{nearest}`?"))));
    }
    let mut args = Vec::new();
    for field in form.fields.iter().filter(|field| field.is_requested(filled)) {
        let value = filled.get(&field.key).unwrap_or(&Value::Null);
        match &field.kind {
            FieldKind::Argument(spec) => args.extend(options(form, &field.key, spec, value)?),
            FieldKind::Choice(choice) => args.extend(chosen_flag(choice, value)),
        }
    }
    Ok(args)
}

fn invalid_form(form: &Form, message: String) -> Error {
    Error::new(ErrorKind::InvalidInput, message).doing(format!("reading the form of {}", form.meta.name))
}

impl Field {
    fn is_requested(&self, filled: &Map<String, Value>) -> bool {
        self.conditions.iter().all(|condition| condition.is_met(filled))
    }
}

impl Condition {
    fn is_met(&self, filled: &Map<String, Value>) -> bool {
        match self {
            Condition::Flag(key) => filled.get(key) == Some(&Value::Bool(true)),
            Condition::Given(key) => filled.get(key).is_some_and(|value| match value {
                Value::String(text) => !text.is_empty(),
                Value::Array(items) => !items.is_empty(),
                other => !other.is_null(),
            }),
            Condition::Chosen { key, title } => filled.get(key).and_then(Value::as_str) == Some(title),
        }
    }
}

/// The selected flag. An argument with a value has a field of its own.
fn chosen_flag(choice: &Choice, value: &Value) -> Option<String> {
    let chosen = choice.members.iter().find(|spec| value.as_str() == Some(title(spec.name).as_str()))?;
    chosen.is_flag().then(|| format!("--{}", chosen.name))
}

fn options(form: &Form, key: &str, spec: &ArgSpec, value: &Value) -> Result<Vec<String>> {
    let name = spec.name;
    Ok(match value {
        Value::Null => vec![],
        Value::Bool(set) if spec.is_flag() => {
            if *set {
                vec![format!("--{name}")]
            } else {
                vec![]
            }
        }
        Value::String(text) if text.is_empty() => vec![],
        Value::String(text) if !spec.is_flag() => vec![format!("--{name}={text}")],
        Value::Number(number) if !spec.is_flag() => vec![format!("--{name}={number}")],
        Value::Array(items) if spec.repeatable => {
            let options = items.iter().map(|item| match item {
                Value::Array(_) => Err(invalid_form(form, format!("the field `{key}` contains a nested list"))),
                item => options(form, key, spec, item),
            });
            options.collect::<Result<Vec<_>>>()?.concat()
        }
        other => return Err(invalid_form(form, format!("the field `{key}` cannot contain {}", kind(other)))),
    })
}

/// The kind of a value. The value itself is not quoted: it can be, or contain, a secret.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "`true` or `false`",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
