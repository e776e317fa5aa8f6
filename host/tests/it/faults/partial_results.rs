//! Tests of partial results: an error for one instance affects no other, and a changed instance is never `unchanged`.

use serde_json::Value;

use super::Job;
use crate::fault_layer::Form;
use crate::fault_layer::answer::{refusal, unauthorized};

impl Job {
    /// Runs a function on the instances with this name. Returns the exit code and the JSON document.
    fn run_json(&self, function: &str, more: &[&str]) -> (i32, Value) {
        let (finished, document) = self.program.run_json(&[&[function, "--tag-name", &self.name], more].concat());
        (finished.code, document)
    }
}

/// A field of each instance in a document, in the order of these IDs.
fn each(document: &Value, ids: &[String], field: &str) -> Vec<String> {
    let instances = document["instances"].as_array().unwrap();
    let of = |id: &String| instances.iter().find(|instance| instance["id"] == id.as_str()).unwrap();
    ids.iter().map(|id| of(id)[field].as_str().unwrap_or("null").to_owned()).collect()
}

#[test]
fn a_start_without_capacity_on_one_host_starts_the_others() {
    let job = Job::new("one-host");
    let ids = job.stopped(3);
    job.layer.lack_host_capacity(&ids[1..2]);
    let (code, document) = job.run_json("StartInstance", &[]);
    assert_eq!(code, 6, "{document:#}");
    assert_eq!(each(&document, &ids, "result"), ["changed", "failed", "changed"]);
    assert_eq!(each(&document, &ids, "previous_state"), ["stopped"; 3]);
}

#[test]
fn a_denied_instance_affects_no_other() {
    for (function, action) in [
        ("StartInstance", "StartInstances"),
        ("StopInstance", "StopInstances"),
        ("TerminateInstance", "TerminateInstances"),
    ] {
        for refused in
            [unauthorized(), refusal(400, "UnsupportedOperation", "No."), refusal(400, "SomethingNew", "No.")]
        {
            let job = Job::new("one-denied");
            let starts = function == "StartInstance";
            let ids = if starts { job.stopped(3) } else { job.running(3) };
            let denied = ids[0].clone();
            job.layer.on(action).when(move |form| form.instance_ids().contains(&denied.as_str())).answer(refused);
            let (code, document) = job.run_json(function, &[]);
            assert_eq!(code, 6, "{document:#}");
            assert_eq!(each(&document, &ids, "result"), ["failed", "changed", "changed"]);
            assert_eq!(each(&document, &ids, "previous_state"), [if starts { "stopped" } else { "running" }; 3]);
        }
    }
}

#[test]
fn a_change_behind_a_lost_response_is_detected() {
    let job = Job::new("stopped-gone");
    let ids = job.stopped(2);
    job.layer.on("TerminateInstances").call(1).cut_after();
    let (code, document) = job.run_json("TerminateInstance", &[]);
    assert_eq!(code, 0, "{document:#}");
    assert_eq!(each(&document, &ids, "result"), ["changed"; 2]);
    assert_eq!(each(&document, &ids, "previous_state"), ["stopped"; 2]);
}

#[test]
fn a_lost_response_without_read_permission_is_an_unknown_outcome() {
    let job = Job::new("unseen");
    let ids = job.running(2);
    job.layer.on("DescribeInstances").answer(unauthorized());
    job.layer.on("StopInstances").call(1).cut_after();
    let (finished, document) =
        job.program.run_json(&["StopInstance", "--instance-id", &ids[0], "--instance-id", &ids[1]]);
    assert_eq!(finished.code, 0, "{finished:#?}");
    assert_eq!(each(&document, &ids, "result"), ["unknown"; 2]);
    assert_eq!(each(&document, &ids, "previous_state"), ["null"; 2]);
}

#[test]
fn a_launch_template_that_does_not_exist_ends_at_once() {
    for code in ["InvalidLaunchTemplateName.NotFoundException", "InvalidLaunchTemplateId.VersionNotFound"] {
        let job = Job::new("nigthly");
        job.layer.on("RunInstances").answer(refusal(400, code, "The specified launch template does not exist."));
        job.run("CreateInstance", &["--launch-template", "nigthly"]).expect_code(4).expect_stderr(code);
        assert_eq!(job.layer.calls_of("RunInstances").len(), 1);
    }
}

#[test]
fn a_second_request_that_fails_loses_nothing_that_was_changed_before() {
    let job = Job::new("second");
    let ids = job.running(3);
    let late = ids[2].clone();
    let names_it = move |form: &Form| form.instance_ids().contains(&late.as_str());
    job.layer.on("StopInstances").when(names_it.clone()).calls(..=3).answer(refusal(
        400,
        "IncorrectInstanceState",
        "No.",
    ));
    job.layer.on("StopInstances").when(names_it).calls(3..).answer(refusal(400, "UnsupportedOperation", "No."));
    let (code, document) = job.run_json("StopInstance", &["--wait"]);
    assert_eq!(code, 6, "{document:#}");
    assert_eq!(each(&document, &ids, "result"), ["changed", "changed", "failed"]);
    assert_eq!(each(&document, &ids, "state"), ["stopped", "stopped", "running"]);
}
