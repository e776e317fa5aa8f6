//! Selects instances by name or by id.

use std::collections::HashSet;

use crate::args::{Always, Arg, ArgGroup, ArgSpec, Inputs, Repeated};
use crate::codes;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{InstanceId, count_of};
use crate::instances::{ALIVE, Instance, TagName, describe_and_record, find_by_name, find_shown};
use crate::outcome::Outcome;

/// Selects by the value of the tag `Name`.
pub const TAG_NAME: Arg<TagName> = Arg::new(
    "tag-name",
    "NAME",
    "The exact value of the instances' `Name` tag; wildcards are not supported. Takes precedence over instance ids.",
)
.aliases(&["tag"]);

/// Selects by instance id; repeatable or separated by commas.
pub const INSTANCE_ID: Arg<InstanceId, Repeated> = Arg::new(
    "instance-id",
    "ID",
    "The id of an instance, `i-` and 8 or 17 hexadecimal digits. Repeatable or comma-separated.",
)
.repeatable()
.separated_by(',');

/// Makes an empty selection a success.
pub const ALLOW_NONE: Arg<bool, Always> =
    Arg::flag("allow-none", "Succeed if no instance has this name, instead of failing with exit code 4.");

/// The arguments of a function that selects instances by name or id.
pub const SELECTION: &[ArgSpec] = &[TAG_NAME.spec, INSTANCE_ID.spec, ALLOW_NONE.spec];

/// Name or ids must be given; the name takes precedence.
pub const SELECTION_GROUP: ArgGroup = ArgGroup::at_least_one(&[TAG_NAME.spec.name, INSTANCE_ID.spec.name]);

/// The selection arguments of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    by: Selector,
    /// Whether the given ids are ignored because of the name.
    ignores_ids: bool,
    allow_none: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Selector {
    /// By the exact value of the tag `Name`.
    Name(TagName),
    /// By these ids, in order and without duplicates.
    Ids(Vec<InstanceId>),
}

impl Targets {
    /// Reads the arguments of [`SELECTION`]; the name takes precedence.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when neither name nor id is given: this never selects all instances.
    pub fn parse(inputs: &Inputs) -> Result<Self> {
        let mut seen = HashSet::new();
        let ids: Vec<_> = inputs.get(&INSTANCE_ID).into_iter().filter(|id| seen.insert(id.clone())).collect();
        let allow_none = inputs.get(&ALLOW_NONE);
        match inputs.get(&TAG_NAME) {
            Some(name) => Ok(Targets { by: Selector::Name(name), ignores_ids: !ids.is_empty(), allow_none }),
            None if ids.is_empty() => {
                let [name, id] = [TAG_NAME.spec.option(), INSTANCE_ID.spec.option()];
                Err(Error::new(ErrorKind::InvalidInput, format!("neither `{name}` nor `{id}` is given"))
                    .hint("specify one of them: without a selection, a job never acts on all instances"))
            }
            None => Ok(Targets { by: Selector::Ids(ids), ignores_ids: false, allow_none }),
        }
    }

    /// Finds the instances and records their states before the job. A name costs one call per page, ids one call for
    /// each 1,000. Ids that EC2 does not return are kept, since they may be new; in a dry run, they have failed. The
    /// result can be empty.
    ///
    /// # Errors
    /// Those of EC2. If describing given ids is denied, this is only a warning.
    pub async fn find(&self, cx: &Context) -> Result<Selected> {
        let name = match &self.by {
            Selector::Ids(ids) => {
                cx.journal().record_ids(ids);
                return look_up_ids(cx, ids).await;
            }
            Selector::Name(name) => name,
        };
        if self.ignores_ids {
            cx.event(format!("the instance ids are ignored, because `{}` is given", TAG_NAME.spec.option()));
        }
        let found = find_by_name(cx, name, ALIVE).await?;
        cx.event(format!("{} named `{}` found", count_of(found.len()), name.as_str()));
        found.iter().for_each(|instance| record_previous(cx, instance));
        Ok(Selected { ids: found.iter().map(|instance| instance.id.clone()).collect(), shown: found })
    }

    /// The outcome of a job that selected no instances.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] unless the job allows it.
    pub fn none_found(&self, cx: &Context) -> Result<Outcome> {
        let Selector::Name(name) = &self.by else {
            return cx.journal().verdict("selecting instances", "found", "found");
        };
        let message = format!("no instances named `{}` that are pending, running, stopping or stopped", name.as_str());
        if self.allow_none {
            return Ok(Outcome::new(format!("{message}: nothing to do")));
        }
        let hint =
            format!("check the name and the region, or add `{}` to succeed without a match", ALLOW_NONE.spec.option());
        Err(Error::new(ErrorKind::NotFound, message).doing("selecting instances").hint(hint))
    }
}

/// The selected instances.
#[derive(Clone, Debug, Default)]
pub struct Selected {
    /// Their ids, in the order of the job.
    pub ids: Vec<InstanceId>,
    /// The descriptions that EC2 returned; some may be missing.
    pub shown: Vec<Instance>,
}

/// Records the previous states of instances given by id. Returns the instances to act on.
pub(crate) async fn look_up_ids(cx: &Context, ids: &[InstanceId]) -> Result<Selected> {
    if cx.dry_run() {
        let shown = describe_and_record(cx, ids).await?;
        let known: HashSet<_> = shown.iter().map(|instance| &instance.id).collect();
        return Ok(Selected { ids: ids.iter().filter(|id| known.contains(id)).cloned().collect(), shown });
    }
    let shown = match find_shown(cx, ids).await {
        Err(error) if error.code().is_some_and(codes::is_permission_denied) => {
            cx.warning(format!("{error}; the previous states are unknown"));
            Vec::new()
        }
        found => found?,
    };
    shown.iter().for_each(|instance| record_previous(cx, instance));
    Ok(Selected { ids: ids.to_vec(), shown })
}

fn record_previous(cx: &Context, instance: &Instance) {
    cx.journal().record_instance(instance);
    cx.journal().record_previous_state(&instance.id, instance.state.as_str());
}

#[cfg(test)]
mod tests;
