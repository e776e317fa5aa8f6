//! The real program, started as OpCon's agent would start it, with nothing around it but a folder of its own.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::test_bed;

/// The program with the common arguments and the environment of its jobs.
pub struct Program {
    executable: PathBuf,
    folder: TempDir,
    common: BTreeMap<&'static str, String>,
    environment: BTreeMap<&'static str, String>,
}

impl Program {
    /// The program without common arguments. Its Security Token Service is that of the test bed, which checks keys.
    pub fn new() -> Self {
        let environment = BTreeMap::from([
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            ("AWS_ENDPOINT_URL_STS", test_bed().ec2_strict.endpoint.clone()),
        ]);
        Program {
            executable: env!("CARGO_BIN_EXE_awsec2").into(),
            folder: tempfile::tempdir().unwrap(),
            common: BTreeMap::new(),
            environment,
        }
    }

    /// Another program in its place.
    pub fn executable(mut self, executable: &Path) -> Self {
        self.executable = executable.to_owned();
        self
    }

    /// The program under another name.
    pub fn renamed(self, name: &str) -> Self {
        let other = self.folder().join(format!("{name}{}", env::consts::EXE_SUFFIX));
        // No copy on UNIX: it cannot be started while a process that another test starts has it open.
        #[cfg(unix)]
        std::os::unix::fs::symlink(&self.executable, &other).unwrap();
        #[cfg(windows)]
        fs::copy(&self.executable, &other).map(drop).unwrap();
        self.executable(&other)
    }

    /// The program with the test bed's EC2, configuration, user and region.
    pub fn on_test_bed() -> Self {
        let bed = test_bed();
        Program::new()
            .common("--endpoint-url", &bed.ec2_endpoint)
            .common("--config", &bed.config.display().to_string())
            .common("--user-id", &bed.user_id)
            .common("--region", &bed.region)
    }

    /// The program with an EC2 and a Security Token Service of the test's own, which check no keys, and without a
    /// configuration.
    pub fn with_endpoint(url: &str) -> Self {
        Program::new()
            .common("--endpoint-url", url)
            .common("--region", "us-east-1")
            .env("AWS_ENDPOINT_URL_STS", url)
            .env("AWS_ACCESS_KEY_ID", "unchecked")
            .env("AWS_SECRET_ACCESS_KEY", "unchecked")
    }

    /// Sets a common argument of all jobs.
    pub fn common(mut self, name: &'static str, value: &str) -> Self {
        self.common.insert(name, value.to_owned());
        self
    }

    /// Takes a common argument away.
    pub fn without(mut self, name: &'static str) -> Self {
        self.common.remove(name);
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &'static str, value: &str) -> Self {
        self.environment.insert(name, value.to_owned());
        self
    }

    /// Writes a `Connector.config` into the current folder of the program.
    pub fn with_config(self, text: &str) -> Self {
        self.write("Connector.config", text);
        self.without("--config")
    }

    /// Writes a file below the current folder of the program, and returns its path.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// The current folder of the program.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The log so far; empty without one.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder().join("log/awsec2.log")).unwrap_or_default()
    }

    /// The program as a command, for tests that treat it in their own way.
    pub fn command(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(&self.executable);
        let unwanted = |name: &str| name.starts_with("AWS_") || name.ends_with("_PROXY");
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(|name| unwanted(&name.to_ascii_uppercase())) {
                command.env_remove(name);
            }
        }
        command
            .envs(&self.environment)
            .env("HOME", self.folder())
            .env("USERPROFILE", self.folder())
            .current_dir(self.folder())
            .args(self.common.iter().flat_map(|(name, value)| [*name, value]))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs a job, with its log below the current folder.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        Finished::from(self.command(["--log-dir", "log"].iter().chain(arguments)).output().unwrap())
    }

    /// Runs the program with these arguments and the common ones alone.
    pub fn run_bare(&self, arguments: &[&str]) -> Finished {
        Finished::from(self.command(arguments).output().unwrap())
    }

    /// Runs the program with these arguments and the common ones alone, and this text as its standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Finished {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // A program that reads nothing may be gone.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Finished::from(child.wait_with_output().unwrap())
    }

    /// Runs a job for its JSON document.
    pub fn run_json(&self, arguments: &[&str]) -> (Finished, Value) {
        let arguments: Vec<_> = arguments.iter().chain(&["--output", "json"]).copied().collect();
        let finished = self.run(&arguments);
        let document = finished.document();
        (finished, document)
    }
}

/// What a run left.
#[derive(Debug)]
pub struct Finished {
    /// The exit code; -1 when a signal ended the program.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap().replace("\r\n", "\n");
        Finished { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

impl Finished {
    /// Insists on the exit code, and shows everything when it is another one.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Insists on a text in stdout.
    #[track_caller]
    pub fn expect_stdout(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no `{text}` in stdout of {self:#?}");
        self
    }

    /// Insists on a text in stderr.
    #[track_caller]
    pub fn expect_stderr(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no `{text}` in stderr of {self:#?}");
        self
    }

    /// The last line of stdout.
    pub fn verdict(&self) -> &str {
        self.stdout.lines().last().unwrap_or_default()
    }

    /// Stdout as the one JSON document that it must be.
    #[track_caller]
    pub fn document(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{self:#?}");
        serde_json::from_str(&self.stdout).unwrap()
    }
}
