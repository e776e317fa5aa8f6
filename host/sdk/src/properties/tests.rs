//! Properties: their names, what is saved, what is left out, and what becomes of a refusal.

use super::*;
use crate::sample::inputs;
use crate::testing::{Job, described, instance, mock};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::InstanceStateName::{Pending, Running};

const A: &str = "i-0000000a";
const B: &str = "i-0000000b";
const ALL_FOUR: [(&str, &str); 4] = [
    ("id-property", "ID"),
    ("public-dns-property", "DNS"),
    ("public-ip-property", "PUBLIC"),
    ("private-ip-property", "PRIVATE"),
];

fn names(arguments: &[(&str, &str)]) -> PropertyNames {
    PropertyNames::from_inputs(&inputs(arguments))
}

fn ids(texts: &[&str]) -> Vec<InstanceId> {
    texts.iter().map(|text| InstanceId::from_ec2(text)).collect()
}

/// Enters an instance as described, of which EC2 accepted the start.
fn enter(job: &Job, description: &aws_sdk_ec2::types::Instance) {
    enter_as(job, description, true);
}

/// Enters an instance as described, of which EC2 accepted the start, though it may have been started already.
fn enter_as(job: &Job, description: &aws_sdk_ec2::types::Instance, changed: bool) {
    let instance = crate::instances::Instance::from_ec2(description).unwrap();
    job.cx.journal().see(&instance);
    let result = if changed { InstanceResult::Changed } else { InstanceResult::Unchanged };
    job.cx.journal().accepted(&instance.id, Some("stopped"), None, result);
}

fn fail(job: &Job, id: &str, kind: ErrorKind) {
    job.cx.journal().failed(&InstanceId::from_ec2(id), Error::new(kind, "as the test says"));
}

/// All properties of the job as `name=value`, those not saved with a `!` in front.
fn saved(job: &Job) -> Vec<String> {
    let mark = |saved: bool| if saved { "" } else { "!" };
    let properties = job.cx.journal().properties();
    properties.iter().map(|p| format!("{}{}={}", mark(p.saved), p.name, p.value)).collect()
}

#[tokio::test]
async fn one_instance_has_the_plain_names() {
    let job = Job::new(&[]);
    enter(&job, &instance(A, &Running));
    names(&ALL_FOUR).save(&job.cx, &ids(&[A]), true).await.unwrap();
    assert_eq!(saved(&job), ["ID=i-0000000a", "DNS=ec2-192-0-2-1.example", "PUBLIC=192.0.2.1", "PRIVATE=10.0.0.1"]);
    job.assert_says("property PUBLIC = 192.0.2.1: saved");
}

#[tokio::test]
async fn several_instances_are_numbered_in_their_order() {
    let job = Job::new(&[]);
    enter(&job, &instance(A, &Running));
    enter(&job, &instance(B, &Running));
    names(&[("id-property", "ID")]).save(&job.cx, &ids(&[B, A]), true).await.unwrap();
    assert_eq!(saved(&job), ["ID_1=i-0000000b", "ID_2=i-0000000a"]);
}

#[tokio::test(start_paused = true)]
async fn a_missing_address_is_empty_once_settled_and_left_out_before() {
    let names = names(&ALL_FOUR);
    let describe = mock!(Client::describe_instances).then_output(|| described([instance(A, &Pending)]));
    let settled = Job::new(&[&describe]);
    enter(&settled, &instance(A, &Pending));
    names.save(&settled.cx, &ids(&[A]), true).await.unwrap();
    assert_eq!(saved(&settled), ["ID=i-0000000a", "DNS=", "PUBLIC=", "PRIVATE=10.0.0.1"]);
    assert_eq!(describe.num_calls(), 5, "it is looked for again, but not for ever");

    let early = Job::new(&[]);
    enter(&early, &instance(A, &Pending));
    names.save(&early.cx, &ids(&[A]), false).await.unwrap();
    assert_eq!(saved(&early), ["ID=i-0000000a", "PRIVATE=10.0.0.1"]);
    early.assert_says("warning: property PUBLIC is not saved: there is no such address yet; give --wait");
}

#[tokio::test]
async fn a_refused_instance_is_left_out_and_keeps_its_number() {
    let job = Job::new(&[]);
    fail(&job, A, ErrorKind::UnexpectedState);
    enter(&job, &instance(B, &Running));
    names(&[("id-property", "ID")]).save(&job.cx, &ids(&[A, B]), true).await.unwrap();
    assert_eq!(saved(&job), ["ID_2=i-0000000b"]);
}

