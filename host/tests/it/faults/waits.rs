//! Tests of waits: slow and stale states, slow status checks, and failed polls.

use serde_json::json;

use super::{Job, assert_names_all};
use crate::fault_layer::Form;
use crate::fault_layer::answer::{html_page, refusal, throttled, unauthorized, unknown_instance};
use crate::fault_layer::view::{state, status_checks};

/// The output lines about an instance.
fn reported_states(stdout: &str, id: &str) -> Vec<String> {
    let lines = stdout.lines().filter_map(|line| line.strip_prefix(id)?.split_once("): "));
    lines.map(|(_, state)| state.to_owned()).collect()
}

#[test]
fn a_state_that_is_held_is_polled_until_it_is_there_and_no_longer() {
    let job = Job::new("pending");
    let ids = job.stopped(1);
    job.layer.on("DescribeInstances").when(Form::names_instances).calls(..=3).show(state("pending"));
    let finished = job.run("StartInstance", &["--wait", "--wait-for", "running"]).expect_code(0);
    assert_eq!(reported_states(&finished.stdout, &ids[0])[1..], ["pending", "running"], "{finished:#?}");
    assert_eq!(job.polls().len(), 4);
    assert_eq!(job.layer.calls_of("DescribeInstanceStatus").len(), 0);
}

#[test]
fn running_is_not_enough_while_the_status_checks_initialize() {
    let job = Job::new("checks");
    let ids = job.stopped(1);
    job.layer.on("DescribeInstanceStatus").calls(..=2).show(status_checks("initializing"));
    let finished = job.run("StartInstance", &["--wait"]).expect_code(0);
    let expected = ["running, status checks initializing", "running, status checks ok"];
    assert_eq!(reported_states(&finished.stdout, &ids[0])[1..], expected, "{finished:#?}");
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
        assert_eq!(reported_states(&finished.stdout, &ids[1])[1..], [on_its_way, end], "{finished:#?}");
        let polls: Vec<_> = job.polls().iter().map(|call| call.form.instance_ids().len()).collect();
        assert_eq!(polls, [2, 2, 1], "only those are polled that are not there yet");
    }
}

#[test]
fn throttling_does_not_end_a_wait() {
    let job = Job::new("throttled-look");
    let ids = job.stopped(1);
    // More than the SDK retries: the first poll fails.
    job.layer.on("DescribeInstances").when(Form::names_instances).calls(..=3).answer(throttled());
    job.layer.on("DescribeInstanceStatus").calls(..=3).answer(throttled());
    let finished = job.run("StartInstance", &["--wait"]).expect_code(0);
    assert_eq!(finished.stderr.matches("warning: ").count(), 1, "{finished:#?}");
    let finished = finished.expect_stderr("RequestLimitExceeded").expect_stderr("; the wait continues");
    assert_names_all(&finished, &ids);
    assert_eq!(finished.verdict(), "StartInstance succeeded: 1 instance started");
}

#[test]
fn a_poll_that_fails_in_any_form_does_not_end_a_wait() {
    for (answer, code) in [
        (refusal(500, "ServerInternal", "An internal error has occurred"), "(ServerInternal"),
        (refusal(400, "SomethingNew", "No"), "(SomethingNew"),
        (refusal(401, "AuthFailure", "Not valid everywhere yet"), "(AuthFailure"),
        (html_page(200), "HTTP status 200"),
        (html_page(403), "HTTP status 403"),
        (html_page(503), "HTTP status 503"),
    ] {
        let job = Job::new("odd-poll");
        job.running(1);
        // Two polls, with or without retries of the SDK.
        job.layer.on("DescribeInstances").when(Form::names_instances).calls(..=4).answer(answer);
        let finished = job.run("StopInstance", &["--wait", "--poll-interval", "1s"]).expect_code(0);
        assert_eq!(finished.stderr.matches("warning: ").count(), 1, "{finished:#?}");
        finished.expect_stderr(code).expect_stderr("; the wait continues");
    }
}

#[test]
fn polls_that_are_not_allowed_end_a_wait_at_the_second_time() {
    let job = Job::new("denied-poll");
    let ids = job.running(1);
    job.layer.on("DescribeInstances").when(Form::names_instances).answer(unauthorized());
    let finished = job.run("StopInstance", &["--wait"]).expect_code(3);
    assert_names_all(&finished, &ids);
    assert_eq!(finished.verdict(), "StopInstance failed after changing something in EC2, exit code 3");
    assert_eq!(job.polls().len(), 2);
}

