//! Prints commands for the operator: to save missing properties, and commands that the job recommends.

use connector_sdk::properties::Contents;
use connector_sdk::{Journal, PropertyEntry, Reporter as _, SuggestedCommand};

use opcon::PropertyValue;

use super::end::Report;
use crate::console::Console;
use crate::escaped::ascii;
use crate::{program, shell};

/// Prints the commands that save the properties that were not saved. Option lists are too long for a command; the job
/// that reads them from EC2 is repeated instead.
pub fn print_missing_properties(console: &Console, report: &Report<'_>) {
    let properties = report.journal.map(Journal::properties).unwrap_or_default();
    missing(&properties, report.config.map(|path| path.display().to_string()).as_deref())
        .iter()
        .for_each(|line| console.event(line));
}

/// The lines that [`print_missing_properties`] prints.
pub(super) fn missing(properties: &[PropertyEntry], config: Option<&str>) -> Vec<String> {
    let has_value = |property: &&PropertyEntry| property.is_missing() && property.contents != Contents::OptionList;
    let missing: Vec<_> = properties.iter().filter(has_value).collect();
    if missing.is_empty() {
        return Vec::new();
    }
    let all_known = missing.iter().all(|property| value_in_command(property).is_some());
    let values = if all_known { "" } else { ", with the value in place of <...>" };
    let commands = missing.into_iter().map(|property| format!("  {}", save_command(property, config)));
    [format!("not saved in OpCon; to save it later{values}:")].into_iter().chain(commands).collect()
}

/// The command that saves a property, with its name as `set-property` reads it. The placeholder for a value contains
/// spaces and no quotes and ends the line: if it is copied unchanged, a shell rejects it as a redirection, and the
/// program rejects the additional arguments.
fn save_command(property: &PropertyEntry, config: Option<&str>) -> String {
    let config = config.map(|config| ["--config", config]);
    let name = ascii(&property.name);
    let mut args = vec![program::name(), "set-property"];
    match value_in_command(property) {
        Some(value) => {
            args.extend([name.as_str(), value]);
            args.extend(config.iter().flatten());
            shell::command_line(&args)
        }
        None => {
            args.extend(config.iter().flatten());
            args.push(&name);
            format!("{} <{}>", shell::command_line(&args), property.contents)
        }
    }
}

/// The value, if it can be part of a command: known, valid in OpCon, and unchanged in ASCII output.
fn value_in_command(property: &PropertyEntry) -> Option<&str> {
    let value = property.value.as_deref()?;
    (value.bytes().all(|b| matches!(b, b' '..=b'~')) && PropertyValue::new(value).is_ok()).then_some(value)
}

/// Prints the client token of the last launch, and the command that describes the launched instances.
pub fn look_up(report: &Report<'_>) -> Option<(String, SuggestedCommand)> {
    report.journal.filter(|journal| journal.anything_unknown()).and_then(Journal::last_launch)
}

/// Prints the commands that the job recommends, with the common arguments of this job.
pub fn print_advice(console: &Console, report: &Report<'_>) {
    let of_launch = look_up(report).filter(|_| report.result.is_err()).map(|(_, advice)| advice);
    let advice = report.journal.map(Journal::suggestions).unwrap_or_default();
    for SuggestedCommand { purpose, arguments } in of_launch.into_iter().chain(advice) {
        console.event(&format!("{purpose}:"));
        console.event(&format!("  {}", command_of(report, &arguments)));
    }
}

pub fn command_of(report: &Report<'_>, args: &[String]) -> String {
    let config = report.config.map(|path| path.display().to_string());
    let common = [("--region", report.region), ("--user-id", report.user_id), ("--config", config.as_deref())];
    let common = common.iter().flat_map(|(name, value)| value.iter().flat_map(move |value| [*name, value]));
    let args: Vec<&str> = [program::name()].into_iter().chain(args.iter().map(String::as_str)).chain(common).collect();
    shell::command_line(&args)
}

#[cfg(test)]
mod tests {
    use connector_sdk::InstanceId;
    use connector_sdk::properties::{Delivery, Field};

    use super::*;

    fn other(name: &str, value: &str) -> PropertyEntry {
        PropertyEntry::pending(name, Contents::Other("console output of i-0abc".to_owned()), Some(value.to_owned()))
    }

    #[test]
    fn every_unsaved_value_becomes_a_command() {
        let [saved, queued] =
            [Delivery::Confirmed, Delivery::Queued].map(|delivery| other("A", "1").after(&Ok(delivery)));
        let list = PropertyEntry::pending("AWS_IMAGES", Contents::OptionList, Some("ami-1".to_owned()));
        assert_eq!(missing(&[saved, queued, list], None), Vec::<String>::new());
        let lines = missing(&[other("A", "x"), other("B", "")], Some("c.config"));
        let commands = ["  awsec2 set-property A x --config c.config", "  awsec2 set-property B '' --config c.config"];
        assert_eq!(lines[0], "not saved in OpCon; to save it later:");
        assert_eq!(
            lines[1..],
            if cfg!(windows) { commands.map(|line| line.replace("''", "\"\"")) } else { commands.map(str::to_owned) }
        );
    }

    #[test]
    fn a_name_that_is_not_ascii_is_escaped_as_set_property_reads_it() {
        let name = "JI.ID.2026-01-31.N\u{e4}chte.\u{1f600}";
        let command = missing(&[other(name, "x")], None).remove(1);
        // A shell reads two backslashes in double quotes as one.
        assert!(command.replace(r"\\", r"\").contains(r"N\u{e4}chte.\u{1f600}"), "{command}");
    }

    #[test]
    fn a_value_that_a_command_cannot_have_is_left_to_the_operator() {
        for value in ["two\nlines", "w\u{e9}b", "tab\t", &"x".repeat(4001)] {
            let lines = missing(&[other("OUTPUT", value)], None);
            assert_eq!(lines[0], "not saved in OpCon; to save it later, with the value in place of <...>:");
            assert_eq!(lines[1], "  awsec2 set-property OUTPUT <console output of i-0abc>");
        }
        let address = Contents::Of(Field::PublicIp, InstanceId::from_ec2("i-0abc"));
        let lines = missing(&[PropertyEntry::pending("IP", address, None)], Some("c.config"));
        assert_eq!(lines[1], "  awsec2 set-property --config c.config IP <public IPv4 address of i-0abc>");
    }
}
