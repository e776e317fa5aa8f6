//! Tests the number of calls for five hundred instances with the same name.

use super::Job;
use crate::fault_layer::view::status_checks;

const INSTANCES: usize = 500;
/// The number of instances with slow status checks.
const SLOW: usize = 150;
/// The maximum number of instance IDs in DescribeInstanceStatus (AWS API reference).
const STATUS_IDS: usize = 100;

#[test]
fn five_hundred_instances_need_no_call_per_instance() {
    // Separate from the instances of other tests, which would slow down calls.
    let job = Job::in_region("many", "ap-south-1");
    let ids = job.stopped(INSTANCES);
    let pages = INSTANCES.div_ceil(STATUS_IDS);
    job.layer.on("DescribeInstanceStatus").calls(..=pages).show(status_checks("initializing").of(&ids[..SLOW]));

    let finished = job.run("StartInstance", &["--wait"]).expect_code(0);
    assert_eq!(finished.verdict(), "StartInstance succeeded: 500 instances started");
    let calls = job.layer.calls();
    let mut named: Vec<_> = calls.iter().map(|call| (call.form.action(), call.form.instance_ids().len())).collect();
    // The status calls of one poll are concurrent and arrive in any order.
    let last_poll = named.len() - named.iter().rev().take_while(|(name, _)| *name == "DescribeInstanceStatus").count();
    named[last_poll..].sort_by_key(|(_, ids)| std::cmp::Reverse(*ids));
    let all = [("DescribeInstances", 0), ("StartInstances", INSTANCES), ("DescribeInstances", INSTANCES)];
    let second_poll =
        [("DescribeInstances", SLOW), ("DescribeInstanceStatus", STATUS_IDS), ("DescribeInstanceStatus", 50)];
    assert_eq!(named, [&all[..], &[("DescribeInstanceStatus", STATUS_IDS)].repeat(pages), &second_poll].concat());
}
