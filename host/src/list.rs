//! Implements `--list`: lists the functions of the program from their metadata.

use connector_sdk::iam::{IamAction, names};
use connector_sdk::{ArgSpec, OperationMeta, Registration};
use serde::Serialize;

use crate::{settings, table};

/// The functions as a table.
pub fn text(functions: &[&'static Registration]) -> String {
    let row =
        |found: &&Registration| vec![found.operation.meta().name.to_owned(), found.operation.meta().summary.to_owned()];
    table::plain(&["Function", "Summary"], functions.iter().map(row))
}

/// The functions as a JSON array, sorted by name.
pub fn json(functions: &[&'static Registration]) -> String {
    let listed: Vec<_> = functions.iter().map(|found| Function::from(*found)).collect();
    serde_json::to_string(&listed).unwrap_or_default() + "\n"
}

#[derive(Serialize)]
struct Function {
    name: &'static str,
    summary: &'static str,
    description: &'static str,
    arguments: Vec<Argument>,
    examples: Vec<Example>,
    iam_actions: Vec<&'static str>,
    optional_permissions: Vec<OptionalPermission>,
    changes_resources: bool,
    #[serde(rename = "crate")]
    crate_name: &'static str,
    version: &'static str,
}

/// Permissions that only some jobs of a function need.
#[derive(Serialize)]
struct OptionalPermission {
    name: &'static str,
    purpose: &'static str,
    iam_actions: Vec<&'static str>,
}

#[derive(Serialize)]
struct Example {
    about: &'static str,
    arguments: &'static [&'static str],
}

#[derive(Serialize)]
struct Argument {
    name: &'static str,
    aliases: &'static [&'static str],
    value_name: Option<&'static str>,
    help: String,
    kind: &'static str,
    required: bool,
    default: Option<&'static str>,
    choices: &'static [&'static str],
    repeatable: bool,
    secret: bool,
}

impl From<&Registration> for Function {
    fn from(found: &Registration) -> Self {
        let meta = found.operation.meta();
        Function {
            name: meta.name,
            summary: meta.summary,
            description: meta.description,
            arguments: meta.all_arguments().filter(|spec| !spec.hidden).map(Argument::from).collect(),
            examples: meta.examples.iter().map(Example::from).collect(),
            iam_actions: names(meta.iam_actions),
            optional_permissions: optional_permissions(meta),
            changes_resources: meta.changes_resources,
            crate_name: found.crate_name,
            version: found.version,
        }
    }
}

impl From<&connector_sdk::Example> for Example {
    fn from(example: &connector_sdk::Example) -> Self {
        Example { about: example.about, arguments: example.arguments }
    }
}

impl From<&ArgSpec> for Argument {
    fn from(spec: &ArgSpec) -> Self {
        Argument {
            name: spec.name,
            aliases: spec.aliases,
            value_name: (!spec.is_flag()).then_some(spec.value_name),
            help: settings::help(spec),
            kind: spec.kind.name(),
            required: spec.required,
            default: spec.default.filter(|_| !spec.is_flag()),
            choices: spec.kind.choices(),
            repeatable: spec.repeatable,
            secret: spec.secret,
        }
    }
}

/// The optional permissions in the order of the actions, each with the actions that only it needs.
fn optional_permissions(meta: &OperationMeta) -> Vec<OptionalPermission> {
    let required = names(meta.iam_actions.iter().filter(|action| action.optional.is_none()));
    let mut found: Vec<OptionalPermission> = Vec::new();
    for IamAction { name: action, optional, .. } in meta.iam_actions {
        let Some(optional) = optional else { continue };
        if required.contains(action) {
            continue;
        }
        match found.iter_mut().find(|known| known.name == optional.name) {
            Some(known) => known.iam_actions.push(action),
            None => found.push(OptionalPermission {
                name: optional.name,
                purpose: optional.purpose,
                iam_actions: vec![action],
            }),
        }
    }
    found
}
