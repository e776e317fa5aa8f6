//! Parses the command line of the program, without side effects.

mod definition;
mod function;
mod parser;
mod usage;

use connector_sdk::{Inputs, OperationMeta, PreparedJob, Registration, Result};

pub use definition::{Defined, Definition, define};
pub use function::function;
pub use parser::HELP_WIDTH;
pub use usage::help_or_error;

use self::function::misplaced_command;
use self::parser::{Parsed, all_arguments, argument, given, program_name};
use self::usage::usage_error;
use crate::arguments::{self, CommandLine, Options, References};
use crate::program;
use crate::registry::Registry;
use crate::settings::{COMMON, OUTPUT, Output, Settings};

/// The request on a command line.
pub enum Request {
    /// Print a text and exit successfully.
    Print(String),
    /// List the functions.
    List(Output),
    /// Run a job.
    Run(Box<Job>),
}

/// A job from the command line.
pub struct Job {
    /// The function.
    pub meta: &'static OperationMeta,
    /// The function with the arguments of the job.
    pub prepared: Box<dyn PreparedJob>,
    /// The common arguments.
    pub settings: Settings,
    /// The warnings of the job.
    pub warnings: Vec<String>,
}

/// An administrator command in the program's help.
#[derive(Clone, Copy)]
pub struct CommandName {
    /// Its name.
    pub name: &'static str,
    /// What it does: one imperative sentence.
    pub summary: &'static str,
}

const LIST: &str = "list";

/// Parses a command line. `commands` are the administrator commands in the help.
///
/// # Errors
/// [`ErrorKind::InvalidInput`](connector_sdk::ErrorKind::InvalidInput) with a description, and a hint if there is a
/// likely remedy.
pub fn parse(registry: &Registry, commands: &[CommandName], args: &CommandLine) -> Result<Request> {
    let names: Vec<_> = commands.iter().map(|command| command.name).collect();
    let parsed = match &args.function {
        None => parse_without_function(registry, commands, args),
        Some(name) => {
            function(registry, &names, name, args.quoting).and_then(|function| parse_function(function, args))
        }
    };
    parsed.map_err(|error| misplaced_command(registry, args).unwrap_or(error))
}

fn parse_without_function(registry: &Registry, commands: &[CommandName], args: &CommandLine) -> Result<Request> {
    let functions = registry.all().iter().map(|found| found.operation.meta());
    let commands: String = commands.iter().map(|command| entry(command.name, command.summary)).collect();
    let functions: String = functions.map(|meta| entry(meta.name, meta.summary)).collect();
    let program = program::name();
    let mut command = clap::Command::new(program)
        .about("Runs one Amazon EC2 function as an OpCon job.")
        .version(env!("CARGO_PKG_VERSION"))
        .override_usage(format!("{program} [COMMON OPTIONS] <FUNCTION> [OPTIONS]\n       {program} <COMMAND> [OPTIONS]\n       {program} <FUNCTION or COMMAND> --help\n       {program} --list [--output json]"))
        .after_help(format!("Functions:\n{functions}\nCommands for administrators:\n{commands}"))
        .arg(clap::Arg::new(LIST).long(LIST).help("List the functions linked into this program.").action(clap::ArgAction::SetTrue))
        .args(COMMON.iter().map(|spec| argument(spec).help_heading("Common options")))
        .term_width(HELP_WIDTH);
    match command.try_get_matches_from_mut(program_name(args)) {
        Ok(matches) if matches.get_flag(LIST) => {
            let inputs = Inputs::parse(COMMON.iter(), &[], &given(&matches, COMMON.iter()))?;
            Ok(Request::List(inputs.get(&OUTPUT)))
        }
        Ok(_) => Err(usage_error("no function specified")
            .hint(format!("run `{program} --list` for the functions, or `{program} --help` for all options"))),
        Err(error) => help_or_error(&error, &command, &[], args.quoting).map(Request::Print),
    }
}

fn entry(name: &str, summary: &str) -> String {
    format!("  {name:<24}{summary}\n")
}

fn parse_function(function: &'static Registration, args: &CommandLine) -> Result<Request> {
    let meta = function.operation.meta();
    let warnings = arguments::check(args, &Options::of(meta), References::Replaced)?;
    let with_hint = |error| usage::with_hint(error, meta.name);
    let inputs = match inputs(meta, args).map_err(with_hint)? {
        Ok(inputs) => inputs,
        Err(help) => return Ok(Request::Print(help)),
    };
    let prepared = function.operation.prepare(&inputs).map_err(with_hint)?;
    Ok(Request::Run(Box::new(Job { meta, prepared, settings: Settings::parse(&inputs, meta), warnings })))
}

/// The arguments of a job, or the text to print instead.
fn inputs(meta: &'static OperationMeta, args: &CommandLine) -> Result<Result<Inputs, String>> {
    match parser::parse(meta, args, &[])? {
        Parsed::Help(text) => Ok(Err(text)),
        Parsed::Given(given) => Inputs::parse(all_arguments(meta), meta.groups, &given).map(Ok),
    }
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
