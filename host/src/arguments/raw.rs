//! Reads the function name and some options from a command line before it is parsed.

use connector_sdk::args::may_have_password;

use super::Options;
use crate::settings::{OUTPUT, Output};

/// The positions of the arguments that are neither options nor option values.
pub fn positional(args: &[impl AsRef<str>], options: &Options) -> Vec<usize> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(arg) = args.get(at).map(AsRef::as_ref) {
        let takes_next =
            options.awaiting_value(arg).is_some() && args.get(at + 1).is_some_and(|next| !options.has(next.as_ref()));
        if !arg.is_empty() && !arg.starts_with('-') {
            found.push(at);
        }
        at += if takes_next { 2 } else { 1 };
    }
    found
}

/// The output format that the arguments request, even if other arguments are invalid.
pub fn output_form(args: &[impl AsRef<str>]) -> Output {
    if values(args, OUTPUT.spec.name).any(|value| value == "json") { Output::Json } else { Output::Text }
}

/// The first value of an option, even if other arguments are invalid. `None` if it is missing or empty, or an
/// address with a password.
pub fn given<'a>(args: &'a [impl AsRef<str>], name: &'static str) -> Option<&'a str> {
    values(args, name)
        .find(|value| !value.is_empty())
        .filter(|value| !(value.contains("://") && may_have_password(value)))
}

fn values<'a>(args: &'a [impl AsRef<str>], name: &'static str) -> impl Iterator<Item = &'a str> {
    let texts = args.iter().map(AsRef::as_ref);
    let pairs = texts.clone().zip(texts.skip(1).map(Some).chain([None]));
    pairs.filter_map(move |(arg, next)| match arg.strip_prefix("--")?.strip_prefix(name)? {
        "" => next,
        value => value.strip_prefix('='),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_in_an_invalid_command_line() {
        for args in
            [&["--wrong", "--log-dir", "a"][..], &["--log-dir=a", "--log-dir=b"], &["--log-dir=", "--log-dir=a"]]
        {
            assert_eq!(given(args, "log-dir"), Some("a"), "{args:?}");
        }
        for args in [&["--log-dir"][..], &["--log-dirs", "a"], &["log-dir", "a"], &[]] {
            assert_eq!(given(args, "log-dir"), None, "{args:?}");
        }
    }

    #[test]
    fn the_output_format_is_known_for_an_invalid_command_line() {
        assert_eq!(output_form(&["--wrong", "--output", "json"]), Output::Json);
        assert_eq!(output_form(&["--output=json", "--wrong"]), Output::Json);
        for text in [&["--output", "text", "json"][..], &["--output"], &["--output=xml"], &["--outputs", "json"], &[]] {
            assert_eq!(output_form(text), Output::Text, "{text:?}");
        }
    }
}
