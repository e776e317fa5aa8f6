//! The argument parser and help of a function, built from its metadata.
//!
//! It accepts all values; the rules of the metadata check values and combinations.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, TypedValueParser, ValueParser};
use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Command};
use connector_sdk::{ArgGroup, ArgSpec, Example, Given, OperationMeta, Result};

use super::usage::help_or_error;
use crate::arguments::CommandLine;
use crate::settings::{common_arguments, help};
use crate::{program, shell};

/// The line width of help. It is fixed, because the output of a job has no terminal.
pub const HELP_WIDTH: usize = 100;

/// The result of parsing a command line.
pub enum Parsed {
    /// A text to print.
    Help(String),
    /// The arguments of the job.
    Given(Vec<Given>),
}

/// Parses the command line of a job. `more` contains the options of the calling command.
///
/// # Errors
/// [`InvalidInput`](connector_sdk::ErrorKind::InvalidInput) for an unknown argument, or a flag with a value.
pub fn parse(meta: &'static OperationMeta, args: &CommandLine, more: &[String]) -> Result<Parsed> {
    let mut command = of_function(meta);
    match command.try_get_matches_from_mut(program_name(args)) {
        Ok(matches) => Ok(Parsed::Given(given(&matches, all_arguments(meta)))),
        Err(error) => {
            help_or_error(&error, &command, more, args.quoting).map(|help| Parsed::Help(help + &examples(meta)))
        }
    }
}

/// The examples at the end of the help. They are not wrapped, so that each command can be copied as one line.
fn examples(meta: &OperationMeta) -> String {
    let example = |example: &Example| {
        let args: Vec<_> = [program::name(), meta.name].iter().chain(example.arguments).copied().collect();
        format!("  {}\n    {}\n", example.about, shell::command_line(&args))
    };
    let examples: String = meta.examples.iter().map(example).collect();
    if examples.is_empty() { examples } else { format!("\nExamples:\n{examples}") }
}

/// The arguments of a function's job: its own, and the common ones.
pub fn all_arguments(meta: &'static OperationMeta) -> impl Iterator<Item = &'static ArgSpec> {
    meta.all_arguments().chain(common_arguments(meta))
}

/// Converts the arguments to the input of a parser.
pub fn program_name(args: &CommandLine) -> impl Iterator<Item = &str> {
    std::iter::once(program::name()).chain(args.rest.iter().map(AsRef::as_ref))
}

/// The given arguments with their values.
pub fn given(matches: &ArgMatches, specs: impl Iterator<Item = &'static ArgSpec>) -> Vec<Given> {
    let is_given = |spec: &&ArgSpec| matches.value_source(spec.name) == Some(ValueSource::CommandLine);
    let texts = specs.filter(is_given).flat_map(|spec| {
        let texts = if spec.is_flag() {
            vec!["true".to_owned()]
        } else {
            matches.get_many::<String>(spec.name).into_iter().flatten().cloned().collect()
        };
        texts.into_iter().map(move |text| Given { spec, text })
    });
    texts.collect()
}

/// The parser of one function.
pub fn of_function(meta: &'static OperationMeta) -> Command {
    let name = format!("{} {}", program::name(), meta.name);
    Command::new(name.clone())
        .bin_name(&name)
        .override_usage(usage(&name, meta))
        .about(format!("{}\n\n{}", meta.summary, meta.description).trim_end().to_owned())
        .args(meta.all_arguments().map(argument))
        .args(common_arguments(meta).map(|spec| argument(spec).help_heading("Common options")))
        .disable_version_flag(true)
        .term_width(HELP_WIDTH)
}

/// The usage line of the help, with the required arguments.
fn usage(name: &str, meta: &'static OperationMeta) -> String {
    let required = meta.all_arguments().filter(|spec| spec.required).map(spelled);
    let one_of = |group: &ArgGroup| {
        let spec = |name: &&str| meta.all_arguments().find(|spec| spec.name == *name);
        let members = group.members.iter().filter_map(spec).map(spelled);
        format!("<{}>", members.collect::<Vec<_>>().join("|"))
    };
    let groups = meta.groups.iter().filter(|group| group.required).map(one_of);
    let parts: Vec<_> = [name.to_owned(), "[OPTIONS]".to_owned()].into_iter().chain(required).chain(groups).collect();
    parts.join(" ")
}

fn spelled(spec: &ArgSpec) -> String {
    if spec.is_flag() { spec.option() } else { format!("{} <{}>", spec.option(), spec.value_name) }
}

/// Converts an argument specification for the parser.
pub fn argument(spec: &'static ArgSpec) -> clap::Arg {
    let argument =
        clap::Arg::new(spec.name).long(spec.name).visible_aliases(spec.aliases).help(help(spec)).hide(spec.hidden);
    if spec.is_flag() {
        return argument.action(ArgAction::SetTrue);
    }
    let any_text = ValueParser::new(AnyText(spec.kind.choices()));
    let argument = argument.value_name(spec.value_name).value_parser(any_text).action(ArgAction::Append);
    match spec.default {
        Some(text) => argument.default_value(text),
        None => argument,
    }
}

/// Accepts any text, such as a list of choices. The choices appear only in the help.
#[derive(Clone)]
struct AnyText(&'static [&'static str]);

impl TypedValueParser for AnyText {
    type Value = String;

    fn parse_ref(&self, _: &Command, _: Option<&clap::Arg>, value: &OsStr) -> Result<String, clap::Error> {
        Ok(value.to_string_lossy().into_owned()) // the arguments are valid Unicode
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let values = self.0.iter().map(|choice| PossibleValue::new(*choice));
        (!self.0.is_empty()).then(|| Box::new(values) as Box<dyn Iterator<Item = PossibleValue>>)
    }
}
