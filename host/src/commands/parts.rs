//! Shared parts of the administrator commands: parsers, options, and the async runtime.

use std::io;
use std::path::PathBuf;

use clap::{Arg, ArgAction, ArgMatches};
use connector_sdk::{Error, ErrorKind, Result};
use opcon::signals::until_interrupted;
use tokio::runtime;

use crate::arguments::{Quoting, check_path};
use crate::cli::{self, HELP_WIDTH};
use crate::console::print_help;
use crate::program;
use crate::settings::CONFIG;

/// The parser of a command, without the arguments of the command.
pub fn parser(name: &'static str, summary: &'static str) -> clap::Command {
    let full_name = format!("{} {name}", program::name());
    clap::Command::new(full_name.clone())
        .bin_name(full_name)
        .about(summary)
        .disable_version_flag(true)
        .term_width(HELP_WIDTH)
}

/// An option with a value.
pub fn option(name: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value_name).help(help)
}

/// An option whose value is a local file or folder.
pub fn path_option(name: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    option(name, value_name, help).value_parser(path)
}

/// The parser for a local file or folder.
pub fn path(text: &str) -> Result<PathBuf, String> {
    path_text(text).map(PathBuf::from)
}

/// The text of a file or folder on any machine.
pub fn path_text(text: &str) -> Result<String, String> {
    check_path(text).map(|()| text.to_owned())
}

/// An option without a value.
pub fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

/// `--config FILE`, with the same meaning as in jobs.
pub fn config_argument() -> Arg {
    path_option(CONFIG.spec.name, CONFIG.spec.value_name, CONFIG.spec.help)
}

/// The value of `--config`.
pub fn config_path(matches: &ArgMatches) -> Option<PathBuf> {
    matches.get_one::<PathBuf>(CONFIG.spec.name).cloned()
}

/// The text of a required argument.
pub fn text<'a>(matches: &'a ArgMatches, name: &str) -> &'a str {
    matches.get_one::<String>(name).map(String::as_str).unwrap_or_default()
}

/// Parses the arguments. Returns `None` if help was requested and printed.
pub fn parse(mut parser: clap::Command, args: &[String]) -> Result<Option<ArgMatches>> {
    let line = std::iter::once(program::name()).chain(args.iter().map(String::as_str));
    match parser.try_get_matches_from_mut(line) {
        Ok(matches) => Ok(Some(matches)),
        Err(error) => {
            print_help(&cli::help_or_error(&error, &parser, &[], Quoting::of(args))?)?;
            Ok(None)
        }
    }
}

/// Runs work that needs the network.
pub fn block_on<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Error::new(ErrorKind::Service, error.to_string()).doing("preparing the command"))?;
    let result = runtime.block_on(work);
    // A thread may still resolve a host name. The command does not wait for it.
    runtime.shutdown_background();
    result
}

/// Runs work that needs the network, until a signal or console event interrupts it.
pub fn block_on_until_interrupted<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    block_on(async {
        until_interrupted(work).await.unwrap_or_else(|error| {
            Err(match error.kind() {
                io::ErrorKind::Interrupted => Error::new(ErrorKind::Interrupted, error.to_string()),
                _ => Error::new(ErrorKind::Service, error.to_string()).doing("listening for signals"),
            })
        })
    })
}
