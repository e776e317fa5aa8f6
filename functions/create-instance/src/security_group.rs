//! The security groups of a launch: names become ids in the VPC of the launch, and a group that is missing is made there.

use std::collections::HashMap;

use connector_sdk::ec2::types::Filter;
use connector_sdk::{Context, Doing as _, Error, ErrorKind, Result, codes};

use crate::arguments::network::{Network, SecurityGroup, SubnetId};

/// The ids of the security groups, each once, in their order. Groups that a dry run would have to make are left out.
///
/// # Errors
/// Where there are names: [`ErrorKind::NotFound`] without a VPC to look them up in, and [`ErrorKind::InvalidInput`] with
/// several; otherwise those of EC2.
pub async fn provide(cx: &Context, network: &Network) -> Result<Vec<String>> {
    let wanted = &network.groups;
    let names = wanted.iter().filter_map(|group| match group {
        SecurityGroup::Name(name) => Some(name.as_str()),
        SecurityGroup::Id(_) => None,
    });
    let names: Vec<&str> = names.collect();
    let known = if names.is_empty() { HashMap::new() } else { provide_named(cx, network, &names).await? };
    let mut ids: Vec<String> = Vec::with_capacity(wanted.len());
    for group in wanted {
        let id = match group {
            SecurityGroup::Id(id) => Some(id),
            SecurityGroup::Name(name) => known.get(name),
        };
        ids.extend(id.filter(|id| !ids.contains(id)).cloned());
    }
    Ok(ids)
}

/// The ids by name.
async fn provide_named(cx: &Context, network: &Network, names: &[&str]) -> Result<HashMap<String, String>> {
    let vpc = match network.subnets.as_slice() {
        [] => default_vpc(cx).await?,
        subnets => vpc_of(cx, subnets).await?,
    };
    let mut known = look_up(cx, &vpc, names).await?;
    for name in names {
        if known.contains_key(*name) {
            continue;
        }
        if cx.dry_run() {
            cx.event(format!("security group `{name}`: would be made in {vpc}"));
            continue;
        }
        known.insert((*name).to_owned(), make(cx, &vpc, name).await?);
    }
    Ok(known)
}

async fn default_vpc(cx: &Context) -> Result<String> {
    let action = "looking up the default VPC";
    let answer = cx.ec2().describe_vpcs().filters(filter("is-default", ["true"])).send().await;
    let answer = answer.doing(|| action.to_owned())?;
    let vpc = answer.vpcs().first().and_then(|vpc| vpc.vpc_id()).map(str::to_owned);
    vpc.ok_or_else(|| {
        Error::new(ErrorKind::NotFound, "the region has none, and security groups are looked up there by name")
            .doing(action)
            .hint("give --security-group the id (sg-...) of a group, or give a --subnet-id, whose VPC is taken")
    })
}

/// The VPC in which all the subnets are.
async fn vpc_of(cx: &Context, subnets: &[SubnetId]) -> Result<String> {
    let ids: Vec<_> = subnets.iter().map(|subnet| subnet.as_str().to_owned()).collect();
    let action = format!("looking up the VPC of {}", ids.join(", "));
    let answer = cx.ec2().describe_subnets().set_subnet_ids(Some(ids)).send().await.doing(|| action.clone())?;
    let mut vpcs: Vec<&str> = answer.subnets().iter().filter_map(|subnet| subnet.vpc_id()).collect();
    vpcs.sort_unstable();
    vpcs.dedup();
    match vpcs.as_slice() {
        [vpc] => Ok((*vpc).to_owned()),
        [] => Err(Error::new(ErrorKind::NotFound, "EC2 has no such subnet").doing(action)),
        several => {
            let message =
                format!("they are in several VPCs ({}), and security groups belong to one", several.join(", "));
            Err(Error::new(ErrorKind::InvalidInput, message).doing(action).hint("give subnets of one VPC"))
        }
    }
}

/// The ids by name of those that exist.
async fn look_up(cx: &Context, vpc: &str, names: &[&str]) -> Result<HashMap<String, String>> {
    let filters = [filter("vpc-id", [vpc]), filter("group-name", names.iter().copied())];
    let request = cx.ec2().describe_security_groups().set_filters(Some(filters.into()));
    let found = request.into_paginator().items().send().collect::<Result<Vec<_>, _>>().await;
    let found = found.doing(|| format!("looking up security groups `{}`", names.join("`, `")))?;
    // A `*` in a name is a wildcard of the filter, so EC2 may give more than was asked for.
    let exact = found.into_iter().filter_map(|group| Some((group.group_name?, group.group_id?)));
    Ok(exact.filter(|(name, _)| names.contains(&name.as_str())).collect())
}

