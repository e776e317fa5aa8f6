//! All console output of xtask.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program has one place that reports")]

use std::fmt::Display;

/// Prints one line.
pub fn line(text: impl Display) {
    println!("{text}");
}

/// Prints the heading of a step, after an empty line.
pub fn heading(text: impl Display) {
    println!("\n== {text}");
}

/// Prints an error with all its causes.
pub fn error(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
