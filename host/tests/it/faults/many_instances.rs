//! Five hundred instances of one name: what they cost in calls.

use super::Job;
use crate::fault_layer::view::status_checks;

const INSTANCES: usize = 500;
/// How many of them have slow status checks.
const SLOW: usize = 150;
/// Instance ids that one DescribeInstanceStatus may carry (AWS API reference).
const STATUS_IDS: usize = 100;

#[test]
fn five_hundred_instances_cost_calls_for_all_and_never_one_each() {
    // Apart from the instances of the other tests, whose calls would have to pass by these.
    let job = Job::in_region("many", "ap-south-1");
    let ids = job.stopped(INSTANCES);
    let pages = INSTANCES.div_ceil(STATUS_IDS);
    job.layer.on("DescribeInstanceStatus").calls(..=pages).show(status_checks("initializing").of(&ids[..SLOW]));

    let finished = job.run("StartInstance", &["--wait"]).expect_code(0);
    assert_eq!(finished.verdict(), "StartInstance succeeded: 500 instances started");
    let calls = job.layer.calls();
    let mut named: Vec<_> = calls.iter().map(|call| (call.form.action(), call.form.instance_ids().len())).collect();
    // The status calls of one look go out together, and arrive in any order.
    let last_look = named.len() - named.iter().rev().take_while(|(name, _)| *name == "DescribeInstanceStatus").count();
    named[last_look..].sort_by_key(|(_, ids)| std::cmp::Reverse(*ids));
    let all = [("DescribeInstances", 0), ("StartInstances", INSTANCES), ("DescribeInstances", INSTANCES)];
    let second_look =
        [("DescribeInstances", SLOW), ("DescribeInstanceStatus", STATUS_IDS), ("DescribeInstanceStatus", 50)];
    assert_eq!(named, [&all[..], &[("DescribeInstanceStatus", STATUS_IDS)].repeat(pages), &second_look].concat());
}