async fn make(cx: &Context, vpc: &str, name: &str) -> Result<String> {
    let action = || format!("making security group `{name}` in {vpc}");
    let request = cx.ec2().create_security_group().group_name(name).vpc_id(vpc).description("Made by awsec2");
    match request.send().await.doing(action) {
        Ok(made) => {
            cx.journal().something_else_changed();
            let id = made.group_id().ok_or_else(|| Error::new(ErrorKind::Service, "EC2 gave no id").doing(action()))?;
            cx.event(format!(
                "security group `{name}`: made as {id} without rules for incoming traffic: \
                 nothing can reach the instances until rules are added"
            ));
            Ok(id.to_owned())
        }
        Err(error) if error.code() == Some(codes::INVALID_GROUP_DUPLICATE) => {
            let id = look_up(cx, vpc, &[name]).await?.remove(name).ok_or(error)?;
            cx.event(format!("security group `{name}`: made by another job meanwhile, used as it is"));
            Ok(id)
        }
        Err(error) => Err(error),
    }
}

fn filter<'a>(name: &str, values: impl IntoIterator<Item = &'a str>) -> Filter {
    let values = values.into_iter().map(str::to_owned).collect();
    Filter::builder().name(name).set_values(Some(values)).build()
}

#[cfg(test)]
mod tests {
    use connector_sdk::ArgValue as _;
    use connector_sdk::ec2::Client;
    use connector_sdk::ec2::operation::create_security_group::CreateSecurityGroupOutput;
    use connector_sdk::ec2::operation::describe_security_groups::DescribeSecurityGroupsOutput;
    use connector_sdk::ec2::operation::describe_subnets::DescribeSubnetsOutput;
    use connector_sdk::ec2::operation::describe_vpcs::DescribeVpcsOutput;
    use connector_sdk::ec2::types::{self, Vpc};
    use connector_sdk::testing::{Job, Rule, mock, refusal};

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
        let groups = names_and_ids
            .iter()
            .map(|(name, id)| types::SecurityGroup::builder().group_name(*name).group_id(*id).build());
        DescribeSecurityGroupsOutput::builder().set_security_groups(Some(groups.collect())).build()
    }

    #[tokio::test]
    async fn ids_cost_no_call() {
        let job = Job::new(&[]);
        let ids = provide(&job.cx, &network(&[with_id("sg-2"), with_id("sg-1")])).await.unwrap();
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
        assert_eq!(provide(&job.cx, &network(&wanted)).await.unwrap(), ["sg-1", "sg-3", "sg-2"]);
        assert_eq!((vpc.num_calls(), look_up.num_calls()), (1, 1));
        assert!(job.lines().is_empty());
    }

    #[tokio::test]
    async fn a_missing_group_is_made_and_said_to_be_closed() {
        let vpc = default_vpc();
        let look_up = mock!(Client::describe_security_groups).then_output(|| groups(&[]));
        let create = mock!(Client::create_security_group)
            .match_requests(|request| {
                request.group_name() == Some("web")
                    && request.vpc_id() == Some("vpc-1")
                    && request.description() == Some("Made by awsec2")
            })
            .then_output(|| CreateSecurityGroupOutput::builder().group_id("sg-1").build());
        let job = Job::new(&[&vpc, &look_up, &create]);
        assert_eq!(provide(&job.cx, &network(&[named("web")])).await.unwrap(), ["sg-1"]);
        assert_eq!(
            job.lines(),
            ["security group `web`: made as sg-1 without rules for incoming traffic: \
              nothing can reach the instances until rules are added"]
        );
        assert!(job.cx.journal().anything_changed());
    }

    #[tokio::test]
    async fn a_group_that_another_job_makes_meanwhile_is_looked_up_again() {
        let vpc = default_vpc();
        let look_up = mock!(Client::describe_security_groups)
            .sequence()
            .output(|| groups(&[]))
            .output(|| groups(&[("web", "sg-1")]))
            .build();
        let create =
            mock!(Client::create_security_group).then_http_response(|| refusal("InvalidGroup.Duplicate", "It exists"));
        let job = Job::new(&[&vpc, &look_up, &create]);
        assert_eq!(provide(&job.cx, &network(&[named("web")])).await.unwrap(), ["sg-1"]);
        assert_eq!(job.lines(), ["security group `web`: made by another job meanwhile, used as it is"]);
        assert!(!job.cx.journal().anything_changed());
    }

    #[tokio::test]
    async fn a_group_that_exists_and_is_not_shown_is_an_error() {
        let vpc = default_vpc();
        let look_up = mock!(Client::describe_security_groups).then_output(|| groups(&[]));
        let create =
            mock!(Client::create_security_group).then_http_response(|| refusal("InvalidGroup.Duplicate", "It exists"));
        let job = Job::new(&[&vpc, &look_up, &create]);
        let error = provide(&job.cx, &network(&[named("web")])).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "making security group `web` in vpc-1: It exists (InvalidGroup.Duplicate, request req-1)"
        );
    }

    #[tokio::test]
    async fn a_group_without_an_id_is_an_error() {
        let vpc = default_vpc();
        let look_up = mock!(Client::describe_security_groups).then_output(|| groups(&[]));
        let create = mock!(Client::create_security_group).then_output(|| CreateSecurityGroupOutput::builder().build());
        let job = Job::new(&[&vpc, &look_up, &create]);
        let error = provide(&job.cx, &network(&[named("web")])).await.unwrap_err();
        assert_eq!(error.to_string(), "making security group `web` in vpc-1: EC2 gave no id");
        assert!(job.cx.journal().anything_changed());
    }

    #[tokio::test]
    async fn without_a_default_vpc_there_is_a_hint() {
        let none = mock!(Client::describe_vpcs).then_output(|| DescribeVpcsOutput::builder().build());
        let job = Job::new(&[&none]);
        let error = provide(&job.cx, &network(&[named("web")])).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(
            error.to_string(),
            "looking up the default VPC: the region has none, and security groups are looked up there by name"
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
        assert_eq!(provide(&job.cx, &web_in(&["subnet-0000000a", "subnet-0000000b"])).await.unwrap(), ["sg-1"]);
        assert_eq!((look_up_subnets.num_calls(), look_up.num_calls()), (1, 1));
    }

    #[tokio::test]
    async fn subnets_without_one_vpc_are_refused() {
        for (vpcs, kind, why) in [
            (&[][..], ErrorKind::NotFound, "EC2 has no such subnet"),
            (
                &["vpc-2", "vpc-1", "vpc-2"],
                ErrorKind::InvalidInput,
                "they are in several VPCs (vpc-1, vpc-2), and security groups belong to one",
            ),
        ] {
            let answer = subnets(vpcs);
            let look_up = mock!(Client::describe_subnets).then_output(move || answer.clone());
            let job = Job::new(&[&look_up]);
            let error = provide(&job.cx, &web_in(&["subnet-0000000a"])).await.unwrap_err();
            assert_eq!(error.kind(), kind);
            assert_eq!(error.to_string(), format!("looking up the VPC of subnet-0000000a: {why}"));
        }
    }

    #[tokio::test]
    async fn a_refused_look_up_of_subnets_says_what_was_being_done() {
        let refused = mock!(Client::describe_subnets)
            .then_http_response(|| refusal("InvalidSubnetID.NotFound", "No such subnet"));
        let error = provide(&Job::new(&[&refused]).cx, &web_in(&["subnet-0000000a"])).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(
            error.to_string(),
            "looking up the VPC of subnet-0000000a: No such subnet (InvalidSubnetID.NotFound, request req-1)"
        );
    }

    #[tokio::test]
    async fn refusals_say_what_was_being_done() {
        let refused = || refusal("UnauthorizedOperation", "No");
        let vpc = default_vpc();
        let no_vpcs = mock!(Client::describe_vpcs).then_http_response(refused);
        let no_groups = mock!(Client::describe_security_groups).then_http_response(refused);
        let empty = mock!(Client::describe_security_groups).then_output(|| groups(&[]));
        let no_create = mock!(Client::create_security_group).then_http_response(refused);
        for (job, action) in [
            (Job::new(&[&no_vpcs]), "looking up the default VPC"),
            (Job::new(&[&vpc, &no_groups]), "looking up security groups `web`, `db`"),
            (Job::new(&[&vpc, &empty, &no_create]), "making security group `web` in vpc-1"),
        ] {
            let error = provide(&job.cx, &network(&[named("web"), named("db")])).await.unwrap_err();
            assert_eq!(error.to_string(), format!("{action}: No (UnauthorizedOperation, request req-1)"));
            assert!(!job.cx.journal().anything_changed());
        }
    }

    #[tokio::test]
    async fn a_dry_run_makes_no_group_and_leaves_it_out() {
        let vpc = default_vpc();
        let look_up = mock!(Client::describe_security_groups).then_output(|| groups(&[("db", "sg-2")]));
        let job = Job::dry_run(&[&vpc, &look_up]);
        assert_eq!(provide(&job.cx, &network(&[named("web"), named("db")])).await.unwrap(), ["sg-2"]);
        assert_eq!(job.lines(), ["security group `web`: would be made in vpc-1"]);
    }
}
