//! All that the program prints, in plain ASCII: the lines of a running job, texts, and JSON.
#![expect(clippy::disallowed_methods, reason = "this is the one module that prints")]

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use connector_sdk::{Error, Reporter};
use serde::Serialize;

use crate::exit;
use crate::settings::Output;
use crate::status_text::StatusText;

/// Prints and logs the lines of a job. In JSON form they go to stderr: stdout holds the document alone.
pub struct Console {
    output: Output,
    live: Option<LiveLine>,
    status: Option<StatusText>,
}

impl Console {
    /// A console for that form of output. Progress is shown live where stderr is a terminal.
    pub fn new(output: Output) -> Self {
        Console { output, live: io::stderr().is_terminal().then(LiveLine::default), status: None }
    }

    /// The same console, which also hands short texts to the agent.
    #[must_use]
    pub fn with_status(self, status: StatusText) -> Self {
        Console { status: Some(status), ..self }
    }

    /// The form of the output.
    pub fn output(&self) -> Output {
        self.output
    }

    /// Hands a short text to the agent, if it is wanted.
    pub fn status(&self, text: &str) {
        if let Some(status) = &self.status {
            status.show(text);
        }
    }

    /// Prints and logs why a job or a command failed.
    pub fn failure(&self, error: &Error) {
        tracing::error!("{}", ascii(&error.to_string()));
        self.error_line(&format!("error: {error}"));
        if let Some(hint) = error.hint_text() {
            self.error_line(&format!("hint: {hint}"));
        }
    }

    fn line(&self, line: &str) {
        self.clear();
        match self.output {
            Output::Text => print_line(line),
            Output::Json => print_error_line(line),
        }
    }

    fn error_line(&self, line: &str) {
        self.clear();
        print_error_line(line);
    }

    /// Takes the live line away, before something else is printed.
    pub fn clear(&self) {
        if let Some(live) = &self.live {
            live.clear();
        }
    }
}

impl Reporter for Console {
    fn event(&self, line: &str) {
        tracing::info!("{}", ascii(line));
        self.line(line);
    }

    fn warning(&self, line: &str) {
        tracing::warn!("{}", ascii(line));
        self.error_line(&format!("warning: {line}"));
    }

    fn progress(&self, line: &str, status: &str) {
        if let Some(live) = &self.live {
            live.show(line);
        }
        self.status(status);
    }

    fn shows_progress(&self) -> bool {
        self.live.is_some()
    }
}

/// The line at the bottom of a terminal that is written over and over.
#[derive(Default)]
struct LiveLine {
    /// How many columns of it are filled.
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

    /// Blanks, not escape sequences: not every console of Windows understands these.
    fn clear(&self) {
        let mut filled = self.filled();
        if *filled > 0 {
            let mut stderr = io::stderr().lock();
            let _ = write!(stderr, "\r{:1$}\r", "", *filled).and_then(|()| stderr.flush());
            *filled = 0;
        }
    }
}

/// How many columns a table may have: those of the terminal. `None` for a job, whose output looks the same everywhere.
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

/// Prints a text as it is: help, version, a list. Returns the exit code of a success.
pub fn print_text(text: &str) -> u8 {
    print(&text.lines().map(|line| ascii(line) + "\n").collect::<String>());
    exit::SUCCESS
}

/// Prints one line on stdout.
pub fn print_line(line: &str) {
    print(&(ascii(line) + "\n"));
}

/// Prints a value as one line of JSON; what is not ASCII is written as `\uXXXX`.
pub fn print_json(value: &impl Serialize) {
    print(&(ascii_json(&serde_json::to_string(value).unwrap_or_default()) + "\n"));
}

/// Prints a value as JSON for people, in many lines. Returns the exit code of a success.
pub fn print_pretty_json(value: &impl Serialize) -> u8 {
    print(&(ascii_json(&serde_json::to_string_pretty(value).unwrap_or_default()) + "\n"));
    exit::SUCCESS
}

fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    // Nobody is left to be told when the reader has gone.
    let _ = stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush());
}

fn print_error_line(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", ascii(line));
}

/// The text in one line of printable ASCII: everything else is escaped, so that no value can forge a line.
pub fn ascii(line: &str) -> String {
    line.chars().fold(String::with_capacity(line.len()), |mut escaped, c| {
        match c {
            ' '..='~' => escaped.push(c),
            _ => escaped.extend(c.escape_default()),
        }
        escaped
    })
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
