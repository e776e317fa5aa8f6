//! Console output of the program in plain ASCII: progress lines of a job, texts, and JSON.
#![expect(clippy::disallowed_methods, reason = "this is the one module that prints")]

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use connector_sdk::{Error, ErrorKind, Reporter, Result};
use serde::Serialize;

use crate::escaped::ascii;
use crate::exit;
use crate::settings::Output;
use crate::status_text::StatusText;

/// Written before a JSON document to test that stdout is writable: a space, which JSON ignores.
const JSON_PREFIX: &str = " ";

/// The length of the pieces in which output that stdout did not take is logged, in characters.
const LOG_PIECE: usize = 7500;

/// Prints and logs the lines of a job. In JSON form they go to stderr, so that stdout contains only the document.
///
/// After the first failed write to stdout, all output goes to stderr, and lines that are not logged otherwise also go
/// to the log.
pub struct Console {
    output: Output,
    live: Option<LiveLine>,
    status: Option<StatusText>,
    lost: OnceLock<Error>,
}

impl Console {
    /// A console for the output form. Live progress is displayed if stderr is a terminal.
    pub fn new(output: Output) -> Self {
        let live = io::stderr().is_terminal().then(LiveLine::default);
        Console { output, live, status: None, lost: OnceLock::new() }
    }

    /// The same console, which also sends status texts to the agent.
    #[must_use]
    pub fn with_status(self, status: StatusText) -> Self {
        Console { status: Some(status), ..self }
    }

    /// The form of the output.
    pub fn output(&self) -> Output {
        self.output
    }

    /// Sends the last status text of the job to the agent, if enabled, and waits briefly for the agent.
    pub fn last_status(&self, text: &str) {
        if let Some(status) = &self.status {
            status.finish(text);
        }
    }

    /// Prints and logs why a job or a command failed.
    pub fn failure(&self, error: &Error) {
        tracing::error!("{error}");
        self.error_line(&format!("error: {error}"));
        // One line each, because an error may have two hints.
        for hint in error.hints() {
            self.error_line(&format!("hint: {hint}"));
        }
    }

    /// Prints and logs the first line of a job before the job does anything. In JSON form it also writes a space to
    /// stdout, to find out early whether the document can be written.
    ///
    /// # Errors
    /// [`ErrorKind::Service`] if the line cannot be written: the results of the job could be lost as well.
    pub fn first_line(&self, line: &str) -> Result<()> {
        tracing::info!("{line}");
        let printed = match self.output {
            Output::Text => self.write_first(&one_line(line)),
            Output::Json => {
                write_now(io::stderr().lock(), &one_line(line)).and_then(|()| self.write_first(JSON_PREFIX))
            }
        };
        printed.map_err(|error| {
            Error::new(ErrorKind::Service, error.to_string())
                .doing("printing the first line of the output")
                .hint("check the disk and the program that reads the output, without which nothing is done")
        })
    }

    fn write_first(&self, text: &str) -> io::Result<()> {
        let written = write_now(io::stdout().lock(), text);
        if let Err(error) = &written {
            let _ = self.lost.set(not_written(error));
        }
        written
    }

    /// Prints a text of several lines. It is logged only if stdout is not writable.
    pub fn text(&self, text: &str) {
        let text: String = text.lines().map(one_line).collect();
        if !self.try_print(&text) {
            self.print_elsewhere(&text);
        }
    }

    /// Prints a text to stdout. Returns whether all output so far was written.
    pub fn try_print(&self, text: &str) -> bool {
        self.clear();
        if self.lost.get().is_some() {
            return false;
        }
        let Err(error) = write_now(io::stdout().lock(), text) else { return true };
        let _ = self.lost.set(not_written(&error));
        self.warning(&format!("writing to stdout failed: {error}; the rest of the output follows here and in the log"));
        false
    }

    /// Prints to stderr and logs a text that could not be written to stdout.
    pub fn print_elsewhere(&self, text: &str) {
        for line in text.lines() {
            // The log cuts long lines, and may be the only place that still has this text.
            let mut rest = line;
            while let Some((end, _)) = rest.char_indices().nth(LOG_PIECE) {
                tracing::info!("{}", &rest[..end]);
                rest = &rest[end..];
            }
            tracing::info!("{rest}");
            self.error_line(line);
        }
    }

    /// Why output to stdout was lost, or `None` if all of it was written.
    pub fn lost(&self) -> Option<&Error> {
        self.lost.get()
    }

    /// The exit code of a command that ended with this exit code: a success becomes a failure if its output was lost.
    pub fn exit_code(&self, code: u8) -> u8 {
        match self.lost() {
            Some(error) if code == exit::SUCCESS => {
                self.failure(error);
                exit::code_of(error, false, false)
            }
            _ => code,
        }
    }

