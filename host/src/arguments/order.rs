//! Separates the function name from the options, and joins each option with its value.

use super::options::Options;
use super::raw::positional;
use super::word::{CommandLine, Origin, VERTICAL_TAB, Word};
use crate::registry::Registry;

/// Splits at vertical tabs. Two in a row are one separator, unless the value of an option is missing between them: then
/// the value is empty.
pub fn split_at_vertical_tabs(text: &str, registry: &Registry) -> Vec<String> {
    let options = Options::of_all(registry);
    let all: Vec<&str> = text.split(VERTICAL_TAB).collect();
    let mut pieces: Vec<String> = Vec::with_capacity(all.len());
    for (index, piece) in all.iter().enumerate() {
        let next = all[index..].iter().find(|piece| !piece.is_empty());
        let ends_an_option = next.is_none_or(|next| next.starts_with("--") || registry.find(next).is_some());
        let empty_value = pieces.last().is_some_and(|last| options.awaiting_value(last).is_some()) && ends_an_option;
        if !piece.is_empty() || empty_value || all.len() == 1 {
            pieces.push((*piece).to_owned());
        }
    }
    pieces
}

/// Extracts the function name, and joins the options with their values.
pub fn arrange(mut words: Vec<Word>, registry: &Registry) -> CommandLine {
    let positional = positional(&words, &Options::of_all(registry));
    let known = positional.iter().find(|at| registry.find(&words[**at].text).is_some());
    let function = known.or(positional.first()).copied().map(|at| words.remove(at).text);
    let meta = function.as_ref().and_then(|name| registry.find(name)).map(|found| found.operation.meta());
    let options = meta.map_or_else(Options::common, Options::of);
    CommandLine { function, rest: join(words, &options) }
}

/// Joins each option and its value into one argument, and drops empty arguments.
pub fn join(words: Vec<Word>, options: &Options) -> Vec<Word> {
    let mut joined = Vec::with_capacity(words.len());
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        let word = match options.awaiting_value(&word.text) {
            None => word,
            Some(_) => match words.next_if(|next| is_value(next, options)) {
                None => {
                    joined.push(word); // its value is missing: reported when the function is known
                    continue;
                }
                Some(value) => Word { text: format!("{}={}", word.text, value.text), origin: value.origin },
            },
        };
        if !is_absent(&word.text, options) {
            joined.push(word);
        }
    }
    joined
}

/// Whether the argument can be the value of the preceding option. In a file a line is a literal value, unless it is an
/// option. On the command line a mistyped option is more likely than such a value.
fn is_value(word: &Word, options: &Options) -> bool {
    match word.origin {
        Origin::File => !options.has(&word.text),
        Origin::CommandLine => word.text == "-" || !word.text.starts_with('-'),
    }
}

/// Whether the argument is absent: an empty one, or an option with an empty value.
fn is_absent(word: &str, options: &Options) -> bool {
    word.is_empty() || options.with_value(word).is_some_and(|(_, value)| value.is_empty())
}
