//! Finds the tools that display forms: Node.js with npm, and Chromium.

use std::env::{self, consts::EXE_SUFFIX};
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Result, ensure};

/// The minimum Node.js version of the packages in `xtask/forms/package.json`.
const MIN_NODE: u32 = 20;
/// The environment variable with the browser, if it is not `chromium` on the PATH.
const CHROMIUM_VARIABLE: &str = "CHROMIUM";
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// The tools, all of which were started successfully.
pub struct Tools {
    /// The path of the browser.
    pub chromium: PathBuf,
}

impl Tools {
    /// Finds all tools. The error lists all that are missing.
    pub fn find() -> Result<Self> {
        let chromium = on_the_path(&env::var_os(CHROMIUM_VARIABLE).unwrap_or_else(|| "chromium".into()));
        let versions = [OsStr::new("node"), OsStr::new(NPM), chromium.as_os_str()].map(version_of);
        let missing = missing(versions.each_ref().map(Option::as_deref));
        ensure!(missing.is_empty(), "finding the tools for the test of the forms: {}", missing.join("; "));
        Ok(Self { chromium })
    }

    /// Node.js.
    pub fn node(&self) -> Command {
        Command::new("node")
    }

    /// The package manager of Node.js.
    pub fn npm(&self) -> Command {
        Command::new(NPM)
    }
}

/// The path of the program, because Playwright does not search for it; or the input if there is no such program.
fn on_the_path(program: &OsStr) -> PathBuf {
    let file_name = format!("{}{EXE_SUFFIX}", program.display());
    let folders = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&folders).map(|folder| folder.join(&file_name)).find(|path| path.is_file());
    found.unwrap_or_else(|| program.into())
}

/// The version that the program prints, or `None` if it does not run.
fn version_of(program: &OsStr) -> Option<String> {
    let output = Command::new(program).arg("--version").stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A sentence for each of Node.js, npm, and Chromium that is missing or too old.
fn missing([node, npm, chromium]: [Option<&str>; 3]) -> Vec<String> {
    let mut missing = Vec::new();
    if node.and_then(major).is_none_or(|major| major < MIN_NODE) {
        let there = node.map(|version| format!(", not {version}")).unwrap_or_default();
        missing.push(format!(
            "Node.js {MIN_NODE} or newer is needed{there} (Debian 13 or newer: apt-get install nodejs; \
             others: https://nodejs.org)"
        ));
    }
    if npm.is_none() {
        missing.push("npm does not run (Debian: apt-get install npm)".to_owned());
    }
    if chromium.is_none() {
        missing.push(format!(
            "Chromium does not run (Debian: apt-get install chromium; one that is not on the PATH is named by the \
             variable {CHROMIUM_VARIABLE})"
        ));
    }
    missing
}

/// The major version of a version such as `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    version.trim_start_matches('v').split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_missing_when_all_run() {
        assert_eq!(missing([Some("v20.0.0"), Some("11.1.0"), Some("Chromium 150.0")]), [""; 0]);
    }

    #[test]
    fn all_that_is_missing_is_named_with_its_package() {
        let missing = missing([None, None, None]).join("; ");
        for package in ["apt-get install nodejs", "apt-get install npm", "apt-get install chromium"] {
            assert!(missing.contains(package), "{missing}");
        }
    }

    #[test]
    fn an_old_or_strange_node_is_named() {
        for old in ["v18.19.0", "none"] {
            let missing = missing([Some(old), Some("9.2.0"), Some("Chromium 150.0")]);
            let [missing] = &missing[..] else { panic!("{missing:?}") };
            assert!(missing.starts_with(&format!("Node.js 20 or newer is needed, not {old} (")), "{missing}");
        }
    }

    #[test]
    fn a_missing_program_has_no_version() {
        assert_eq!(version_of(OsStr::new("no-such-program")), None);
    }
}
