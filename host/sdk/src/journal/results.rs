//! The results of a job besides resources and properties: tables, texts, files and suggested commands.

use std::path::PathBuf;

/// The longest text of a job, in bytes: the maximum for the console output of an instance.
pub(super) const LONGEST_TEXT: usize = 64 * 1024;
/// The maximum for all texts of a job together, in bytes.
pub(super) const LONGEST_TEXTS: usize = 1024 * 1024;

/// A table of findings, for the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The column titles, e.g. `Image ID`.
    pub columns: &'static [&'static str],
    /// The rows, with one cell per column.
    pub rows: Vec<Vec<String>>,
}

/// A table of a job with several tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TitledTable {
    /// The title.
    pub title: String,
    /// The table.
    pub table: Table,
}

/// A text of arbitrary contents from a machine, e.g. the console output of an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// The title.
    pub title: String,
    /// The text, or only its end if it exceeds the limits: 64 KiB, and 1 MiB for all texts of the job.
    pub text: String,
    /// The number of bytes omitted at the beginning.
    pub left_out: usize,
}

impl Text {
    /// Creates a text with at most `limit` bytes, from its end.
    pub(super) fn new(title: String, mut text: String, limit: usize) -> Self {
        let left_out = text.ceil_char_boundary(text.len().saturating_sub(limit));
        text.drain(..left_out);
        Text { title, text, left_out }
    }
}

/// A file that a job has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// The path.
    pub path: PathBuf,
    /// A description, e.g. `private key of key pair web`.
    pub contents: String,
}

/// A command that is suggested to the operator. The host adds the program's name and the common arguments of this job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuggestedCommand {
    /// The purpose, e.g. `to see what was launched`.
    pub purpose: String,
    /// The function and its arguments.
    pub arguments: Vec<String>,
}
