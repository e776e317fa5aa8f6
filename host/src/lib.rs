//! The program `awsec2` as a library: runs a job from the command line to the exit code.
//!
//! A program with additional functions depends on this library and on the crates of the functions, and names them in
//! [`main!`].

mod arguments;
mod aws;
mod cli;
mod commands;
mod config;
mod console;
mod dispatch;
mod escaped;
mod exit;
mod forms;
mod job;
mod list;
mod log;
mod opcon_error;
mod option_lists;
mod panics;
mod program;
mod properties;
mod records;
mod registry;
mod report;
mod settings;
mod shared_files;
mod shell;
mod signals;
mod status_text;
mod table;

pub use dispatch::{main, main_with};
