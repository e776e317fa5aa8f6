//! The security groups of a launch: names become ids in the default VPC, and a group that is missing is made there.

use std::collections::HashMap;

use connector_sdk::ec2::types::Filter;
use connector_sdk::{Context, Doing as _, Error, ErrorKind, Result, codes};

use crate::arguments::SecurityGroup;

/// The ids of the security groups, each once, in their order. Groups that a dry run would have to make are left out.
///
/// # Errors
/// [`ErrorKind::NotFound`] when there are names and the region has no default VPC; otherwise those of EC2.
pub async fn provide(cx: &Context, wanted: &[SecurityGroup]) -> Result<Vec<String>> {
    let names = wanted.iter().filter_map(|group| match group {
        SecurityGroup::Name(name) => Some(name.as_str()),
        SecurityGroup::Id(_) => None,
    });
    let names: Vec<&str> = names.collect();
    let known = if names.is_empty() { HashMap::new() } else { provide_named(cx, &names).await? };
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
async fn provide_named(cx: &Context, names: &[&str]) -> Result<HashMap<String, String>> {
    let vpc = default_vpc(cx).await?;
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
            .hint("give --security-group the id (sg-...) of a group, or give --subnet-id instead")
    })
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
    use connector_sdk::ec2::Client;
    use connector_sdk::ec2::operation::create_security_group::CreateSecurityGroupOutput;
    use connector_sdk::ec2::operation::describe_security_groups::DescribeSecurityGroupsOutput;
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
        let ids = provide(&job.cx, &[with_id("sg-2"), with_id("sg-1")]).await.unwrap();
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
        assert_eq!(provide(&job.cx, &wanted).await.unwrap(), ["sg-1", "sg-3", "sg-2"]);
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
        assert_eq!(provide(&job.cx, &[named("web")]).await.unwrap(), ["sg-1"]);
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
        assert_eq!(provide(&job.cx, &[named("web")]).await.unwrap(), ["sg-1"]);
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
        let error = provide(&job.cx, &[named("web")]).await.unwrap_err();
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
        let error = provide(&job.cx, &[named("web")]).await.unwrap_err();
        assert_eq!(error.to_string(), "making security group `web` in vpc-1: EC2 gave no id");
        assert!(job.cx.journal().anything_changed());
    }

    #[tokio::test]
    async fn without_a_default_vpc_there_is_a_hint() {
        let none = mock!(Client::describe_vpcs).then_output(|| DescribeVpcsOutput::builder().build());
        let job = Job::new(&[&none]);
        let error = provide(&job.cx, &[named("web")]).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(
            error.to_string(),
            "looking up the default VPC: the region has none, and security groups are looked up there by name"
        );
        assert!(error.hint_text().unwrap().contains("--subnet-id"));
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
            let error = provide(&job.cx, &[named("web"), named("db")]).await.unwrap_err();
            assert_eq!(error.to_string(), format!("{action}: No (UnauthorizedOperation, request req-1)"));
            assert!(!job.cx.journal().anything_changed());
        }
    }

    #[tokio::test]
    async fn a_dry_run_makes_no_group_and_leaves_it_out() {
        let vpc = default_vpc();
        let look_up = mock!(Client::describe_security_groups).then_output(|| groups(&[("db", "sg-2")]));
        let job = Job::dry_run(&[&vpc, &look_up]);
        assert_eq!(provide(&job.cx, &[named("web"), named("db")]).await.unwrap(), ["sg-2"]);
        assert_eq!(job.lines(), ["security group `web`: would be made in vpc-1"]);
    }
}
