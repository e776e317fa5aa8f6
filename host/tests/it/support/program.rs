//! Runs the real program as OpCon's agent does, in an isolated folder and environment.

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
    /// The program without common arguments. It uses the Security Token Service of the test bed, which checks keys.
    pub fn new() -> Self {
        let environment = BTreeMap::from([
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
            // As without it, but the first failures are not borne for a minute.
            ("AWS_MAX_ATTEMPTS", "3".to_owned()),
            ("AWS_ENDPOINT_URL_STS", test_bed().ec2_strict.endpoint.clone()),
        ]);
        Program {
            executable: env!("CARGO_BIN_EXE_awsec2").into(),
            folder: tempfile::tempdir().unwrap(),
            common: BTreeMap::new(),
            environment,
        }
    }

    /// Uses another program.
    pub fn executable(mut self, executable: &Path) -> Self {
        self.executable = executable.to_owned();
        self
    }

    /// Runs the program under another name.
    pub fn renamed(self, name: &str) -> Self {
        let other = self.folder().join(format!("{name}{}", env::consts::EXE_SUFFIX));
        // Not a copy on UNIX, because it cannot be executed while a process of another test has it open.
        #[cfg(unix)]
        std::os::unix::fs::symlink(&self.executable, &other).unwrap();
        #[cfg(windows)]
        fs::copy(&self.executable, &other).map(drop).unwrap();
        self.executable(&other)
    }

    /// Uses the EC2, configuration, user, and region of the test bed.
    pub fn on_test_bed() -> Self {
        let bed = test_bed();
        Program::new()
            .common("--endpoint-url", &bed.ec2_endpoint)
            .common("--config", &bed.config.display().to_string())
            .common("--user-id", &bed.user_id)
            .common("--region", &bed.region)
    }

    /// Uses an EC2 and Security Token Service of the test, which do not check keys, and no configuration.
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

    /// Removes a common argument.
    pub fn without(mut self, name: &'static str) -> Self {
        self.common.remove(name);
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &'static str, value: &str) -> Self {
        self.environment.insert(name, value.to_owned());
        self
    }

    /// Removes an environment variable of these jobs.
    pub fn without_env(mut self, name: &'static str) -> Self {
        self.environment.remove(name);
        self
    }

    /// Writes a `Connector.config` to the working folder of the program.
    pub fn with_config(self, text: &str) -> Self {
        self.write("Connector.config", text);
        self.without("--config")
    }

    /// Writes a file below the working folder of the program, and returns its path.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// The working folder of the program.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The log so far, or an empty text without one.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder().join("log/awsec2.log")).unwrap_or_default()
    }

    /// The program as a command, for tests that run it themselves.
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

    /// Runs a job, with its log below the working folder.
    pub fn run(&self, arguments: &[&str]) -> Finished {
        Finished::from(self.command(["--log-dir", "log"].iter().chain(arguments)).output().unwrap())
    }

    /// Runs the program with only these arguments and the common ones.
    pub fn run_bare(&self, arguments: &[&str]) -> Finished {
        Finished::from(self.command(arguments).output().unwrap())
    }

    /// Runs the program with only these arguments and the common ones, and this standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Finished {
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().unwrap();
        // A program that does not read its input may already have exited.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Finished::from(child.wait_with_output().unwrap())
    }

    /// Runs the program like [`Program::run_with_input`] with this umask.
    #[cfg(unix)]
    pub fn run_with_umask(&self, umask: &str, arguments: &[&str], input: &str) -> Finished {
        let program = self.command(arguments);
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\"")]).arg(program.get_program());
        shell.args(program.get_args()).current_dir(self.folder());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let mut child = shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
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

/// The result of a run.
#[derive(Debug)]
pub struct Finished {
    /// The exit code, or -1 if a signal ended the program.
    pub code: i32,
    pub stdout: String,
    /// Without the warnings about missing encryption, which nearly every test would have.
    pub stderr: String,
    /// These warnings.
    pub unencrypted: Vec<String>,
}

impl From<Output> for Finished {
    fn from(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap().replace("\r\n", "\n");
        let (code, stdout, stderr) = (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr));
        let is_of_encryption = |line: &&str| {
            ["`http://127.0.0.1:", "`USING_TLS=False`"].iter().any(|text| line.starts_with(&format!("warning: {text}")))
        };
        let (unencrypted, stderr): (Vec<&str>, Vec<&str>) = stderr.split_inclusive('\n').partition(is_of_encryption);
        Finished {
            code,
            stdout,
            stderr: stderr.concat(),
            unencrypted: unencrypted.into_iter().map(Into::into).collect(),
        }
    }
}

impl Finished {
    /// Asserts the exit code. On failure it prints all output.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Asserts that stdout contains a text.
    #[track_caller]
    pub fn expect_stdout(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no `{text}` in stdout of {self:#?}");
        self
    }

    /// Asserts that stderr contains a text.
    #[track_caller]
    pub fn expect_stderr(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no `{text}` in stderr of {self:#?}");
        self
    }

    /// The last line of stdout.
    pub fn verdict(&self) -> &str {
        self.stdout.lines().last().unwrap_or_default()
    }

    /// Parses stdout as a single JSON document.
    #[track_caller]
    pub fn document(&self) -> Value {
        assert_eq!(self.stdout.lines().count(), 1, "{self:#?}");
        serde_json::from_str(&self.stdout).unwrap()
    }
}
