//! Tests of the security groups: found, created, and looked up after a lost answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use connector_sdk::ArgValue as _;
use connector_sdk::client_token::ClientToken;
use connector_sdk::ec2::Client;
use connector_sdk::ec2::operation::create_security_group::CreateSecurityGroupOutput;
use connector_sdk::ec2::operation::describe_security_groups::DescribeSecurityGroupsOutput;
use connector_sdk::ec2::operation::describe_subnets::DescribeSubnetsOutput;
use connector_sdk::ec2::operation::describe_vpcs::DescribeVpcsOutput;
use connector_sdk::ec2::types::{self, ResourceType, Tag, Vpc};
use connector_sdk::testing::{Job, MockResponse, Rule, answer, mock, refusal};

use super::*;

fn named(name: &str) -> SecurityGroup {
    SecurityGroup::Name(name.to_owned())
}

fn with_id(id: &str) -> SecurityGroup {
    SecurityGroup::Id(id.to_owned())
}

/// Without a subnet.
fn network(groups: &[SecurityGroup]) -> Network {
    Network { groups: groups.to_vec(), subnets: Vec::new(), zone: None, associate_public_ip: false }
}

/// A group named `web`, in subnets.
fn web_in(subnets: &[&str]) -> Network {
    let subnets = subnets.iter().map(|id| SubnetId::parse(id).unwrap()).collect();
    Network { subnets, ..network(&[named("web")]) }
}

fn subnets(vpcs: &[&str]) -> DescribeSubnetsOutput {
    let subnets = vpcs.iter().map(|vpc| types::Subnet::builder().vpc_id(*vpc).build());
    DescribeSubnetsOutput::builder().set_subnets(Some(subnets.collect())).build()
}

fn default_vpc() -> Rule {
    mock!(Client::describe_vpcs)
        .match_requests(|request| request.filters() == [filter("is-default", ["true"])])
        .then_output(|| DescribeVpcsOutput::builder().vpcs(Vpc::builder().vpc_id("vpc-1").build()).build())
}

fn groups(names_and_ids: &[(&str, &str)]) -> DescribeSecurityGroupsOutput {
    let groups =
        names_and_ids.iter().map(|(name, id)| types::SecurityGroup::builder().group_name(*name).group_id(*id).build());
    DescribeSecurityGroupsOutput::builder().set_security_groups(Some(groups.collect())).build()
}

async fn ensure_for(job: &Job, network: &Network) -> Result<Vec<String>> {
    ensure(&job.cx, network, &RunTags::new(&ClientToken::parse("T").unwrap()).unwrap()).await
}

#[tokio::test]
async fn ids_cost_no_call() {
    let job = Job::new(&[]);
    let ids = ensure_for(&job, &network(&[with_id("sg-2"), with_id("sg-1")])).await.unwrap();
    assert_eq!(ids, ["sg-2", "sg-1"]);
}

#[tokio::test]
async fn names_are_looked_up_in_the_default_vpc_by_one_call_and_compared_exactly() {
    let vpc = default_vpc();
    let look_up = mock!(Client::describe_security_groups)
        .match_requests(|request| {
            request.filters() == [filter("vpc-id", ["vpc-1"]), filter("group-name", ["web*", "db"])]
        })
        .then_output(|| groups(&[("web-old", "sg-0"), ("db", "sg-2"), ("web*", "sg-1")]));
    let job = Job::new(&[&vpc, &look_up]);
    let wanted = [named("web*"), with_id("sg-3"), named("db"), with_id("sg-1")];
    assert_eq!(ensure_for(&job, &network(&wanted)).await.unwrap(), ["sg-1", "sg-3", "sg-2"]);
    assert_eq!((vpc.num_calls(), look_up.num_calls()), (1, 1));
    assert!(job.lines().is_empty());
}

