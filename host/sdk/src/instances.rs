//! Instances: how a job names them, how they are found, and how a change is asked of several at once.

use std::collections::HashSet;
use std::fmt;

use aws_sdk_ec2::types::{Filter, InstanceStateName};
use serde::Serialize;

use crate::args::{Always, Repeated};
use crate::filter::{VALUES_PER_FILTER, filter};
use crate::journal::count_of;
use crate::{
    Arg, ArgGroup, ArgSpec, ArgValue, Context, Error, ErrorKind, IamAction, Inputs, Outcome, Result, ValueKind, codes,
    dry_run, pages,
};

/// Instance ids that one request may carry (AWS: "Pagination in the Amazon EC2 API").
pub(crate) const IDS_PER_REQUEST: usize = 1000;
/// The largest page that DescribeInstances gives (AWS API reference, `MaxResults`).
const PAGE_SIZE: i32 = 1000;
/// What finding instances needs, by whatever, and waiting for them.
pub const DESCRIBE_INSTANCES: IamAction =
    IamAction::read("ec2:DescribeInstances").probe(dry_run!(|ec2| ec2.describe_instances()));

/// The id of an instance: `i-` and 8 or 17 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct InstanceId(String);

impl InstanceId {
    /// An id that EC2 itself gave, taken as it is.
    pub fn from_ec2(id: &str) -> Self {
        InstanceId(id.to_owned())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ArgValue for InstanceId {
    const KIND: ValueKind = ValueKind::String;

    fn parse(text: &str) -> Result<Self, String> {
        if is_resource_id(text, "i-") {
            Ok(InstanceId(text.to_owned()))
        } else {
            Err("must be an instance id: `i-` and 8 or 17 lower-case hexadecimal digits".to_owned())
        }
    }
}

/// Whether the text is the prefix and 8 or 17 lower-case hexadecimal digits, the form of EC2's ids.
pub fn is_resource_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|digits| {
        matches!(digits.len(), 8 | 17) && digits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}

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

/// `--tag-name NAME`: the value of the tag `Name`.
pub const TAG_NAME: Arg<TagName> = Arg::new(
    "tag-name",
    "NAME",
    "The exact value of the instances' tag `Name`; wildcards have no meaning. Wins over --instance-id.",
)
.aliases(&["tag"]);

/// `--instance-id ID`, repeatable or with commas.
pub const INSTANCE_ID: Arg<InstanceId, Repeated> = Arg::new(
    "instance-id",
    "ID",
    "The id of an instance, `i-` and 8 or 17 hexadecimal digits. Repeatable; several may stand in one value with commas between them.",
)
.repeatable()
.separated_by(',');

/// `--allow-none`: that nothing matches is a success.
pub const ALLOW_NONE: Arg<bool, Always> =
    Arg::flag("allow-none", "Succeed when no instance has that name, instead of failing with exit code 4.");

/// The arguments of a function that acts on instances by name or id.
pub const SELECTION: &[ArgSpec] = &[TAG_NAME.spec, INSTANCE_ID.spec, ALLOW_NONE.spec];

/// One of name and ids must be given; where both are, the name wins.
pub const SELECTION_GROUP: ArgGroup =
    ArgGroup { members: &[TAG_NAME.spec.name, INSTANCE_ID.spec.name], required: true, exclusive: false };

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

/// Which instances a job means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Those whose tag `Name` has exactly this value.
    Name(TagName),
    /// These, each once, in this order.
    Ids(Vec<InstanceId>),
}

impl Selection {
    /// What `--tag-name` and `--instance-id` say; the name wins.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when neither is given: that never means "all instances".
    pub fn from_inputs(inputs: &Inputs) -> Result<Self> {
        let mut seen = HashSet::new();
        let ids: Vec<_> = inputs.get(&INSTANCE_ID).into_iter().filter(|id| seen.insert(id.clone())).collect();
        match inputs.get(&TAG_NAME) {
            Some(name) => Ok(Selection::Name(name)),
            None if ids.is_empty() => {
                Err(Error::new(ErrorKind::InvalidInput, "neither --tag-name nor --instance-id is given")
                    .doing("selecting instances")
                    .hint("give one of them; nothing given never means all instances"))
            }
            None => Ok(Selection::Ids(ids)),
        }
    }

