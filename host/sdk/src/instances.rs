//! Instances: what EC2 says of them, and how they are found.

use std::collections::HashSet;

use aws_sdk_ec2::types::{Filter, InstanceStateName};

use crate::args::{ArgValue, ValueKind};
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::filter::{VALUES_PER_FILTER, filter};
use crate::ids::{InstanceId, list_of, texts};
use crate::pages::pages;

/// Instance ids that one request may carry (AWS: "Pagination in the Amazon EC2 API").
pub(crate) const IDS_PER_REQUEST: usize = 1000;
/// The largest page that DescribeInstances gives (AWS API reference, `MaxResults`).
const PAGE_SIZE: i32 = 1000;

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

/// The states in which an instance can be acted on: all but `shutting-down` and `terminated`.
pub const ALIVE: &[InstanceStateName] =
    &[InstanceStateName::Pending, InstanceStateName::Running, InstanceStateName::Stopping, InstanceStateName::Stopped];

/// What a description of an instance says, as far as the connector needs it.
#[derive(Clone, Debug)]
pub struct Instance {
    /// The instance id.
    pub id: InstanceId,
    /// The value of its tag `Name`; `None` when it has none or an empty one.
    pub name: Option<String>,
    /// Its state.
    pub state: InstanceStateName,
    /// Why it is in that state, where EC2 says so: `<code>: <message>`.
    pub state_reason: Option<String>,
    /// The code of that reason, as in `Server.InsufficientInstanceCapacity`.
    pub state_reason_code: Option<String>,
    /// Its place among the instances of one launch, from 0.
    pub launch_index: i32,
    /// Whether it was launched so that it can hibernate.
    pub can_hibernate: bool,
    /// Its public DNS name; `None` while it has none.
    pub public_dns: Option<String>,
    /// Its public IPv4 address; `None` while it has none.
    pub public_ip: Option<String>,
    /// Its private IPv4 address; `None` while it has none.
    pub private_ip: Option<String>,
}

impl Instance {
    /// Takes over a description.
    ///
    /// # Errors
    /// [`ErrorKind::Unavailable`] when the answer lacks the id or the state.
    pub fn from_ec2(instance: &aws_sdk_ec2::types::Instance) -> Result<Self> {
        let filled = |value: Option<&str>| value.filter(|text| !text.is_empty()).map(str::to_owned);
        let name = instance.tags().iter().find(|tag| tag.key() == Some("Name")).and_then(|tag| tag.value());
        let reason = instance.state_reason();
        let state = instance.state().and_then(|state| state.name());
        let (Some(id), Some(state)) = (instance.instance_id(), state) else {
            let id = instance.instance_id().unwrap_or("an instance");
            return Err(Error::incomplete(&format!("{id} without its id or its state")));
        };
        Ok(Instance {
            id: InstanceId::from_ec2(id),
            name: filled(name),
            state: state.clone(),
            state_reason: filled(reason.and_then(|reason| reason.message()))
                .or_else(|| filled(instance.state_transition_reason())),
            state_reason_code: filled(reason.and_then(|reason| reason.code())),
            launch_index: instance.ami_launch_index().unwrap_or(0),
            can_hibernate: instance.hibernation_options().and_then(|options| options.configured()).unwrap_or(false),
            public_dns: filled(instance.public_dns_name()),
            public_ip: filled(instance.public_ip_address()),
            private_ip: filled(instance.private_ip_address()),
        })
    }
}

/// The instances whose tag `Name` has exactly this value and whose state is among those, sorted by id.
///
/// # Errors
/// Those of EC2.
pub async fn find_by_name(cx: &Context, name: &TagName, states: &[InstanceStateName]) -> Result<Vec<Instance>> {
    // A filter's value may hold wildcards; `*` and `?` in a name match themselves as well as others, and a backslash
    // would escape what follows it. So EC2 is asked for a little too much, and the exact name is compared here.
    let pattern = name.as_str().replace('\\', "?");
    let filters = vec![filter("tag:Name", [pattern]), states_filter(states)];
    let mut found = describe(cx, &[], filters, &format!("looking up instances named `{}`", name.as_str())).await?;
    found.retain(|instance| instance.name.as_deref() == Some(name.as_str()));
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

/// All instances of the region whose state is among those, sorted by id.
///
/// # Errors
/// Those of EC2.
pub async fn find_all(cx: &Context, states: &[InstanceStateName]) -> Result<Vec<Instance>> {
    let mut found = describe(cx, &[], vec![states_filter(states)], "looking up all instances of the region").await?;
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

/// Those of the instances that EC2 knows, in any state; at most 200 a request. An unknown id is no error, but left out.
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

/// Those of the instances that EC2 shows, in any state; one call for each 1,000, unless EC2 does not know one of the ids,
/// which must not hide the others.
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

/// Describes these instances and records them in the journal; one that EC2 does not know has failed.
///
/// # Errors
/// Those of EC2.
pub async fn see_all(cx: &Context, ids: &[InstanceId]) -> Result<Vec<Instance>> {
    let known = find_known(cx, ids).await?;
    known.iter().for_each(|instance| cx.journal().see(instance));
    let shown: HashSet<_> = known.iter().map(|instance| &instance.id).collect();
    for id in ids.iter().filter(|id| !shown.contains(id)) {
        let error = Error::new(ErrorKind::NotFound, "instance not found").doing(format!("looking up {id}"));
        cx.warning(error.to_string());
        cx.journal().failed(id, error);
    }
    Ok(known)
}

/// DescribeInstances to the last page. An empty list of ids means all: callers that have ids never pass an empty one.
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

/// What descriptions of instances say. When one of them is not whole, the ids of all are entered into the journal: an id is
/// never lost.
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
        cx.journal().enter(&ids);
        error.doing(action)
    })
}

fn states_filter(states: &[InstanceStateName]) -> Filter {
    filter("instance-state-name", states.iter().map(InstanceStateName::as_str))
}

#[cfg(test)]
mod tests;