#[tokio::test]
async fn of_an_instance_that_came_too_late_is_saved_what_is_known() {
    for changed in [true, false] {
        let job = Job::new(&[]);
        enter_as(&job, &instance(A, &Pending), changed);
        fail(&job, A, ErrorKind::WaitExpired);
        names(&ALL_FOUR).save(&job.cx, &ids(&[A]), true).await.unwrap();
        assert_eq!(saved(&job), ["ID=i-0000000a", "PRIVATE=10.0.0.1"], "an empty address would be a guess");
        job.assert_says("property DNS is not saved: there is no such address yet");
        assert!(!job.lines().iter().any(|line| line.contains("--wait")), "{:?}", job.lines());
    }
}

#[tokio::test]
async fn one_property_that_is_not_saved_does_not_sink_the_others() {
    let job = Job::refusing_property(&[], "PUBLIC_1");
    enter(&job, &instance(A, &Running));
    enter(&job, &instance(B, &Running));
    let names = names(&[("public-ip-property", "PUBLIC"), ("private-ip-property", "PRIVATE")]);
    let error = names.save(&job.cx, &ids(&[A, B]), true).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PropertyNotSaved);
    assert_eq!(
        error.to_string(),
        "saving properties in OpCon: 1 of 4 properties not saved; the first: refused by the test"
    );
    assert!(error.hint_text().unwrap().contains("do not run the job again"), "{error:?}");
    assert_eq!(saved(&job), ["!PUBLIC_1=192.0.2.1", "PRIVATE_1=10.0.0.1", "PUBLIC_2=192.0.2.1", "PRIVATE_2=10.0.0.1"]);
    job.assert_says("warning: property PUBLIC_1 = 192.0.2.1: not saved: refused by the test");
}

#[tokio::test]
async fn opcon_is_contacted_beforehand_only_for_properties_of_a_real_run() {
    let contacted = async |job: Job, names: &PropertyNames| {
        names.prepare(&job.cx, 2).await.unwrap();
        job.lines().len() == 1
    };
    assert!(contacted(Job::new(&[]), &names(&ALL_FOUR)).await);
    assert!(!contacted(Job::new(&[]), &names(&[])).await);
    assert!(!contacted(Job::dry_run(&[]), &names(&ALL_FOUR)).await);
}

#[tokio::test]
async fn a_dry_run_saves_nothing() {
    let job = Job::dry_run(&[]);
    enter(&job, &instance(A, &Running));
    names(&ALL_FOUR).save(&job.cx, &ids(&[A]), true).await.unwrap();
    assert!(saved(&job).is_empty() && job.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_address_that_comes_late_is_saved() {
    let looks = mock!(Client::describe_instances).sequence().output(|| described([instance(A, &Pending)]));
    let describe = looks.output(|| described([instance(A, &Running)])).build();
    let job = Job::new(&[&describe]);
    enter(&job, &instance(A, &Pending));
    names(&[("public-ip-property", "PUBLIC")]).save(&job.cx, &ids(&[A]), true).await.unwrap();
    assert_eq!((saved(&job), describe.num_calls()), (vec!["PUBLIC=192.0.2.1".to_owned()], 2));
}

#[tokio::test(start_paused = true)]
async fn an_address_that_no_property_wants_is_not_looked_for() {
    let job = Job::new(&[]);
    enter(&job, &instance(A, &Pending));
    names(&[("private-ip-property", "PRIVATE")]).save(&job.cx, &ids(&[A]), true).await.unwrap();
    assert_eq!(saved(&job), ["PRIVATE=10.0.0.1"]);
}

/// A store whose OpCon takes the first value, and never answers for the second.
struct Stalling;

#[async_trait]
impl PropertyStore for Stalling {
    fn full_name(&self, name: &str, _: Option<usize>) -> Result<String> {
        Ok(name.to_owned())
    }

    async fn prepare(&self) -> Result<()> {
        Ok(())
    }

    async fn save(&self, full_name: &str, _: &str) -> Result<Delivery> {
        if full_name != "ID" {
            std::future::pending::<()>().await;
        }
        Ok(Delivery::Seen)
    }
}

#[tokio::test(start_paused = true)]
async fn an_interruption_loses_no_value() {
    let job = Job::with_properties(&[], std::sync::Arc::new(Stalling));
    enter(&job, &instance(A, &Running));
    let (names, ids) = (names(&ALL_FOUR), ids(&[A]));
    let saving = names.save(&job.cx, &ids, true);
    assert!(tokio::time::timeout(Duration::from_secs(1), saving).await.is_err(), "it never ends");
    let missing: Vec<_> = job.cx.journal().properties().into_iter().filter(PropertyEntry::is_missing).collect();
    assert_eq!(missing.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["DNS", "PUBLIC", "PRIVATE"]);
    assert_eq!(missing[2].value, "10.0.0.1");
}
