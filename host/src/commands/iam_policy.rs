//! Implements `awsec2 iam-policy`: prints the least-privilege IAM policy for jobs of the given functions.

mod arguments;
mod statements;

use std::collections::{BTreeMap, BTreeSet};

use clap::{Arg, ArgAction, ArgMatches};
use connector_sdk::iam::{IamAction, Optional, Resource};
use connector_sdk::{Error, ErrorKind, Registration, Result};

pub use arguments::ResourceTag;

use super::parts::{option, parse, parser};
use crate::arguments::Quoting;
use crate::console::print_pretty_json;
use crate::registry::Registry;
use crate::{cli, exit, program};
use arguments::RoleArn;
use statements::{Limits, policy};

/// The name of the command.
pub const NAME: &str = "iam-policy";
/// Its summary.
pub const SUMMARY: &str = "Print the IAM policy that the jobs of functions need, as JSON.";

const FUNCTION: &str = "FUNCTION";
const WITH: &str = "with";
const ROLE_ARN: &str = "role-arn";

fn command(registry: &Registry) -> clap::Command {
    let optional = optional_permissions(registry.all());
    let optional: Vec<_> = optional.values().map(|only| format!("  {:<24}{}", only.name, only.purpose)).collect();
    let can_be_limited =
        |found: &&&Registration| found.operation.meta().iam_actions.iter().any(IamAction::can_be_limited_by_tag);
    let two: Vec<_> =
        registry.all().iter().filter(can_be_limited).take(2).map(|found| found.operation.meta().name).collect();
    parser(NAME, SUMMARY)
        .after_help(format!(
            "The policy allows what every job of the functions may need, and nothing else. Add what only some jobs \
             need with `--with`:\n{}\n\nExample:\n  {} {NAME} {} --resource-tag team=web\n",
            optional.join("\n"),
            program::name(),
            two.join(" ")
        ))
        .arg(Arg::new(FUNCTION).num_args(0..).help("The functions whose jobs the user runs. Default: all functions."))
        .arg(
            option(
                WITH,
                "NAME",
                "Also allow what only some jobs need. Repeatable or comma-separated; the names are listed below.",
            )
            .value_delimiter(',')
            .action(ArgAction::Append),
        )
        .arg(
            option(
                ResourceTag::OPTION,
                "KEY=VALUE",
                "Allow actions only on instances with this tag. Launches must then add the tag to their instances.",
            )
            .value_parser(ResourceTag::parse),
        )
        .arg(
            option(ROLE_ARN, "ARN", "Allow launches to pass this IAM role to their instances. Repeatable.")
                .value_parser(RoleArn::parse)
                .action(ArgAction::Append),
        )
}

/// Prints the requested policy.
pub fn run(registry: &Registry, args: &[String]) -> Result<u8> {
    let Some(matches) = parse(command(registry), args)? else { return Ok(exit::SUCCESS) };
    let functions = functions(registry, &matches, Quoting::of(args))?;
    let limits = Limits {
        tag: matches.get_one::<ResourceTag>(ResourceTag::OPTION).cloned(),
        roles: matches.get_many::<RoleArn>(ROLE_ARN).into_iter().flatten().map(RoleArn::to_string).collect(),
    };
    let chosen = chosen(&functions, &matches, &limits)?;
    let is_chosen = |action: &&IamAction| {
        action.optional.is_none_or(|only| chosen.contains(only.name) || passes_roles(action, &limits))
    };
    let actions: Vec<&IamAction> = actions(&functions).filter(is_chosen).collect();
    if limits.tag.is_some() && !actions.iter().any(|action| action.can_be_limited_by_tag()) {
        let message = format!("`--{}`: no action of the functions can be limited by a tag", ResourceTag::OPTION);
        return Err(usage_error(message).hint("leave out the option, or add a function that changes instances"));
    }
    print_pretty_json(&policy(&actions, &limits))
}

/// The named functions without duplicates, or all functions if none is named.
fn functions(registry: &Registry, matches: &ArgMatches, quoting: Quoting) -> Result<Vec<&'static Registration>> {
    let names: Vec<&String> = matches.get_many(FUNCTION).into_iter().flatten().collect();
    if names.is_empty() {
        return Ok(registry.all().to_vec());
    }
    let named = names.into_iter().map(|name| cli::function(registry, &[], name, quoting));
    let named: BTreeMap<_, _> =
        named.map(|found| found.map(|found| (found.operation.meta().name, found))).collect::<Result<_>>()?;
    Ok(named.into_values().collect())
}

fn actions(functions: &[&'static Registration]) -> impl Iterator<Item = &'static IamAction> {
    functions.iter().flat_map(|found| found.operation.meta().iam_actions)
}

fn optional_permissions(functions: &[&'static Registration]) -> BTreeMap<&'static str, Optional> {
    actions(functions).filter_map(|action| action.optional).map(|only| (only.name, only)).collect()
}

/// Whether the action passes roles, and roles are given.
fn passes_roles(action: &IamAction, limits: &Limits) -> bool {
    !limits.roles.is_empty() && needs_role(action)
}

fn needs_role(action: &IamAction) -> bool {
    action.resources.contains(&Resource::Role)
}

/// The names in the values of `--with`.
fn chosen<'a>(
    functions: &[&'static Registration],
    matches: &'a ArgMatches,
    limits: &Limits,
) -> Result<BTreeSet<&'a str>> {
    let known = optional_permissions(functions);
    let chosen: BTreeSet<&str> = matches.get_many::<String>(WITH).into_iter().flatten().map(String::as_str).collect();
    if let Some(unknown) = chosen.iter().find(|name| !known.contains_key(*name)) {
        let error =
            usage_error(format!("`--{WITH} {unknown}`: the functions have no optional permissions with this name"));
        let names: Vec<_> = known.into_keys().collect();
        return Err(match names.is_empty() {
            true => error.hint(format!("leave out `--{WITH}`: the functions have no optional permissions")),
            false => error.hint(format!("use `--{WITH}` with one of: {}", names.join(", "))),
        });
    }
    let roles: Vec<_> = actions(functions).filter(|action| needs_role(action)).collect();
    if roles.is_empty() && !limits.roles.is_empty() {
        let message = format!("`--{ROLE_ARN}`: none of the functions passes a role to instances");
        return Err(usage_error(message).hint("leave out the option, or add a function that launches instances"));
    }
    let without_role = roles.iter().find_map(|action| action.optional.filter(|only| chosen.contains(only.name)));
    match without_role {
        Some(only) if limits.roles.is_empty() => {
            Err(usage_error(format!("`--{WITH} {}`: no role specified", only.name))
                .hint(format!("add `--{ROLE_ARN}` with the ARN of the role")))
        }
        _ => Ok(chosen),
    }
}

fn usage_error(message: String) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}
