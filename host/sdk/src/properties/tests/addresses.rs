//! Addresses: absent, unknown and invalid ones.

use std::sync::Arc;

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::InstanceStateName::{Pending, Running, Stopping};

use super::*;
use crate::PropertyEntry;
use crate::testing::{Rule, described, mock, refusal};

const PUBLIC: [(&str, &str); 1] = [("public-ip-property", "PUBLIC")];

/// A rule for DescribeInstances: throttled this often, then this instance.
fn throttled_then(throttled: usize, then: impl Fn() -> Instance + Send + Sync + 'static) -> Rule {
    let polls = mock!(Client::describe_instances).sequence();
    let refuse = || refusal("RequestLimitExceeded", "Too many requests");
    let polls = if throttled > 0 { polls.http_response(refuse).times(throttled) } else { polls };
    polls.output(move || described([then()])).repeatedly().build()
}

#[tokio::test(start_paused = true)]
async fn an_address_is_absent_after_several_complete_answers_without_it() {
    let describe = throttled_then(0, || private_instance(A));
    let job = Job::new(&[&describe]);
    accept(&job, &private_instance(A));
    save(&names(&ALL_FOUR), &job.cx, &ids(&[A])).await.unwrap();
    assert_eq!(saved(&job), ["ID=i-0000000a", "DNS=", "PUBLIC=", "PRIVATE=10.0.0.1"]);
    assert_eq!(describe.num_calls(), 5, "it is looked up again, but not for ever");
}

#[tokio::test(start_paused = true)]
async fn an_absent_address_that_cannot_be_saved_as_empty_keeps_the_old_value() {
    let describe = throttled_then(0, || private_instance(A));
    let job = Job::with_properties(&[&describe], Arc::new(NoEmptyValues));
    accept(&job, &private_instance(A));
    save(&names(&ALL_FOUR), &job.cx, &ids(&[A])).await.unwrap();
    assert_eq!(saved(&job), ["!ID=i-0000000a", "!DNS=", "!PUBLIC=", "!PRIVATE=10.0.0.1"], "they are queued");
    job.assert_reported(
        "warning: property PUBLIC keeps its old value: there is no public IPv4 address of i-0000000a, and no empty \
         values",
    );
    assert!(!job.cx.journal().properties().iter().any(PropertyEntry::is_missing), "a command could not save it either");
}

#[tokio::test(start_paused = true)]
async fn an_address_that_comes_late_is_saved() {
    let polls = mock!(Client::describe_instances).sequence().output(|| described([instance(A, &Pending)]));
    let describe = polls.output(|| described([instance(A, &Running)])).build();
    let job = Job::new(&[&describe]);
    accept(&job, &instance(A, &Pending));
    save(&names(&PUBLIC), &job.cx, &ids(&[A])).await.unwrap();
    assert_eq!((saved(&job), describe.num_calls()), (vec!["PUBLIC=192.0.2.1".to_owned()], 2));
}

#[tokio::test(start_paused = true)]
async fn an_address_without_a_property_is_not_looked_up() {
    let job = Job::new(&[]);
    accept(&job, &instance(A, &Pending));
    save(&names(&[("private-ip-property", "PRIVATE")]), &job.cx, &ids(&[A])).await.unwrap();
    assert_eq!(saved(&job), ["PRIVATE=10.0.0.1"]);
}

#[tokio::test(start_paused = true)]
async fn failed_polls_do_not_end_the_wait_and_are_reported_once() {
    let describe = throttled_then(20, || instance(A, &Running));
    let job = Job::new(&[&describe]);
    accept(&job, &private_instance(A));
    save(&names(&PUBLIC), &job.cx, &ids(&[A])).await.unwrap();
    assert_eq!(saved(&job), ["PUBLIC=192.0.2.1"]);
    let warnings = job.lines().iter().filter(|line| line.contains("addresses are looked up again")).count();
    assert_eq!(warnings, 1, "{:?}", job.lines());
}

