//! Resolves the security groups of a launch: names are looked up in its VPC, and missing groups are created there.

mod create;
mod find;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use connector_sdk::{Context, Doing as _, Error, ErrorKind, Result, filter};

use crate::arguments::network::{Network, SecurityGroup, SubnetId};
use crate::prerequisites::run_tags::RunTags;
use find::find;

/// Ensures the security groups and returns their ids, in order and without duplicates. Groups that a dry run would have
/// to create are left out.
///
/// # Errors
/// For names: [`ErrorKind::NotFound`] without a VPC, [`ErrorKind::InvalidInput`] with several VPCs, and
/// [`ErrorKind::Unknown`] when EC2 may have created a group and does not return it; otherwise those of EC2.
pub async fn ensure(cx: &Context, network: &Network, run_tags: &RunTags) -> Result<Vec<String>> {
    let wanted = &network.groups;
    let names = wanted.iter().filter_map(|group| match group {
        SecurityGroup::Name(name) => Some(name.as_str()),
        SecurityGroup::Id(_) => None,
    });
    let names: Vec<&str> = names.collect();
    let known = if names.is_empty() { HashMap::new() } else { ensure_named(cx, network, &names, run_tags).await? };
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
async fn ensure_named(
    cx: &Context,
    network: &Network,
    names: &[&str],
    run_tags: &RunTags,
) -> Result<HashMap<String, String>> {
    let vpc = match network.subnets.as_slice() {
        [] => default_vpc(cx).await?,
        subnets => vpc_of(cx, subnets).await?,
    };
    let shown = find(cx, &vpc, names).await?.into_iter();
    let mut known: HashMap<String, String> =
        shown.filter_map(|group| Some((group.group_name?, group.group_id?))).collect();
    for name in names {
        if known.contains_key(*name) {
            continue;
        }
        if cx.dry_run() {
            cx.event(format!("security group `{name}`: would be created in {vpc}"));
            continue;
        }
        known.insert((*name).to_owned(), create::create(cx, &vpc, name, run_tags).await?);
    }
    Ok(known)
}

async fn default_vpc(cx: &Context) -> Result<String> {
    let action = "looking up the default VPC";
    let answer = cx.ec2().describe_vpcs().filters(filter("is-default", ["true"])).send().await;
    let answer = answer.doing(|| action.to_owned())?;
    let Some(vpc) = answer.vpcs().first() else {
        let message = "the region has no default VPC, in which security groups are looked up by name";
        return Err(Error::new(ErrorKind::NotFound, message).doing(action).hint(
            "use `--security-group` with the id (`sg-...`) of a group, or `--subnet-id`, whose VPC is used then",
        ));
    };
    vpc.vpc_id().map(str::to_owned).ok_or_else(|| Error::incomplete("a VPC without its id").doing(action))
}

/// The VPC of all the subnets.
async fn vpc_of(cx: &Context, subnets: &[SubnetId]) -> Result<String> {
    let ids: Vec<_> = subnets.iter().map(|subnet| subnet.as_str().to_owned()).collect();
    let action = format!("looking up the VPC of {}", ids.join(", "));
    let answer = cx.ec2().describe_subnets().set_subnet_ids(Some(ids)).send().await.doing(|| action.clone())?;
    let of_subnets: Option<Vec<&str>> = answer.subnets().iter().map(|subnet| subnet.vpc_id()).collect();
    let mut vpcs = of_subnets.ok_or_else(|| Error::incomplete("a subnet without its VPC").doing(&action))?;
    vpcs.sort_unstable();
    vpcs.dedup();
    match vpcs.as_slice() {
        [vpc] => Ok((*vpc).to_owned()),
        [] => Err(Error::new(ErrorKind::NotFound, "subnet not found").doing(action)),
        several => {
            let message = format!(
                "the subnets are in several VPCs ({}), and a security group belongs to one VPC",
                several.join(", ")
            );
            Err(Error::new(ErrorKind::InvalidInput, message).doing(action).hint("use subnets of one VPC"))
        }
    }
}
