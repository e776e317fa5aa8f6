//! Implements `awsec2 run-form`: runs the job of a completed form.

use std::path::{Path, PathBuf};

use clap::{Arg, ArgMatches};
use connector_sdk::files::{MIB, read_text};
use connector_sdk::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

use super::parts::{parse, parser, path};
use crate::arguments::{self, Options, Quoting, positional};
use crate::cli::{self, Request};
use crate::console::print_help;
use crate::forms::{self, FUNCTION, Form};
use crate::registry::Registry;
use crate::settings::{REGION_NAME, USER_ID_NAME};
use crate::{exit, job, program};

/// The maximum size of a completed form, in bytes.
const MAX_FORM: u64 = MIB;

/// The name of the command.
pub const NAME: &str = "run-form";
/// Its summary.
pub const SUMMARY: &str = "Run the job of a completed form.";

fn command() -> clap::Command {
    parser(NAME, SUMMARY)
        .override_usage(format!("{} {NAME} FILE [COMMON ARGUMENTS]", program::name()))
        .after_help(format!(
            "FILE is the JSON object that a form of `{} forms` returns. The arguments after it are those of every \
             function, such as `--config`, `--dry-run` and `--output`.",
            program::name()
        ))
        .arg(Arg::new("FILE").required(true).value_parser(path).help("The completed form."))
}

/// Runs the job of the given form. What is refused is reported like the command line of a job.
pub fn run(registry: &Registry, args: &[String]) -> Result<u8> {
    let (own, common) = split(registry, args);
    let filled =
        match parse(command(), &own).and_then(|matches| matches.map(|matches| read(&matches, args)).transpose()) {
            Ok(Some(filled)) => filled,
            Ok(None) => return Ok(exit::SUCCESS),
            Err(error) => return Ok(job::refuse(args, None, error)),
        };
    match request(registry, args, common, &filled) {
        Ok(Request::Run(job)) => Ok(job::run(&job)),
        Ok(Request::Print(text)) => print_help(&text),
        Ok(Request::List(_)) => Ok(exit::DEFECT),
        Err(error) => {
            let function = text(&filled, FUNCTION).and_then(|name| registry.find(name));
            let function = function.map(|function| function.operation.meta().name);
            Ok(job::refuse(&[args, &place(&filled)].concat(), function, error))
        }
    }
}

/// The job that the form and the common arguments describe.
fn request(registry: &Registry, args: &[String], common: Vec<String>, filled: &Map<String, Value>) -> Result<Request> {
    let quoting = Quoting::of(args).and(Quoting::of(filled.keys()));
    let form =
        Form::of(cli::function(registry, &[], text(filled, FUNCTION).unwrap_or_default(), quoting)?.operation.meta());
    let args = arguments::of_form(form.meta, forms::args(&form, filled)?, common, quoting)?;
    cli::parse(registry, &[], &args)
}

fn text<'a>(filled: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    filled.get(field).and_then(Value::as_str)
}

/// Region and user of the form, as arguments.
fn place(filled: &Map<String, Value>) -> Vec<String> {
    let given = [REGION_NAME, USER_ID_NAME].map(|name| Some((name, text(filled, &forms::key(name))?)));
    given.into_iter().flatten().map(|(name, value)| format!("--{name}={value}")).collect()
}

/// The form file or the help flag. All other arguments belong to the job.
fn split(registry: &Registry, args: &[String]) -> (Vec<String>, Vec<String>) {
    let mut common = args.to_vec();
    match args
        .iter()
        .position(|arg| arg == "--help" || arg == "-h")
        .or_else(|| positional(args, &Options::of_all(registry)).first().copied())
    {
        Some(at) => (vec![common.remove(at)], common),
        None => (vec![], common),
    }
}

fn read(matches: &ArgMatches, args: &[String]) -> Result<Map<String, Value>> {
    let file = matches.get_one::<PathBuf>("FILE").map(PathBuf::as_path).unwrap_or(Path::new(""));
    let quoting = Quoting::of(args);
    let wrong = |message| usage_error(file, quoting, message);
    let text = read_text(file, MAX_FORM).map_err(|error| wrong(error.to_string()))?;
    let text = text.trim_start_matches('\u{feff}');
    let no_form = |why| wrong(format!("not the JSON object of a form: {why}"));
    // Read as any JSON value first: the error for another type than an object would quote the value.
    let filled = match serde_json::from_str(text).map_err(|error| no_form(error.to_string()))? {
        Value::Object(filled) => filled,
        _ => return Err(no_form("the value is not an object".to_owned())),
    };
    if self::text(&filled, FUNCTION).is_none() {
        let message = format!("the form does not name its function: the text field `{FUNCTION}` is missing");
        let hint = format!("use a form of `{} forms`, which has the field as a hidden one", program::name());
        return Err(usage_error(file, quoting.and(Quoting::of(filled.keys())), message).hint(hint));
    }
    Ok(filled)
}

fn usage_error(file: &Path, quoting: Quoting, message: String) -> Error {
    let doing = match quoting {
        Quoting::Allowed => format!("reading {}", file.display()),
        Quoting::Withheld => "reading the form".to_owned(),
    };
    Error::new(ErrorKind::InvalidInput, message).doing(doing)
}
