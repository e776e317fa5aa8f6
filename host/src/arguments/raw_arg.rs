//! The arguments of a command line and their origin.

use connector_sdk::{Error, ErrorKind};

use super::quoting::Quoting;

/// The argument separator in command lines that job forms of OpCon's Enterprise Manager write.
pub const VERTICAL_TAB: char = '\u{b}';

/// A parsed command line: the function name, if present, and all other arguments in their order, without options whose
/// value is empty.
#[derive(Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// The function name as given.
    pub function: Option<String>,
    /// All other arguments. An option with a value is one argument, `--name=value`. One without `=` has no value.
    pub rest: Vec<RawArg>,
    /// What messages may quote of it.
    pub quoting: Quoting,
    /// The argument files that only the job can read, see [`Files::Elsewhere`].
    pub unread: Vec<String>,
}

/// An argument and its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawArg {
    /// The text of the argument.
    pub text: String,
    /// Its origin.
    pub origin: Origin,
}

impl AsRef<str> for RawArg {
    fn as_ref(&self) -> &str {
        &self.text
    }
}

/// The machine with the argument files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Files {
    /// This one: they must exist.
    Here,
    /// Perhaps another one, on which the job runs: a file that is not here is not read.
    Elsewhere,
}

/// The origin of an argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The command line, in which OpCon replaces references.
    CommandLine,
    /// An argument file or a completed form, in which OpCon does not replace references.
    File,
}

/// The error for invalid arguments.
pub fn invalid_input(message: String) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}
