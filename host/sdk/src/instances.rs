//! Finds instances by name, by id or all of a region.

use std::collections::HashSet;

use aws_sdk_ec2::types::{Filter, InstanceStateName};

use crate::args::{ArgValue, ValueKind};
use crate::context::Context;
use crate::dry_run;
use crate::error::{Error, ErrorKind, Result};
use crate::filter::{VALUES_PER_FILTER, filter};
use crate::iam::IamAction;
use crate::ids::{IDS_PER_REQUEST, InstanceId, list_of, texts};
pub use crate::instance::Instance;
use crate::pages::pages;

/// The largest page of DescribeInstances (AWS API reference, `MaxResults`).
const PAGE_SIZE: i32 = 1000;
/// The permission to find instances and to wait for them.
pub const DESCRIBE_INSTANCES: IamAction =
    IamAction::read("ec2:DescribeInstances").probe(dry_run!(|ec2| ec2.describe_instances()));

/// The value of the tag `Name`: 1 to 256 characters, not blank (AWS: "Tag your Amazon EC2 resources").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagName(String);

impl TagName {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl ArgValue for TagName {
    const KIND: ValueKind = ValueKind::String;

    fn parse(text: &str) -> Result<Self, String> {
        match text.chars().count() {
            _ if text.trim().is_empty() => Err("must not be blank".to_owned()),
            1..=256 => Ok(TagName(text.to_owned())),
            _ => Err("must have at most 256 characters, the limit of EC2 for a tag's value".to_owned()),
        }
    }
}

/// All states but `shutting-down` and `terminated`.
pub const ALIVE: &[InstanceStateName] =
    &[InstanceStateName::Pending, InstanceStateName::Running, InstanceStateName::Stopping, InstanceStateName::Stopped];

/// The instances whose tag `Name` has exactly this value and whose state is one of these, sorted by id.
///
/// # Errors
/// Those of EC2.
pub async fn find_by_name(cx: &Context, name: &TagName, states: &[InstanceStateName]) -> Result<Vec<Instance>> {
    // The values of a filter may contain wildcards and escapes: `*` and `?` in a name match more than themselves. So
    // the exact name is compared here.
    let pattern = name.as_str().replace('\\', "?");
    let filters = vec![filter("tag:Name", [pattern]), states_filter(states)];
    let mut found = describe(cx, &[], filters, &format!("looking up instances named `{}`", name.as_str())).await?;
    found.retain(|instance| instance.name.as_deref() == Some(name.as_str()));
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

/// All instances of the region whose state is one of these, sorted by id.
///
/// # Errors
/// Those of EC2.
pub async fn find_all(cx: &Context, states: &[InstanceStateName]) -> Result<Vec<Instance>> {
    let mut found = describe(cx, &[], vec![states_filter(states)], "looking up all instances in the region").await?;
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

/// The instances with these ids, in any state and in no particular order; at most 1000 a request.
///
/// # Errors
/// Those of EC2: one unknown id is `InvalidInstanceID.NotFound` for all.
pub async fn find_by_ids(cx: &Context, ids: &[InstanceId]) -> Result<Vec<Instance>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(IDS_PER_REQUEST) {
        found.extend(describe(cx, chunk, Vec::new(), &format!("looking up {}", list_of(chunk))).await?);
    }
    Ok(found)
}

/// The instances with these ids, in any state; at most 200 a request. Unknown ids are left out.
///
/// # Errors
/// Those of EC2.
pub async fn find_known(cx: &Context, ids: &[InstanceId]) -> Result<Vec<Instance>> {
    let mut found = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(VALUES_PER_FILTER) {
        let filters = vec![filter("instance-id", texts(chunk))];
        found.extend(describe(cx, &[], filters, &format!("looking up {}", list_of(chunk))).await?);
    }
    Ok(found)
}

/// The instances with these ids, in any state. One request for each 1,000 ids, unless an id is unknown; unknown ids are
/// left out.
///
/// # Errors
/// Those of EC2.
pub async fn find_shown(cx: &Context, ids: &[InstanceId]) -> Result<Vec<Instance>> {
    match find_by_ids(cx, ids).await {
        Err(error) if error.code().is_some_and(|code| code.starts_with("InvalidInstanceID.")) => {
            find_known(cx, ids).await
        }
        found => found,
    }
}

/// Describes these instances and records them in the journal. One that is not found has failed.
///
/// # Errors
/// Those of EC2.
pub async fn describe_and_record(cx: &Context, ids: &[InstanceId]) -> Result<Vec<Instance>> {
    let known = find_known(cx, ids).await?;
    known.iter().for_each(|instance| cx.journal().record_instance(instance));
    let shown: HashSet<_> = known.iter().map(|instance| &instance.id).collect();
    for id in ids.iter().filter(|id| !shown.contains(id)) {
        let error = Error::new(ErrorKind::NotFound, "instance not found").doing(format!("looking up {id}"));
        cx.instance_failed(id, error);
    }
    Ok(known)
}

/// Reads all pages of DescribeInstances. An empty list of ids means all instances, so callers with ids never pass one.
async fn describe(cx: &Context, ids: &[InstanceId], filters: Vec<Filter>, action: &str) -> Result<Vec<Instance>> {
    let request = cx.ec2().describe_instances();
    let request = if ids.is_empty() {
        request.set_filters(Some(filters)).max_results(PAGE_SIZE)
    } else {
        request.set_instance_ids(Some(texts(ids)))
    };
    let pages = pages(action, |token| request.clone().set_next_token(token).send(), |page| page.next_token()).await?;
    let reservations = pages.iter().flat_map(|page| page.reservations());
    read_all(cx, reservations.flat_map(|reservation| reservation.instances()), action)
}

/// Converts descriptions of instances. If one is incomplete, the ids of all are recorded in the journal, so that none
/// is lost.
///
/// # Errors
/// [`ErrorKind::Unavailable`] when one lacks its id or its state.
pub fn read_all<'a>(
    cx: &Context,
    instances: impl Iterator<Item = &'a aws_sdk_ec2::types::Instance> + Clone,
    action: &str,
) -> Result<Vec<Instance>> {
    let read: Result<Vec<Instance>> = instances.clone().map(Instance::from_ec2).collect();
    read.map_err(|error| {
        let ids: Vec<_> = instances.filter_map(|instance| instance.instance_id().map(InstanceId::from_ec2)).collect();
        cx.journal().record_ids(&ids);
        error.doing(action)
    })
}

fn states_filter(states: &[InstanceStateName]) -> Filter {
    filter("instance-state-name", states.iter().map(InstanceStateName::as_str))
}

#[cfg(test)]
mod tests;
