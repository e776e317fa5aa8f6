//! Commands for the operator: what saves what was not saved, and what the job advises.

use connector_sdk::properties::Contents;
use connector_sdk::{Advice, Journal, PropertyEntry, Reporter as _};

use super::end::Report;
use crate::console::Console;
use crate::shell;

/// The commands that save later what was not saved. A list is not worth its length here: the job that reads it from EC2 is
/// simply run again.
pub fn tell_missing_properties(console: &Console, report: &Report<'_>) {
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
pub fn look_up(report: &Report<'_>) -> Option<(String, Advice)> {
    report.journal.filter(|journal| journal.anything_unknown()).and_then(Journal::last_launch)
}

/// The commands that the operator is advised to run, with the common arguments of this job.
pub fn tell_advice(console: &Console, report: &Report<'_>) {
    let of_launch = look_up(report).filter(|_| report.result.is_err()).map(|(_, advice)| advice);
    let advice = report.journal.map(Journal::advice).unwrap_or_default();
    for Advice { purpose, words } in of_launch.into_iter().chain(advice) {
        console.event(&format!("{purpose}:"));
        console.event(&format!("  {}", command_of(report, &words)));
    }
}

pub fn command_of(report: &Report<'_>, words: &[String]) -> String {
    let config = report.config.map(|path| path.display().to_string());
    let common = [("--region", report.region), ("--user-id", report.user_id), ("--config", config.as_deref())];
    let common = common.iter().flat_map(|(name, value)| value.iter().flat_map(move |value| [*name, value]));
    let words: Vec<&str> = ["awsec2"].into_iter().chain(words.iter().map(String::as_str)).chain(common).collect();
    shell::command_line(&words)
}
