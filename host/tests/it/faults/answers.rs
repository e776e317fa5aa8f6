//! Tests of errors and foreign responses: retries, their limits, and the messages for the operator.

use std::time::Duration;

use super::Job;
use crate::fault_layer::Call;
use crate::fault_layer::answer::{REQUEST_ID, html_page, internal_error, throttled, unauthorized, unavailable};

/// The number of attempts of the SDK in its standard mode.
const ATTEMPTS: usize = 3;

fn statuses(calls: &[Call]) -> Vec<Option<u16>> {
    calls.iter().map(|call| call.status).collect()
}

#[test]
fn a_request_that_fails_twice_succeeds_at_the_third_attempt() {
    for (refusal, status) in [(throttled(), 503), (internal_error(), 500), (unavailable(), 503)] {
        let job = Job::new("mended");
        let ids = job.running(1);
        job.layer.on("StopInstances").calls(..ATTEMPTS).answer(refusal);
        let finished = job.run("StopInstance", &[]).expect_code(0);
        assert_eq!(finished.verdict(), "StopInstance succeeded: 1 instance stopping");
        assert_eq!(statuses(&job.layer.calls_of("StopInstances")), [Some(status), Some(status), Some(200)]);
        assert_eq!(job.ec2().states(&ids), ["stopped"]);
    }
}

#[test]
fn throttling_is_reported_after_all_retries() {
    let job = Job::new("throttled");
    let ids = job.running(1);
    job.layer.on("TerminateInstances").answer(throttled());
    let finished = job.run("TerminateInstance", &[]).expect_code(9);
    let finished = finished.expect_stderr(&format!(
        "error: terminating {}: Too many requests, says the fault layer. (RequestLimitExceeded, request {REQUEST_ID})\n\
         hint: run fewer jobs at once or try again later: the account's API calls are throttled",
        ids[0]
    ));
    assert_eq!(finished.verdict(), "TerminateInstance failed, exit code 9");
    assert_eq!(job.layer.calls_of("TerminateInstances").len(), ATTEMPTS);
    assert_eq!(job.ec2().states(&ids), ["running"]);
}

#[test]
fn a_refusal_is_not_retried() {
    let job = Job::new("refused");
    job.running(1);
    job.layer.on("StopInstances").answer(unauthorized());
    let finished = job.run("StopInstance", &[]).expect_code(3);
    finished.expect_stderr("Not allowed, says the fault layer. (UnauthorizedOperation");
    assert_eq!(job.layer.calls_of("StopInstances").len(), 1);
}

#[test]
fn a_job_waits_for_a_slow_response() {
    let job = Job::new("slow");
    // Longer than the SDK's own limit for a stalled connection.
    job.layer.on("StopInstances").call(1).delay(Duration::from_secs(8));
    let ids = job.running(1);
    job.run("StopInstance", &[]).expect_code(0);
    assert_eq!(statuses(&job.layer.calls_of("StopInstances")), [Some(200)]);
    assert_eq!(job.ec2().states(&ids), ["stopped"]);
}

#[test]
fn a_proxy_error_page_is_recognized() {
    for (status, attempts, code) in [(502, ATTEMPTS, 9), (404, ATTEMPTS, 9), (200, ATTEMPTS, 9)] {
        let job = Job::new("page");
        job.layer.on("DescribeInstances").answer(html_page(status));
        let finished = job.run("GetInstanceStatusByTag", &[]).expect_code(code);
        finished
            .expect_stderr(&format!(
                "HTTP status {status} with a response that is not from EC2: `<html><head><title>Bad"
            ))
            .expect_stderr("hint: check for a proxy or another server between this machine and EC2");
        assert_eq!(job.layer.calls().len(), attempts);
    }
}

#[test]
fn a_connection_that_is_always_cut_is_not_a_response_of_ec2() {
    let job = Job::new("cut");
    job.layer.on("DescribeInstances").cut_before();
    job.run("StartInstance", &[]).expect_code(9).expect_stderr("no response from 127.0.0.1:");
    assert_eq!(statuses(&job.layer.calls()), [None; ATTEMPTS]);
}

#[test]
fn a_stop_with_a_lost_response_is_requested_again() {
    let job = Job::new("stop-lost");
    let ids = job.running(2);
    job.layer.on("StopInstances").call(1).cut_after();
    let finished = job.run("StopInstance", &["--wait"]).expect_code(0);
    super::assert_names_all(&finished, &ids);
    assert_eq!(statuses(&job.layer.calls_of("StopInstances")), [None, Some(200)]);
    assert_eq!(job.ec2().states(&ids), ["stopped", "stopped"]);
}

#[test]
fn a_protected_instance_is_named_and_others_in_its_zone_are_terminated() {
    let job = Job::new("protected");
    let mut ids = job.running_in(3, &[("Placement.AvailabilityZone", "us-east-1a")]);
    ids.extend(job.running_in(1, &[("Placement.AvailabilityZone", "us-east-1b")]));
    job.ec2().protect(&ids[1]);
    let finished = job.run("TerminateInstance", &[]).expect_code(6);
    for (index, id) in ids.iter().enumerate() {
        let refused = format!("warning: terminating {id}: Instance {id} is protected against termination");
        assert_eq!(finished.stderr.contains(&refused), index == 1, "{id} in {finished:#?}");
    }
    assert_eq!(job.ec2().states(&ids), ["terminated", "running", "terminated", "terminated"]);
}
