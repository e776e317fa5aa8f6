//! The command line: a parser built from the metadata of the functions. Nothing here has side effects.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser, ValueParser};
use clap::error::{ContextKind, ContextValue, ErrorKind as ClapErrorKind};
use clap::parser::ValueSource;
use clap::{ArgAction, ArgGroup, ArgMatches, Command};
use connector_sdk::args::ParsedValue;
use connector_sdk::{ArgSpec, Error, ErrorKind, Inputs, OperationMeta, Registration, Result, ValueKind};

use crate::arguments::{self, Options, Origin, References, Words};
use crate::commands;
use crate::registry::Registry;
use crate::settings::{COMMON, OUTPUT, Output, Settings, common_arguments};

/// What a command line asks for.
pub enum Request {
    /// To print a text and end well.
    Print(String),
    /// To list the functions.
    List(Output),
    /// To run a job.
    Run(Box<Job>),
}

/// A job as the command line describes it.
pub struct Job {
    /// The function.
    pub function: &'static Registration,
    /// The common arguments.
    pub settings: Settings,
    /// All arguments.
    pub inputs: Inputs,
    /// What the job must warn about.
    pub warnings: Vec<String>,
}

impl Job {
    /// The form of the output.
    pub fn output(&self) -> Output {
        self.inputs.get(&OUTPUT)
    }
}

/// The form of the output that the words ask for, also when the rest of them is wrong.
pub fn output_form(words: &[impl AsRef<str>]) -> Output {
    let option = format!("--{}", OUTPUT.spec.name);
    let words = || words.iter().map(AsRef::as_ref);
    let mut pairs = words().zip(words().skip(1).map(Some).chain([None]));
    let json = pairs.any(|(word, next)| match word.strip_prefix(&option) {
        Some("") => next == Some("json"),
        Some(value) => value == "=json",
        None => false,
    });
    if json { Output::Json } else { Output::Text }
}

/// Parses a command line.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] with what is wrong, and a hint where there is a likely remedy.
pub fn parse(registry: &Registry, words: &Words) -> Result<Request> {
    match &words.function {
        None => parse_without_function(registry, words),
        Some(name) => parse_function(function(registry, name)?, words),
    }
}

/// The function of that name.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when there is none, with those that are most like it.
pub fn function(registry: &Registry, name: &str) -> Result<&'static Registration> {
    registry.find(name).ok_or_else(|| unknown_function(registry, name))
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, message).doing("reading the command line")
}

fn unknown_function(registry: &Registry, name: &str) -> Error {
    if let Some(found) = arguments::reference(name) {
        return arguments::not_replaced("the name of the function", found, Origin::CommandLine);
    }
    let error = wrong(format!("unknown function `{name}`"));
    let commands = commands::ALL.iter().map(|command| command.name);
    match registry.nearest(name, commands).as_slice() {
        [] => error.hint("`awsec2 --list` shows the functions"),
        names => error.hint(format!("did you mean {}?", names.join(" or "))),
    }
}

const LIST: &str = "list";

fn parse_without_function(registry: &Registry, words: &Words) -> Result<Request> {
    let functions = registry.all().iter().map(|found| found.operation.meta());
    let commands: String = commands::ALL.iter().map(|command| entry(command.name, command.summary)).collect();
    let functions: String = functions.map(|meta| entry(meta.name, meta.summary)).collect();
    let command = Command::new("awsec2")
        .about("Performs one Amazon EC2 function as a job of OpCon.")
        .version(env!("CARGO_PKG_VERSION"))
        .override_usage("awsec2 [COMMON OPTIONS] <FUNCTION> [OPTIONS]\n       awsec2 <COMMAND> [OPTIONS]\n       awsec2 <FUNCTION or COMMAND> --help\n       awsec2 --list [--output json]")
        .after_help(format!("Functions:\n{functions}\nCommands for administrators:\n{commands}"))
        .arg(clap::Arg::new(LIST).long(LIST).help("List the functions linked into this program.").action(ArgAction::SetTrue))
        .args(COMMON.iter().map(|spec| argument(spec, References::Replaced).help_heading("Common options")))
        .term_width(HELP_WIDTH);
    match command.try_get_matches_from(program_name(words)) {
        Ok(matches) if matches.get_flag(LIST) => Ok(Request::List(inputs(&matches, COMMON.iter()).get(&OUTPUT))),
        Ok(_) => {
            Err(wrong("no function is given").hint("`awsec2 --list` shows the functions, `awsec2 --help` the rest"))
        }
        Err(error) => help_or_error(&error, COMMON.iter(), "awsec2").map(Request::Print),
    }
}

