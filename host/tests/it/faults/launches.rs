//! Tests of launches: requests may fail in any way, but there is one set of instances and no ID is lost.

use std::collections::HashSet;

use super::{Job, assert_names_all};
use crate::fault_layer::Form;
use crate::fault_layer::answer::{no_capacity, refusal, throttled, unknown_instance};
use crate::fault_layer::view::{absent, state};

fn client_tokens(job: &Job) -> HashSet<String> {
    let calls = job.layer.calls_of("RunInstances");
    calls.iter().map(|call| call.form.get("ClientToken").expect("a client token").to_owned()).collect()
}

#[test]
fn a_launch_with_a_lost_response_is_not_repeated() {
    let job = Job::new("lost");
    job.layer.on("RunInstances").call(1).cut_after();
    let finished = job.launch(&["--number", "2", "--wait"]).expect_code(0);
    let ids = job.ec2().named(&job.name);
    assert_eq!(ids.len(), 2, "{finished:#?}");
    assert_names_all(&finished, &ids);
    let calls = job.layer.calls_of("RunInstances");
    assert_eq!(calls.iter().map(|call| call.status).collect::<Vec<_>>(), [None, Some(200)]);
    assert_eq!(client_tokens(&job).len(), 1);
}

#[test]
fn every_launch_has_a_client_token_of_its_own() {
    let job = Job::new("tokens");
    job.launch(&[]).expect_code(0);
    job.launch(&[]).expect_code(0);
    assert_eq!(client_tokens(&job).len(), 2);
    assert_eq!(job.ec2().named(&job.name).len(), 2);
}

#[test]
fn a_throttled_launch_keeps_its_client_token() {
    let job = Job::new("throttled-launch");
    job.layer.on("RunInstances").calls(..=2).answer(throttled());
    job.launch(&[]).expect_code(0);
    assert_eq!(job.layer.calls_of("RunInstances").len(), 3);
    assert_eq!(client_tokens(&job).len(), 1);
    assert_eq!(job.ec2().named(&job.name).len(), 1);
}

#[test]
fn a_lack_of_capacity_launches_nothing() {
    let job = Job::new("capacity");
    let of_that_type = |form: &Form| form.get("InstanceType") == Some("t3.micro");
    job.layer.on("RunInstances").when(of_that_type).answer(no_capacity());
    let finished = job.launch(&[]).expect_code(8);
    finished.expect_stderr("No room for such an instance, says the fault layer. (InsufficientInstanceCapacity");
    assert_eq!(job.ec2().named(&job.name), [""; 0]);
}

#[test]
fn a_limit_of_the_account_launches_nothing() {
    let job = Job::new("limit");
    job.layer.on("RunInstances").answer(refusal(400, "VcpuLimitExceeded", "Enough is enough."));
    job.launch(&[]).expect_code(8).expect_stderr("Enough is enough. (VcpuLimitExceeded");
    assert_eq!(job.layer.calls_of("RunInstances").len(), 1);
}

#[test]
fn a_wait_tolerates_a_new_instance_that_is_not_found_yet() {
    let job = Job::new("fresh");
    let unknown = || unknown_instance("i-0123456789abcdef0");
    let by_filter = |form: &Form| !form.names_instances();
    job.layer.on("DescribeInstances").when(Form::names_instances).calls(..=2).answer(unknown());
    job.layer.on("DescribeInstances").when(by_filter).call(1).show(absent());
    job.layer.on("DescribeInstances").when(Form::names_instances).call(3).show(absent());
    job.layer.on("DescribeInstanceStatus").call(1).answer(unknown());
    let finished = job.launch(&["--wait"]).expect_code(0);
    assert_names_all(&finished, &job.ec2().named(&job.name));
    assert_eq!(finished.verdict(), "CreateInstance succeeded: 1 instance launched and ready");
}

#[test]
fn an_instance_that_dies_while_it_starts_is_reported_with_ec2_s_reason() {
    let job = Job::new("dies");
    job.layer.on("DescribeInstances").call(1).show(state("pending"));
    let dead = state("terminated").because("Client.InternalError", "Client.InternalError: It could not be decrypted");
    job.layer.on("DescribeInstances").calls(2..).show(dead);
    let finished = job.launch(&["--wait"]).expect_code(1);
    let ids = job.ec2().named(&job.name);
    assert_names_all(&finished, &ids);
    let finished =
        finished.expect_stderr("the instance is `terminated`: Client.InternalError: It could not be decrypted");
    assert_eq!(finished.verdict(), "CreateInstance failed after changing something in EC2, exit code 1");
    assert_eq!(job.polls().len(), 2);
}

#[test]
fn one_instance_that_dies_does_not_hide_the_others() {
    let job = Job::new("one-dies");
    job.layer.on("DescribeInstances").call(1).show(state("pending"));
    job.layer.on("DescribeInstances").calls(2..).show(state("shutting-down").because("Server.InternalError", "Broken"));
    let finished = job.launch(&["--number", "3", "--wait", "--wait-for", "running"]).expect_code(1);
    assert_names_all(&finished, &job.ec2().named(&job.name));
    assert_eq!(
        finished.stderr.matches("the instance is `shutting-down`: ").count(),
        4,
        "3 warnings, 1 error: {finished:#?}"
    );
}
