//! The report of a finished job: tables, files, follow-up commands, errors, and verdict.

mod commands;
mod document;
mod end;
mod findings;
mod finish;
#[cfg(test)]
mod scale_tests;

pub use end::Report;
pub use finish::finish;
