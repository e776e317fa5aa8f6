//! Tests of unknown outcomes: a later response does not clear the possible effect of an earlier attempt.

#[cfg(unix)]
use std::process::Command;

use serde_json::Value;

use super::Job;
#[cfg(unix)]
use super::{assert_names_all, image_in};
use crate::fault_layer::answer::{no_capacity, refusal, throttled, unauthorized, unknown_instance};
#[cfg(unix)]
use crate::support::Ec2;

/// Two instances in one zone, the first of which is protected, and one in another zone.
fn over_two_zones(job: &Job) -> Vec<String> {
    let mut ids = job.running_in(2, &[("Placement.AvailabilityZone", "us-east-1a")]);
    ids.extend(job.running_in(1, &[("Placement.AvailabilityZone", "us-east-1b")]));
    job.ec2().protect(&ids[0]);
    ids
}

fn results<'a>(document: &'a Value, ids: &[String]) -> Vec<&'a str> {
    let entries = document["instances"].as_array().unwrap();
    let of = |id: &String| entries.iter().find(|entry| entry["id"] == id.as_str()).unwrap();
    ids.iter().map(|id| of(id)["result"].as_str().unwrap()).collect()
}

#[test]
fn instances_terminated_by_zone_are_not_failures_after_any_later_response() {
    for later in [throttled(), refusal(401, "AuthFailure", "Not valid any more")] {
        let job = Job::new("zones");
        let ids = over_two_zones(&job);
        job.layer.on("TerminateInstances").calls(2..).answer(later);
        let (finished, document) = job.program.run_json(&["TerminateInstance", "--tag-name", &job.name]);
        finished.expect_code(11);
        assert_eq!(job.ec2().states(&ids), ["running", "running", "terminated"]);
        assert_eq!(results(&document, &ids), ["unknown", "unknown", "changed"]);
        assert_eq!(document["status"], "unknown");
    }
}

#[test]
fn instances_terminated_by_zone_are_reported_if_a_later_response_is_lost() {
    let job = Job::new("zones-lost");
    let ids = over_two_zones(&job);
    job.layer.on("TerminateInstances").calls(2..).cut_before();
    let (finished, document) = job.program.run_json(&["TerminateInstance", "--tag-name", &job.name]);
    finished.expect_code(11);
    assert_eq!(results(&document, &ids), ["unknown", "unknown", "changed"]);
}

#[test]
fn a_job_never_reports_unchanged_after_a_change() {
    let job = Job::new("lifted");
    let ids = job.running(1);
    job.ec2().protect(&ids[0]);
    job.layer.on("TerminateInstances").calls(2..).answer(throttled());
    let finished = job.run("TerminateInstance", &["--disable-protection"]).expect_code(1);
    assert_eq!(finished.verdict(), "TerminateInstance failed after changing something in EC2, exit code 1");

    let job = Job::new("new-key");
    job.layer.on("RunInstances").answer(throttled());
    job.launch(&[]).expect_code(1);
    // The key pair and the group already exist.
    job.launch(&[]).expect_code(9);
}

#[test]
fn an_error_after_a_lost_response_is_an_unknown_outcome() {
    let refusals = [throttled(), no_capacity(), unknown_instance("i-0123456789abcdef0"), unauthorized()];
    let functions = ["StopInstance", "StartInstance", "TerminateInstance", "StopInstance"];
    for (later, function) in refusals.into_iter().zip(functions) {
        let job = Job::new("lost-then");
        let ids = if function == "StartInstance" { job.stopped(2) } else { job.running(2) };
        let action = format!("{function}s");
        job.layer.on(&action).call(1).cut_before();
        job.layer.on(&action).calls(2..).answer(later);
        let (finished, document) = job.program.run_json(&[function, "--tag-name", &job.name]);
        finished.expect_code(11);
        assert_eq!((&document["status"], &document["error"]["kind"]), (&"unknown".into(), &"unknown".into()));
        assert_eq!(results(&document, &ids), ["unknown", "unknown"]);
    }
}

#[cfg(unix)]
#[test]
fn the_look_up_command_runs_with_a_token_that_begins_with_dashes() {
    let token = "-night@7 'x'";
    let job = Job::new("odd-token");
    let given = format!("--client-token={token}");
    // EC2 performs the launch, but its instances are not visible.
    job.layer.on("RunInstances").cut_after();
    job.layer.on("DescribeInstances").calls(..=18).cut_before();
    let (what, image) = ("t3.micro", image_in(&job.region));
    let common = ["CreateInstance", "--image-id", &image, "--instance-type", what, "--tag-name", &job.name];
    let with = ["--key-name", &job.name, "--key-dir", "keys", "--security-group", &job.name, &given];
    let (finished, document) = job.program.run_json(&[&common[..], &with].concat());
    finished.expect_code(11);
    assert_eq!((&document["status"], &document["client_token"]), (&"unknown".into(), &token.into()));
    let look_up = document["look_up"].as_str().unwrap();
    let words = format!("set -- {}; for word; do printf '%s\\n' \"$word\"; done", look_up);
    let words = Command::new("sh").args(["-c", &words]).output().unwrap().stdout;
    let words = String::from_utf8(words).unwrap();
    let words: Vec<&str> = words.lines().skip(1).collect();
    let shown = job.program.without("--region").without("--user-id").without("--config").run(&words);
    let ids = Ec2::in_region(&job.region).named(&job.name);
    assert_eq!(ids.len(), 1);
    assert_names_all(&shown.expect_code(0), &ids);
}

#[test]
fn instances_of_a_lost_launch_are_reported_as_soon_as_each_is_found() {
    for (unseen, code) in [(2, 0), (1000, 11)] {
        let mut job = Job::new("one-late");
        job.program = job.program.env("AWS_MAX_ATTEMPTS", "1");
        job.layer.on("RunInstances").cut_after();
        job.layer.launched(2..=2).unknown_for(unseen);
        let finished = job.launch(&["--number", "2", "--min-number", "1"]).expect_code(code);
        let reported = finished.stdout.lines().filter(|line| line.contains(": launched, ")).count();
        assert_eq!(reported, if code == 0 { 2 } else { 1 }, "{finished:#?}");
    }
}
