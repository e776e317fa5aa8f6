//! The words of the command line, as OpCon's agents and job forms produce them, brought into one plain order.

mod options;
mod order;
mod raw;
mod values;
mod word;

use std::ffi::OsString;
use std::fs;

use connector_sdk::{Error, OperationMeta, Result};

use crate::registry::Registry;
use word::wrong;

pub use options::Options;
pub use raw::{output_form, positional};
pub use values::{References, check, check_path, not_replaced, reference};
pub use word::{CommandLine, Origin, VERTICAL_TAB, Word};

/// What OpCon puts around an encrypted value; the agent replaces it before it starts the job.
const ENCRYPTED: &str = "<smaencrypt>";
/// What begins a word that names a file of arguments.
const FILE: char = '@';
/// What editors and shells of Windows put before UTF-8 text.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Reads the words after the program's name: replaces `@FILE` by the lines of the file, splits at vertical tabs, and
/// takes the function's name out, wherever it is.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when a file cannot be read, a word is no Unicode text, or a value is still encrypted.
pub fn read(arguments: impl Iterator<Item = OsString>, registry: &Registry) -> Result<CommandLine> {
    let mut words = Vec::new();
    for (index, argument) in arguments.enumerate() {
        let text = argument.into_string().map_err(|_| not_unicode(index))?;
        let mut pieces = order::split_at_vertical_tabs(&text, registry).into_iter();
        if index == 0 {
            pieces.next(); // the program's name, to which the first separator may have glued the arguments
        }
        for piece in pieces {
            words.extend(expand(piece)?);
        }
    }
    refuse_encrypted(&words)?;
    Ok(order::arrange(words, registry))
}

/// The words of a filled form's job: the options that the form stands for, and those of the command line after it.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when a value is still encrypted.
pub fn of_form(meta: &'static OperationMeta, filled: Vec<String>, more: Vec<String>) -> Result<CommandLine> {
    let word = |origin| move |text| Word { text, origin };
    let more = more.into_iter().map(word(Origin::CommandLine));
    let words: Vec<_> = filled.into_iter().map(word(Origin::File)).chain(more).collect();
    refuse_encrypted(&words)?;
    Ok(CommandLine { function: Some(meta.name.to_owned()), rest: order::join(words, &Options::of(meta)) })
}

/// The words as far as they are plain without reading anything: for what must be known when [`read`] fails.
pub fn unread(arguments: impl Iterator<Item = OsString>) -> Vec<String> {
    let texts = arguments.map(|argument| argument.to_string_lossy().into_owned());
    texts.flat_map(|text| text.split(VERTICAL_TAB).map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The error for an argument that cannot be passed on without a loss.
pub fn not_unicode(index: usize) -> Error {
    wrong(format!("argument {index} is not valid Unicode"))
}

/// A word that names a file of arguments becomes its lines, taken literally: an `@` in the file has no meaning.
fn expand(text: String) -> Result<Vec<Word>> {
    let Some(path) = text.strip_prefix(FILE) else {
        return Ok(vec![Word { text, origin: Origin::CommandLine }]);
    };
    if let Some(found) = reference(path) {
        return Err(not_replaced("the name of the argument file", &format!("`{found}`"), Origin::CommandLine));
    }
    let content = check_path(path).and_then(|()| fs::read_to_string(path).map_err(|error| error.to_string()));
    let content = content.map_err(|why| {
        wrong(format!("argument file `{path}`: {why}"))
            .hint("check the file: `@FILE` stands for the arguments in FILE, one per line, as UTF-8 text")
    })?;
    let lines = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&content).lines();
    Ok(lines.map(|line| Word { text: line.to_owned(), origin: Origin::File }).collect())
}

/// Refuses values that the agent should have decrypted.
fn refuse_encrypted(words: &[Word]) -> Result<()> {
    let Some(at) = words.iter().position(|word| word.text.to_ascii_lowercase().contains(ENCRYPTED)) else {
        return Ok(());
    };
    let option = words[..=at].iter().rev().find(|word| word.text.starts_with("--"));
    let option = option.and_then(|word| word.text.split(['=', '<']).next());
    let option = option.map_or("an argument".to_owned(), |option| format!("`{option}`"));
    Err(wrong(format!(
        "the value of {option} is still encrypted: the agent did not decrypt it before starting the job"
    ))
    .hint(
        "use an agent that can decrypt (Windows 17.0, UNIX 17.1 with TLS), and enable `Requires XML Escape Sequences` \
         for its machine",
    ))
}

#[cfg(test)]
mod tests;
