//! Saving: what is saved when, what is left out, and refusals.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_sdk_ec2::types::InstanceStateName::{Pending, Running};

use super::*;

#[tokio::test]
async fn one_instance_has_the_plain_names() {
    let job = Job::new(&[]);
    accept(&job, &instance(A, &Running));
    save(&names(&ALL_FOUR), &job.cx, &ids(&[A])).await.unwrap();
    assert_eq!(saved(&job), ["ID=i-0000000a", "DNS=ec2-192-0-2-1.example", "PUBLIC=192.0.2.1", "PRIVATE=10.0.0.1"]);
    job.assert_reported("property PUBLIC = 192.0.2.1: saved");
}

#[tokio::test]
async fn several_instances_are_numbered_in_their_order() {
    let job = Job::new(&[]);
    accept(&job, &instance(A, &Running));
    accept(&job, &instance(B, &Running));
    save(&names(&[("id-property", "ID")]), &job.cx, &ids(&[B, A])).await.unwrap();
    assert_eq!(saved(&job), ["ID_1=i-0000000b", "ID_2=i-0000000a"]);
}

#[tokio::test]
async fn an_id_is_saved_before_anything_is_waited_for_and_only_once() {
    let job = Job::new(&[]);
    accept(&job, &instance(A, &Pending));
    let (names, ids) = (names(&ALL_FOUR), ids(&[A]));
    names.save_ids(&job.cx, &ids).await;
    assert_eq!(saved(&job), ["ID=i-0000000a", "!DNS=?", "!PUBLIC=?", "!PRIVATE=10.0.0.1"]);
    let wanting = job.cx.journal().properties();
    assert_eq!(wanting[2].contents.to_string(), "public IPv4 address of i-0000000a");
    job.cx.journal().record_instance(&crate::instances::Instance::from_ec2(&instance(A, &Running)).unwrap());
    assert_eq!(saved(&job)[2], "!PUBLIC=192.0.2.1", "an interruption reports what the wait has seen");
    names.save_ids(&job.cx, &ids).await;
    names.save_addresses(&job.cx, &ids, true, &WaitPolicy::new(Duration::ZERO, None)).await.unwrap();
    assert_eq!(saved(&job), ["ID=i-0000000a", "DNS=ec2-192-0-2-1.example", "PUBLIC=192.0.2.1", "PRIVATE=10.0.0.1"]);
    assert_eq!(job.lines().iter().filter(|line| line.contains("ID = ")).count(), 1, "{:?}", job.lines());
}

#[tokio::test]
async fn without_a_wait_an_unknown_address_is_not_saved() {
    let job = Job::new(&[]);
    accept(&job, &instance(A, &Pending));
    let (names, ids) = (names(&ALL_FOUR), ids(&[A]));
    names.save_ids(&job.cx, &ids).await;
    names.save_addresses(&job.cx, &ids, false, &WaitPolicy::new(Duration::ZERO, None)).await.unwrap();
    assert_eq!(saved(&job), ["ID=i-0000000a", "!DNS=?", "!PUBLIC=?", "PRIVATE=10.0.0.1"]);
    job.assert_reported(
        "warning: property PUBLIC is not saved: the instance has no such address yet (`--wait` waits for it)",
    );
}

#[tokio::test]
async fn an_instance_that_ec2_did_not_accept_is_left_out_and_keeps_its_number() {
    for kind in [ErrorKind::UnexpectedState, ErrorKind::Unknown] {
        let job = Job::new(&[]);
        fail(&job, A, kind);
        accept(&job, &instance(B, &Running));
        save(&names(&[("id-property", "ID")]), &job.cx, &ids(&[A, B])).await.unwrap();
        assert_eq!(saved(&job), ["ID_2=i-0000000b"], "{kind:?}");
    }
}

#[tokio::test]
async fn an_id_of_a_launch_of_unknown_outcome_is_saved() {
    let job = Job::new(&[]);
    accept(&job, &instance(A, &Pending));
    fail(&job, A, ErrorKind::Unknown);
    save(&names(&[("id-property", "ID")]), &job.cx, &ids(&[A])).await.unwrap();
    assert_eq!(saved(&job), ["ID=i-0000000a"]);
}

