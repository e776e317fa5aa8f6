//! All that the program prints: the lines of a running job, and its report at the end. Plain ASCII.
#![expect(clippy::disallowed_methods, reason = "this is the one module that prints")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write as _};

use connector_sdk::{Error, InstanceEntry, Journal, Outcome, PropertyEntry, Reporter, Result, Table};
use serde::Serialize;

use crate::exit;
use crate::settings::Output;
use crate::table;

/// Prints and logs the lines of a job. In JSON form they go to stderr: stdout holds the document alone.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    /// The form of the output.
    pub output: Output,
}

impl Reporter for Console {
    fn event(&self, line: &str) {
        tracing::info!("{}", ascii(line));
        match self.output {
            Output::Text => print_line(line),
            Output::Json => print_error_line(line),
        }
    }

    fn warning(&self, line: &str) {
        tracing::warn!("{}", ascii(line));
        print_error_line(&format!("warning: {line}"));
    }
}

/// Prints a text as it is: help, version, a list.
pub fn print_text(text: &str) {
    let mut stdout = io::stdout().lock();
    // Nobody is left to be told when the reader has gone.
    let _ = stdout.write_all(ascii_text(text).as_bytes()).and_then(|()| stdout.flush());
}

fn print_line(line: &str) {
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{}", ascii(line)).and_then(|()| stdout.flush());
}

fn print_error_line(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", ascii(line));
}

/// The text in one line of printable ASCII: everything else is escaped, so that no value can forge a line.
fn ascii(line: &str) -> String {
    line.chars().fold(String::with_capacity(line.len()), |mut escaped, c| {
        match c {
            ' '..='~' => escaped.push(c),
            _ => escaped.extend(c.escape_default()),
        }
        escaped
    })
}

fn ascii_text(text: &str) -> String {
    text.lines().map(|line| ascii(line) + "\n").collect()
}

/// A finished job, or an attempt at one.
pub struct Report<'a> {
    /// The function; `None` when the command line did not tell.
    pub function: Option<&'a str>,
    /// The region; `None` when it is not known.
    pub region: Option<&'a str>,
    /// The user id; `None` without one.
    pub user_id: Option<&'a str>,
    /// What happened; `None` when nothing can have.
    pub journal: Option<&'a Journal>,
    /// How it ended.
    pub result: &'a Result<Outcome>,
}

/// The JSON document of a job.
#[derive(Serialize)]
struct Document<'a> {
    function: Option<&'a str>,
    region: Option<&'a str>,
    user_id: Option<&'a str>,
    status: &'static str,
    exit_code: u8,
    instances: &'a [InstanceEntry],
    properties: &'a [PropertyEntry],
    /// What a job that looks for something else than instances has found: an object a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Vec<BTreeMap<String, &'a str>>>,
    error: Option<&'a Error>,
}

impl Console {
    /// Prints how the job ended, and returns its exit code.
    pub fn finish(&self, report: &Report<'_>) -> u8 {
        let changed = report.journal.is_some_and(Journal::anything_changed);
        let exit_code = report.result.as_ref().err().map_or(exit::SUCCESS, |error| exit::code_of(error, changed));
        let status = match (report.result, changed) {
            (Ok(_), _) => "succeeded",
            (Err(_), true) => "partial",
            (Err(_), false) => "failed",
        };
        let instances = report.journal.map(Journal::instances).unwrap_or_default();
        let properties = report.journal.map(Journal::properties).unwrap_or_default();
        let table = report.journal.and_then(Journal::table);
        if let Err(error) = report.result {
            print_failure(error);
        }
        match self.output {
            Output::Text => {
                if !instances.is_empty() {
                    print_text(&instance_table(&instances));
                }
                if let Some(table) = table.filter(|table| !table.rows.is_empty()) {
                    let rows = table.rows.iter().map(|row| row.iter().map(|cell| ascii(cell)).collect());
                    print_text(&table::plain(table.columns, rows));
                }
                print_line(&verdict(report, status, exit_code));
            }
            Output::Json => {
                let Report { function, region, user_id, result, .. } = *report;
                let (instances, properties) = (&*instances, &*properties);
                let found = table.as_ref().map(objects);
                let error = result.as_ref().err();
                print_json(&Document {
                    function,
                    region,
                    user_id,
                    status,
                    exit_code,
                    instances,
                    properties,
                    found,
                    error,
                });
            }
        }
        tracing::info!("{}", ascii(&verdict(report, status, exit_code)));
        exit_code
    }
}

fn print_failure(error: &Error) {
    tracing::error!("{}", ascii(&error.to_string()));
    print_error_line(&format!("error: {error}"));
    if let Some(hint) = error.hint_text() {
        print_error_line(&format!("hint: {hint}"));
    }
}

/// The last line of a job.
fn verdict(report: &Report<'_>, status: &str, exit_code: u8) -> String {
    let function = report.function.unwrap_or("awsec2");
    match (report.result, status) {
        (Ok(outcome), _) => format!("{function} succeeded: {}", outcome.message),
        (Err(_), "partial") => format!("{function} failed after changing something in EC2, exit code {exit_code}"),
        (Err(_), _) => format!("{function} failed, exit code {exit_code}"),
    }
}

/// The rows as objects whose keys are the titles of the columns in JSON's spelling: `Image ID` as `image_id`.
fn objects(table: &Table) -> Vec<BTreeMap<String, &str>> {
    let keys: Vec<_> = table.columns.iter().map(|title| title.to_lowercase().replace(' ', "_")).collect();
    table.rows.iter().map(|row| keys.iter().cloned().zip(row.iter().map(String::as_str)).collect()).collect()
}

fn instance_table(instances: &[InstanceEntry]) -> String {
    let cell = |value: &Option<String>| value.as_deref().map_or("-".to_owned(), ascii);
    let rows = instances.iter().map(|entry| {
        let result = entry.result.map(|result| result.name().to_owned());
        let InstanceEntry { name, state, status_checks, public_dns, public_ip, private_ip, .. } = entry;
        let [name, state, checks] = [name, state, status_checks].map(cell);
        let [public_dns, public_ip, private_ip] = [public_dns, public_ip, private_ip].map(cell);
        vec![entry.id.to_string(), name, state, checks, public_dns, public_ip, private_ip, cell(&result)]
    });
    let header = ["Instance ID", "Name", "State", "Status checks", "Public DNS", "Public IP", "Private IP", "Result"];
    table::plain(&header, rows)
}

/// One line of JSON; what is not ASCII is written as `\uXXXX`.
fn print_json(document: &Document<'_>) {
    let text = serde_json::to_string(document).unwrap_or_default();
    let mut escaped = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c {
            '\0'..='\x7e' => escaped.push(c),
            _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
                let _ = write!(escaped, "\\u{unit:04x}");
            }),
        }
    }
    let mut stdout = io::stdout().lock();
    let _ = writeln!(stdout, "{escaped}").and_then(|()| stdout.flush());
}
