//! Tests that the report of a job with twice as many instances takes twice the work, which is counted in allocated bytes.

use allocation_counter::measure;
use connector_sdk::properties::{Contents, Field};
use connector_sdk::{Error, ErrorKind, InstanceId, Journal, PropertyEntry, ResourceResult};

use super::commands::missing;
use super::document::document;
use super::end::{End, Report};
use super::findings::findings;

/// A journal of instances of which every third failed, with a property for each.
fn journal(instances: usize) -> Journal {
    let journal = Journal::default();
    for number in 0..instances {
        let id = InstanceId::from_ec2(&format!("i-{number:017x}"));
        journal.record_accepted(&id, Some("stopped"), Some("running"), ResourceResult::Changed);
        if number % 3 == 0 {
            journal.record_failure(&id, Error::new(ErrorKind::Service, format!("no {number}")).doing("starting"));
        }
        let name = format!("ID_{number}");
        journal.record_property(PropertyEntry::pending(
            name,
            Contents::Of(Field::Id, id.clone()),
            Some(id.to_string()),
        ));
    }
    journal
}

/// The bytes that each part of the work allocates.
fn work(instances: usize) -> [(&'static str, u64); 5] {
    let mut kept = None;
    let recorded = measure(|| kept = Some(journal(instances)));
    let journal = kept.unwrap();
    let mut result = None;
    let verdict = measure(|| result = Some(journal.verdict("starting", "started", "unchanged")));
    let result = result.unwrap();
    let (function, journal) = (Some("Start"), Some(&journal));
    let report =
        Report { function, iam_actions: &[], region: None, user_id: None, journal, config: None, result: &result };
    let document = measure(|| drop(document(&report, &End::of(&report, None))));
    let findings = measure(|| drop(journal.map(findings)));
    let commands = measure(|| drop(missing(&journal.unwrap().properties(), None)));
    [
        ("records", recorded),
        ("verdict", verdict),
        ("document", document),
        ("findings", findings),
        ("commands", commands),
    ]
    .map(|(part, counted)| (part, counted.bytes_total))
}

#[test]
fn a_report_is_linear_in_the_number_of_instances() {
    for ((part, once), (_, twice)) in work(8_000).into_iter().zip(work(16_000)) {
        assert!(twice * 10 <= once * 23, "{part}: {once} bytes, then {twice}");
    }
}