    fn line(&self, line: &str) {
        if self.output == Output::Json || !self.try_print(&one_line(line)) {
            self.error_line(line);
        }
    }

    /// Prints a line to stderr.
    pub fn error_line(&self, line: &str) {
        self.clear();
        print_error_line(line);
    }

    /// Clears the live line before other output.
    pub fn clear(&self) {
        if let Some(live) = &self.live {
            live.clear();
        }
    }
}

impl Reporter for Console {
    fn event(&self, line: &str) {
        tracing::info!("{line}");
        self.line(line);
    }

    fn warning(&self, line: &str) {
        tracing::warn!("{line}");
        self.error_line(&format!("warning: {line}"));
    }

    fn progress(&self, line: &str, status: &str) {
        if let Some(live) = &self.live {
            live.show(line);
        }
        if let Some(sender) = &self.status {
            sender.show(status);
        }
    }

    fn shows_progress(&self) -> bool {
        self.live.is_some()
    }
}

/// The progress line at the bottom of a terminal, which is overwritten with each update.
#[derive(Default)]
struct LiveLine {
    /// The number of columns in use.
    filled: Mutex<usize>,
}

impl LiveLine {
    fn filled(&self) -> MutexGuard<'_, usize> {
        self.filled.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn show(&self, line: &str) {
        let columns = terminal_columns(&io::stderr()).unwrap_or(80).saturating_sub(1);
        let line: String = ascii(line).chars().take(columns).collect();
        let mut filled = self.filled();
        let rest = filled.saturating_sub(line.len());
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "\r{line}{:rest$}", "").and_then(|()| stderr.flush());
        *filled = line.len();
    }

    /// Spaces, not escape sequences, because some Windows consoles do not support these.
    fn clear(&self) {
        let mut filled = self.filled();
        if *filled > 0 {
            let mut stderr = io::stderr().lock();
            let _ = write!(stderr, "\r{:1$}\r", "", *filled).and_then(|()| stderr.flush());
            *filled = 0;
        }
    }
}

/// The maximum width of a table: the columns of the terminal. `None` for a job, whose output is the same everywhere.
pub fn columns() -> Option<u16> {
    terminal_columns(&io::stdout()).and_then(|columns| u16::try_from(columns).ok())
}

#[cfg(unix)]
fn terminal_columns(stream: &impl std::os::fd::AsFd) -> Option<usize> {
    terminal_size::terminal_size_of(stream).map(|(width, _)| width.0.into())
}

#[cfg(windows)]
fn terminal_columns(stream: &impl std::os::windows::io::AsHandle) -> Option<usize> {
    terminal_size::terminal_size_of(stream).map(|(width, _)| width.0.into())
}

/// Prints help, the version, or a list of functions. Returns the exit code for success, also if the reader closes the
/// pipe.
///
/// # Errors
/// [`ErrorKind::Service`] if stdout is not writable for another reason.
pub fn print_help(text: &str) -> Result<u8> {
    match print(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(not_written(&error)),
        _ => Ok(exit::SUCCESS),
    }
}

/// Prints the result of a command. Returns the exit code for success.
///
/// # Errors
/// [`ErrorKind::Service`] if stdout is not writable.
pub fn print_result(text: &str) -> Result<u8> {
    print(text).map(|()| exit::SUCCESS).map_err(|error| not_written(&error))
}

/// Prints a value as indented JSON, see [`print_result`].
///
/// # Errors
/// Those of [`print_result`].
pub fn print_pretty_json(value: &impl Serialize) -> Result<u8> {
    print_result(&ascii_json(&serde_json::to_string_pretty(value).unwrap_or_default()))
}

/// A value as one line of JSON. Non-ASCII characters are written as `\uXXXX`.
pub fn json_line(value: &impl Serialize) -> String {
    ascii_json(&serde_json::to_string(value).unwrap_or_default()) + "\n"
}

/// Formats a line for output.
pub fn one_line(line: &str) -> String {
    ascii(line) + "\n"
}

/// Prints the warning that the log, or the log at this path, cannot be written.
pub fn log_warning(path: Option<&Path>, error: &io::Error) {
    let path = path.map_or_else(String::new, |path| format!(" {}", path.display()));
    print_error_line(&format!("warning: the log{path} cannot be written: {error}"));
}

fn print(text: &str) -> io::Result<()> {
    write_now(io::stdout().lock(), &text.lines().map(one_line).collect::<String>())
}

fn write_now(mut stream: impl Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes()).and_then(|()| stream.flush())
}

fn not_written(error: &io::Error) -> Error {
    Error::new(ErrorKind::Service, error.to_string()).doing("writing to stdout")
}

fn print_error_line(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", ascii(line));
}

fn ascii_json(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c {
            '\0'..='\x7e' => escaped.push(c),
            _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                let _ = write!(escaped, "\\u{unit:04x}");
            }),
        }
    }
    escaped
}
