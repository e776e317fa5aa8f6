//! Administrator commands, such as `setup` and `check`, which the program has in addition to its functions.
//!
//! Their names are in kebab-case. Their arguments are plain: no vertical tabs, no `@FILE`, and an empty value is a
//! value.

mod check;
mod forms;
mod iam_policy;
mod job_definition;
mod parts;
mod run_form;
mod set_property;
mod setup;

use std::ffi::OsString;

use connector_sdk::Result;

use crate::arguments::{Options, not_unicode, positional};
use crate::cli::CommandName;
use crate::registry::Registry;

/// An administrator command.
pub struct Command {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does: one imperative sentence.
    pub summary: &'static str,
    /// Runs the command with the arguments after its name, and returns the exit code.
    pub run: fn(&Registry, &[String]) -> Result<u8>,
}

/// All commands, in the order in which an administrator needs them.
pub const ALL: &[Command] = &[
    Command { name: setup::NAME, summary: setup::SUMMARY, run: setup::run },
    Command { name: check::NAME, summary: check::SUMMARY, run: check::run },
    Command { name: iam_policy::NAME, summary: iam_policy::SUMMARY, run: iam_policy::run },
    Command { name: job_definition::NAME, summary: job_definition::SUMMARY, run: job_definition::run },
    Command { name: forms::NAME, summary: forms::SUMMARY, run: forms::run },
    Command { name: run_form::NAME, summary: run_form::SUMMARY, run: run_form::run },
    Command { name: set_property::NAME, summary: set_property::SUMMARY, run: set_property::run },
];

/// The names of the commands, for help and for suggestions.
pub fn names() -> Vec<CommandName> {
    ALL.iter().map(|command| CommandName { name: command.name, summary: command.summary }).collect()
}

/// Finds the administrator command in the program's arguments, and returns it with all other arguments in their order.
/// The command name is the first argument that is neither an option nor the value of one. `None` for the job of a
/// function. The arguments are an error if one of them is not valid Unicode.
pub fn find(
    registry: &Registry,
    arguments: impl Iterator<Item = OsString>,
) -> Option<(&'static Command, Result<Vec<String>>)> {
    let exact: Vec<OsString> = arguments.skip(1).collect();
    let mut args: Vec<String> = exact.iter().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let at = *positional(&args, &Options::of_all(registry)).first()?;
    let command = ALL.iter().find(|command| args[at] == command.name)?;
    if let Some(odd) = exact.iter().position(|arg| arg.to_str().is_none()) {
        return Some((command, Err(not_unicode(odd + 1))));
    }
    args.remove(at);
    Some((command, Ok(args)))
}

#[cfg(test)]
mod tests;
