//! The measured program, and the common settings of all its jobs.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use clap::builder::PathBufValueParser;
use clap::{Arg, ArgMatches};

use crate::process;
use crate::workspace::Workspace;

/// The region of all runs.
pub const REGION: &str = "us-east-1";
/// Keys that no server checks.
pub const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
/// The secret of [`KEY`].
pub const SECRET: &str = "unchecked";

/// The program, built.
pub struct Program {
    path: PathBuf,
}

/// The argument for an existing program.
pub fn argument() -> Arg {
    Arg::new("program")
        .long("program")
        .value_name("FILE")
        .value_parser(PathBufValueParser::new())
        .help("Measure this awsec2 instead of a release build of the workspace")
}

impl Program {
    /// The program from the arguments, otherwise the release build.
    pub fn from_matches(workspace: &Workspace, matches: &ArgMatches) -> Result<Self> {
        match matches.get_one::<PathBuf>("program") {
            Some(path) => Ok(Self { path: std::path::absolute(path).context("finding the program")? }),
            None => Self::build(workspace),
        }
    }

    /// Creates the release build.
    pub fn build(workspace: &Workspace) -> Result<Self> {
        let arguments = ["build", "--release", "--locked", "--package", "awsec2"];
        process::run(process::cargo().args(arguments).current_dir(&workspace.root))?;
        Ok(Self { path: workspace.program("release", "awsec2") })
    }

    /// A job against this EC2, without the function. Its log is in the current folder.
    pub fn job(&self, endpoint: &str) -> Command {
        let mut command = Command::new(&self.path);
        with_keys(&mut command).args(["--endpoint-url", endpoint, "--region", REGION, "--log-dir", "log"]);
        command
    }
}

/// Sets keys in the environment variables of AWS tools.
pub fn with_keys(command: &mut Command) -> &mut Command {
    let variables = [("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", SECRET), ("AWS_REGION", REGION)];
    command.envs(variables).env("AWS_EC2_METADATA_DISABLED", "true")
}