#[test]
fn a_wait_that_times_out_reports_the_last_state_of_each_instance() {
    let job = Job::new("expired");
    let ids = job.stopped(2);
    job.layer.on("DescribeInstances").when(Form::names_instances).show(state("pending").of([&ids[0]]));
    job.layer.on("DescribeInstanceStatus").show(status_checks("initializing"));
    let finished = job.run("StartInstance", &["--wait", "--wait-timeout", "2s"]).expect_code(5);
    let still = |index: usize, seen: &str| format!("warning: timed out after 2s: {} is still {seen}\n", ids[index]);
    finished
        .expect_stderr(&still(0, "`pending`"))
        .expect_stderr(&still(1, "`running`, status checks `initializing`"))
        .expect_stderr("hint: check the instance later, or allow a longer wait");
}

#[test]
fn a_stale_state_does_not_fail_a_good_start() {
    let job = Job::new("stale");
    let ids = job.stopped(1);
    let polls = || job.layer.on("DescribeInstances").when(Form::names_instances);
    polls().call(1).show(state("pending"));
    polls().call(2).show(state("stopped"));
    polls().call(3).show(state("stopping"));
    let finished = job.run("StartInstance", &["--wait", "--wait-for", "running"]).expect_code(0);
    assert_eq!(reported_states(&finished.stdout, &ids[0])[1..], ["pending", "stopped", "stopping", "running"]);
}

#[test]
fn an_instance_that_is_terminated_while_it_starts_ends_the_wait_at_once() {
    let job = Job::new("dies-starting");
    job.stopped(1);
    job.layer.on("DescribeInstances").when(Form::names_instances).call(1).show(state("pending"));
    let dead = state("terminated").because("Server.InternalError", "It broke");
    job.layer.on("DescribeInstances").when(Form::names_instances).calls(2..).show(dead);
    let finished = job.run("StartInstance", &["--wait"]).expect_code(1);
    finished.expect_stderr("the instance is `terminated`: It broke");
    assert_eq!(job.polls().len(), 2);
}

/// A launch that is terminated if its wait does not succeed within a second.
const TERMINATE_AFTER_TIMEOUT: [&str; 5] = ["--wait", "--wait-timeout", "1s", "--on-timeout", "terminate"];

#[test]
fn a_launch_that_is_not_ready_in_time_is_terminated() {
    let job = Job::new("taken-back");
    job.layer.on("DescribeInstances").when(Form::names_instances).show(state("pending"));
    let finished = job.launch(&TERMINATE_AFTER_TIMEOUT).expect_code(5);
    finished.expect_stderr("hint: correct the cause, then run the job again: the launched instances are terminated");
    assert_eq!(job.layer.calls_of("TerminateInstances").len(), 1);
}

#[test]
fn a_launch_without_a_description_is_not_terminated() {
    let job = Job::new("kept");
    let internal = refusal(500, "ServerInternal", "An internal error has occurred");
    job.layer.on("DescribeInstances").when(Form::names_instances).answer(internal);
    let finished = job.launch(&TERMINATE_AFTER_TIMEOUT).expect_code(5);
    let ids = job.ec2().named(&job.name);
    assert_names_all(&finished, &ids);
    assert!(finished.stdout.contains(&format!(" TerminateInstance --instance-id {}", ids[0])), "{finished:#?}");
    finished
        .expect_stderr("; nothing is terminated, because the state of the instances is not confirmed")
        .expect_stderr(&format!("or terminate them with `TerminateInstance --instance-id {}`", ids[0]));
    assert_eq!(job.layer.calls_of("TerminateInstances").len(), 0);
}

#[test]
fn missing_status_checks_of_one_instance_affect_no_other() {
    let job = Job::new("lost-check");
    let ids = job.running(3);
    let lost = ids[1].clone();
    let names_it = move |form: &Form| form.instance_ids().contains(&lost.as_str());
    job.layer.on("DescribeInstanceStatus").when(names_it).answer(unknown_instance(&ids[1]));
    let (_, document) = job.program.run_json(&["GetInstanceStatusByTag", "--tag-name", &job.name]);
    let checks = document["instances"].as_array().unwrap().iter().map(|instance| &instance["status_checks"]);
    assert_eq!(checks.collect::<Vec<_>>(), [&json!("ok"), &json!(null), &json!("ok")]);
}
