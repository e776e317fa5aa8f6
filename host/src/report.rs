//! The report of a finished job: its tables, what is left to do, why it failed, its verdict.

mod commands;
mod document;
mod end;
mod findings;
mod finish;

pub use end::Report;
pub use finish::finish;