#[tokio::test(start_paused = true)]
async fn an_unreadable_address_is_an_error() {
    let describe = throttled_then(10_000, || private_instance(A));
    let job = Job::new(&[&describe]);
    accept(&job, &private_instance(A));
    let error = save(&names(&ALL_FOUR), &job.cx, &ids(&[A])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PropertyNotSaved);
    assert!(error.to_string().contains("2 of 4 properties not saved"), "{error}");
    assert!(error.to_string().contains("unknown public DNS name of i-0000000a: "), "{error}");
    assert_eq!(saved(&job), ["ID=i-0000000a", "!DNS=?", "!PUBLIC=?", "PRIVATE=10.0.0.1"]);
    job.assert_reported("warning: property PUBLIC is not saved: unknown public IPv4 address of i-0000000a: ");
    job.assert_reported("RequestLimitExceeded");
    assert!(describe.num_calls() > 5, "it is looked up as long as the job may wait");
}

#[tokio::test(start_paused = true)]
async fn after_the_timeout_a_failed_poll_is_repeated_once() {
    // The AWS SDK makes three attempts per request.
    for (throttled, expected) in [(3, "PUBLIC=192.0.2.1"), (6, "!PUBLIC=?")] {
        let job = Job::new(&[&throttled_then(throttled, || instance(A, &Running))]);
        accept(&job, &private_instance(A));
        let _ = save_within(Duration::ZERO, &names(&PUBLIC), &job.cx, &ids(&[A])).await;
        assert_eq!(saved(&job), [expected]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_not_running_does_not_show_that_there_is_no_address() {
    for state in [Pending, Stopping] {
        let shown = state.clone();
        let job = Job::new(&[&throttled_then(0, move || instance(A, &shown))]);
        accept(&job, &private_instance(A));
        let error = save(&names(&PUBLIC), &job.cx, &ids(&[A])).await.unwrap_err();
        assert!(error.message().contains(&format!("the instance is {}", state.as_str())), "{error}");
        assert_eq!(saved(&job), ["!PUBLIC=?"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_ec2_does_not_know_hides_no_other() {
    let unknown = mock!(Client::describe_instances)
        .match_requests(|request| !request.instance_ids().is_empty())
        .then_http_response(|| refusal("InvalidInstanceID.NotFound", "The instance does not exist"));
    let known = mock!(Client::describe_instances)
        .match_requests(|request| request.instance_ids().is_empty())
        .then_output(|| described([instance(B, &Running)]));
    let job = Job::new(&[&unknown, &known]);
    accept(&job, &private_instance(A));
    accept(&job, &private_instance(B));
    save(&names(&PUBLIC), &job.cx, &ids(&[A, B])).await.unwrap_err();
    assert_eq!(saved(&job), ["!PUBLIC_1=?", "PUBLIC_2=192.0.2.1"]);
}

#[tokio::test(start_paused = true)]
async fn an_invalid_address_is_not_saved() {
    let invalid = || {
        let mut invalid = instance(A, &Running);
        invalid.public_ip_address = Some("none at all".to_owned());
        invalid.public_dns_name = Some("a host\n[[X]]".to_owned());
        invalid
    };
    let job = Job::new(&[&throttled_then(0, invalid)]);
    accept(&job, &invalid());
    let error = save(&names(&ALL_FOUR), &job.cx, &ids(&[A])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PropertyNotSaved);
    assert_eq!(saved(&job), ["ID=i-0000000a", "!DNS=?", "!PUBLIC=?", "PRIVATE=10.0.0.1"]);
    job.assert_reported(
        "property PUBLIC is not saved: EC2 returned `none at all` as the public IPv4 address of i-0000000a",
    );
    job.assert_reported("property DNS is not saved: EC2 returned `a host [[X]]` as the public DNS name of i-0000000a");

    let corrected = Job::new(&[&throttled_then(0, || instance(A, &Running))]);
    accept(&corrected, &invalid());
    save(&names(&PUBLIC), &corrected.cx, &ids(&[A])).await.unwrap();
    assert_eq!(saved(&corrected), ["PUBLIC=192.0.2.1"], "a later answer may be right");
}
