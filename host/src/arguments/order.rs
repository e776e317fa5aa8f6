//! Separates the function name from the options, and joins each option with its value.

use super::options::Options;
use super::quoting::Quoting;
use super::raw::positional;
use super::raw_arg::{CommandLine, Origin, RawArg, VERTICAL_TAB};
use crate::registry::Registry;

/// Splits at vertical tabs. Two in a row are one separator, unless the value of an option is missing between them: then
/// the value is empty.
pub fn split_at_vertical_tabs(text: &str, registry: &Registry) -> Vec<String> {
    let options = Options::of_all(registry);
    let all: Vec<&str> = text.split(VERTICAL_TAB).collect();
    let mut pieces: Vec<String> = Vec::with_capacity(all.len());
    for (piece, next) in all.iter().zip(not_empty_from(&all)) {
        let ends_an_option = next.is_none_or(|next| next.starts_with("--") || registry.find(next).is_some());
        let empty_value = pieces.last().is_some_and(|last| options.awaiting_value(last).is_some()) && ends_an_option;
        if !piece.is_empty() || empty_value || all.len() == 1 {
            pieces.push((*piece).to_owned());
        }
    }
    pieces
}

/// For each piece, itself or the next one that is not empty.
fn not_empty_from<'a>(pieces: &[&'a str]) -> Vec<Option<&'a str>> {
    let mut next = None;
    let mut found: Vec<_> = pieces
        .iter()
        .rev()
        .map(|piece| {
            next = Some(*piece).filter(|piece| !piece.is_empty()).or(next);
            next
        })
        .collect();
    found.reverse();
    found
}

/// Extracts the function name, and joins the options with their values.
pub fn arrange(mut args: Vec<RawArg>, registry: &Registry, quoting: Quoting) -> CommandLine {
    let positional = positional(&args, &Options::of_all(registry));
    let known = positional.iter().find(|at| registry.find(&args[**at].text).is_some());
    let function = known.or(positional.first()).copied().map(|at| args.remove(at).text);
    let meta = function.as_ref().and_then(|name| registry.find(name)).map(|found| found.operation.meta());
    let options = meta.map_or_else(Options::common, Options::of);
    CommandLine { function, rest: join(args, &options), quoting, unread: Vec::new() }
}

/// Joins each option and its value into one argument, and drops empty arguments.
pub fn join(args: Vec<RawArg>, options: &Options) -> Vec<RawArg> {
    let mut joined = Vec::with_capacity(args.len());
    let mut args = args.into_iter().peekable();
    while let Some(arg) = args.next() {
        let arg = match options.awaiting_value(&arg.text) {
            None => arg,
            Some(_) => match args.next_if(|next| is_value(next, options)) {
                None => {
                    joined.push(arg); // its value is missing: reported when the function is known
                    continue;
                }
                Some(value) => RawArg { text: format!("{}={}", arg.text, value.text), origin: value.origin },
            },
        };
        if !is_absent(&arg.text, options) {
            joined.push(arg);
        }
    }
    joined
}

/// Whether the argument can be the value of the preceding option. In a file a line is a literal value, unless it is an
/// option. On the command line a mistyped option is more likely than such a value.
fn is_value(arg: &RawArg, options: &Options) -> bool {
    match arg.origin {
        Origin::File => !options.has(&arg.text),
        Origin::CommandLine => arg.text == "-" || !arg.text.starts_with('-'),
    }
}

/// Whether the argument is absent: an empty one, or an option with an empty value.
fn is_absent(arg: &str, options: &Options) -> bool {
    arg.is_empty() || options.with_value(arg).is_some_and(|(_, value)| value.is_empty())
}
