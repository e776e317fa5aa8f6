//! Tests of the complete function: its requests, its output and its outcome.

mod arguments;
mod clean_up;
mod fallback;
mod request;
mod token;

use connector_sdk::ec2::Client;
use connector_sdk::ec2::operation::create_key_pair::CreateKeyPairOutput;
use connector_sdk::ec2::operation::create_security_group::CreateSecurityGroupOutput;
use connector_sdk::ec2::operation::describe_images::DescribeImagesOutput;
use connector_sdk::ec2::operation::describe_key_pairs::DescribeKeyPairsOutput;
use connector_sdk::ec2::operation::describe_security_groups::DescribeSecurityGroupsOutput;
use connector_sdk::ec2::operation::describe_vpcs::DescribeVpcsOutput;
use connector_sdk::ec2::operation::run_instances::RunInstancesOutput;
use connector_sdk::ec2::types::{Image, InstanceStateName, KeyPairInfo, StateReason, SummaryStatus, Vpc};
use connector_sdk::testing::{Job, Rule, checked, described, instance, mock, refusal};
use connector_sdk::{ErrorKind, Outcome, Result};

use crate::CreateInstance;

const I0: &str = "i-0123456789abcdef0";
const I1: &str = "i-0123456789abcdef1";

/// The client token of tests that check all lines.
const TOKEN: (&str, &str) = ("client-token", "T");

/// The line that announces a launch of two with this token.
const ANNOUNCED: &str = "launching 2 instances of ami-0123abcd as t3.micro in subnet-0123abcd, client token T";

/// The common arguments of all tests, unless overridden, and those of this one.
fn arguments<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let usual = [("image-id", "ami-0123abcd"), ("instance-type", "t3.micro"), ("key-name", "batch")];
    let replaced = |name: &str| name != "instance-type" && more.iter().any(|(own, _)| *own == name);
    usual.into_iter().filter(|(name, _)| !replaced(name)).chain(more.iter().copied()).collect()
}

async fn run(job: &Job, more: &[(&str, &str)]) -> Result<Outcome> {
    job.run(&CreateInstance, &arguments(&[&[("subnet-id", "subnet-0123abcd")], more].concat())).await
}

fn key_pair_exists() -> Rule {
    mock!(Client::describe_key_pairs).then_compute_output(|request| {
        let pairs = request.key_names().iter().map(|name| KeyPairInfo::builder().key_name(name).build());
        DescribeKeyPairsOutput::builder().set_key_pairs(Some(pairs.collect())).build()
    })
}

fn launched(ids_by_index: &[(i32, &str)]) -> RunInstancesOutput {
    let instances = ids_by_index.iter().map(|(index, id)| {
        let mut launched = instance(id, &InstanceStateName::Pending);
        launched.ami_launch_index = Some(*index);
        launched
    });
    RunInstancesOutput::builder().set_instances(Some(instances.collect())).build()
}

#[tokio::test]
async fn a_launch_without_waiting_costs_two_calls_and_saves_what_ec2_knows() {
    let key_pair = key_pair_exists();
    let launch = mock!(Client::run_instances)
        .match_requests(|request| request.key_name() == Some("batch") && request.dry_run() == Some(false))
        .then_output(|| launched(&[(1, I0), (0, I1)]));
    let job = Job::new(&[&key_pair, &launch]);
    let properties =
        [TOKEN, ("number", "2"), ("id-property", "ID"), ("public-ip-property", "IP"), ("private-ip-property", "PIP")];
    assert_eq!(run(&job, &properties).await.unwrap().message, "2 instances launched");
    assert_eq!(
        job.lines(),
        [
            "OpCon is contacted".to_owned(),
            ANNOUNCED.to_owned(),
            format!("{I1} (web): launched, pending"),
            format!("{I0} (web): launched, pending"),
            format!("property ID_1 = {I1}: saved"),
            format!("property ID_2 = {I0}: saved"),
            "warning: property IP_1 is not saved: the instance has no such address yet (`--wait` waits for it)"
                .to_owned(),
            "warning: property IP_2 is not saved: the instance has no such address yet (`--wait` waits for it)"
                .to_owned(),
            "property PIP_1 = 10.0.0.1: saved".to_owned(),
            "property PIP_2 = 10.0.0.1: saved".to_owned(),
        ]
    );
    assert_eq!((key_pair.num_calls(), launch.num_calls()), (1, 1));
    assert!(job.cx.journal().anything_changed());
}

