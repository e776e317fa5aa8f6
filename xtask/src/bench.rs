//! `cargo xtask bench`: measures the resource use of jobs, against a loopback EC2 that responds immediately.

mod measure;
mod model;
mod peer_programs;
mod peers;
mod program;
mod runs;
mod scale;
mod server;
mod table;

use anyhow::Result;
use clap::{ArgMatches, Command};

use crate::workspace::Workspace;

/// The command line of this task.
pub fn command() -> Command {
    Command::new("bench")
        .about("Measure the release program")
        .arg_required_else_help(true)
        .subcommand_required(true)
        .subcommands([scale::command(), peers::command()])
}

/// Runs the selected measurement.
pub fn run(workspace: &Workspace, matches: &ArgMatches) -> Result<()> {
    match matches.subcommand() {
        Some(("scale", matches)) => scale::run(workspace, matches),
        Some(("peers", matches)) => peers::run(workspace, matches),
        _ => Ok(()),
    }
}

/// Counts the calls of jobs on many instances, as in CI. It fails if calls grow faster than the number of instances.
pub fn count_calls(workspace: &Workspace) -> Result<()> {
    scale::count_calls(workspace)
}
