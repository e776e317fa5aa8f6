//! The journal: its records and the verdict.

use super::*;
use crate::ids::InstanceId;
use crate::instance::Instance;
use crate::property_store::Delivery;
use crate::{Error, ErrorKind, Result, testing};

fn id(number: usize) -> InstanceId {
    InstanceId::from_ec2(&format!("i-{number:08x}"))
}

/// A journal of instances with these results.
fn journal_of(ends: &[Result<ResourceResult, ErrorKind>]) -> Journal {
    let journal = Journal::default();
    for (number, end) in ends.iter().enumerate() {
        match end {
            Ok(result) => journal.record_accepted(&id(number), None, None, *result),
            Err(kind) => journal.record_failure(&id(number), Error::new(*kind, format!("reason {number}"))),
        }
    }
    journal
}

#[test]
fn a_success_has_counts() {
    let [changed, unchanged] = [Ok(ResourceResult::Changed), Ok(ResourceResult::Unchanged)];
    for (ends, message) in [
        (&[][..], "no instances"),
        (&[changed], "1 instance started"),
        (&[unchanged, unchanged], "2 instances running already"),
        (&[changed, unchanged, changed], "2 instances started, 1 instance running already"),
    ] {
        let outcome = journal_of(ends).verdict("starting", "started", "running already").unwrap();
        assert_eq!(outcome.message, message);
    }
}

#[test]
fn a_failure_has_the_kind_common_to_all_instances() {
    use ErrorKind::{Capacity, Partial, Service, UnexpectedState, WaitExpired};
    let changed = Ok(ResourceResult::Changed);
    use ErrorKind::Unknown;
    for (ends, kind, message) in [
        (
            &[changed, Err(Capacity), Err(Unknown)][..],
            Unknown,
            "starting: unknown outcome of 1 of 3 instances, 1 more failed; the first: reason 2",
        ),
        (&[Err(Capacity)], Capacity, "reason 0"),
        (&[Err(Capacity), Err(Capacity)], Capacity, "starting: 2 of 2 instances failed; the first: reason 0"),
        (&[Err(Capacity), Err(WaitExpired)], Service, "starting: 2 of 2 instances failed; the first: reason 0"),
        (&[changed, Err(UnexpectedState)], Partial, "starting: 1 of 2 instances failed; the first: reason 1"),
        (&[changed, Err(WaitExpired)], WaitExpired, "starting: 1 of 2 instances failed; the first: reason 1"),
        (
            &[changed, Err(WaitExpired), Err(Capacity)],
            Partial,
            "starting: 2 of 3 instances failed; the first: reason 1",
        ),
    ] {
        let error = journal_of(ends).verdict("starting", "started", "unchanged").unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, message), "{ends:?}");
    }
}

#[test]
fn an_entry_accumulates_records() {
    let journal = Journal::default();
    journal.record_ids(&[id(1), id(0)]);
    let description = testing::instance(id(0).as_str(), &"stopped".into());
    journal.record_instance(&Instance::from_ec2(&description).unwrap());
    journal.record_accepted(&id(0), Some("stopped"), Some("pending"), ResourceResult::Changed);
    journal.record_status_checks(&id(0), "initializing");
    journal.record_failure(&id(0), Error::new(ErrorKind::WaitExpired, "too late"));
    let entries = journal.instances();
    assert_eq!(entries.iter().map(|entry| &entry.id).collect::<Vec<_>>(), [&id(1), &id(0)], "in order of entry");
    let entry = &entries[1];
    assert_eq!((entry.name.as_deref(), entry.previous_state.as_deref()), (Some("web"), Some("stopped")));
    assert_eq!((entry.state.as_deref(), entry.status_checks.as_deref()), (Some("pending"), Some("initializing")));
    assert_eq!((entry.private_ip.as_deref(), &entry.public_ip), (Some("10.0.0.1"), &None));
    assert_eq!(entry.result, Some(ResourceResult::Failed));
    assert_eq!(entry.error.as_ref().map(Error::kind), Some(ErrorKind::WaitExpired));
    assert_eq!(entries[1].label(), "i-00000000 (web)");
    assert_eq!(entries[0].label(), "i-00000001");
    assert!(journal.anything_changed(), "the start was accepted, though the goal was not reached");
}

