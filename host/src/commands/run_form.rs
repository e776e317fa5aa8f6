//! Implements `awsec2 run-form`: runs the job of a completed form.

use std::path::{Path, PathBuf};

use clap::Arg;
use connector_sdk::files::{MIB, read_text};
use connector_sdk::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

use super::parts::{parse, parser, path};
use crate::arguments::{self, Options, Quoting, positional};
use crate::cli::{self, Request};
use crate::console::print_help;
use crate::forms::{self, FUNCTION, Form};
use crate::log::{self, Begin};
use crate::registry::Registry;
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

/// Runs the job of the given form.
pub fn run(registry: &Registry, args: &[String]) -> Result<u8> {
    run_job(registry, args).inspect_err(|_| log::start(&Begin::of_arguments(args))) // the error is logged where it is printed
}

fn run_job(registry: &Registry, args: &[String]) -> Result<u8> {
    let (own, common) = split(registry, args);
    let Some(matches) = parse(command(), &own)? else { return Ok(exit::SUCCESS) };
    let Some(file) = matches.get_one::<PathBuf>("FILE") else { return Ok(exit::DEFECT) };
    let quoting = Quoting::of(args);
    let filled = read(file, quoting)?;
    let quoting = quoting.and(Quoting::of(filled.keys()));
    let Some(name) = filled.get(FUNCTION).and_then(Value::as_str) else {
        let message = format!("the form does not name its function: the text field `{FUNCTION}` is missing");
        let hint = format!("use a form of `{} forms`, which has the field as a hidden one", program::name());
        return Err(usage_error(file, quoting, message).hint(hint));
    };
    let form = Form::of(cli::function(registry, &[], name, quoting)?.operation.meta());
    let args = arguments::of_form(form.meta, forms::args(&form, &filled)?, common, quoting)?;
    match cli::parse(registry, &[], &args)? {
        Request::Run(job) => Ok(job::run(&job)),
        Request::Print(text) => print_help(&text),
        Request::List(_) => Ok(exit::DEFECT),
    }
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

fn read(file: &Path, quoting: Quoting) -> Result<Map<String, Value>> {
    let wrong = |message| usage_error(file, quoting, message);
    let text = read_text(file, MAX_FORM).map_err(|error| wrong(error.to_string()))?;
    let text = text.trim_start_matches('\u{feff}');
    let no_form = |why| wrong(format!("not the JSON object of a form: {why}"));
    // Read as any JSON value first: the error for another type than an object would quote the value.
    match serde_json::from_str(text).map_err(|error| no_form(error.to_string()))? {
        Value::Object(filled) => Ok(filled),
        _ => Err(no_form("the value is not an object".to_owned())),
    }
}

fn usage_error(file: &Path, quoting: Quoting, message: String) -> Error {
    let doing = match quoting {
        Quoting::Allowed => format!("reading {}", file.display()),
        Quoting::Withheld => "reading the form".to_owned(),
    };
    Error::new(ErrorKind::InvalidInput, message).doing(doing)
}
