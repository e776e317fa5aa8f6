//! The report of a finished job: its table, what is left to do, why it failed, its verdict.

use std::path::PathBuf;

use connector_sdk::properties::Contents;
use connector_sdk::{Advice, Error, InstanceEntry, Journal, Outcome, PropertyEntry, Reporter as _, Result, Table};
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
    /// The client token of a launch of unknown outcome, and the command that shows what was launched by it.
    #[serde(flatten)]
    look_up: Option<LookUp>,
}

/// How to find out what a launch of unknown outcome has launched.
#[derive(Serialize)]
struct LookUp {
    client_token: String,
    look_up: String,
}

/// The exit code of a job that has done all of it, and whose output did not arrive.
const NOT_DELIVERED: u8 = 7;

/// The status of a job of which nobody knows what EC2 did.
const UNKNOWN: &str = "unknown";

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
        let unknown = report.journal.is_some_and(Journal::anything_unknown);
        let (exit_code, error) = match (report.result, lost) {
            (Err(error), _) => (exit::code_of(error, changed, unknown), Some(error.clone())),
            (Ok(_), Some(lost)) => {
                (NOT_DELIVERED, Some(lost.clone().hint("stderr and the log have the rest of the output")))
            }
            (Ok(_), None) => (exit::SUCCESS, None),
        };
        let status = match (&error, unknown, changed) {
            (None, _, _) => "succeeded",
            (Some(_), true, _) => UNKNOWN,
            (Some(_), false, true) => "partial",
            (Some(_), false, false) => "failed",
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
    tell_advice(console, report);
    let end = conclude(console, report);
    tracing::info!("{}", end.verdict);
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
        look_up: look_up(report)
            .filter(|_| status == UNKNOWN)
            .map(|(client_token, advice)| LookUp { client_token, look_up: command_of(report, &advice.words) }),
    })
}

/// The commands that save later what was not saved. A list is not worth its length here: the job that reads it from EC2 is
/// simply run again.
fn tell_missing_properties(console: &Console, report: &Report<'_>) {
    let properties = report.journal.map(Journal::properties).unwrap_or_default();
    let is_told = |property: &&PropertyEntry| property.is_missing() && property.contents != Contents::List;
    let missing: Vec<_> = properties.iter().filter(is_told).collect();
    if missing.is_empty() {
        return;
    }
    let all_known = missing.iter().all(|property| property.value.is_some());
    let values = if all_known { "" } else { ", with the value in place of <...>" };
    console.event(&format!("not saved in OpCon; to save it later{values}:"));
    let config = report.config.map(|path| path.display().to_string());
    for property in missing {
        console.event(&format!("  {}", save_command(property, config.as_deref())));
    }
}

/// The command that saves a property. What stands in the place of an unknown value has blanks and no quotes and ends the
/// line: copied as it is, a shell refuses it as a redirection, and the program as words too many.
fn save_command(property: &PropertyEntry, config: Option<&str>) -> String {
    let PropertyEntry { name, value, contents, .. } = property;
    let config = config.map(|config| ["--config", config]);
    let mut words = vec!["awsec2", "set-property"];
    match value {
        Some(value) => {
            words.extend([name, value.as_str()]);
            words.extend(config.iter().flatten());
            shell::command_line(&words)
        }
        None => {
            words.extend(config.iter().flatten());
            words.push(name);
            format!("{} <{contents}>", shell::command_line(&words))
        }
    }
}

/// The client token of the last launch, and the command that shows what it made.
fn look_up(report: &Report<'_>) -> Option<(String, Advice)> {
    report.journal.filter(|journal| journal.anything_unknown()).and_then(Journal::last_launch)
}

/// The commands that the operator is advised to run, with the common arguments of this job.
fn tell_advice(console: &Console, report: &Report<'_>) {
    let of_launch = look_up(report).filter(|_| report.result.is_err()).map(|(_, advice)| advice);
    let advice = report.journal.map(Journal::advice).unwrap_or_default();
    for Advice { purpose, words } in of_launch.into_iter().chain(advice) {
        console.event(&format!("{purpose}:"));
        console.event(&format!("  {}", command_of(report, &words)));
    }
}

fn command_of(report: &Report<'_>, words: &[String]) -> String {
    let config = report.config.map(|path| path.display().to_string());
    let common = [("--region", report.region), ("--user-id", report.user_id), ("--config", config.as_deref())];
    let common = common.iter().flat_map(|(name, value)| value.iter().flat_map(move |value| [*name, value]));
    let words: Vec<&str> = ["awsec2"].into_iter().chain(words.iter().map(String::as_str)).chain(common).collect();
    shell::command_line(&words)
}

/// The last line of a job.
fn verdict(report: &Report<'_>, status: &str, exit_code: u8) -> String {
    let function = report.function.unwrap_or("awsec2");
    match (report.result, status) {
        (Ok(outcome), "succeeded") => format!("{function} succeeded: {}", outcome.message),
        (_, UNKNOWN) => format!("{function} ended with an unknown outcome, exit code {exit_code}"),
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
