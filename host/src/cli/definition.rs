//! The command line of a job as it is defined in OpCon, where references such as `[[NAME]]` stand for values that only
//! OpCon knows.

use connector_sdk::args::check_rules;
use connector_sdk::{Given, Inputs, OperationMeta, Result};

use super::function::{function, run_list};
use super::parser::{self, Parsed, all_arguments};
use super::usage::{with_hint, wrong};
use crate::arguments::{self, CommandLine, Options, References};
use crate::registry::Registry;

/// A job as it is defined.
pub struct Definition {
    /// The function.
    pub meta: &'static OperationMeta,
    /// The arguments that were given.
    pub given: Vec<Given>,
    /// The arguments with a reference in a place where it cannot be checked; then rules about their values are not
    /// checked either.
    pub unchecked: Vec<&'static str>,
}

/// What the command line of a definition asks for.
pub enum Defined {
    /// The function's help, to be printed.
    Help(String),
    /// The definition.
    Job(Definition),
}

/// Parses the command line of a job that is to be defined, by the rules of the job itself, but for references. `more` are
/// the options of the caller.
///
/// # Errors
/// Those of [`parse`](super::parse), and [`ErrorKind::InvalidInput`](connector_sdk::ErrorKind::InvalidInput) without a
/// function.
pub fn define(registry: &Registry, commands: &[&'static str], words: &CommandLine, more: &[String]) -> Result<Defined> {
    let Some(name) = &words.function else {
        return Err(wrong("no function specified").hint(run_list()));
    };
    let function = function(registry, commands, name)?;
    let meta = function.operation.meta();
    arguments::check(&words.rest, &Options::of(meta), References::Allowed)?;
    let given = match parser::parse(meta, words, more)? {
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
    let checked = if unchecked.is_empty() {
        let inputs = Inputs::parse(specs.into_iter(), meta.groups, &given);
        inputs.and_then(|inputs| function.operation.prepare(&inputs)).map(drop)
    } else {
        check_rules(&specs, meta.groups, &given.iter().map(|argument| argument.spec).collect::<Vec<_>>())
    };
    checked.map_err(|error| with_hint(error, meta.name))?;
    Ok(Defined::Job(Definition { meta, given, unchecked }))
}
