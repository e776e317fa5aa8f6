//! The words of the command line, as OpCon's agents and job forms produce them, brought into one plain order.

use std::ffi::OsString;

use argfile::Argument;
use connector_sdk::{ArgSpec, Error, ErrorKind, Result};

use crate::registry::Registry;
use crate::settings;

/// What stands between arguments when a job form of OpCon's Enterprise Manager wrote the command line.
const VERTICAL_TAB: char = '\u{b}';
/// What OpCon puts around an encrypted value; the agent replaces it before it starts the job.
const ENCRYPTED: &str = "<smaencrypt>";

/// The words of a command line: the function's name, if there is one, and everything else in its order, without options
/// whose value is empty.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// The function's name as it was given.
    pub function: Option<String>,
    /// All other words.
    pub rest: Vec<String>,
}

/// Reads the words behind the program's name: replaces `@FILE` by the lines of the file, splits at vertical tabs, and
/// takes the function's name out, wherever it stands.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when a file cannot be read, a word is no Unicode text, or a value is still encrypted.
pub fn read(arguments: impl Iterator<Item = OsString>, registry: &Registry) -> Result<Words> {
    let known = Known { registry };
    let mut words = Vec::new();
    for (index, argument) in arguments.enumerate() {
        let text = argument.into_string().map_err(|_| wrong(format!("argument {index} is no Unicode text")))?;
        let mut pieces = known.split_at_vertical_tabs(&text).into_iter();
        if index == 0 {
            pieces.next(); // the program's name, to which the first separator may have glued the arguments
        }
        for piece in pieces {
            words.extend(expand(piece)?);
        }
    }
    refuse_encrypted(&words)?;
    Ok(known.arrange(words))
}

/// The words as far as they are plain without reading anything: for what must be known when [`read`] fails.
pub fn unread(arguments: impl Iterator<Item = OsString>) -> Vec<String> {
    let texts = arguments.map(|argument| argument.to_string_lossy().into_owned());
    texts.flat_map(|text| text.split(VERTICAL_TAB).map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn wrong(message: String) -> Error {
    Error::new(ErrorKind::InvalidInput, message).doing("reading the command line")
}

/// A word that names a file of arguments becomes its lines, taken literally: an `@` in the file has no meaning.
fn expand(word: String) -> Result<Vec<String>> {
    let literally = |content: &str, _| content.lines().map(|line| Argument::PassThrough(line.into())).collect();
    let lines = argfile::expand_args_from(std::iter::once(word.into()), literally, argfile::PREFIX);
    let lines = lines
        .map_err(|error| wrong(error.to_string()).hint("`@FILE` stands for the arguments in FILE, a line each"))?;
    Ok(lines.into_iter().map(|line| line.to_string_lossy().into_owned()).collect())
}

/// Refuses values that the agent should have decrypted.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] that names the argument.
pub fn refuse_encrypted(words: &[String]) -> Result<()> {
    let Some(at) = words.iter().position(|word| word.to_ascii_lowercase().contains(ENCRYPTED)) else {
        return Ok(());
    };
    let option = words[..=at].iter().rev().find(|word| word.starts_with("--"));
    let option = option.and_then(|word| word.split('=').next()).unwrap_or("an argument");
    Err(wrong(format!("the value of {option} is still encrypted: the agent did not decrypt it before it started the job"))
        .hint("the agent must be able to decrypt (Windows 17.0, UNIX 17.1 with TLS), and its machine needs `Requires XML Escape Sequences`"))
}

/// What must be known of options and functions to tell values from names.
struct Known<'a> {
    registry: &'a Registry,
}

impl Known<'_> {
    fn is_function(&self, word: &str) -> bool {
        self.registry.find(word).is_some()
    }

    /// Whether the word is an option whose value is the next word. Options of one name are alike in all functions.
    fn takes_value(&self, word: &str) -> bool {
        let Some(name) = word.strip_prefix("--") else { return false };
        let of_functions = self.registry.all().iter().flat_map(|found| found.operation.meta().all_arguments());
        let mut all = settings::COMMON.iter().chain(of_functions);
        all.any(|spec: &ArgSpec| !spec.is_flag() && spec.names().any(|known| known == name))
    }

    /// The pieces between vertical tabs. Two in a row are one separator, unless the value of an option is missing
    /// between them: then the value was empty.
    fn split_at_vertical_tabs(&self, text: &str) -> Vec<String> {
        let all: Vec<&str> = text.split(VERTICAL_TAB).collect();
        let mut pieces: Vec<String> = Vec::with_capacity(all.len());
        for (index, piece) in all.iter().enumerate() {
            let next = all[index..].iter().find(|piece| !piece.is_empty());
            let ends_an_option = next.is_none_or(|next| next.starts_with("--") || self.is_function(next));
            let empty_value = pieces.last().is_some_and(|last| self.takes_value(last)) && ends_an_option;
            if !piece.is_empty() || empty_value || all.len() == 1 {
                pieces.push((*piece).to_owned());
            }
        }
        pieces
    }

    /// Takes out the function's name, and leaves out what is empty.
    fn arrange(&self, words: Vec<String>) -> Words {
        let (mut rest, mut positional) = (Vec::with_capacity(words.len()), Vec::new());
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            if word.is_empty() || (word.starts_with("--") && word.ends_with('=')) {
                continue;
            } else if self.takes_value(&word) {
                match words.next() {
                    Some(value) if value.is_empty() => {}
                    Some(value) => rest.extend([word, value]),
                    None => rest.push(word),
                }
            } else {
                if !word.starts_with('-') {
                    positional.push(rest.len());
                }
                rest.push(word);
            }
        }
        let function = positional.iter().find(|at| self.is_function(&rest[**at])).or(positional.first()).copied();
        let function = function.map(|at| rest.remove(at));
        Words { function, rest }
    }
}

#[cfg(test)]
mod tests;
