//! Tests of `--on-timeout terminate` with an EC2 that does not confirm the states that the wait reported.

use super::{Job, assert_names_all};
use crate::fault_layer::RuleBuilder;
use crate::fault_layer::answer::{
    empty, html_page, internal_error, refusal, throttled, unauthorized, unknown_instance,
};
use crate::fault_layer::cut::at_byte;
use crate::fault_layer::view::absent;

type Fault = fn(RuleBuilder<'_>);

#[test]
fn nothing_is_terminated_after_any_failed_read() {
    let faults: [(Fault, i32); 11] = [
        (|rule| rule.answer(internal_error()), 5),
        (|rule| rule.answer(throttled()), 5),
        (|rule| rule.answer(html_page(200)), 5),
        (|rule| rule.answer(html_page(503)), 5),
        (|rule| rule.answer(empty()), 5),
        (|rule| rule.answer(refusal(401, "AuthFailure", "Not valid")), 5),
        (|rule| rule.answer(unknown_instance("i-0123456789abcdef0")), 5),
        (|rule| rule.cut_before(), 5),
        (|rule| rule.cut_body(at_byte(200).chunked()), 5),
        (|rule| rule.show(absent()), 5),
        (|rule| rule.answer(unauthorized()), 3),
    ];
    for (number, (add, code)) in faults.into_iter().enumerate() {
        let mut job = Job::new("unconfirmed");
        job.program = job.program.env("AWS_MAX_ATTEMPTS", "1");
        add(job.layer.on("DescribeInstances"));
        let finished = job.launch(&["--wait", "--wait-timeout", "1s", "--on-timeout", "terminate"]).expect_code(code);
        let ids = job.ec2().named(&job.name);
        assert_eq!(job.ec2().states(&ids), ["running"], "{number}: {finished:#?}");
        assert_names_all(&finished, &ids);
        assert!(job.layer.calls_of("TerminateInstances").is_empty());
        finished.expect_stderr(&format!("or terminate them with `TerminateInstance --instance-id {}`", ids[0]));
    }
}

#[test]
fn nothing_is_terminated_while_status_checks_are_missing() {
    let faults: [Fault; 3] = [
        |rule| rule.cut_before(),
        |rule| rule.show(absent()),
        |rule| rule.answer(unknown_instance("i-0123456789abcdef0")),
    ];
    for add in faults {
        let mut job = Job::new("unchecked");
        job.program = job.program.env("AWS_MAX_ATTEMPTS", "1");
        add(job.layer.on("DescribeInstanceStatus"));
        job.launch(&["--wait", "--wait-timeout", "1s", "--on-timeout", "terminate"]).expect_code(5);
        assert!(job.layer.calls_of("TerminateInstances").is_empty());
    }
}
