//! Formats the findings of a job as text: tables, files, and machine output.

use connector_sdk::{InstanceEntry, Journal, ResourceEntry, Table, Text, TitledTable, WrittenFile};

use crate::escaped::ascii;
use crate::table;

/// The prefix of each line of machine output, so that it cannot imitate a line of the report.
const LINE_PREFIX: &str = "|";

/// The parts of the report in output order. Each consists of complete lines.
pub fn findings(journal: &Journal) -> Vec<String> {
    let mut instances = Vec::new();
    journal.for_each(|entry| instances.push(instance_row(entry)));
    let resources: Vec<_> = journal.resources().iter().map(resource_row).collect();
    let mut parts = Vec::new();
    if !instances.is_empty() {
        parts.push(table::plain(&INSTANCE_COLUMNS, instances));
    }
    if !resources.is_empty() {
        parts.push(table::plain(&RESOURCE_COLUMNS, resources));
    }
    parts.extend(journal.table().as_ref().and_then(found));
    parts.extend(journal.titled_tables().iter().map(titled));
    parts.extend(journal.files().iter().map(file));
    parts.extend(journal.texts().iter().map(text));
    parts
}

/// A table without rows is omitted.
fn found(found: &Table) -> Option<String> {
    let rows = found.rows.iter().map(|row| row.iter().map(|cell| ascii(cell)).collect());
    (!found.rows.is_empty()).then(|| table::plain(found.columns, rows))
}

fn titled(TitledTable { title, table }: &TitledTable) -> String {
    match found(table) {
        Some(table) => format!("{}:\n{table}", ascii(title)),
        None => format!("{}: none\n", ascii(title)),
    }
}

fn file(WrittenFile { path, contents }: &WrittenFile) -> String {
    format!("{}: {}\n", ascii(contents), ascii(&path.display().to_string()))
}

fn text(Text { title, text, left_out }: &Text) -> String {
    let left_out = if *left_out == 0 { String::new() } else { format!(" (the first {left_out} bytes are left out)") };
    let lines: String =
        text.lines().map(|line| format!("{}\n", format!("{LINE_PREFIX} {}", ascii(line)).trim_end())).collect();
    format!("{}{left_out}:\n{lines}", ascii(title))
}

const RESOURCE_COLUMNS: [&str; 5] = ["Resource ID", "Kind", "Name", "State", "Result"];

fn resource_row(ResourceEntry { resource, result, .. }: &ResourceEntry) -> Vec<String> {
    let [name, state] = [&resource.name, &resource.state].map(cell);
    vec![
        ascii(&resource.id),
        resource.kind.to_owned(),
        name,
        state,
        cell(&result.map(|result| result.name().to_owned())),
    ]
}

const INSTANCE_COLUMNS: [&str; 8] =
    ["Instance ID", "Name", "State", "Status checks", "Public DNS", "Public IP", "Private IP", "Result"];

fn instance_row(entry: &InstanceEntry) -> Vec<String> {
    let InstanceEntry { name, state, status_checks, public_dns, public_ip, private_ip, .. } = entry;
    let [name, state, checks] = [name, state, status_checks].map(cell);
    let [public_dns, public_ip, private_ip] = [public_dns, public_ip, private_ip].map(cell);
    let note = entry.note.as_deref().map_or_else(String::new, |note| format!(": {}", ascii(note)));
    let result = cell(&entry.result.map(|result| result.name().to_owned())) + &note;
    vec![entry.id.to_string(), name, state, checks, public_dns, public_ip, private_ip, result]
}

fn cell(value: &Option<String>) -> String {
    value.as_deref().map_or("-".to_owned(), ascii)
}

#[cfg(test)]
mod tests {
    use connector_sdk::{Error, ErrorKind, InstanceId, Resource, ResourceResult};

    use super::*;

    #[test]
    fn every_kind_of_finding_has_its_part() {
        let journal = Journal::default();
        let image = Resource::new("image", "ami-0abc").with_name("nightly").with_state("available");
        journal.record_resource_result(&image, Ok(ResourceResult::Changed));
        let snapshot = Resource::new("snapshot", "snap-0abc");
        journal.record_resource_result(&snapshot, Err(Error::new(ErrorKind::Unknown, "no answer")));
        journal.record_table(Table { columns: &["Region"], rows: vec![vec!["us-east-1".to_owned()]] });
        journal.record_titled_table(
            "volumes of i-0abc",
            Table { columns: &["Volume ID"], rows: vec![vec!["vol-1".to_owned()]] },
        );
        journal.record_titled_table("addresses", Table { columns: &["Address"], rows: Vec::new() });
        journal.record_file("keys/web.pem", "private key of key pair web");
        journal.record_text("console output of i-0abc", "it works\n");
        let expected = [
            "Resource ID  Kind      Name     State      Result\n\
             ami-0abc     image     nightly  available  changed\n\
             snap-0abc    snapshot  -        -          unknown\n",
            "Region\nus-east-1\n",
            "volumes of i-0abc:\nVolume ID\nvol-1\n",
            "addresses: none\n",
            "private key of key pair web: keys/web.pem\n",
            "console output of i-0abc:\n| it works\n",
        ];
        assert_eq!(findings(&journal), expected);
    }

    #[test]
    fn a_note_is_printed_with_the_result() {
        let (journal, id) = (Journal::default(), InstanceId::from_ec2("i-00000000"));
        journal.record_accepted(&id, None, Some("running"), ResourceResult::Changed);
        journal.record_note(&id, "restart accepted, not observed");
        assert!(findings(&journal)[0].ends_with("changed: restart accepted, not observed\n"));
    }

    #[test]
    fn machine_output_cannot_imitate_a_line_of_the_report() {
        let journal = Journal::default();
        let forged = "StopInstance succeeded: 9 instances stopped";
        let breaks = ["\n", "\r\n", "\r", "\x0b", "\x0c", "\u{85}", "\u{2028}", "\x1b[2K\x1b[1G", "\x08\x08", "\n\n"];
        for line_break in breaks {
            journal.record_text("output", format!("begin{line_break}{forged}{line_break}"));
        }
        let parts = findings(&journal);
        for line in parts.iter().flat_map(|part| part.split('\n')) {
            assert!(line.is_empty() || line == "output:" || line.starts_with('|'), "{line:?}");
            assert!(line.bytes().all(|b| matches!(b, b' '..=b'~')), "{line:?}");
        }
        assert_eq!(parts[9], format!("output:\n| begin\n|\n| {forged}\n|\n"));
    }

    #[test]
    fn titles_and_cells_cannot_forge_a_line() {
        let journal = Journal::default();
        journal.record_titled_table("a\nb", Table { columns: &["A"], rows: vec![vec!["c\nd".to_owned()]] });
        journal.record_file("e\nf", "g\nh");
        journal.record_resource(&Resource::new("image", "i\nj"));
        journal.record_text("k\nl", "");
        let lines: Vec<_> =
            findings(&journal).iter().flat_map(|part| part.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
        assert_eq!(
            lines[1..],
            ["i\\nj         image  -     -      -", "a\\nb:", "A", "c\\nd", "g\\nh: e\\nf", "k\\nl:"]
        );
    }

    #[test]
    fn omitted_text_is_reported() {
        let journal = Journal::default();
        journal.record_text("output", "x".repeat(64 * 1024 + 5));
        assert!(findings(&journal)[0].starts_with("output (the first 5 bytes are left out):\n| xxx"));
    }
}