#[test]
fn an_answer_without_a_state_keeps_the_known_state() {
    let journal = Journal::default();
    journal.record_accepted(&id(0), Some("running"), Some("stopping"), ResourceResult::Changed);
    journal.record_accepted(&id(0), Some("stopping"), None, ResourceResult::Unchanged);
    let entry = journal.instance(&id(0));
    assert_eq!(entry.state.as_deref(), Some("stopping"));
    assert!(entry.changed, "once changed, it stays so");
}

/// A property for the address of an instance, without a value.
fn pending(name: &str) -> PropertyEntry {
    PropertyEntry::pending(name, Contents::Of(Field::PrivateIp, id(0)), None)
}

#[test]
fn a_property_is_recorded_once_with_whether_it_is_missing() {
    let journal = Journal::default();
    journal.record_property(pending("A"));
    journal.record_property(pending("B"));
    journal.record_property(pending("A").after(&Ok(Delivery::Confirmed)));
    let entries = journal.properties();
    let reported: Vec<_> = entries.iter().map(|entry| (entry.name.as_str(), entry.saved, entry.is_missing())).collect();
    assert_eq!(reported, [("A", true, false), ("B", false, true)]);
    let queued = pending("C").after(&Ok(Delivery::Queued));
    assert!(!queued.saved && !queued.is_missing());
    assert!(pending("D").after(&Err(Error::new(ErrorKind::Service, "no"))).is_missing());
}

#[test]
fn a_property_without_a_value_gets_the_recorded_value_of_its_instance() {
    let journal = Journal::default();
    journal.record_property(pending("IP"));
    let value = |journal: &Journal| journal.properties().remove(0).value;
    assert_eq!(value(&journal), None);
    let mut description = testing::instance(id(0).as_str(), &"running".into());
    description.private_ip_address = Some("no address".to_owned());
    journal.record_instance(&Instance::from_ec2(&description).unwrap());
    assert_eq!(value(&journal), None, "only what can be an address is a value");
    description.private_ip_address = Some("10.0.0.1".to_owned());
    journal.record_instance(&Instance::from_ec2(&description).unwrap());
    assert_eq!(value(&journal).as_deref(), Some("10.0.0.1"));
}

#[test]
fn only_changes_count_as_changes() {
    let journal = journal_of(&[Ok(ResourceResult::Unchanged), Err(ErrorKind::Capacity)]);
    assert!(!journal.anything_changed());
    journal.record_other_change();
    assert!(journal.anything_changed());
}

fn image() -> Resource {
    Resource::new("image", "ami-0abc")
}

#[test]
fn a_resource_accumulates_records() {
    let journal = Journal::default();
    journal.record_resource(&image().with_name("nightly").with_state("pending"));
    assert!(!journal.anything_changed(), "it was only seen");
    journal.record_resource_result(&image(), Ok(ResourceResult::Changed));
    assert!(journal.anything_changed() && !journal.anything_unknown());
    journal.record_resource_result(
        &image().with_state("failed"),
        Err(Error::new(ErrorKind::UnexpectedState, "no snapshot")),
    );
    journal.record_resource(&Resource::new("snapshot", "ami-0abc"));
    let [entry, other] = &journal.resources()[..] else { panic!("{:?}", journal.resources()) };
    assert_eq!(entry.resource, image().with_name("nightly").with_state("failed"));
    assert_eq!((entry.result, other.result), (Some(ResourceResult::Failed), None), "an id is one of its kind");
    assert!(journal.anything_changed(), "once changed, it stays so");
    journal.record_resource_result(&image(), Err(Error::new(ErrorKind::Unknown, "no answer")));
    assert!(journal.anything_unknown());
}

#[test]
fn an_instance_is_one_kind_of_resource() {
    let journal = Journal::default();
    let instance = Resource::new(INSTANCE, id(0).as_str()).with_name("web").with_state("running");
    journal.record_resource_result(&instance, Ok(ResourceResult::Changed));
    let entry = journal.instance(&id(0));
    assert_eq!((entry.name.as_deref(), entry.state.as_deref(), entry.accepted), (Some("web"), Some("running"), true));
    journal.record_resource_result(&instance, Err(Error::new(ErrorKind::Unknown, "no answer")));
    assert!(journal.resources().is_empty() && journal.anything_unknown() && journal.has_failed(&id(0)));
}

#[test]
fn the_verdict_leaves_out_instances_that_were_only_looked_up() {
    let journal = Journal::default();
    journal.record_resource(&Resource::new(INSTANCE, id(0).as_str()).with_state("running"));
    journal.record_resource_result(&image(), Ok(ResourceResult::Changed));
    assert_eq!(journal.verdict("creating", "created", "unchanged").unwrap().message, "1 image created");
    let failure = Error::new(ErrorKind::Service, "failed");
    journal.record_resource_result(&image(), Err(failure));
    assert_eq!(journal.verdict("creating", "created", "unchanged").unwrap_err().kind(), ErrorKind::Service);
}

