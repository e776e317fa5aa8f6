//! Tests of reboots: whether a reboot is detected, and that it is not requested again after a lost response.

use super::Job;
use crate::fault_layer::view::status_checks;

#[test]
fn a_reboot_is_waited_for_until_the_status_checks_leave_ok_and_come_back() {
    let job = Job::new("rebooted");
    let ids = job.running(2);
    job.layer.on("DescribeInstanceStatus").call(2).show(status_checks("initializing").of([&ids[0]]));
    job.layer.on("DescribeInstanceStatus").call(4).show(status_checks("initializing").of([&ids[1]]));
    let finished = job.run("RebootInstance", &["--wait", "--poll-interval", "1s"]).expect_code(0);
    assert_eq!(finished.verdict(), "RebootInstance succeeded: 2 instances rebooted", "{finished:#?}");
    assert_eq!(job.layer.calls_of("DescribeInstanceStatus").len(), 5, "the wait ends when both were seen");
    assert_eq!(job.layer.unfired(), [""; 0]);
}

#[test]
fn a_reboot_that_the_status_checks_do_not_show_is_accepted_and_not_observed() {
    let job = Job::new("not-observed");
    let ids = job.running(1);
    // The status checks of moto are always ok. The limit is five minutes, or that of the job.
    let wait = ["--wait", "--wait-timeout", "2s", "--poll-interval", "1s"];
    let finished = job.run("RebootInstance", &wait).expect_code(0);
    assert_eq!(finished.verdict(), "RebootInstance succeeded: 1 instance: reboot accepted, not observed");
    let finished = finished.expect_stdout("reboot accepted, not observed\n");
    assert!(finished.stderr.is_empty(), "{finished:#?}");

    let finished = job.run("RebootInstance", &[&wait[..], &["--output", "json"]].concat()).expect_code(0);
    let document = finished.document();
    assert_eq!(document["status"], "succeeded", "{finished:#?}");
    let instance = &document["instances"][0];
    assert_eq!(
        (&instance["id"], &instance["note"]),
        (&ids[0].as_str().into(), &"reboot accepted, not observed".into())
    );
}

#[test]
fn a_reboot_without_a_response_is_requested_once() {
    let job = Job::new("lost-reboot");
    let ids = job.running(2);
    job.layer.on("RebootInstances").call(1).cut_after();
    let finished = job.run("RebootInstance", &[]).expect_code(11);
    super::assert_names_all(&finished, &ids);
    assert_eq!(job.layer.calls_of("RebootInstances").len(), 1, "{finished:#?}");
}