#[tokio::test]
async fn a_missing_group_is_created_and_reported_as_closed() {
    let vpc = default_vpc();
    let look_up = mock!(Client::describe_security_groups).then_output(|| groups(&[]));
    let create = mock!(Client::create_security_group)
        .match_requests(|request| {
            request.group_name() == Some("web")
                && request.vpc_id() == Some("vpc-1")
                && request.description() == Some("Created by awsec2")
        })
        .then_output(|| CreateSecurityGroupOutput::builder().group_id("sg-1").build());
    let job = Job::new(&[&vpc, &look_up, &create]);
    assert_eq!(ensure_for(&job, &network(&[named("web")])).await.unwrap(), ["sg-1"]);
    assert_eq!(
        job.lines(),
        ["security group `web`: created as sg-1 without inbound rules: nothing can reach the instances until rules \
          are added"]
    );
    assert!(job.cx.journal().anything_changed());
}

#[tokio::test(start_paused = true)]
async fn a_group_that_another_job_creates_meanwhile_is_waited_for() {
    let vpc = default_vpc();
    let look_up = mock!(Client::describe_security_groups)
        .sequence()
        .output(|| groups(&[]))
        .times(19)
        .output(|| groups(&[("web", "sg-1")]))
        .build();
    let create =
        mock!(Client::create_security_group).then_http_response(|| refusal("InvalidGroup.Duplicate", "It exists"));
    let job = Job::new(&[&vpc, &look_up, &create]);
    assert_eq!(ensure_for(&job, &network(&[named("web")])).await.unwrap(), ["sg-1"]);
    assert_eq!(job.lines(), ["security group `web`: created by another job in the meantime, used as is"]);
    assert!(!job.cx.journal().anything_changed());
    assert_eq!(create.num_calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_group_that_exists_and_is_never_shown_is_an_error() {
    let vpc = default_vpc();
    let look_up = mock!(Client::describe_security_groups).then_output(|| groups(&[]));
    let create =
        mock!(Client::create_security_group).then_http_response(|| refusal("InvalidGroup.Duplicate", "It exists"));
    let job = Job::new(&[&vpc, &look_up, &create]);
    let error = ensure_for(&job, &network(&[named("web")])).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "creating security group `web` in vpc-1: It exists (InvalidGroup.Duplicate, request req-1)"
    );
    assert!(!job.cx.journal().anything_unknown());
}

/// The outcome of a request to create the group.
#[derive(Clone, Copy)]
enum CreateOutcome {
    /// A refusal with this code.
    Refused(&'static str),
    /// A lost answer; the group exists.
    Lost,
    /// An answer without an id; the group exists.
    WithoutId,
    /// A lost answer; EC2 did not receive the request.
    NotReceived,
    /// A complete answer.
    Created,
}

/// Ensures the group `web` with these outcomes in turn, and look-ups that return it late. Returns the result, the job,
/// and the number of creations.
async fn run_with(ends: &'static [CreateOutcome], shown_after: usize) -> (Result<Vec<String>>, Job, usize) {
    let tags: Arc<Mutex<Option<Vec<Tag>>>> = Arc::default();
    let (given, requests) = (tags.clone(), AtomicUsize::new(0));
    let create = mock!(Client::create_security_group).then_compute_response(move |request| {
        let specifications = request.tag_specifications();
        assert!(specifications.iter().all(|tags| tags.resource_type() == Some(&ResourceType::SecurityGroup)));
        let new = specifications.iter().flat_map(|tags| tags.tags().to_vec()).collect();
        let end = ends[requests.fetch_add(1, Ordering::Relaxed)];
        if matches!(end, CreateOutcome::Lost | CreateOutcome::WithoutId) {
            *given.lock().unwrap() = Some(new);
        }
        match end {
            CreateOutcome::Refused(code) => MockResponse::Http(refusal(code, "No")),
            // A proxy answers, with a status that the AWS SDK does not retry.
            CreateOutcome::Lost | CreateOutcome::NotReceived => MockResponse::Http(answer(400, "<html>a proxy</html>")),
            CreateOutcome::WithoutId => MockResponse::Output(CreateSecurityGroupOutput::builder().build()),
            CreateOutcome::Created => {
                MockResponse::Output(CreateSecurityGroupOutput::builder().group_id("sg-2").build())
            }
        }
    });
    let looks = AtomicUsize::new(0);
    let look_up = mock!(Client::describe_security_groups).then_compute_output(move |_| {
        let tags = tags.lock().unwrap().clone();
        let shown = tags.filter(|_| looks.fetch_add(1, Ordering::Relaxed) >= shown_after);
        let group = types::SecurityGroup::builder().group_name("web").group_id("sg-1");
        let group = shown.map(|tags| group.set_tags(Some(tags)).build());
        DescribeSecurityGroupsOutput::builder().set_security_groups(Some(group.into_iter().collect())).build()
    });
    let job = Job::new(&[&default_vpc(), &look_up, &create]);
    let provided = ensure_for(&job, &network(&[named("web")])).await;
    (provided, job, create.num_calls())
}

#[tokio::test(start_paused = true)]
async fn after_a_lost_answer_a_group_of_our_own_is_found_by_its_tags() {
    for ends in [&[CreateOutcome::Lost][..], &[CreateOutcome::WithoutId]] {
        let (provided, job, requests) = run_with(ends, 2).await;
        assert_eq!(provided.unwrap(), ["sg-1"]);
        assert_eq!(requests, 1);
        job.assert_reported("security group `web`: created as sg-1 without inbound rules");
        assert!(job.cx.journal().anything_changed() && !job.cx.journal().anything_unknown());
    }
}

#[tokio::test(start_paused = true)]
async fn a_request_that_never_reached_ec2_is_repeated() {
    let (provided, job, requests) = run_with(&[CreateOutcome::NotReceived, CreateOutcome::Created], 0).await;
    assert_eq!((provided.unwrap(), requests), (vec!["sg-2".to_owned()], 2));
    assert!(!job.cx.journal().anything_unknown());
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_after_a_lost_answer_may_be_a_group_of_this_run() {
    let (provided, job, requests) =
        run_with(&[CreateOutcome::Lost, CreateOutcome::Refused("InvalidGroup.Duplicate")], 8).await;
    assert_eq!((provided.unwrap(), requests), (vec!["sg-1".to_owned()], 2));
    job.assert_reported("security group `web`: created as sg-1 without inbound rules");
}

#[tokio::test(start_paused = true)]
async fn a_group_that_is_never_shown_is_unknown() {
    for ends in [
        &[CreateOutcome::NotReceived; 3][..],
        &[CreateOutcome::NotReceived, CreateOutcome::Refused("SecurityGroupLimitExceeded")],
    ] {
        let (provided, job, requests) = run_with(ends, 0).await;
        let error = provided.unwrap_err();
        assert_eq!((error.kind(), requests), (ErrorKind::Unknown, ends.len()));
        let hint = error.hint_text().unwrap();
        assert!(
            hint.starts_with("run the job again: it uses security group `web` with the tag awsec2:client-token=T"),
            "{hint}"
        );
        assert!(job.cx.journal().anything_unknown());
    }
}

#[tokio::test(start_paused = true)]
async fn a_group_is_created_without_refused_tags() {
    let (provided, _, requests) =
        run_with(&[CreateOutcome::Refused("UnauthorizedOperation"), CreateOutcome::Created], 0).await;
    assert_eq!((provided.unwrap(), requests), (vec!["sg-2".to_owned()], 2));
    // After a lost answer, nothing shows who created it.
    let (provided, job, _) = run_with(&[CreateOutcome::Refused("TagPolicyViolation"), CreateOutcome::Lost], 0).await;
    assert_eq!(provided.unwrap(), ["sg-1"]);
    job.assert_reported("security group `web`: exists as sg-1 after the lost response, used as is");
}

#[tokio::test]
async fn without_a_default_vpc_there_is_a_hint() {
    let none = mock!(Client::describe_vpcs).then_output(|| DescribeVpcsOutput::builder().build());
    let job = Job::new(&[&none]);
    let error = ensure_for(&job, &network(&[named("web")])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        error.to_string(),
        "looking up the default VPC: the region has no default VPC, in which security groups are looked up by name"
    );
    assert!(error.hint_text().unwrap().contains("--subnet-id"));
}

#[tokio::test]
async fn with_subnets_the_names_are_looked_up_in_their_vpc() {
    let look_up_subnets = mock!(Client::describe_subnets)
        .match_requests(|request| request.subnet_ids() == ["subnet-0000000a", "subnet-0000000b"])
        .then_output(|| subnets(&["vpc-2", "vpc-2"]));
    let look_up = mock!(Client::describe_security_groups)
        .match_requests(|request| request.filters()[0] == filter("vpc-id", ["vpc-2"]))
        .then_output(|| groups(&[("web", "sg-1")]));
    let job = Job::new(&[&look_up_subnets, &look_up]);
    assert_eq!(ensure_for(&job, &web_in(&["subnet-0000000a", "subnet-0000000b"])).await.unwrap(), ["sg-1"]);
    assert_eq!((look_up_subnets.num_calls(), look_up.num_calls()), (1, 1));
}

#[tokio::test]
async fn subnets_without_one_vpc_are_refused() {
    for (vpcs, kind, why) in [
        (&[][..], ErrorKind::NotFound, "subnet not found"),
        (
            &["vpc-2", "vpc-1", "vpc-2"],
            ErrorKind::InvalidInput,
            "the subnets are in several VPCs (vpc-1, vpc-2), and a security group belongs to one VPC",
        ),
    ] {
        let answer = subnets(vpcs);
        let look_up = mock!(Client::describe_subnets).then_output(move || answer.clone());
        let job = Job::new(&[&look_up]);
        let error = ensure_for(&job, &web_in(&["subnet-0000000a"])).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.to_string(), format!("looking up the VPC of subnet-0000000a: {why}"));
    }
}

#[tokio::test]
async fn a_refused_look_up_of_subnets_names_the_action() {
    let refused =
        mock!(Client::describe_subnets).then_http_response(|| refusal("InvalidSubnetID.NotFound", "No such subnet"));
    let error = ensure_for(&Job::new(&[&refused]), &web_in(&["subnet-0000000a"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(
        error.to_string(),
        "looking up the VPC of subnet-0000000a: No such subnet (InvalidSubnetID.NotFound, request req-1)"
    );
}

#[tokio::test]
async fn refusals_name_the_action() {
    let refused = || refusal("UnauthorizedOperation", "No");
    let vpc = default_vpc();
    let no_vpcs = mock!(Client::describe_vpcs).then_http_response(refused);
    let no_groups = mock!(Client::describe_security_groups).then_http_response(refused);
    let empty = mock!(Client::describe_security_groups).then_output(|| groups(&[]));
    let no_create = mock!(Client::create_security_group).then_http_response(refused);
    for (job, action) in [
        (Job::new(&[&no_vpcs]), "looking up the default VPC"),
        (Job::new(&[&vpc, &no_groups]), "looking up security groups `web`, `db`"),
        (Job::new(&[&vpc, &empty, &no_create]), "creating security group `web` in vpc-1"),
    ] {
        let error = ensure_for(&job, &network(&[named("web"), named("db")])).await.unwrap_err();
        assert_eq!(error.to_string(), format!("{action}: No (UnauthorizedOperation, request req-1)"));
        assert!(!job.cx.journal().anything_changed());
    }
}

#[tokio::test]
async fn a_dry_run_creates_no_group_and_leaves_it_out() {
    let vpc = default_vpc();
    let look_up = mock!(Client::describe_security_groups).then_output(|| groups(&[("db", "sg-2")]));
    let job = Job::dry_run(&[&vpc, &look_up]);
    assert_eq!(ensure_for(&job, &network(&[named("web"), named("db")])).await.unwrap(), ["sg-2"]);
    assert_eq!(job.lines(), ["security group `web`: would be created in vpc-1"]);
}