fn entry(name: &str, summary: &str) -> String {
    format!("  {name:<24}{summary}\n")
}

/// Help is wrapped at this width everywhere: a job's output has no terminal.
pub const HELP_WIDTH: usize = 100;

fn program_name(words: &Words) -> impl Iterator<Item = &str> {
    std::iter::once("awsec2").chain(words.rest.iter().map(AsRef::as_ref))
}

fn parse_function(function: &'static Registration, words: &Words) -> Result<Request> {
    let meta = function.operation.meta();
    let warnings = arguments::check(&words.rest, &Options::of(meta), References::Replaced)?;
    let specs = || meta.all_arguments().chain(common_arguments(meta));
    let matches = match function_command(meta).try_get_matches_from(program_name(words)) {
        Ok(matches) => matches,
        Err(error) => return help_or_error(&error, specs(), &format!("awsec2 {}", meta.name)).map(Request::Print),
    };
    let inputs = inputs(&matches, specs());
    function.operation.check(&inputs).map_err(|error| error.doing("reading the command line"))?;
    Ok(Request::Run(Box::new(Job { function, settings: Settings::from_inputs(&inputs, meta), inputs, warnings })))
}

/// A job as it is defined in OpCon, where references such as `[[NAME]]` stand for values that only OpCon knows.
pub struct Definition {
    /// The function.
    pub meta: &'static OperationMeta,
    /// The texts of the arguments that were given, by their names.
    pub texts: Vec<(&'static ArgSpec, String)>,
    /// The arguments with a reference in a place where it cannot be checked; then rules about several arguments are
    /// not checked either.
    pub unchecked: Vec<&'static str>,
}

/// What the command line of a definition asks for.
pub enum Defined {
    /// The function's help, to be printed.
    Help(String),
    /// The definition.
    Job(Definition),
}

/// Parses the command line of a job that is to be defined: as [`parse`] does, but for references.
///
/// # Errors
/// Those of [`parse`], and [`ErrorKind::InvalidInput`] without a function.
pub fn define(registry: &Registry, words: &Words) -> Result<Defined> {
    let Some(name) = &words.function else {
        return Err(wrong("no function is given").hint("`awsec2 --list` shows the functions"));
    };
    let function = function(registry, name)?;
    let meta = function.operation.meta();
    arguments::check(&words.rest, &Options::of(meta), References::Allowed)?;
    let specs = || meta.all_arguments().chain(common_arguments(meta));
    let matches = match command_of(meta, References::Allowed).try_get_matches_from(program_name(words)) {
        Ok(matches) => matches,
        Err(error) => {
            return help_or_error(&error, specs(), &format!("awsec2 {}", meta.name)).map(Defined::Help);
        }
    };
    let mut definition = Definition { meta, texts: Vec::new(), unchecked: Vec::new() };
    for spec in specs().filter(|spec| !spec.is_flag() && given(&matches, spec)) {
        let texts = matches.get_raw(spec.name).into_iter().flatten().map(|text| text.to_string_lossy().into_owned());
        let parsed = matches.get_many::<Values>(spec.name).into_iter().flatten();
        if parsed.clone().any(Vec::is_empty) {
            definition.unchecked.push(spec.name);
        }
        definition.texts.extend(texts.map(|text| (spec, text)));
    }
    if definition.unchecked.is_empty() {
        function
            .operation
            .check(&inputs(&matches, specs()))
            .map_err(|error| error.doing("reading the command line"))?;
    }
    Ok(Defined::Job(definition))
}

fn given(matches: &ArgMatches, spec: &ArgSpec) -> bool {
    matches.value_source(spec.name) == Some(ValueSource::CommandLine)
}

/// A parser that takes a value with a reference in it as no value, when it cannot be parsed.
#[derive(Clone)]
struct OrReference<P>(P);

impl<P: TypedValueParser<Value = Values>> TypedValueParser for OrReference<P> {
    type Value = Values;

