//! Finds a function by name.

use connector_sdk::{Error, Registration, Result};

use super::usage::usage_error;
use crate::arguments::{self, CommandLine, Origin, Quoting};
use crate::program;
use crate::registry::{Registry, kebab_case};

/// What users type for the options of the program that are not functions.
const INSTEAD_OF_OPTIONS: [(&str, &str); 5] =
    [("help", "--help"), ("/help", "--help"), ("/?", "--help"), ("list", "--list"), ("version", "--version")];

/// The hint if the function is not found.
pub fn run_list() -> String {
    format!("run `{} --list` for the functions", program::name())
}

/// The function with this name. `commands` contains further names for suggestions.
///
/// # Errors
/// [`ErrorKind::InvalidInput`](connector_sdk::ErrorKind::InvalidInput) with the most similar names if the function does
/// not exist, and for the name of an administrator command.
pub fn function(
    registry: &Registry,
    commands: &[&'static str],
    name: &str,
    quoting: Quoting,
) -> Result<&'static Registration> {
    if let Some(found) = registry.find(name) {
        return Ok(found);
    }
    if let Some(found) = arguments::reference(name) {
        return Err(arguments::not_replaced(
            "the name of the function",
            &quoting.reference(found),
            Origin::CommandLine,
        ));
    }
    if registry.is_command(name) {
        return Err(usage_error(format!("`{name}` is an administrator command, not a function")).hint(run_list()));
    }
    let error = usage_error(format!("unknown function{}", quoting.quoted(name)));
    if let Some((_, option)) = INSTEAD_OF_OPTIONS.iter().find(|(word, _)| *word == name) {
        return Err(error.hint(format!("run `{} {option}`", program::name())));
    }
    Err(match registry.nearest(name, commands.iter().copied()).as_slice() {
        [] => error.hint(run_list()),
        names => error.hint(format!("did you mean `{}`?", names.join("` or `"))),
    })
}

/// The error for an administrator command that is not the first argument, where it is the only place for it. Every other
/// word that is not the value of an option is an error, too.
pub fn misplaced_command(registry: &Registry, args: &CommandLine) -> Option<Error> {
    let words = args.function.iter().chain(args.rest.iter().map(|arg| &arg.text));
    let name = words.filter_map(|word| command_like(registry, word)).next()?;
    let form = format!("{} {name}", program::name());
    let error = usage_error(format!("`{name}` is an administrator command, which must be the first argument"));
    Some(error.hint(format!("use the form `{form} [OPTIONS]`, and see `{form} --help`")))
}

/// The command whose name the word is, also as an option (`--check`) or in capital letters.
fn command_like(registry: &Registry, word: &str) -> Option<String> {
    let word = word.trim_start_matches(['-', '/']);
    [kebab_case(word), word.to_ascii_lowercase()].into_iter().find(|name| registry.is_command(name))
}
