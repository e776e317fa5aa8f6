//! The commands for administrators: what the program does beside its functions, named in kebab-case.
//!
//! Their arguments are plain: no vertical tabs, no `@FILE`, and an empty value is a value.

mod check;
mod forms;
mod iam_policy;
mod job_definition;
mod run_form;
mod set_property;
mod setup;

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches};
use connector_sdk::{Error, ErrorKind, Result};
use tokio::runtime;

use crate::arguments::{Options, check_path, no_unicode, positional};
use crate::cli::{self, CommandName, HELP_WIDTH};
use crate::console::print_help;
use crate::registry::Registry;
use crate::settings::CONFIG;

/// A command of the program.
pub struct Command {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it does: one imperative sentence.
    pub summary: &'static str,
    /// Performs it with the words behind its name, and returns the exit code.
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

/// The names of the commands, for help and for names that are mistyped.
pub fn names() -> Vec<CommandName> {
    ALL.iter().map(|command| CommandName { name: command.name, summary: command.summary }).collect()
}

/// The command that the program's arguments name, and all other words in their order. Its name is the first word that is
/// neither an option nor the value of one; anything else is a function's job. The words are an error when one is no Unicode
/// text.
pub fn find(
    registry: &Registry,
    arguments: impl Iterator<Item = OsString>,
) -> Option<(&'static Command, Result<Vec<String>>)> {
    let exact: Vec<OsString> = arguments.skip(1).collect();
    let mut words: Vec<String> = exact.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let at = *positional(&words, &Options::of_all(registry)).first()?;
    let command = ALL.iter().find(|command| words[at] == command.name)?;
    if let Some(odd) = exact.iter().position(|word| word.to_str().is_none()) {
        return Some((command, Err(no_unicode(odd + 1))));
    }
    words.remove(at);
    Some((command, Ok(words)))
}

/// The parser of a command, to which it adds its own arguments.
fn parser(name: &'static str, summary: &'static str) -> clap::Command {
    let full_name = format!("awsec2 {name}");
    clap::Command::new(full_name.clone())
        .bin_name(full_name)
        .about(summary)
        .disable_version_flag(true)
        .term_width(HELP_WIDTH)
}

/// An option with a value.
fn option(name: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value_name).help(help)
}

/// An option whose value is a file or folder.
fn path_option(name: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    option(name, value_name, help).value_parser(path)
}

/// A file or folder on this machine.
fn path(text: &str) -> Result<PathBuf, String> {
    path_text(text).map(PathBuf::from)
}

/// The text of a file or folder on whatever machine.
fn path_text(text: &str) -> Result<String, String> {
    check_path(text).map(|()| text.to_owned())
}

/// An option without a value.
fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// `--config FILE`, for every command that reads it: the same as in jobs.
fn config_argument() -> Arg {
    path_option(CONFIG.spec.name, CONFIG.spec.value_name, CONFIG.spec.help)
}

/// What `--config` says.
fn config_path(matches: &ArgMatches) -> Option<PathBuf> {
    matches.get_one::<PathBuf>(CONFIG.spec.name).cloned()
}

/// The text of a required argument.
fn text<'a>(matches: &'a ArgMatches, name: &str) -> &'a str {
    matches.get_one::<String>(name).map(String::as_str).unwrap_or_default()
}

/// Parses the words. `None` when help was wanted, and is printed.
fn parse(mut parser: clap::Command, words: &[String]) -> Result<Option<ArgMatches>> {
    let words = std::iter::once("awsec2").chain(words.iter().map(String::as_str));
    match parser.try_get_matches_from_mut(words) {
        Ok(matches) => Ok(Some(matches)),
        Err(error) => {
            print_help(&cli::help_or_error(&error, &parser, &[])?)?;
            Ok(None)
        }
    }
}

/// Does what needs the network.
fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Error::new(ErrorKind::Service, error.to_string()).doing("preparing the command"))?;
    let result = runtime.block_on(work);
    // A thread may still be looking up a host name: the command does not wait for it.
    runtime.shutdown_background();
    result
}

#[cfg(test)]
mod tests;
