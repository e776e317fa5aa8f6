//! The report of a finished job: its table, what is left to do, why it failed, its verdict.

use std::path::PathBuf;

use connector_sdk::properties::Contents;
use connector_sdk::{Advice, Error, InstanceEntry, Journal, Outcome, PropertyEntry, Reporter as _, Result, Table};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::console::{Console, ascii, print_json, print_line, print_text};
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

/// Prints how the job ended, and returns its exit code. What an operator needs first comes last: OpCon's viewer shows the
/// two ends of a long output.
pub fn finish(console: &Console, report: &Report<'_>) -> u8 {
    let changed = report.journal.is_some_and(Journal::anything_changed);
    let exit_code = report.result.as_ref().err().map_or(exit::SUCCESS, |error| exit::code_of(error, changed));
    let unknown = report.journal.is_some_and(Journal::anything_unknown);
    let status = match (report.result, unknown, changed) {
        (Ok(_), _, _) => "succeeded",
        (Err(_), true, _) => "unknown",
        (Err(_), false, true) => "partial",
        (Err(_), false, false) => "failed",
    };
    let look_up = report.journal.and_then(Journal::last_launch).filter(|_| status == "unknown");
    let advice = report.journal.map(Journal::advice).unwrap_or_default();
    let advice: Vec<Advice> = look_up.iter().map(|(_, advice)| advice.clone()).chain(advice).collect();
    let instances = report.journal.map(Journal::instances).unwrap_or_default();
    let properties = report.journal.map(Journal::properties).unwrap_or_default();
    let found = report.journal.and_then(Journal::table);
    console.clear();
    if console.output() == Output::Text {
        print_tables(&instances, found.as_ref());
    }
    tell_missing_properties(console, report, &properties);
    tell_advice(console, report, &advice);
    if let Err(error) = report.result {
        console.failure(error);
    }
    let verdict = verdict(report, status, exit_code);
    match console.output() {
        Output::Text => print_line(&verdict),
        Output::Json => {
            let Report { function, region, user_id, result, .. } = *report;
            let (instances, properties) = (&*instances, &*properties);
            let (found, error) = (found.as_ref().map(objects), result.as_ref().err());
            let look_up = look_up
                .map(|(client_token, advice)| LookUp { client_token, look_up: command_of(report, &advice.words) });
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
                look_up,
            });
        }
    }
    tracing::info!("{}", ascii(&verdict));
    console.status(&if exit_code == exit::SUCCESS { status.to_owned() } else { format!("failed, code {exit_code}") });
    exit_code
}

/// The commands that save later what was not saved. A list is not worth its length here: the job that reads it from EC2 is
/// simply run again.
fn tell_missing_properties(console: &Console, report: &Report<'_>, properties: &[PropertyEntry]) {
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

/// The commands that the operator is advised to run, with the common arguments of this job.
fn tell_advice(console: &Console, report: &Report<'_>, advice: &[Advice]) {
    for Advice { purpose, words } in advice {
        console.event(&format!("{purpose}:"));
        console.event(&format!("  {}", command_of(report, words)));
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
        (Ok(outcome), _) => format!("{function} succeeded: {}", outcome.message),
        (Err(_), "unknown") => format!("{function} ended with an unknown outcome, exit code {exit_code}"),
        (Err(_), "partial") => format!("{function} failed after changing something in EC2, exit code {exit_code}"),
        (Err(_), _) => format!("{function} failed, exit code {exit_code}"),
    }
}

/// The rows as objects whose keys are the titles of the columns in JSON's spelling: `Image ID` as `image_id`.
fn objects(table: &Table) -> Vec<Map<String, Value>> {
    let keys: Vec<_> = table.columns.iter().map(|title| title.to_lowercase().replace(' ', "_")).collect();
    let cells = |row: &Vec<String>| row.iter().map(|cell| Value::from(cell.as_str())).collect::<Vec<_>>();
    table.rows.iter().map(|row| keys.iter().cloned().zip(cells(row)).collect()).collect()
}

fn print_tables(instances: &[InstanceEntry], found: Option<&Table>) {
    if !instances.is_empty() {
        print_text(&instance_table(instances));
    }
    if let Some(found) = found.filter(|found| !found.rows.is_empty()) {
        let rows = found.rows.iter().map(|row| row.iter().map(|cell| ascii(cell)).collect());
        print_text(&table::plain(found.columns, rows));
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
