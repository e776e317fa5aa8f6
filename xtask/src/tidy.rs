//! `cargo xtask tidy`: checks project rules that the compiler does not check.

mod code;
mod contents;
mod cycles;
mod edges;
mod features;
mod file_reads;
mod finding;
mod layers;
mod modules;
mod repeated;
mod sdk_text;
mod sources;

use anyhow::{Result, bail};
use clap::{ArgMatches, Command};

use crate::report;
use crate::workspace::Workspace;
use modules::Crate;

/// The folder of `connector-sdk`.
const SDK: &str = "host/sdk";

/// The command line of this task.
pub fn command() -> Command {
    Command::new("tidy").about("Check the project rules: allowed dependencies, and the form of sources")
}

/// Checks the workspace.
pub fn run(workspace: &Workspace, _: &ArgMatches) -> Result<()> {
    check(workspace)
}

/// Reports every finding, and fails if there are any.
pub fn check(workspace: &Workspace) -> Result<()> {
    let mut findings = edges::findings(workspace)?;
    findings.extend(features::findings(workspace)?);
    findings.extend(sources::findings(workspace)?);
    findings.extend(repeated::findings(workspace)?);
    for package in &workspace.packages {
        let crates = Crate::of_package(workspace, package)?;
        findings.extend(crates.iter().flat_map(cycles::findings));
        findings.extend(crates.iter().flat_map(file_reads::findings));
        for of in &crates {
            findings.extend(contents::findings(of)?);
        }
        if package.folder == SDK {
            findings.extend(crates.iter().flat_map(layers::findings));
            findings.extend(sdk_text::findings(workspace, &crates)?);
        }
    }
    for finding in &findings {
        report::line(finding);
    }
    match findings.len() {
        0 => {
            report::line("tidy: no violations found");
            Ok(())
        }
        number => bail!("checking the project rules: {number} violated"),
    }
}

/// A small workspace in a temporary folder, for the tests of the rules.
#[cfg(test)]
struct Tree {
    folder: tempfile::TempDir,
}

#[cfg(test)]
impl Tree {
    fn new(files: &[(&str, &str)]) -> Self {
        let tree = Self { folder: tempfile::tempdir().unwrap() };
        for (path, text) in files {
            tree.write(path, text);
        }
        tree
    }

    fn write(&self, path: &str, text: &str) {
        let file = self.folder.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    /// A workspace that is not loaded from cargo.
    fn workspace(&self, functions: &[&str]) -> Workspace {
        let package = |name: &&str| crate::workspace::Package {
            name: (*name).to_owned(),
            folder: format!("functions/{name}"),
            dependencies: Vec::new(),
        };
        Workspace {
            root: self.folder.path().to_owned(),
            target: self.folder.path().join("target"),
            packages: functions.iter().map(package).collect(),
        }
    }
}

#[cfg(test)]
fn shown(findings: &[finding::Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}