#[tokio::test]
async fn instances_that_ec2_accepts_later_are_saved_later() {
    let job = Job::new(&[]);
    accept(&job, &instance(A, &Running));
    let (names, ids) = (names(&[("id-property", "ID")]), ids(&[B, A]));
    names.save_ids(&job.cx, &ids).await;
    assert_eq!(saved(&job), ["ID_2=i-0000000a"]);
    accept(&job, &instance(B, &Running));
    names.save_ids(&job.cx, &ids).await;
    assert_eq!(saved(&job), ["ID_2=i-0000000a", "ID_1=i-0000000b"]);
}

#[tokio::test]
async fn after_a_timeout_the_known_values_are_saved() {
    for result in [ResourceResult::Changed, ResourceResult::Unchanged] {
        let job = Job::new(&[]);
        accept_as(&job, &instance(A, &Pending), result);
        fail(&job, A, ErrorKind::WaitExpired);
        save(&names(&ALL_FOUR), &job.cx, &ids(&[A])).await.unwrap();
        let expected = ["ID=i-0000000a", "!DNS=?", "!PUBLIC=?", "PRIVATE=10.0.0.1"];
        assert_eq!(saved(&job), expected, "an empty address would be a guess");
        job.assert_reported("property DNS is not saved: the instance has no such address yet");
        assert!(!job.lines().iter().any(|line| line.contains("--wait")), "{:?}", job.lines());
    }
}

#[tokio::test]
async fn one_unsaved_property_does_not_affect_the_others() {
    let job = Job::refusing_property(&[], "PUBLIC_1");
    accept(&job, &instance(A, &Running));
    accept(&job, &instance(B, &Running));
    let names = names(&[("public-ip-property", "PUBLIC"), ("private-ip-property", "PRIVATE")]);
    let error = save(&names, &job.cx, &ids(&[A, B])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PropertyNotSaved);
    assert_eq!(
        error.to_string(),
        "saving properties in OpCon: 1 of 4 properties not saved; the first: refused by the test"
    );
    assert!(error.hint_text().unwrap().contains("do not run the job again"), "{error:?}");
    assert_eq!(saved(&job), ["!PUBLIC_1=192.0.2.1", "PRIVATE_1=10.0.0.1", "PUBLIC_2=192.0.2.1", "PRIVATE_2=10.0.0.1"]);
    job.assert_reported("warning: property PUBLIC_1 = 192.0.2.1: not saved: refused by the test");
}

#[tokio::test]
async fn a_dry_run_saves_nothing() {
    let job = Job::dry_run(&[]);
    accept(&job, &instance(A, &Running));
    save(&names(&ALL_FOUR), &job.cx, &ids(&[A])).await.unwrap();
    assert!(saved(&job).is_empty() && job.lines().is_empty());
}

/// A store that never answers for some names, and refuses others as often as they are listed.
#[derive(Default)]
pub(super) struct UnreliableStore {
    pub(super) silent: &'static [&'static str],
    pub(super) refusals: Mutex<Vec<&'static str>>,
}

#[async_trait]
impl PropertyStore for UnreliableStore {
    fn full_name(&self, name: &str, _: Option<usize>) -> Result<String> {
        Ok(name.to_owned())
    }

    async fn prepare(&self) -> Result<()> {
        Ok(())
    }