    /// The ids of the instances, entered into the journal with their states before the job. A name costs one call and its
    /// pages, ids one call for each 1,000. Ids that EC2 does not show are kept, since it may not show them yet; in a dry
    /// run they have failed. Nothing found is an empty list.
    ///
    /// # Errors
    /// Those of EC2; where ids are given and may not be looked at, there is a warning instead.
    pub async fn find(&self, cx: &Context, inputs: &Inputs) -> Result<Vec<InstanceId>> {
        let name = match self {
            Selection::Ids(ids) => {
                cx.journal().enter(ids);
                return see_before(cx, ids).await;
            }
            Selection::Name(name) => name,
        };
        if !inputs.get(&INSTANCE_ID).is_empty() {
            cx.event("the instance ids are ignored, because --tag-name is given too");
        }
        let found = find_by_name(cx, name, ALIVE).await?;
        cx.event(format!("{} named `{}` found", count_of(found.len()), name.as_str()));
        found.iter().for_each(|instance| record_before(cx, instance));
        Ok(found.into_iter().map(|instance| instance.id).collect())
    }

    /// The end of a job that found nothing: a success with `--allow-none`, otherwise an error.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] without `--allow-none`.
    pub fn nothing_found(&self, cx: &Context, inputs: &Inputs) -> Result<Outcome> {
        let what = match self {
            Selection::Name(name) => {
                format!("no instance named `{}` that is pending, running, stopping or stopped", name.as_str())
            }
            Selection::Ids(_) => return cx.journal().verdict("selecting instances", "found", "found"),
        };
        if inputs.get(&ALLOW_NONE) {
            return Ok(Outcome::new(format!("{what}: nothing to do")));
        }
        Err(Error::new(ErrorKind::NotFound, what)
            .doing("selecting instances")
            .hint("check the name and the region, or give --allow-none if this is no failure"))
    }
}

/// Records the states before the job of instances that are given by their ids. Returns those to act on.
///
/// # Errors
/// Those of EC2, but for a missing permission, of which there is a warning.
pub(crate) async fn see_before(cx: &Context, ids: &[InstanceId]) -> Result<Vec<InstanceId>> {
    if cx.dry_run() {
        let known: HashSet<_> = see_all(cx, ids).await?.into_iter().map(|instance| instance.id).collect();
        return Ok(ids.iter().filter(|id| known.contains(id)).cloned().collect());
    }
    let found = match find_by_ids(cx, ids).await {
        Err(error) if error.code().is_some_and(|code| code.starts_with("InvalidInstanceID.")) => {
            find_known(cx, ids).await
        }
        found => found,
    };
    match found {
        Ok(found) => found.iter().for_each(|instance| record_before(cx, instance)),
        Err(error) if error.code().is_some_and(codes::is_permission_denied) => {
            cx.warning(format!("{error}; the states before are not known"));
        }
        Err(error) => return Err(error),
    }
    Ok(ids.to_vec())
}

fn record_before(cx: &Context, instance: &Instance) {
    cx.journal().see(instance);
    cx.journal().was(&instance.id, instance.state.as_str());
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

/// Looks at these instances and enters them into the journal; one that EC2 does not know has failed.
///
/// # Errors
/// Those of EC2.
pub async fn see_all(cx: &Context, ids: &[InstanceId]) -> Result<Vec<Instance>> {
    let known = find_known(cx, ids).await?;
    known.iter().for_each(|instance| cx.journal().see(instance));
    for id in ids.iter().filter(|id| !known.iter().any(|instance| instance.id == **id)) {
        let error = Error::new(ErrorKind::NotFound, "EC2 knows no such instance").doing(format!("looking up {id}"));
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

/// The ids as EC2 takes them.
pub(crate) fn texts(ids: &[InstanceId]) -> Vec<String> {
    ids.iter().map(|id| id.as_str().to_owned()).collect()
}

/// The ids for a message: all of a few, the first of many.
pub fn list_of(ids: &[InstanceId]) -> String {
    const SHOWN: usize = 5;
    let shown = texts(&ids[..ids.len().min(SHOWN)]).join(", ");
    if ids.len() > SHOWN { format!("{shown} and {} more", ids.len() - SHOWN) } else { shown }
}

#[cfg(test)]
mod tests;
