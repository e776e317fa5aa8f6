//! `cargo xtask bench`: what the program's jobs cost, against an EC2 on loopback that answers at once.

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

/// Runs the chosen measurement.
pub fn run(workspace: &Workspace, matches: &ArgMatches) -> Result<()> {
    match matches.subcommand() {
        Some(("scale", matches)) => scale::run(workspace, matches),
        Some(("peers", matches)) => peers::run(workspace, matches),
        _ => Ok(()),
    }
}

/// Counts the calls of jobs on many instances, as CI does: it fails when they grow faster than the instances.
pub fn count_calls(workspace: &Workspace) -> Result<()> {
    scale::count_calls(workspace)
}
