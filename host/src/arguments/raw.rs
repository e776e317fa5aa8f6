//! Reads the function name and the output format from a command line before it is parsed.

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
    let option = OUTPUT.spec.option();
    let args = || args.iter().map(AsRef::as_ref);
    let mut pairs = args().zip(args().skip(1).map(Some).chain([None]));
    let json = pairs.any(|(arg, next)| match arg.strip_prefix(&option) {
        Some("") => next == Some("json"),
        Some(value) => value == "=json",
        None => false,
    });
    if json { Output::Json } else { Output::Text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_output_format_is_known_for_an_invalid_command_line() {
        assert_eq!(output_form(&["--wrong", "--output", "json"]), Output::Json);
        assert_eq!(output_form(&["--output=json", "--wrong"]), Output::Json);
        for text in [&["--output", "text", "json"][..], &["--output"], &["--output=xml"], &["--outputs", "json"], &[]] {
            assert_eq!(output_form(text), Output::Text, "{text:?}");
        }
    }
}
