//! `cargo xtask test`: runs the tests of the workspace with a test bed.

use anyhow::Result;
use clap::{Arg, ArgMatches, Command};

use crate::busy::{self, BusyCores};
use crate::process;
use crate::report;
use crate::test_bed::TestBed;
use crate::workspace::Workspace;

/// The environment variable with the path of `testbed.json`, for the tests.
const TESTBED_VARIABLE: &str = "AWSEC2_TESTBED";

/// The command line of this task.
pub fn command() -> Command {
    Command::new("test")
        .about("Run all tests on a fresh test bed")
        .arg(busy::option())
        .arg(Arg::new("arguments").num_args(0..).last(true).help("Arguments for cargo test"))
}

/// Runs the tests with the given arguments for `cargo test`.
pub fn run(workspace: &Workspace, matches: &ArgMatches) -> Result<()> {
    let arguments: Vec<&str> =
        matches.get_many::<String>("arguments").into_iter().flatten().map(String::as_str).collect();
    if matches.get_flag("busy") { run_tests_busy(workspace, &arguments) } else { run_tests(workspace, &arguments) }
}

/// Builds the tests, then runs them beside [`BusyCores`], see [`run_tests`].
pub fn run_tests_busy(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let mut build = process::cargo();
    build.args(["test", "--workspace", "--no-run"]).args(arguments).current_dir(&workspace.root);
    process::run(&mut build)?;
    let _busy = BusyCores::start()?;
    run_tests(workspace, arguments)
}

/// Starts a test bed, runs `cargo test --workspace` with these arguments, and stops the test bed.
fn run_tests(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    let bed = TestBed::start(workspace)?;
    report::line(format_args!("{TESTBED_VARIABLE}={}", bed.file().display()));
    let mut cargo = process::cargo();
    process::isolate(&mut cargo)
        .args(["test", "--workspace"])
        .args(arguments)
        .env(TESTBED_VARIABLE, bed.file())
        .current_dir(&workspace.root);
    process::run(&mut cargo)
}
