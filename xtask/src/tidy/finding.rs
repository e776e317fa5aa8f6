//! A violation of a project rule, with its place.

use std::fmt;

/// A place where a rule is broken.
#[derive(Debug)]
pub struct Finding {
    /// Path in the workspace, with `/` on every platform.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}