    async fn save(&self, full_name: &str, _: &str) -> Result<Delivery> {
        if self.silent.contains(&full_name) {
            std::future::pending::<()>().await;
        }
        let mut refusals = self.refusals.lock().unwrap();
        match refusals.iter().position(|name| *name == full_name) {
            Some(place) => {
                refusals.remove(place);
                Err(Error::new(ErrorKind::Service, "refused by the test").hint("check OpCon"))
            }
            None => Ok(Delivery::Confirmed),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_interruption_loses_no_value() {
    let silent = &["DNS", "PUBLIC", "PRIVATE"];
    let job = Job::with_properties(&[], Arc::new(UnreliableStore { silent, ..UnreliableStore::default() }));
    accept(&job, &instance(A, &Running));
    let (names, ids) = (names(&ALL_FOUR), ids(&[A]));
    let saving = save(&names, &job.cx, &ids);
    assert!(tokio::time::timeout(Duration::from_secs(1), saving).await.is_err(), "it never ends");
    assert_eq!(saved(&job), ["ID=i-0000000a", "!DNS=ec2-192-0-2-1.example", "!PUBLIC=192.0.2.1", "!PRIVATE=10.0.0.1"]);
}

#[tokio::test]
async fn an_id_that_was_not_saved_at_once_is_tried_once_more() {
    for (refusals, expected) in [(vec!["ID"], "ID=i-0000000a"), (vec!["ID"; 2], "!ID=i-0000000a")] {
        let job = Job::with_properties(
            &[],
            Arc::new(UnreliableStore { refusals: Mutex::new(refusals), ..UnreliableStore::default() }),
        );
        accept(&job, &instance(A, &Running));
        let result = save(&names(&[("id-property", "ID")]), &job.cx, &ids(&[A])).await;
        assert_eq!(saved(&job), [expected]);
        assert_eq!(result.is_err(), expected.starts_with('!'));
    }
}

#[tokio::test(start_paused = true)]
async fn an_opcon_that_does_not_answer_does_not_stop_the_wait() {
    let job = Job::with_properties(&[], Arc::new(UnreliableStore { silent: &["ID"], ..UnreliableStore::default() }));
    accept(&job, &instance(A, &Running));
    names(&ALL_FOUR).save_ids(&job.cx, &ids(&[A])).await;
    assert_eq!(saved(&job)[0], "!ID=i-0000000a");
    job.assert_reported(
        "warning: saving ids in OpCon is slow: the job continues, and saves the remaining ids at its end",
    );
}

/// A store that counts its calls.
#[derive(Default)]
struct Counting {
    names: AtomicUsize,
    saves: AtomicUsize,
}

#[async_trait]
impl PropertyStore for Counting {
    fn full_name(&self, name: &str, counter: Option<usize>) -> Result<String> {
        self.names.fetch_add(1, Relaxed);
        Ok(counter.map_or(name.to_owned(), |n| format!("{name}_{n}")))
    }

    async fn prepare(&self) -> Result<()> {
        Ok(())
    }

    async fn save(&self, _full_name: &str, _value: &str) -> Result<Delivery> {
        self.saves.fetch_add(1, Relaxed);
        Ok(Delivery::Confirmed)
    }
}

#[tokio::test]
async fn ten_thousand_instances_are_saved_by_as_many_calls() {
    let store = Arc::new(Counting::default());
    let job = Job::with_properties(&[], store.clone());
    let ids: Vec<_> = (0..10_000).map(|n| InstanceId::from_ec2(&format!("i-{n:08x}"))).collect();
    ids.iter().for_each(|id| accept(&job, &instance(id.as_str(), &Running)));
    let names = names(&[("id-property", "ID"), ("private-ip-property", "PRIVATE")]);
    names.check(&job.cx, ids.len()).unwrap();
    save(&names, &job.cx, &ids).await.unwrap();
    assert_eq!(store.saves.load(Relaxed), 20_000);
    assert_eq!(store.names.load(Relaxed), 20_002 + 2 * 20_000, "checked once, planned twice");
}

/// A store that is slow for every property but the last.
struct SlowStore;

#[async_trait]
impl PropertyStore for SlowStore {
    fn full_name(&self, name: &str, counter: Option<usize>) -> Result<String> {
        Ok(counter.map_or(name.to_owned(), |n| format!("{name}_{n}")))
    }

    async fn prepare(&self) -> Result<()> {
        Ok(())
    }

    async fn save(&self, full_name: &str, _value: &str) -> Result<Delivery> {
        let seconds = if full_name.ends_with("_2") { 0 } else { 1 };
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        Ok(Delivery::Confirmed)
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_saved_is_reported_in_the_order_of_the_instances() {
    let job = Job::with_properties(&[], Arc::new(SlowStore));
    [A, B].iter().for_each(|id| accept(&job, &instance(id, &Running)));
    names(&[("id-property", "ID")]).save_ids(&job.cx, &ids(&[A, B])).await;
    assert_eq!(job.lines(), ["property ID_1 = i-0000000a: saved", "property ID_2 = i-0000000b: saved"]);
}
