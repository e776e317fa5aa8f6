//! Converts usage errors of the argument parser to the wording of this program.

use clap::error::{ContextKind, ContextValue, ErrorKind as ClapErrorKind};
use connector_sdk::{Error, ErrorKind, Result};

use crate::arguments::Quoting;
use crate::program;

/// The minimum similarity of a mistyped option and a suggestion, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.8;
/// The options of the program, which neither functions nor commands have.
const OF_THE_PROGRAM: [&str; 3] = ["--list", "--version", "-V"];

/// A usage error.
pub fn usage_error(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

/// Adds a hint to the help of the function, if the error has no hint.
pub fn with_hint(error: Error, function: &str) -> Error {
    error.or_hint(shows(&format!("{} {function}", program::name())))
}

fn shows(command: &str) -> String {
    format!("run `{command} --help` for the arguments")
}

/// Converts a parser error to a text to print or to a usage error. `more` contains further options for suggestions, and
/// `quoting` says what the error may quote.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] if the parser error is not a request for help.
pub fn help_or_error(
    error: &clap::Error,
    command: &clap::Command,
    more: &[String],
    quoting: Quoting,
) -> Result<String> {
    if matches!(error.kind(), ClapErrorKind::DisplayHelp | ClapErrorKind::DisplayVersion) {
        return Ok(error.render().to_string());
    }
    let shows = shows(command.get_name());
    let option = option_of(&text(error, ContextKind::InvalidArg));
    Err(match error.kind() {
        ClapErrorKind::UnknownArgument if OF_THE_PROGRAM.contains(&option.as_str()) => {
            let message = format!("`{option}` is an option of the program, not of `{}`", command.get_name());
            usage_error(message).hint(format!("run `{} {option}`, without other arguments", program::name()))
        }
        ClapErrorKind::UnknownArgument => {
            let known = command.get_arguments().filter_map(|known| known.get_long()).map(|name| format!("--{name}"));
            let nearest = nearest(&option, known.chain(more.iter().cloned()));
            let hint = nearest.map_or(shows, |nearest| format!("did you mean `{nearest}`?"));
            usage_error(format!("unexpected argument{}", quoting.quoted(&option))).hint(hint)
        }
        ClapErrorKind::TooManyValues => usage_error(format!("`{option}` takes no value")).hint(shows),
        ClapErrorKind::ArgumentConflict => {
            let other = option_of(&text(error, ContextKind::PriorArg));
            if other == option {
                usage_error(format!("`{option}` is given more than once")).hint("specify it once")
            } else {
                usage_error(format!("`{other}`, `{option}` cannot be used together")).hint("use only one of them")
            }
        }
        ClapErrorKind::MissingRequiredArgument => {
            let missing = text(error, ContextKind::InvalidArg).replace(", ", "`, `");
            usage_error(format!("missing argument: `{missing}`")).hint(shows)
        }
        _ => invalid_value(error, &option, quoting).hint(shows),
    })
}

fn invalid_value(error: &clap::Error, option: &str, quoting: Quoting) -> Error {
    let value = text(error, ContextKind::InvalidValue);
    let valid = text(error, ContextKind::ValidValue);
    if value.is_empty() {
        return usage_error(format!("the value of `{option}` is missing"));
    }
    let shown = if quoting == Quoting::Allowed { format!(" `{value}`") } else { String::new() };
    match std::error::Error::source(error) {
        Some(why) => usage_error(format!("invalid value{shown} for `{option}`: {why}")),
        None => usage_error(format!("invalid value{shown} for `{option}`: must be one of {valid}")),
    }
}

/// The values of this kind in the context of the parser error, comma-separated.
fn text(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(", "),
        _ => String::new(),
    }
}

/// The option name in a text such as `--config <FILE>` or `--config=x`. The rest may be a secret.
fn option_of(text: &str) -> String {
    let end = text.find(['=', ' ']).filter(|_| text.starts_with('-')).unwrap_or(text.len());
    text[..end].to_owned()
}

fn nearest(option: &str, known: impl Iterator<Item = String>) -> Option<String> {
    let likeness = |known: String| (strsim::jaro_winkler(option, &known), known);
    let similar = known.map(likeness).filter(|(likeness, _)| *likeness > MIN_SIMILARITY);
    similar.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction, Command};

    use super::*;

    fn error_of(args: &[&str]) -> Error {
        let mut command = Command::new("awsec2 try")
            .arg(Arg::new("config").long("config").value_name("FILE"))
            .arg(Arg::new("form").long("form").value_parser(["text", "json"]))
            .arg(Arg::new("count").long("count").value_parser(clap::value_parser!(u8)))
            .arg(Arg::new("wait").long("wait").action(ArgAction::SetTrue))
            .arg(Arg::new("no-wait").long("no-wait").action(ArgAction::SetTrue).conflicts_with("wait"))
            .arg(Arg::new("NAME").required(true));
        let error = command.try_get_matches_from_mut([&["awsec2"], args].concat()).unwrap_err();
        help_or_error(&error, &command, &["--schedule".to_owned()], Quoting::Allowed).unwrap_err()
    }

    #[test]
    fn every_error_names_the_option_and_the_problem() {
        for (args, message, hint) in [
            (&["--confg", "x"][..], "unexpected argument `--confg`", "did you mean `--config`?"),
            (&["--shedule=hush"], "unexpected argument `--shedule`", "did you mean `--schedule`?"),
            (&["x", "y"], "unexpected argument `y`", "run `awsec2 try --help` for the arguments"),
            (&["x", "--wait=yes"], "`--wait` takes no value", "run `awsec2 try --help` for the arguments"),
            (&["x", "--wait", "--wait"], "`--wait` is given more than once", "specify it once"),
            (&["x", "--wait", "--no-wait"], "`--no-wait`, `--wait` cannot be used together", "use only one of them"),
            (&[], "missing argument: `<NAME>`", "run `awsec2 try --help` for the arguments"),
            (&["x", "--config"], "the value of `--config` is missing", "run `awsec2 try --help` for the arguments"),
            (
                &["x", "--form", "xml"],
                "invalid value `xml` for `--form`: must be one of text, json",
                "run `awsec2 try --help` for the arguments",
            ),
        ] {
            let error = error_of(args);
            assert_eq!((error.to_string().as_str(), error.hint_text()), (message, Some(hint)), "{args:?}");
        }
        assert!(error_of(&["x", "--count", "two"]).to_string().starts_with("invalid value `two` for `--count`: "));
    }
}
