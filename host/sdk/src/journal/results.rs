//! What a job leaves for its reader beside instances and properties.

/// What a job found, for people and for programs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The titles of the columns, as in `Image ID`.
    pub columns: &'static [&'static str],
    /// The rows, each with a cell for every column.
    pub rows: Vec<Vec<String>>,
}

/// A further run of the program that the operator is advised to make, as data: the host adds the program's name and the
/// common arguments of this job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// What it is for, as in `to see what was launched`.
    pub purpose: String,
    /// The function and its arguments.
    pub words: Vec<String>,
}
