//! All that xtask prints: the one place that does.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program has one place that reports")]

use std::fmt::Display;

/// Prints one line.
pub fn line(text: impl Display) {
    println!("{text}");
}

/// Prints the heading of a step, with an empty line before it.
pub fn heading(text: impl Display) {
    println!("\n== {text}");
}

/// Prints what went wrong, from what was being done down to the cause.
pub fn error(error: &anyhow::Error) {
    eprintln!("error: {error:#}");
}
