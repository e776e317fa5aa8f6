//! The words of a command line, and the origin of each word.

use connector_sdk::{Error, ErrorKind};

/// The separator of arguments in command lines that job forms of OpCon's Enterprise Manager write.
pub const VERTICAL_TAB: char = '\u{b}';

/// The words of a command line: the function's name, if there is one, and everything else in its order, without options
/// whose value is empty.
#[derive(Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// The function's name as it was given.
    pub function: Option<String>,
    /// All other words. An option with a value is one word, `--name=value`; one without `=` has no value.
    pub rest: Vec<Word>,
}

/// A word and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word.
    pub text: String,
    /// Where it was written.
    pub origin: Origin,
}

impl AsRef<str> for Word {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// Where a word was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// On the command line, where OpCon replaces references.
    CommandLine,
    /// In a file of arguments or a filled form, which OpCon does not read.
    File,
}

/// The error for words that cannot be taken.
pub fn wrong(message: String) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}
