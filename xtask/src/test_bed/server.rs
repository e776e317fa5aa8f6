//! Runs a test bed server: a child process that prints one line when it is ready, and exits when its standard input
//! closes.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::de::DeserializeOwned;

/// How long to wait for the exit of a server before it is killed.
const END_TIME_LIMIT: Duration = Duration::from_secs(5);
const LOG_TAIL_LINES: usize = 20;

/// A running server. It is stopped when it is dropped.
pub struct Server {
    child: Child,
    // Kept open, because a server whose output is closed may fail.
    _stdout: Option<BufReader<ChildStdout>>,
}

impl Server {
    /// Starts a server and waits until it prints its line of JSON. Its standard error is written to `log`. If it is not
    /// ready within `limit`, the end of the log is part of the error.
    pub fn start<T: DeserializeOwned>(
        name: &str,
        command: &mut Command,
        log: &Path,
        limit: Duration,
    ) -> Result<(T, Self)> {
        let stderr = File::create(log).with_context(|| format!("starting {name}: creating {}", log.display()))?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .with_context(|| format!("starting {name}: {}", command.get_program().display()))?;
        let stdout = child.stdout.take();
        let mut server = Self { child, _stdout: None };
        let Some(stdout) = stdout else { bail!("starting {name}: it has no standard output") };

        let (line, stdout) = first_line(stdout, limit).with_context(|| format!("starting {name}{}", tail_of(log)))?;
        server._stdout = Some(stdout);
        let ready = serde_json::from_str(&line).with_context(|| format!("starting {name}: reading its first line"))?;
        Ok((ready, server))
    }

    fn ends_within(&mut self, limit: Duration) -> bool {
        let deadline = Instant::now() + limit;
        while matches!(self.child.try_wait(), Ok(None)) {
            if Instant::now() >= deadline {
                return false;
            }
            thread::sleep(Duration::from_millis(20));
        }
        true
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        if !self.ends_within(END_TIME_LIMIT) {
            // If this fails, too, the server cannot be stopped.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Reads the first line in a separate thread, because reads have no timeout. The thread ends with the server.
fn first_line(stdout: ChildStdout, limit: Duration) -> Result<(String, BufReader<ChildStdout>)> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut reader = BufReader::new(stdout);
        let mut line = String::new();
        let read: io::Result<usize> = reader.read_line(&mut line);
        // The receiver is dropped after the timeout.
        let _ = sender.send(read.map(|_| (line, reader)));
    });
    match receiver.recv_timeout(limit) {
        Ok(Ok((line, _))) if line.is_empty() => bail!("it exited before it was ready"),
        Ok(read) => read.context("reading its output"),
        Err(RecvTimeoutError::Timeout) => bail!("not ready after {} seconds", limit.as_secs()),
        Err(RecvTimeoutError::Disconnected) => bail!("its output could not be read"),
    }
}

/// The end of a log, as the second part of an error message.
fn tail_of(log: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    if lines.is_empty() {
        return String::new();
    }
    let tail = &lines[lines.len().saturating_sub(LOG_TAIL_LINES)..];
    format!(" (the end of its log)\n{}\n", tail.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn failure(program: &str, arguments: &[&str], limit: Duration) -> String {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new(program);
        command.args(arguments).current_dir(folder.path());
        match Server::start::<Value>("it", &mut command, &folder.path().join("log"), limit) {
            Ok(_) => panic!("{program} is no server"),
            Err(error) => format!("{error:#}"),
        }
    }

    #[test]
    fn a_server_that_ends_at_once_shows_its_log() {
        let message = failure("rustc", &["no-such-file.rs"], Duration::from_secs(60));
        assert!(message.starts_with("starting it (the end of its log)\n"), "{message}");
        assert!(message.contains("no-such-file.rs"), "{message}");
        assert!(message.ends_with("it exited before it was ready"), "{message}");
    }

    #[test]
    fn a_server_that_never_becomes_ready_is_ended() {
        // rustc reads its program from standard input, so it exits only because that is closed.
        let message = failure("rustc", &["-"], Duration::ZERO);
        assert_eq!(message, "starting it: not ready after 0 seconds");
    }

    #[test]
    fn a_first_line_that_is_no_json_is_refused() {
        let message = failure("rustc", &["--version"], Duration::from_secs(60));
        assert!(message.starts_with("starting it: reading its first line: "), "{message}");
    }

    #[test]
    fn a_program_that_does_not_exist_is_named() {
        let message = failure("no-such-server", &[], Duration::from_secs(60));
        assert!(message.starts_with("starting it: no-such-server: "), "{message}");
    }
}
