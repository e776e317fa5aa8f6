//! The tables of a job in text form.

use connector_sdk::InstanceEntry;

use super::end::Report;
use crate::console::{Console, ascii};
use crate::table;

/// Prints what the job has found, in tables.
pub fn print(console: &Console, report: &Report<'_>) {
    let Some(journal) = report.journal else { return };
    let mut instances = Vec::new();
    journal.each(|entry| instances.push(instance_row(entry)));
    if !instances.is_empty() {
        console.text(&table::plain(&INSTANCE_COLUMNS, instances));
    }
    let found = journal.table();
    if let Some(found) = found.filter(|found| !found.rows.is_empty()) {
        let rows = found.rows.iter().map(|row| row.iter().map(|cell| ascii(cell)).collect());
        console.text(&table::plain(found.columns, rows));
    }
}

const INSTANCE_COLUMNS: [&str; 8] =
    ["Instance ID", "Name", "State", "Status checks", "Public DNS", "Public IP", "Private IP", "Result"];

fn instance_row(entry: &InstanceEntry) -> Vec<String> {
    let cell = |value: &Option<String>| value.as_deref().map_or("-".to_owned(), ascii);
    let InstanceEntry { name, state, status_checks, public_dns, public_ip, private_ip, .. } = entry;
    let [name, state, checks] = [name, state, status_checks].map(cell);
    let [public_dns, public_ip, private_ip] = [public_dns, public_ip, private_ip].map(cell);
    let result = cell(&entry.result.map(|result| result.name().to_owned()));
    vec![entry.id.to_string(), name, state, checks, public_dns, public_ip, private_ip, result]
}