#[tokio::test(start_paused = true)]
async fn a_wait_goes_on_until_both_status_checks_are_ok() {
    let key_pair = key_pair_exists();
    let launch = mock!(Client::run_instances).then_output(|| launched(&[(0, I0)]));
    // EC2 may not know the new instance everywhere at first.
    let describe = mock!(Client::describe_instances)
        .sequence()
        .http_response(|| refusal("InvalidInstanceID.NotFound", "The instance does not exist"))
        .output(|| described([instance(I0, &InstanceStateName::Pending)]))
        .output(|| described([instance(I0, &InstanceStateName::Running)]))
        .output(|| described([instance(I0, &InstanceStateName::Running)]))
        .build();
    let checks = mock!(Client::describe_instance_status)
        .sequence()
        .output(|| checked([I0], &SummaryStatus::Initializing))
        .output(|| checked([I0], &SummaryStatus::Ok))
        .build();
    let job = Job::new(&[&key_pair, &launch, &describe, &checks]);
    let properties =
        [("wait", "true"), ("id-property", "ID"), ("public-dns-property", "DNS"), ("public-ip-property", "IP")];
    assert_eq!(run(&job, &properties).await.unwrap().message, "1 instance launched and ready");
    let saved: Vec<_> =
        job.cx.journal().properties().into_iter().filter_map(|saved| Some((saved.name, saved.value?))).collect();
    let expected = [("ID", I0), ("DNS", "ec2-192-0-2-1.example"), ("IP", "192.0.2.1")];
    assert_eq!(saved, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!((describe.num_calls(), checks.num_calls()), (4, 2));
}

#[tokio::test(start_paused = true)]
async fn the_id_is_saved_before_the_wait_and_the_address_after_it() {
    let key_pair = key_pair_exists();
    let launch = mock!(Client::run_instances).then_output(|| launched(&[(0, I0)]));
    let describe =
        mock!(Client::describe_instances).then_output(|| described([instance(I0, &InstanceStateName::Running)]));
    let job = Job::new(&[&key_pair, &launch, &describe]);
    let more = [("wait", "true"), ("wait-for", "running"), ("id-property", "ID"), ("public-ip-property", "IP")];
    run(&job, &more).await.unwrap();
    let lines = job.lines();
    let place =
        |text: &str| lines.iter().position(|line| line.starts_with(text)).unwrap_or_else(|| panic!("{lines:#?}"));
    assert!(
        place("property ID = ") < place("waiting for ") && place("waiting for ") < place("property IP = "),
        "{lines:#?}"
    );
}

#[tokio::test(start_paused = true)]
async fn two_properties_of_one_name_are_refused_before_anything_is_done() {
    let job = Job::new(&[]);
    let error = run(&job, &[("id-property", "WEB"), ("public-ip-property", "WEB")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(job.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_wait_for_running_reads_no_status_checks() {
    let key_pair = key_pair_exists();
    let launch = mock!(Client::run_instances).then_output(|| launched(&[(0, I0)]));
    let describe =
        mock!(Client::describe_instances).then_output(|| described([instance(I0, &InstanceStateName::Running)]));
    let job = Job::new(&[&key_pair, &launch, &describe]);
    let message = run(&job, &[("wait", "true"), ("wait-for", "running")]).await.unwrap().message;
    assert_eq!(message, "1 instance launched and ready");
}

#[tokio::test(start_paused = true)]
async fn an_expired_wait_keeps_the_ids() {
    let key_pair = key_pair_exists();
    let launch = mock!(Client::run_instances).then_output(|| launched(&[(0, I0)]));
    let describe =
        mock!(Client::describe_instances).then_output(|| described([instance(I0, &InstanceStateName::Pending)]));
    let job = Job::new(&[&key_pair, &launch, &describe]);
    let error = run(&job, &[("wait", "true"), ("wait-timeout", "90s"), ("id-property", "ID")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WaitExpired);
    assert_eq!(error.message(), format!("timed out after 90s: {I0} is still `pending`"));
    let lines = job.lines();
    assert_eq!(lines[2], format!("{I0} (web): launched, pending"));
    assert!(lines.contains(&format!("property ID = {I0}: saved")), "{lines:?}");
    assert!(job.cx.journal().instances()[0].changed);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_terminates_at_once_is_reported_with_the_reason() {
    let key_pair = key_pair_exists();
    let launch = mock!(Client::run_instances).then_output(|| launched(&[(0, I0), (1, I1)]));
    let describe = mock!(Client::describe_instances).then_output(|| {
        let mut terminated = instance(I0, &InstanceStateName::Terminated);
        terminated.state_reason =
            Some(StateReason::builder().message("Client.InternalError: the key is not usable").build());
        described([terminated, instance(I1, &InstanceStateName::Running)])
    });
    let job = Job::new(&[&key_pair, &launch, &describe]);
    let error = run(&job, &[("number", "2"), ("wait", "true"), ("wait-for", "running")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Partial);
    assert!(error.to_string().starts_with("launching: 1 of 2 instances failed"), "{error}");
    assert!(error.to_string().contains("the instance is `terminated`: Client.InternalError"), "{error}");
}

#[tokio::test]
async fn a_property_that_is_not_saved_fails_the_job_but_hides_no_id() {
    let key_pair = key_pair_exists();
    let launch = mock!(Client::run_instances).then_output(|| launched(&[(0, I0)]));
    let job = Job::refusing_property(&[&key_pair, &launch], "ID");
    let error = run(&job, &[("id-property", "ID")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PropertyNotSaved);
    assert!(job.lines().contains(&format!("{I0} (web): launched, pending")));
}

#[tokio::test]
async fn lack_of_capacity_is_reported() {
    let key_pair = key_pair_exists();
    let launch =
        mock!(Client::run_instances).then_http_response(|| refusal("InsufficientInstanceCapacity", "Not enough room"));
    let job = Job::new(&[&key_pair, &launch]);
    let error = run(&job, &[("number", "2")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Capacity);
    assert_eq!(
        error.to_string(),
        "launching 2 instances of ami-0123abcd as t3.micro in subnet-0123abcd: Not enough room (InsufficientInstanceCapacity, request req-1)"
    );
    assert!(!job.cx.journal().anything_changed());
}

#[tokio::test(start_paused = true)]
async fn fewer_instances_than_requested_are_no_success_and_their_ids_are_kept() {
    for (answer, found) in [(&[(0, I0)][..], format!("1 of 3 found: {I0}")), (&[], "none found".to_owned())] {
        let key_pair = key_pair_exists();
        let launch = mock!(Client::run_instances).then_output(|| launched(answer));
        let job = Job::new(&[&key_pair, &launch, &mock!(Client::describe_instances).then_output(|| described([]))]);
        let error = run(&job, &[("number", "3")]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unknown);
        assert!(error.message().contains(&found), "{error}");
        assert!(error.message().ends_with(&format!("it names {} of 3 instances", answer.len())), "{error}");
        assert_eq!(job.cx.journal().instances().len(), answer.len());
    }
}

/// Rules for a missing key pair and a missing security group, which are created.
fn creation_rules() -> [Rule; 6] {
    [
        mock!(Client::describe_key_pairs).then_http_response(|| refusal("InvalidKeyPair.NotFound", "No such key pair")),
        mock!(Client::create_key_pair).then_output(|| CreateKeyPairOutput::builder().key_material("made up").build()),
        mock!(Client::describe_vpcs)
            .then_output(|| DescribeVpcsOutput::builder().vpcs(Vpc::builder().vpc_id("vpc-1").build()).build()),
        mock!(Client::describe_security_groups).then_output(|| DescribeSecurityGroupsOutput::builder().build()),
        mock!(Client::create_security_group)
            .then_output(|| CreateSecurityGroupOutput::builder().group_id("sg-1").build()),
        mock!(Client::describe_images)
            .then_output(|| DescribeImagesOutput::builder().images(Image::builder().build()).build()),
    ]
}

#[tokio::test(start_paused = true)]
async fn new_resources_may_be_unknown_to_ec2_for_a_moment() {
    let folder = tempfile::tempdir().unwrap();
    let launch = mock!(Client::run_instances)
        .match_requests(|request| request.key_name() == Some("batch") && request.security_group_ids() == ["sg-1"])
        .sequence()
        .http_response(|| refusal("InvalidKeyPair.NotFound", "No such key pair"))
        .http_response(|| refusal("InvalidGroup.NotFound", "No such group"))
        .output(|| launched(&[(0, I0)]))
        .build();
    let creation_rules = creation_rules();
    let rules: Vec<&Rule> = creation_rules.iter().chain([&launch]).collect();
    let job = Job::new(&rules);
    let more = arguments(&[("security-group", "web"), ("key-dir", folder.path().to_str().unwrap())]);
    assert_eq!(job.run(&CreateInstance, &more).await.unwrap().message, "1 instance launched");
    assert_eq!(launch.num_calls(), 3);
    let lines = job.lines();
    assert!(lines[0].starts_with("key pair batch: created"), "{lines:?}");
    assert!(lines[1].starts_with("security group `web`: created as sg-1"), "{lines:?}");
    assert!(!lines.concat().contains("made up"), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn resources_that_stay_unknown_to_ec2_end_the_job() {
    let folder = tempfile::tempdir().unwrap();
    let launch = mock!(Client::run_instances).then_http_response(|| refusal("InvalidGroup.NotFound", "No such group"));
    let creation_rules = creation_rules();
    let rules: Vec<&Rule> = creation_rules.iter().chain([&launch]).collect();
    let job = Job::new(&rules);
    let more = arguments(&[("security-group", "web"), ("key-dir", folder.path().to_str().unwrap())]);
    let error = job.run(&CreateInstance, &more).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "launching 1 instance of ami-0123abcd as t3.micro: No such group (InvalidGroup.NotFound, request req-1)"
    );
    assert!(launch.num_calls() > 1);
    assert!(job.cx.journal().anything_changed(), "the key pair and the group are there");
}

#[tokio::test]
async fn a_resource_from_outside_the_job_is_not_retried() {
    let key_pair = key_pair_exists();
    let launch = mock!(Client::run_instances).then_http_response(|| refusal("InvalidGroup.NotFound", "No such group"));
    let job = Job::new(&[&key_pair, &launch]);
    let error = job.run(&CreateInstance, &arguments(&[("security-group", "sg-0123abcd")])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(launch.num_calls(), 1);
}

#[tokio::test]
async fn a_dry_run_sends_dry_run_requests_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let launch = mock!(Client::run_instances)
        .match_requests(|request| {
            request.dry_run() == Some(true) && request.key_name().is_none() && request.security_group_ids().is_empty()
        })
        .then_http_response(|| refusal("DryRunOperation", "Request would have succeeded"));
    let [key_pairs, _, vpcs, groups, _, images] = creation_rules();
    let job = Job::dry_run(&[&key_pairs, &vpcs, &groups, &images, &launch]);
    let more = [
        ("security-group", "web"),
        ("key-dir", folder.path().to_str().unwrap()),
        ("number", "2"),
        ("wait", "true"),
        ("id-property", "ID"),
    ];
    let message = job.run(&CreateInstance, &arguments(&more)).await.unwrap().message;
    assert_eq!(message, "launch of 2 instances would succeed, nothing changed (dry run)");
    let path = folder.path().join("batch.pem");
    assert_eq!(
        job.lines(),
        [
            "OpCon is contacted".to_owned(),
            "OpCon properties can be saved: ID; none is saved (dry run)".to_owned(),
            format!("key pair batch: would be created, its private key in {}", path.display()),
            "security group `web`: would be created in vpc-1".to_owned(),
            "dry run: launching 2 instances of ami-0123abcd as t3.micro".to_owned(),
        ]
    );
    assert!(!path.exists());
    assert!(!job.cx.journal().anything_changed());
}

#[tokio::test]
async fn a_dry_run_that_ec2_refuses_fails() {
    let key_pair = key_pair_exists();
    let launch = mock!(Client::run_instances).then_http_response(|| refusal("UnauthorizedOperation", "No"));
    let job = Job::dry_run(&[&key_pair, &launch]);
    let error = run(&job, &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(
        error.to_string(),
        "launching 1 instance of ami-0123abcd as t3.micro in subnet-0123abcd: No (UnauthorizedOperation, request req-1)"
    );
}
