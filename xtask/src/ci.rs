//! `cargo xtask ci`: runs the steps of CI in order, up to the first failure.

use std::env::consts::EXE_SUFFIX;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::ArgMatches;

use crate::bench;
use crate::codegen;
use crate::demo;
use crate::process;
use crate::report;
use crate::test;
use crate::test_forms;
use crate::tidy;
use crate::workspace::Workspace;

const WINDOWS: &str = "x86_64-pc-windows-gnu";

/// The cargo arguments for the release build of the shipped programs.
const SHIPPED: &[&str] = &["--release", "--locked", "--package", "awsec2", "--package", "opcon"];

/// The heading and the action of a step.
type Step = (&'static str, fn(&Workspace) -> Result<()>);

const STEPS: &[Step] = &[
    ("format", |workspace| cargo(workspace, &["fmt", "--all", "--check"])),
    ("lints", |workspace| {
        cargo(workspace, &["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
    }),
    ("documentation of the SDK", |workspace| {
        cargo(workspace, &["rustdoc", "--package", "connector-sdk", "--lib", "--locked", "--", "-D", "warnings"])
    }),
    ("project rules", tidy::check),
    // Only on a busy machine: what succeeds there succeeds on an idle one, and the tests are the longest step.
    ("tests on a busy machine", |workspace| test::run_tests_busy(workspace, &["--locked"])),
    ("generated documents", codegen::check),
    ("a program of one function", subset),
    ("Windows", windows),
    ("release", release),
    ("calls for many instances", bench::count_calls),
    ("demo on a busy machine", demo::run_demo_busy),
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

/// Checks that a build with one function contains only that function. Tasks that need the whole program build it again.
fn subset(workspace: &Workspace) -> Result<()> {
    cargo(workspace, &["build", "--locked", "--no-default-features", "--features", "stop-instance"])?;
    let functions = codegen::functions_of(&workspace.program("debug", "awsec2"))?;
    let names: Vec<&str> = functions.iter().map(|function| function.name.as_str()).collect();
    ensure!(names == ["StopInstance"], "listing the functions of the one-function build: it has {}", names.join(", "));
    Ok(())
}

/// Compiles the shipped Windows programs with all their dependencies. The other packages are only checked.
fn windows(workspace: &Workspace) -> Result<()> {
    let folder = process::stdout_of(Command::new("rustc").args(["--print", "target-libdir", "--target", WINDOWS]))?;
    ensure!(
        Path::new(folder.trim()).is_dir(),
        "finding the Rust library for {WINDOWS}: not installed; run `rustup target add {WINDOWS}`"
    );
    let rest = ["--package", "opcon-stand-in", "--package", "xtask"];
    cargo(workspace, &[&["check", "--target", WINDOWS, "--locked"], &rest[..]].concat())?;
    cargo(workspace, &[&["build", "--target", WINDOWS], SHIPPED].concat())?;
    print_sizes(&workspace.target.join(WINDOWS).join("release"), ".exe")
}

/// Checks the functions of the release build, because the linker may silently drop unreferenced functions.
fn release(workspace: &Workspace) -> Result<()> {
    cargo(workspace, &[&["build"], SHIPPED].concat())?;
    print_sizes(&workspace.target.join("release"), EXE_SUFFIX)?;
    let listed = codegen::functions_of(&workspace.program("release", "awsec2"))?;
    ensure!(
        listed == codegen::documented_functions(workspace)?,
        "listing the functions of the release build: they are not those of docs/functions.json"
    );
    Ok(())
}

fn print_sizes(folder: &Path, suffix: &str) -> Result<()> {
    for name in ["awsec2", "EncryptValue"] {
        let program = folder.join(format!("{name}{suffix}"));
        let bytes = fs::metadata(&program).with_context(|| format!("finding {}", program.display()))?.len();
        report::line(format_args!("{}: {:.1} MB", program.display(), bytes as f64 / 1e6));
    }
    Ok(())
}
