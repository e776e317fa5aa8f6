//! A violation of a project rule, with its location.

use std::fmt;

/// The location of a violation.
#[derive(Debug)]
pub struct Finding {
    /// Path in the workspace, with `/` on every platform.
    pub file: String,
    /// 1-based.
    pub line: usize,
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}
