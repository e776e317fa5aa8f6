//! Runs a program and writes its resource usage to a file: `measure REPORT OUTPUT PROGRAM [ARGUMENT...]`.
//!
//! It is a separate program, because Linux counts the memory of the parent process as the initial memory of a program.
//! This one is smaller than all measured programs, `cargo xtask` is not.

use std::env;
use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::json;
use wait4::{ResUse, Wait4 as _};

fn main() -> Result<()> {
    let mut words = env::args_os().skip(1);
    let mut word = || words.next().context("usage: measure REPORT OUTPUT PROGRAM [ARGUMENT...]");
    let (report, output, program) = (PathBuf::from(word()?), PathBuf::from(word()?), word()?);
    let output = File::create(&output).with_context(|| format!("creating {}", output.display()))?;
    let errors = output.try_clone().context("sharing the output")?;
    let mut command = Command::new(&program);
    command.args(words).stdin(Stdio::null()).stdout(output).stderr(errors);

    let start = Instant::now();
    let child = command.spawn().with_context(|| format!("starting {}", program.display()))?;
    let ResUse { status, rusage } = child.wait4().with_context(|| format!("waiting for {}", program.display()))?;
    let wall = start.elapsed();

    let report_text = json!({
        "wall": wall.as_secs_f64(),
        "cpu": (rusage.utime + rusage.stime).as_secs_f64(),
        "peak": rusage.maxrss,
        "exit_code": status.code(),
    });
    fs::write(&report, report_text.to_string()).with_context(|| format!("writing {}", report.display()))
}
