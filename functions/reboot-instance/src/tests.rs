//! `RebootInstance` against a mocked EC2: the reboot, ignored requests, and the wait.

use connector_sdk::ec2::Client;
use connector_sdk::ec2::operation::reboot_instances::RebootInstancesOutput;
use connector_sdk::ec2::types::InstanceStateName::{Running, Stopped, Terminated};
use connector_sdk::ec2::types::SummaryStatus::{self, Initializing, Ok};
use connector_sdk::testing::{Job, Rule, answer, checked, described, describes_as, instance, mock, refusal};
use connector_sdk::{ErrorKind, ResourceResult};

use super::*;

const A: &str = "i-0000000a";
const B: &str = "i-0000000b";
const WAIT: (&str, &str) = ("wait", "true");

fn reboots() -> Rule {
    mock!(Client::reboot_instances).then_output(|| RebootInstancesOutput::builder().build())
}

/// A rule for DescribeInstanceStatus: first these statuses of A while B is `ok`, then `ok` for both.
fn checks(first: &'static [SummaryStatus]) -> Rule {
    let mut answers = mock!(Client::describe_instance_status).sequence();
    for status in first {
        let mut both = checked([A], status);
        both.instance_statuses.get_or_insert_default().extend(checked([B], &Ok).instance_statuses.unwrap_or_default());
        answers = answers.output(move || both.clone());
    }
    answers.output(|| checked([A, B], &Ok)).repeatedly().build()
}

#[tokio::test(start_paused = true)]
async fn without_wait_the_job_ends_when_ec2_has_accepted() {
    let (describe, reboot) = (describes_as(Running), reboots());
    let job = Job::new(&[&describe, &reboot]);
    let outcome = job.run(&RebootInstance, &[("instance-id", A)]).await.unwrap();
    assert_eq!((outcome.message.as_str(), reboot.num_calls()), ("1 instance rebooting", 1));
    assert_eq!(job.lines(), ["i-0000000a (web): reboot accepted"]);
}

#[tokio::test(start_paused = true)]
async fn an_observed_reboot_is_distinguished_from_an_unobserved_one() {
    let (describe, reboot, checks) = (describes_as(Running), reboots(), checks(&[Ok, Initializing]));
    let job = Job::new(&[&describe, &reboot, &checks]);
    let outcome = job.run(&RebootInstance, &[("instance-id", A), ("instance-id", B), WAIT]).await.unwrap();
    assert_eq!(outcome.message, "1 instance rebooted, 1 instance: reboot accepted, not observed");
    let notes: Vec<_> = job.cx.journal().instances().into_iter().map(|entry| entry.note).collect();
    assert_eq!(notes, [None, Some("reboot accepted, not observed".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn an_instance_whose_reboot_ec2_ignores_fails() {
    let reboot = reboots();
    let describe =
        mock!(Client::describe_instances).then_output(|| described([instance(A, &Running), instance(B, &Terminated)]));
    let job = Job::new(&[&describe, &reboot]);
    let error = job.run(&RebootInstance, &[("instance-id", A), ("instance-id", B)]).await.unwrap_err();
    assert!(error.message().contains("the instance is `terminated`, and EC2 ignores a reboot"), "{error}");
    let results: Vec<_> = job.cx.journal().instances().into_iter().map(|entry| entry.result).collect();
    assert_eq!(results, [Some(ResourceResult::Changed), Some(ResourceResult::Failed)]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_unknown_and_not_retried() {
    let reboot = mock!(Client::reboot_instances).then_http_response(|| answer(502, "<html>"));
    let job = Job::new(&[&describes_as(Running), &reboot]);
    let error = job.run(&RebootInstance, &[("instance-id", A)]).await.unwrap_err();
    assert_eq!((error.kind(), reboot.num_calls()), (ErrorKind::Unknown, 1));
}

#[tokio::test(start_paused = true)]
async fn a_stopped_instance_is_refused_by_ec2() {
    let reboot = mock!(Client::reboot_instances).then_http_response(|| refusal("IncorrectInstanceState", "stopped"));
    let describe = mock!(Client::describe_instances).then_output(|| described([instance(A, &Stopped)]));
    let job = Job::new(&[&describe, &reboot]);
    let error = job.run(&RebootInstance, &[("instance-id", A)]).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::UnexpectedState, Some("IncorrectInstanceState")));
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_reports_a_result_for_each_instance() {
    let reboot = mock!(Client::reboot_instances)
        .match_requests(|request| request.dry_run() == Some(true))
        .then_http_response(|| refusal("DryRunOperation", "would have succeeded"));
    let describe =
        mock!(Client::describe_instances).then_output(|| described([instance(A, &Running), instance(B, &Stopped)]));
    let job = Job::dry_run(&[&describe, &reboot]);
    let error = job.run(&RebootInstance, &[("instance-id", A), ("instance-id", B), WAIT]).await.unwrap_err();
    assert!(error.message().ends_with("rebooting i-0000000b: the instance is `stopped`"), "{error}");
    job.assert_reported("i-0000000a (web): is running, would be rebooted");
}

#[tokio::test(start_paused = true)]
async fn a_throttled_reboot_is_retried_but_not_forever() {
    let throttled = || refusal("RequestLimitExceeded", "slow down");
    for (refusals, succeeds) in [(2, true), (3, false)] {
        let mut answers = mock!(Client::reboot_instances).sequence();
        for _ in 0..refusals {
            answers = answers.http_response(throttled);
        }
        let reboot = answers.output(|| RebootInstancesOutput::builder().build()).build();
        let job = Job::new(&[&describes_as(Running), &reboot]);
        let result = job.run(&RebootInstance, &[("instance-id", A)]).await;
        assert_eq!((result.is_ok(), reboot.num_calls()), (succeeds, 3));
    }
}
