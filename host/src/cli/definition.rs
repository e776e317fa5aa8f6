//! Parses the command line of a job definition, in which references such as `[[NAME]]` stand for values that OpCon
//! inserts later.

use connector_sdk::args::check_rules;
use connector_sdk::{Given, Inputs, OperationMeta, Result};

use super::function::{function, run_list};
use super::parser::{self, Parsed, all_arguments};
use super::usage::{usage_error, with_hint};
use crate::arguments::{self, CommandLine, Options, References};
use crate::registry::Registry;

/// A job definition.
pub struct Definition {
    /// The function.
    pub meta: &'static OperationMeta,
    /// Its arguments.
    pub given: Vec<Given>,
    /// The arguments that cannot be checked because of a reference. Rules that involve their values are skipped.
    pub unchecked: Vec<&'static str>,
}

/// The result of parsing a job definition.
pub enum Defined {
    /// The help of the function, to be printed.
    Help(String),
    /// The definition.
    Job(Definition),
}

/// Parses the command line of a job definition by the rules of the job, except for references. `more` contains the
/// options of the calling command.
///
/// # Errors
/// Those of [`parse`](super::parse), and [`ErrorKind::InvalidInput`](connector_sdk::ErrorKind::InvalidInput) without a
/// function.
pub fn define(registry: &Registry, commands: &[&'static str], args: &CommandLine, more: &[String]) -> Result<Defined> {
    let Some(name) = &args.function else {
        let error = usage_error("no function specified");
        return Err(if args.unread.is_empty() {
            error.hint(run_list())
        } else {
            error.hint("specify the function outside of the argument file, which is not on this machine")
        });
    };
    let function = function(registry, commands, name, args.quoting)?;
    let meta = function.operation.meta();
    arguments::check(args, &Options::of(meta), References::Allowed)?;
    let given = match parser::parse(meta, args, more)? {
        Parsed::Help(help) => return Ok(Defined::Help(help)),
        Parsed::Given(given) => given,
    };
    let mut unchecked = Vec::new();
    for argument in &given {
        match argument.parse() {
            Err(_) if arguments::reference(&argument.text).is_some() => unchecked.push(argument.spec.name),
            parsed => drop(parsed?),
        }
    }
    let specs: Vec<_> = all_arguments(meta).collect();
    let checked = if !args.unread.is_empty() {
        Ok(()) // the rules about several arguments apply to those in the file, too
    } else if unchecked.is_empty() {
        let inputs = Inputs::parse(specs.into_iter(), meta.groups, &given);
        inputs.and_then(|inputs| function.operation.prepare(&inputs)).map(drop)
    } else {
        check_rules(&specs, meta.groups, &given.iter().map(|argument| argument.spec).collect::<Vec<_>>())
    };
    checked.map_err(|error| with_hint(error, meta.name))?;
    Ok(Defined::Job(Definition { meta, given, unchecked }))
}
