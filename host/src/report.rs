//! The report of a finished job: tables, files, follow-up commands, errors, and verdict. Also the results of `check`.

mod check;
mod commands;
mod document;
mod end;
mod findings;
mod finish;
#[cfg(test)]
mod scale_tests;

pub use check::{Finding, Status, check_document};
pub use end::Report;
pub use finish::finish;
