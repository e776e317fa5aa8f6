//! Waits: slow states, slow status checks, and looks that fail.

use super::{Job, assert_names_all};
use crate::fault_layer::Form;
use crate::fault_layer::answer::{html_page, throttled, unauthorized};
use crate::fault_layer::view::{state, status_checks};

/// The lines about an instance that the output has.
fn states_told(stdout: &str, id: &str) -> Vec<String> {
    let lines = stdout.lines().filter_map(|line| line.strip_prefix(id)?.split_once("): "));
    lines.map(|(_, told)| told.to_owned()).collect()
}

#[test]
fn a_state_that_is_held_is_looked_at_until_it_is_there_and_no_longer() {
    let job = Job::new("pending");
    let ids = job.stopped(1);
    job.layer.on("DescribeInstances").when(Form::names_instances).calls(..=3).show(state("pending"));
    let finished = job.run("StartInstance", &["--wait", "--wait-for", "running"]).expect_code(0);
    assert_eq!(states_told(&finished.stdout, &ids[0])[1..], ["pending", "running"], "{finished:#?}");
    assert_eq!(job.looks().len(), 4);
    assert_eq!(job.layer.calls_of("DescribeInstanceStatus").len(), 0);
}

#[test]
fn running_is_not_enough_while_the_status_checks_initialize() {
    let job = Job::new("checks");
    let ids = job.stopped(1);
    job.layer.on("DescribeInstanceStatus").calls(..=2).show(status_checks("initializing"));
    let finished = job.run("StartInstance", &["--wait"]).expect_code(0);
    let told = ["running, status checks initializing", "running, status checks ok"];
    assert_eq!(states_told(&finished.stdout, &ids[0])[1..], told, "{finished:#?}");
    assert_eq!(job.layer.calls_of("DescribeInstanceStatus").len(), 3);
}

#[test]
fn stops_and_terminations_are_waited_for_to_their_end() {
    for (function, on_its_way, end) in
        [("StopInstance", "stopping", "stopped"), ("TerminateInstance", "shutting-down", "terminated")]
    {
        let job = Job::new("ends");
        let ids = job.running(2);
        job.layer.on("DescribeInstances").when(Form::names_instances).call(1).show(state(on_its_way));
        job.layer.on("DescribeInstances").when(Form::names_instances).call(2).show(state(on_its_way).of([&ids[1]]));
        let finished = job.run(function, &["--wait"]).expect_code(0);
        assert_eq!(states_told(&finished.stdout, &ids[1])[1..], [on_its_way, end], "{finished:#?}");
        let looks: Vec<_> = job.looks().iter().map(|call| call.form.instance_ids().len()).collect();
        assert_eq!(looks, [2, 2, 1], "only those are looked at that are not there yet");
    }
}

#[test]
fn throttling_does_not_end_a_wait() {
    let job = Job::new("throttled-look");
    let ids = job.stopped(1);
    // More than the SDK retries: the first look fails for good.
    job.layer.on("DescribeInstances").when(Form::names_instances).calls(..=3).answer(throttled());
    job.layer.on("DescribeInstanceStatus").calls(..=3).answer(throttled());
    let finished = job.run("StartInstance", &["--wait"]).expect_code(0);
    assert_eq!(finished.stderr.matches("warning: ").count(), 1, "{finished:#?}");
    let finished = finished.expect_stderr("RequestLimitExceeded").expect_stderr("; the wait goes on");
    assert_names_all(&finished, &ids);
    assert_eq!(finished.verdict(), "StartInstance succeeded: 1 instance started");
}

#[test]
fn the_page_of_a_proxy_does_not_end_a_wait() {
    let job = Job::new("page-look");
    job.running(1);
    job.layer.on("DescribeInstances").when(Form::names_instances).calls(..=3).answer(html_page(503));
    let finished = job.run("StopInstance", &["--wait"]).expect_code(0);
    finished.expect_stderr("HTTP status 503 with an answer that is not from EC2");
}

#[test]
fn a_look_that_is_not_allowed_ends_a_wait_at_once() {
    let job = Job::new("denied-look");
    let ids = job.running(1);
    job.layer.on("DescribeInstances").when(Form::names_instances).answer(unauthorized());
    let finished = job.run("StopInstance", &["--wait"]).expect_code(3);
    assert_names_all(&finished, &ids);
    assert_eq!(finished.verdict(), "StopInstance failed after changing something in EC2, exit code 3");
    assert_eq!(job.looks().len(), 1);
}

#[test]
fn an_expired_wait_says_what_was_last_seen_of_each_instance() {
    let job = Job::new("expired");
    let ids = job.stopped(2);
    job.layer.on("DescribeInstances").when(Form::names_instances).show(state("pending").of([&ids[0]]));
    job.layer.on("DescribeInstanceStatus").show(status_checks("initializing"));
    let finished = job.run("StartInstance", &["--wait", "--wait-timeout", "2s"]).expect_code(5);
    let last_seen = |index: usize, seen: &str| {
        format!(
            "warning: waiting for {} to be running with both status checks ok: not within 2s; last seen: {seen}; the \
             action itself was accepted\n",
            ids[index]
        )
    };
    finished
        .expect_stderr(&last_seen(0, "pending"))
        .expect_stderr(&last_seen(1, "running, status checks initializing"));
}

#[test]
fn an_instance_that_stops_again_while_it_starts_ends_the_wait() {
    let job = Job::new("stops-again");
    job.stopped(1);
    job.layer.on("DescribeInstances").when(Form::names_instances).call(1).show(state("pending"));
    let stopped = state("stopped").because("Server.InternalError", "It stopped by itself");
    job.layer.on("DescribeInstances").when(Form::names_instances).calls(2..).show(stopped);
    let finished = job.run("StartInstance", &["--wait"]).expect_code(1);
    finished.expect_stderr("it is stopped now: It stopped by itself");
    assert_eq!(job.looks().len(), 2);
}
