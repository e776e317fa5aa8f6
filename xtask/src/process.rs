//! Runs other programs: cargo with a clean environment, and errors that contain the command.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::process::{Command, ExitCode, Output, Stdio};

use anyhow::{Context, Result};

use crate::report;

/// A program that ended with a nonzero exit code or without one.
#[derive(Debug)]
struct Failed {
    command: String,
    code: Option<i32>,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{}: failed with exit code {code}", self.command),
            None => write!(f, "{}: terminated by a signal", self.command),
        }
    }
}

impl std::error::Error for Failed {}

/// The exit code for this error: that of the failed program, otherwise 1.
pub fn exit_code_of(error: &anyhow::Error) -> ExitCode {
    let code = error.downcast_ref::<Failed>().and_then(|failed| failed.code);
    ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// A cargo command, with the environment of a manual start.
///
/// `cargo run` sets variables that describe the xtask package. Build scripts that watch them (e.g. ring's) would run
/// again for each build from xtask and each manual build, so the variables are removed.
pub fn cargo() -> Command {
    let mut command = Command::new("cargo");
    remove_variables(&mut command, |name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"));
    command
}

/// Removes settings that could lead a program past the test bed: AWS settings and proxies of the user.
pub fn isolate(command: &mut Command) -> &mut Command {
    remove_variables(command, |name| {
        let name = name.to_ascii_uppercase();
        name.starts_with("AWS_") || name.ends_with("_PROXY")
    })
}

fn remove_variables(command: &mut Command, unwanted: impl Fn(&str) -> bool) -> &mut Command {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(&unwanted) {
            command.env_remove(name);
        }
    }
    command
}

/// Prints the command, runs it with inherited input and output, and fails unless it succeeds.
pub fn run(command: &mut Command) -> Result<()> {
    let code = run_for_code(command)?;
    check(command_line(command), code)
}

/// Prints the command, runs it with inherited input and output, and returns its exit code, or `None` if it was ended by
/// a signal.
pub fn run_for_code(command: &mut Command) -> Result<Option<i32>> {
    let shown = command_line(command);
    report::line(format_args!("$ {shown}"));
    let status = command.status().with_context(|| format!("starting {shown}"))?;
    Ok(status.code())
}

/// Runs the command and returns its standard output. Standard error is inherited.
pub fn stdout_of(command: &mut Command) -> Result<String> {
    let shown = command_line(command);
    let Output { status, stdout, .. } =
        command.stderr(Stdio::inherit()).output().with_context(|| format!("starting {shown}"))?;
    check(shown.clone(), status.code())?;
    String::from_utf8(stdout).with_context(|| format!("reading the output of {shown}"))
}

fn check(command: String, code: Option<i32>) -> Result<()> {
    match code {
        Some(0) => Ok(()),
        code => Err(Failed { command, code }.into()),
    }
}

/// The command line for display: the path of the program, and arguments in quotes where required.
pub fn command_line(command: &Command) -> String {
    let words: Vec<String> = std::iter::once(command.get_program()).chain(command.get_args()).map(quoted).collect();
    words.join(" ")
}

fn quoted(word: &OsStr) -> String {
    let word = OsString::from(word).to_string_lossy().into_owned();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=+.,:/\\@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word } else { format!("\"{word}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_the_command_and_keeps_its_exit_code() {
        let error = run(cargo().args(["no-such-command", "two words"])).unwrap_err();
        assert!(error.to_string().ends_with("no-such-command \"two words\": failed with exit code 101"), "{error}");
        assert_eq!(exit_code_of(&error), ExitCode::from(101));
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = stdout_of(&mut Command::new("no-such-program")).unwrap_err();
        assert!(format!("{error:#}").starts_with("starting no-such-program: "), "{error:#}");
        assert_eq!(exit_code_of(&error), ExitCode::from(1));
    }
}