    fn parse_ref(&self, command: &Command, argument: Option<&clap::Arg>, value: &OsStr) -> Result<Values, clap::Error> {
        match self.0.parse_ref(command, argument, value) {
            Err(_) if arguments::reference(&value.to_string_lossy()).is_some() => Ok(Values::new()),
            parsed => parsed,
        }
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        self.0.possible_values()
    }
}

/// The parser of one function.
fn function_command(meta: &'static OperationMeta) -> Command {
    command_of(meta, References::Replaced)
}

fn command_of(meta: &'static OperationMeta, references: References) -> Command {
    let name = format!("awsec2 {}", meta.name);
    let examples = meta
        .examples
        .iter()
        .map(|example| format!("  {}\n    {name} {}\n", example.about, example.arguments.join(" ")));
    let examples: String = examples.collect();
    Command::new(name.clone())
        .bin_name(name)
        .about(format!("{}\n\n{}", meta.summary, meta.description).trim_end().to_owned())
        .after_help(if examples.is_empty() { String::new() } else { format!("Examples:\n{examples}") })
        .args(meta.all_arguments().map(|spec| argument(spec, references)))
        .args(common_arguments(meta).map(|spec| argument(spec, references).help_heading("Common options")))
        .groups(meta.groups.iter().enumerate().map(|(index, group)| {
            ArgGroup::new(format!("group-{index}"))
                .args(group.members)
                .required(group.required)
                .multiple(!group.exclusive)
        }))
        .disable_version_flag(true)
        .term_width(HELP_WIDTH)
}

fn argument(spec: &'static ArgSpec, references: References) -> clap::Arg {
    let argument = clap::Arg::new(spec.name)
        .long(spec.name)
        .visible_aliases(spec.aliases)
        .help(spec.help)
        .hide(spec.hidden)
        .required(spec.required)
        .requires_all(spec.requires);
    if spec.is_flag() {
        return argument.action(ArgAction::SetTrue);
    }
    let argument = argument
        .value_name(spec.value_name)
        .value_parser(value_parser(spec, references))
        .action(if spec.repeatable { ArgAction::Append } else { ArgAction::Set });
    match spec.default {
        Some(text) => argument.default_value(text),
        None => argument,
    }
}

/// One text may hold several values.
type Values = Vec<ParsedValue>;

fn value_parser(spec: &'static ArgSpec, references: References) -> ValueParser {
    let parse = |text: &str| -> Result<Values, String> {
        if spec.kind == ValueKind::Path {
            arguments::check_path(text)?;
        }
        let parts = spec.split(text);
        if parts.is_empty() {
            return Err("there is no value between the delimiters".to_owned());
        }
        parts.into_iter().map(|part| spec.parse(part)).collect()
    };
    match spec.kind.choices() {
        choices if choices.is_empty() || spec.delimiter.is_some() => finished(parse, references),
        choices => finished(PossibleValuesParser::new(choices).try_map(move |text| parse(&text)), references),
    }
}

fn finished(parser: impl TypedValueParser<Value = Values>, references: References) -> ValueParser {
    match references {
        References::Replaced => ValueParser::new(parser),
        References::Allowed => ValueParser::new(OrReference(parser)),
    }
}

fn inputs(matches: &ArgMatches, specs: impl Iterator<Item = &'static ArgSpec>) -> Inputs {
    let mut inputs = Inputs::default();
    for spec in specs {
        let values = if spec.is_flag() {
            spec.parse(if matches.get_flag(spec.name) { "true" } else { "false" }).into_iter().collect()
        } else {
            matches.get_many::<Values>(spec.name).into_iter().flatten().flatten().cloned().collect()
        };
        inputs.insert(spec.name, values);
    }
    inputs
}

/// Turns what clap has to say into a text to print, or into our own form of an error.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] with clap's message, when it is one.
pub fn help_or_error(
    error: &clap::Error,
    mut specs: impl Iterator<Item = &'static ArgSpec>,
    command: &str,
) -> Result<String> {
    if matches!(error.kind(), ClapErrorKind::DisplayHelp | ClapErrorKind::DisplayVersion) {
        return Ok(error.render().to_string());
    }
    let about = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(argument)) => argument.split_whitespace().next().unwrap_or_default().to_owned(),
        _ => String::new(),
    };
    let secret = specs.any(|spec| spec.secret && spec.names().any(|name| about == format!("--{name}")));
    if secret && error.kind() == ClapErrorKind::ValueValidation {
        return Err(wrong(format!("invalid value for '{about}'")));
    }
    let (message, tip) = message_and_tip(&error.render().to_string());
    Err(wrong(message).hint(tip.unwrap_or_else(|| format!("`{command} --help` shows the arguments"))))
}

/// The first paragraph of clap's text in one line, without `error:`, and its tip.
fn message_and_tip(text: &str) -> (String, Option<String>) {
    let paragraph = text.lines().take_while(|line| !line.trim().is_empty()).map(str::trim);
    let message = paragraph.collect::<Vec<_>>().join(" ");
    let tip = text.lines().find_map(|line| line.trim_start().strip_prefix("tip: "));
    (message.trim_start_matches("error: ").to_owned(), tip.map(str::to_owned))
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod what_is_given;
