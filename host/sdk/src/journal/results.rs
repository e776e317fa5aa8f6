//! What a job leaves for its reader beside resources and properties.

use std::path::PathBuf;

/// The longest text of a job, in bytes: the console output of an instance has at most so many.
pub(super) const LONGEST_TEXT: usize = 64 * 1024;
/// The longest that all texts of a job are together, in bytes.
pub(super) const LONGEST_TEXTS: usize = 1024 * 1024;

/// What a job found, for people and for programs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The titles of the columns, as in `Image ID`.
    pub columns: &'static [&'static str],
    /// The rows, each with a cell for every column.
    pub rows: Vec<Vec<String>>,
}

/// A table that is not the only one of its job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TitledTable {
    /// What it shows.
    pub title: String,
    /// The table.
    pub table: Table,
}

/// A text that a job has found, as in the console output of an instance: what a machine has written, of any contents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// What it is.
    pub title: String,
    /// The text, or its end where it was longer than 64 KiB, or than what all texts of a job may have: 1 MiB.
    pub text: String,
    /// How many bytes at the beginning are left out.
    pub left_out: usize,
}

impl Text {
    /// A text of which at most so many bytes at the end are kept.
    pub(super) fn new(title: String, mut text: String, limit: usize) -> Self {
        let left_out = text.ceil_char_boundary(text.len().saturating_sub(limit));
        text.drain(..left_out);
        Text { title, text, left_out }
    }
}

/// A file that a job has written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrittenFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it is, as in `private key of key pair web`.
    pub contents: String,
}

/// A further run of the program that the operator is advised to make, as data: the host adds the program's name and the
/// common arguments of this job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SuggestedCommand {
    /// What it is for, as in `to see what was launched`.
    pub purpose: String,
    /// The function and its arguments.
    pub arguments: Vec<String>,
}