#[test]
fn the_verdict_counts_resources_of_every_kind() {
    let journal = Journal::default();
    let verdict = |journal: &Journal| journal.verdict("creating", "created", "there already");
    let snapshot = Resource::new("snapshot", "snap-0abc");
    journal.record_resource_result(&image(), Ok(ResourceResult::Changed));
    assert_eq!(verdict(&journal).unwrap().message, "1 image created");
    journal.record_resource_result(&snapshot, Ok(ResourceResult::Unchanged));
    assert_eq!(verdict(&journal).unwrap().message, "1 resource created, 1 resource there already");
    journal.record_resource_result(&snapshot, Err(Error::new(ErrorKind::Capacity, "too many")));
    let error = verdict(&journal).unwrap_err();
    assert_eq!(error.to_string(), "creating: 1 of 2 resources failed; the first: too many");
    assert_eq!(error.kind(), ErrorKind::Partial);
    let (addresses, nothing) = (Journal::default(), Journal::default());
    for n in 0..2 {
        let address = Resource::new("address", format!("eipalloc-{n}"));
        addresses.record_resource_result(&address, Ok(ResourceResult::Changed));
    }
    assert_eq!(verdict(&addresses).unwrap().message, "2 addresses created");
    assert_eq!(verdict(&nothing).unwrap().message, "no instances");
}

#[test]
fn of_a_long_text_the_end_is_kept() {
    let journal = Journal::default();
    journal.record_text("short", "it works\n");
    journal.record_text("long", format!("{}end", "\u{e9}".repeat(64 * 1024)));
    let texts = journal.texts();
    assert_eq!((texts[0].text.as_str(), texts[0].left_out), ("it works\n", 0));
    assert!(texts[1].text.ends_with("end") && texts[1].text.len() <= 64 * 1024);
    assert_eq!(texts[1].text.len() + texts[1].left_out, 128 * 1024 + 3);
    (0..20).for_each(|_| journal.record_text("more", "x".repeat(64 * 1024)));
    let texts = journal.texts();
    assert_eq!(texts.iter().map(|text| text.text.len()).sum::<usize>(), 1024 * 1024, "all of them together");
    assert_eq!((texts.len(), texts[21].left_out), (22, 64 * 1024), "that there was one more is not lost");
}

#[test]
fn tables_and_files_keep_their_order() {
    let journal = Journal::default();
    let table = |row: &str| Table { columns: &["A"], rows: vec![vec![row.to_owned()]] };
    journal.record_titled_table("first", table("1"));
    journal.record_titled_table("second", table("2"));
    let titles: Vec<_> = journal.titled_tables().into_iter().map(|table| table.title).collect();
    assert_eq!(titles, ["first", "second"]);
    assert_eq!(journal.table(), None);
    journal.record_file("keys/web.pem", "private key of key pair web");
    assert_eq!(journal.files()[0].contents, "private key of key pair web");
}

#[test]
fn ten_thousand_instances_are_found_by_their_ids() {
    let (journal, ids) = (Journal::default(), (0..10_000).map(id).collect::<Vec<_>>());
    journal.record_ids(&ids);
    ids.iter().for_each(|id| journal.record_accepted(id, None, Some("stopping"), ResourceResult::Changed));
    let (mut visited, mut found_count) = (Vec::new(), 0);
    journal.for_each(|entry| visited.push(entry.id.clone()));
    ids.iter().for_each(|id| found_count += usize::from(journal.read(id, |entry| entry.id == *id && entry.accepted)));
    assert_eq!((visited, found_count), (ids, 10_000));
    assert!(journal.read(&id(10_000), |unknown| unknown.state.is_none() && !unknown.accepted));
    assert_eq!(journal.ids().len(), 10_000, "a question records nothing");
}

#[test]
fn instances_with_a_note_are_counted_apart() {
    let journal = Journal::default();
    (0..4).for_each(|n| journal.record_accepted(&id(n), None, None, ResourceResult::Changed));
    (2..4).for_each(|n| journal.record_note(&id(n), "restart accepted, not observed"));
    let verdict = journal.verdict("restarting", "restarted", "unchanged").unwrap();
    assert_eq!(verdict.message, "2 instances restarted, 2 instances: restart accepted, not observed");
}
