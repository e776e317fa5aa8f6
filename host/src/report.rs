//! The report of a finished job: its table, what is left to do, why it failed, its verdict.

use std::path::PathBuf;

use connector_sdk::{Error, InstanceEntry, Journal, Outcome, PropertyEntry, Reporter as _, Result, Table};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::console::{Console, ascii, json_line, one_line};
use crate::settings::Output;
use crate::{exit, shell, table};

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
    /// The configuration that the job named; `None` for the usual one.
    pub config: Option<&'a PathBuf>,
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
    found: Option<Vec<Map<String, Value>>>,
    error: Option<&'a Error>,
}

/// The exit code of a job that has done all of it, and whose output did not arrive.
const NOT_DELIVERED: u8 = 7;

/// How a job ended.
struct End {
    exit_code: u8,
    status: &'static str,
    /// Why it failed; `None` of a success.
    error: Option<Error>,
    /// The last line.
    verdict: String,
}

impl End {
    /// The end of a job whose output was lost for that reason, if it was.
    fn of(report: &Report<'_>, lost: Option<&Error>) -> Self {
        let changed = report.journal.is_some_and(Journal::anything_changed);
        let (exit_code, error) = match (report.result, lost) {
            (Err(error), _) => (exit::code_of(error, changed), Some(error.clone())),
            (Ok(_), Some(lost)) => {
                (NOT_DELIVERED, Some(lost.clone().hint("stderr and the log have the rest of the output")))
            }
            (Ok(_), None) => (exit::SUCCESS, None),
        };
        let status = match (&error, changed) {
            (None, _) => "succeeded",
            (Some(_), true) => "partial",
            (Some(_), false) => "failed",
        };
        let verdict = verdict(report, status, exit_code);
        End { exit_code, status, error, verdict }
    }
}

/// Prints how the job ended, and returns its exit code. What an operator needs first comes last: OpCon's viewer shows the
/// two ends of a long output.
pub fn finish(console: &Console, report: &Report<'_>) -> u8 {
    if console.output() == Output::Text {
        print_tables(console, report);
    }
    tell_missing_properties(console, report);
    let end = conclude(console, report);
    tracing::info!("{}", ascii(&end.verdict));
    let failed = || format!("failed, code {}", end.exit_code);
    console.status(&if end.exit_code == exit::SUCCESS { end.status.to_owned() } else { failed() });
    end.exit_code
}

/// Prints why the job failed, and last its verdict or its document.
fn conclude(console: &Console, report: &Report<'_>) -> End {
    let end = End::of(report, console.lost());
    if let Some(error) = &end.error {
        console.failure(error);
    }
    let last = match console.output() {
        Output::Text => one_line(&end.verdict),
        Output::Json => document(report, &end),
    };
    if console.offer(&last) {
        return end;
    }
    if end.error.is_none() {
        return conclude(console, report); // a success whose last line is lost is none
    }
    match console.output() {
        Output::Text => console.error_line(&end.verdict),
        Output::Json => console.divert(&last),
    }
    end
}

fn document(report: &Report<'_>, end: &End) -> String {
    let Report { function, region, user_id, journal, .. } = *report;
    let End { exit_code, status, ref error, .. } = *end;
    json_line(&Document {
        function,
        region,
        user_id,
        status,
        exit_code,
        instances: &journal.map(Journal::instances).unwrap_or_default(),
        properties: &journal.map(Journal::properties).unwrap_or_default(),
        found: journal.and_then(Journal::table).as_ref().map(objects),
        error: error.as_ref(),
    })
}

/// The commands that save later what was not saved.
fn tell_missing_properties(console: &Console, report: &Report<'_>) {
    let properties = report.journal.map(Journal::properties).unwrap_or_default();
    let missing: Vec<_> = properties.iter().filter(|property| property.is_missing()).collect();
    // A list is not worth its length here: the job that reads it from EC2 is simply run again.
    if missing.is_empty() || report.journal.is_none_or(|journal| journal.instances().is_empty()) {
        return;
    }
    console.event("not saved in OpCon; to save it later:");
    let config = report.config.map(|path| path.display().to_string());
    for PropertyEntry { name, value, .. } in missing {
        let mut words = vec!["awsec2", "set-property", name, value];
        words.extend(config.iter().flat_map(|config| ["--config", config]));
        console.event(&format!("  {}", shell::command_line(&words)));
    }
}

/// The last line of a job.
fn verdict(report: &Report<'_>, status: &str, exit_code: u8) -> String {
    let function = report.function.unwrap_or("awsec2");
    match (report.result, status) {
        (Ok(outcome), "succeeded") => format!("{function} succeeded: {}", outcome.message),
        (_, "partial") => format!("{function} failed after changing something in EC2, exit code {exit_code}"),
        _ => format!("{function} failed, exit code {exit_code}"),
    }
}

/// The rows as objects whose keys are the titles of the columns in JSON's spelling: `Image ID` as `image_id`.
fn objects(table: &Table) -> Vec<Map<String, Value>> {
    let keys: Vec<_> = table.columns.iter().map(|title| title.to_lowercase().replace(' ', "_")).collect();
    let cells = |row: &Vec<String>| row.iter().map(|cell| Value::from(cell.as_str())).collect::<Vec<_>>();
    table.rows.iter().map(|row| keys.iter().cloned().zip(cells(row)).collect()).collect()
}

fn print_tables(console: &Console, report: &Report<'_>) {
    let instances = report.journal.map(Journal::instances).unwrap_or_default();
    if !instances.is_empty() {
        console.text(&instance_table(&instances));
    }
    let found = report.journal.and_then(Journal::table);
    if let Some(found) = found.filter(|found| !found.rows.is_empty()) {
        let rows = found.rows.iter().map(|row| row.iter().map(|cell| ascii(cell)).collect());
        console.text(&table::plain(found.columns, rows));
    }
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
