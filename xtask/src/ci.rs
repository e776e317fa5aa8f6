//! `cargo xtask ci`: exactly what CI runs, step by step, up to the first failure.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, ensure};
use clap::ArgMatches;

use crate::codegen;
use crate::demo;
use crate::process;
use crate::report;
use crate::test;
use crate::test_forms;
use crate::tidy;
use crate::workspace::Workspace;

const WINDOWS: &str = "x86_64-pc-windows-gnu";

/// A step's heading, and what it does.
type Step = (&'static str, fn(&Workspace) -> Result<()>);

const STEPS: &[Step] = &[
    ("format", |workspace| cargo(workspace, &["fmt", "--all", "--check"])),
    ("lints", |workspace| {
        cargo(workspace, &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
    }),
    ("rules of the house", tidy::check),
    ("tests", |workspace| test::run_tests(workspace, &["--locked"])),
    ("generated documents", codegen::check),
    ("a program of one function", subset),
    ("Windows", windows),
    ("release", release),
    ("demo", demo::run_demo),
    ("forms", test_forms::run_test),
];

/// The command line of this task.
pub fn command() -> clap::Command {
    clap::Command::new("ci").about("Run exactly what CI runs")
}

/// Runs the steps.
pub fn run(workspace: &Workspace, _: &ArgMatches) -> Result<()> {
    for (heading, step) in STEPS {
        report::heading(heading);
        step(workspace)?;
    }
    report::heading("all steps succeeded");
    Ok(())
}

fn cargo(workspace: &Workspace, arguments: &[&str]) -> Result<()> {
    process::run(process::cargo().args(arguments).current_dir(&workspace.root))
}

/// A build with one function has that function alone. Whoever needs the whole program later builds it first, as every
/// task here does.
fn subset(workspace: &Workspace) -> Result<()> {
    cargo(workspace, &["build", "--locked", "--no-default-features", "--features", "stop-instance"])?;
    let functions = codegen::functions_of(&workspace.program("debug", "awsec2"))?;
    let names: Vec<&str> = functions.iter().map(|function| function.name.as_str()).collect();
    ensure!(names == ["StopInstance"], "listing the functions of the one-function build: it has {}", names.join(", "));
    Ok(())
}

fn windows(workspace: &Workspace) -> Result<()> {
    let folder = process::stdout_of(Command::new("rustc").args(["--print", "target-libdir", "--target", WINDOWS]))?;
    ensure!(
        Path::new(folder.trim()).is_dir(),
        "looking for Rust's library for {WINDOWS}: it is not installed; run `rustup target add {WINDOWS}`"
    );
    cargo(workspace, &["check", "--workspace", "--target", WINDOWS, "--locked"])
}

/// The linker of a release build may drop what nothing refers to, and a function that is lost is lost silently.
fn release(workspace: &Workspace) -> Result<()> {
    cargo(workspace, &["build", "--release", "--locked", "--package", "awsec2"])?;
    let listed = codegen::functions_of(&workspace.program("release", "awsec2"))?;
    ensure!(
        listed == codegen::documented_functions(workspace)?,
        "listing the functions of the release build: they are not those of docs/functions.json"
    );
    Ok(())
}
