//! Job forms for Solution Manager, generated from function metadata: JSON Schema and UI schema for
//! react-jsonschema-form, and the command line of a completed form.
//!
//! The format is documented in the OpCon documentation, "ACS SDK", page "Schema". A field has the name of its argument
//! in camelCase.

mod filled;
mod schema;

use connector_sdk::{ArgSpec, OperationMeta};

use crate::settings::{REGION_NAME, USER_ID_NAME, common_arguments};

pub use filled::args;
pub use schema::{Choices, document};

/// The hidden field that contains the function name.
pub const FUNCTION: &str = "function";
/// The choice that selects no argument.
const NONE: &str = "None";

/// The form of a function.
pub struct Form {
    /// The function.
    pub meta: &'static OperationMeta,
    fields: Vec<Field>,
}

/// A field of a form.
struct Field {
    /// Its name in the form data.
    key: String,
    /// Its title.
    title: String,
    kind: FieldKind,
    /// The condition under which the field is displayed.
    conditions: Vec<Condition>,
}

enum FieldKind {
    /// The value of an argument.
    Argument(&'static ArgSpec),
    /// The choice between mutually exclusive arguments.
    Choice(Choice),
}

/// Mutually exclusive arguments.
struct Choice {
    members: Vec<&'static ArgSpec>,
    /// Whether one of them must be given.
    required: bool,
}

/// The required state of another field.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Condition {
    /// The flag is set.
    Flag(String),
    /// The field has a value.
    Given(String),
    /// The argument with this title is selected.
    Chosen { key: String, title: String },
}

impl Form {
    /// Builds the form of a function.
    pub fn of(meta: &'static OperationMeta) -> Self {
        let exclusive: Vec<Choice> = meta
            .groups
            .iter()
            .filter(|group| group.exclusive)
            .map(|group| Choice {
                members: meta.all_arguments().filter(|spec| group.members.contains(&spec.name)).collect(),
                required: group.required,
            })
            .collect();
        let common = common_arguments(meta).filter(|spec| [USER_ID_NAME, REGION_NAME].contains(&spec.name));
        let mut fields: Vec<Field> = common.map(|spec| Field::of(spec, meta, &[])).collect();
        let mut listed: Vec<String> = Vec::new();
        for spec in meta.all_arguments().filter(|spec| !spec.hidden) {
            let choice = exclusive.iter().find(|choice| choice.has(spec.name));
            if let Some(choice) = choice.filter(|choice| !listed.contains(&choice.key())) {
                listed.push(choice.key());
                fields.push(Field::choosing(choice));
            }
            // A flag is set by selecting it, so it has no field of its own.
            if choice.is_none() || !spec.is_flag() {
                fields.push(Field::of(spec, meta, &exclusive));
            }
        }
        Form { meta, fields }
    }
}

impl Field {
    fn of(spec: &'static ArgSpec, meta: &OperationMeta, exclusive: &[Choice]) -> Self {
        let choice = exclusive.iter().find(|choice| choice.has(spec.name));
        let chosen = choice.map(|choice| Condition::Chosen { key: choice.key(), title: title(spec.name) });
        let names = || spec.requires.iter().copied().chain(spec.form_flag);
        let needed = names().filter_map(|name| meta.all_arguments().find(|other| other.name == name));
        let mut conditions: Vec<Condition> = Vec::new();
        for condition in chosen.into_iter().chain(needed.map(|other| condition(other, exclusive))) {
            if !conditions.contains(&condition) {
                conditions.push(condition);
            }
        }
        Field { key: key(spec.name), title: title(spec.name), kind: FieldKind::Argument(spec), conditions }
    }

    fn choosing(choice: &Choice) -> Self {
        let Choice { members, required } = choice;
        let kind = FieldKind::Choice(Choice { members: members.clone(), required: *required });
        Field { key: choice.key(), title: choice.title(), kind, conditions: Vec::new() }
    }
}

impl Choice {
    fn has(&self, name: &str) -> bool {
        self.members.iter().any(|spec| spec.name == name)
    }

    /// The members' titles, as in `Subnet ID or Availability Zone`.
    fn title(&self) -> String {
        let titles: Vec<_> = self.members.iter().map(|spec| title(spec.name)).collect();
        match titles.split_last() {
            Some((last, others)) if !others.is_empty() => format!("{} or {last}", others.join(", ")),
            _ => titles.join(""),
        }
    }

    fn key(&self) -> String {
        let names: Vec<_> = self.members.iter().map(|spec| spec.name).collect();
        key(&names.join("-or-"))
    }

    /// The available choices.
    fn titles(&self) -> Vec<String> {
        let nothing = (!self.required).then(|| NONE.to_owned());
        nothing.into_iter().chain(self.members.iter().map(|spec| title(spec.name))).collect()
    }
}

/// The condition for an argument that requires this one.
fn condition(spec: &ArgSpec, exclusive: &[Choice]) -> Condition {
    match exclusive.iter().find(|choice| choice.has(spec.name)) {
        Some(choice) => Condition::Chosen { key: choice.key(), title: title(spec.name) },
        None if spec.is_flag() => Condition::Flag(key(spec.name)),
        None => Condition::Given(key(spec.name)),
    }
}

/// Converts `image-id` to `imageId`.
pub fn key(name: &str) -> String {
    let mut args = name.split('-');
    let first = args.next().unwrap_or_default().to_owned();
    args.fold(first, |key, arg| key + &capitalized(arg))
}

/// Converts `image-id` to `Image ID`.
fn title(name: &str) -> String {
    const ABBREVIATIONS: [&str; 7] = ["dns", "iam", "id", "ip", "os", "ssm", "vpc"];
    let arg = |arg: &str| if ABBREVIATIONS.contains(&arg) { arg.to_uppercase() } else { capitalized(arg) };
    name.split('-').map(arg).collect::<Vec<_>>().join(" ")
}

fn capitalized(arg: &str) -> String {
    let mut letters = arg.chars();
    letters.next().map_or(String::new(), |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

#[cfg(test)]
mod tests;
