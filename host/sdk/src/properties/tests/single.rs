//! One property for any value: the check before, and the delivery.

use std::sync::{Arc, Mutex};

use super::saving::UnreliableStore;
use super::*;

async fn prepare(job: &Job, name: &str) -> Option<Property> {
    Property::prepare(&job.cx, Some(name), "console output of i-0000000a").await.unwrap()
}

#[tokio::test]
async fn opcon_is_contacted_before_only_for_a_property() {
    let job = Job::new(&[]);
    assert_eq!(Property::prepare(&job.cx, None, "console output").await.unwrap(), None);
    assert!(job.lines().is_empty());
    assert!(prepare(&job, "OUTPUT").await.is_some());
    assert_eq!(job.lines(), ["OpCon is contacted"]);
    let dry_run = Job::dry_run(&[]);
    assert_eq!(prepare(&dry_run, "OUTPUT").await, None);
    let report = "OpCon properties can be saved: OUTPUT; none is saved (dry run)";
    assert_eq!(dry_run.lines(), ["OpCon is contacted", report]);
}

#[tokio::test]
async fn a_saved_value_is_reported_and_recorded() {
    let job = Job::new(&[]);
    let property = prepare(&job, "OUTPUT").await.unwrap();
    assert!(saved(&job).is_empty(), "there is no value yet");
    assert_eq!(property.save(&job.cx, "it works").await.unwrap(), Delivery::Confirmed);
    assert_eq!(saved(&job), ["OUTPUT=it works"]);
    job.assert_reported("property OUTPUT = it works: saved");
}

#[tokio::test]
async fn a_rejected_value_is_kept_for_a_command() {
    let job = Job::refusing_property(&[], "OUTPUT");
    let error = prepare(&job, "OUTPUT").await.unwrap().save(&job.cx, "it works").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PropertyNotSaved);
    assert_eq!(error.to_string(), "property OUTPUT is not saved: refused by the test");
    assert_eq!(error.hint_text(), Some("run the command at the end of this output, which saves the value"));
    assert_eq!(saved(&job), ["!OUTPUT=it works"]);
    assert_eq!(job.cx.journal().properties()[0].contents.to_string(), "console output of i-0000000a");
}

#[tokio::test]
async fn the_hint_of_a_refusal_follows_that_of_the_command() {
    let store = UnreliableStore { refusals: Mutex::new(vec!["OUTPUT"]), ..UnreliableStore::default() };
    let job = Job::with_properties(&[], Arc::new(store));
    let error = prepare(&job, "OUTPUT").await.unwrap().save(&job.cx, "it works").await.unwrap_err();
    let hints = "run the command at the end of this output, which saves the value\ncheck OpCon";
    assert_eq!(error.hint_text(), Some(hints));
}

#[tokio::test(start_paused = true)]
async fn an_interruption_while_opcon_does_not_answer_loses_no_value() {
    let job =
        Job::with_properties(&[], Arc::new(UnreliableStore { silent: &["OUTPUT"], ..UnreliableStore::default() }));
    let property = prepare(&job, "OUTPUT").await.unwrap();
    let saving = property.save(&job.cx, "it works");
    assert!(tokio::time::timeout(Duration::from_secs(1), saving).await.is_err(), "it never ends");
    assert_eq!(saved(&job), ["!OUTPUT=it works"]);
}
