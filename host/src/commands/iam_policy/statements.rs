//! Combines IAM actions into policy statements, none of which allows more than its actions need.

use std::collections::{BTreeMap, BTreeSet};

use connector_sdk::iam::{IamAction, RESOURCE_TAG, Resource};
use serde::Serialize;

use super::arguments::ResourceTag;

/// The prefix of condition keys for the tags in a create request.
const REQUEST_TAG: &str = "aws:RequestTag/";
const EQUALS: &str = "StringEquals";

/// The resource restrictions from the administrator.
#[derive(Debug, Default)]
pub struct Limits {
    /// The tag that instances must have.
    pub tag: Option<ResourceTag>,
    /// The roles that may be passed.
    pub roles: Vec<String>,
}

/// An IAM policy, in the form of AWS: "Grammar of the IAM JSON policy language".
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: String,
    effect: &'static str,
    action: Vec<&'static str>,
    resource: OneOrMany,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    condition: BTreeMap<&'static str, BTreeMap<String, OneOrMany>>,
}

/// A single text, or a list of several.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

impl From<Vec<String>> for OneOrMany {
    fn from(mut texts: Vec<String>) -> Self {
        if texts.len() == 1 { OneOrMany::One(texts.remove(0)) } else { OneOrMany::Many(texts) }
    }
}

/// Actions that are allowed on the same resources under the same conditions.
#[derive(Clone, Debug)]
struct Grant {
    actions: Vec<&'static IamAction>,
    /// ARNs with wildcards; empty for all.
    resources: Vec<String>,
    /// The values by operator and key. Any of the values matches; all keys must match.
    conditions: BTreeMap<(&'static str, String), Vec<String>>,
    by_tag: bool,
}

/// Creates the policy that allows these actions.
pub fn policy(actions: &[&'static IamAction], limits: &Limits) -> Policy {
    let grants = actions.iter().flat_map(|action| grants(action, limits)).collect();
    let grants = merge(grants, join_resources);
    let grants = merge(grants, join_values);
    let grants = merge(grants, join_actions);
    let mut taken = BTreeSet::new();
    Policy { version: "2012-10-17", statement: grants.into_iter().map(|grant| statement(grant, &mut taken)).collect() }
}

/// The grants for an action. Resources that a tag restricts have a grant of their own.
fn grants(action: &'static IamAction, limits: &Limits) -> Vec<Grant> {
    let mut grants: Vec<Grant> = Vec::new();
    if action.resources.is_empty() {
        grants.push(grant(action, None));
    }
    for resource in action.resources {
        let (arns, tag_key) = match resource {
            Resource::Any(arn) => (vec![(*arn).to_owned()], None),
            Resource::Tagged(arn) => (vec![(*arn).to_owned()], Some(RESOURCE_TAG)),
            Resource::Created(arn) => (vec![(*arn).to_owned()], Some(REQUEST_TAG)),
            Resource::Role => (limits.roles.clone(), None),
        };
        let tag =
            tag_key.and_then(|key| limits.tag.as_ref().map(|tag| (format!("{key}{}", tag.key), tag.value.clone())));
        grants.push(Grant { resources: arns, ..grant(action, tag) });
    }
    grants
}

fn grant(action: &'static IamAction, tag: Option<(String, String)>) -> Grant {
    let by_tag = tag.is_some();
    let conditions = action.conditions.iter();
    let conditions =
        conditions.map(|condition| ((condition.operator, condition.key.to_owned()), vec![condition.value.to_owned()]));
    let tag = tag.map(|(key, value)| ((EQUALS, key), vec![value]));
    Grant { actions: vec![action], resources: Vec::new(), conditions: conditions.chain(tag).collect(), by_tag }
}

/// Merges each grant into the first one that is compatible.
fn merge(grants: Vec<Grant>, join: fn(&mut Grant, &Grant) -> bool) -> Vec<Grant> {
    let mut merged: Vec<Grant> = Vec::new();
    for grant in grants {
        if !merged.iter_mut().any(|known| join(known, &grant)) {
            merged.push(grant);
        }
    }
    merged
}

impl Grant {
    fn names(&self) -> Vec<&'static str> {
        self.actions.iter().map(|action| action.name).collect()
    }

    fn changes(&self) -> bool {
        self.actions.iter().any(|action| action.changes)
    }
}

/// Merges the resources of one action under the same conditions.
fn join_resources(known: &mut Grant, other: &Grant) -> bool {
    if known.names() != other.names() || known.conditions != other.conditions {
        return false;
    }
    if known.resources.is_empty() || other.resources.is_empty() {
        known.resources.clear();
    } else {
        add(&mut known.resources, &other.resources);
    }
    true
}

/// Merges the values of one condition key of one action on the same resources.
fn join_values(known: &mut Grant, other: &Grant) -> bool {
    let same = known.names() == other.names() && known.resources == other.resources;
    if !same || !known.conditions.keys().eq(other.conditions.keys()) {
        return false;
    }
    let mut differing =
        known.conditions.iter_mut().zip(other.conditions.values()).filter(|((_, mine), theirs)| *mine != *theirs);
    match (differing.next(), differing.next()) {
        (Some(((_, mine), theirs)), None) => add(mine, theirs),
        (None, _) => {}
        (Some(_), Some(_)) => return false,
    }
    true
}

/// Merges actions on the same resources under the same conditions.
fn join_actions(known: &mut Grant, other: &Grant) -> bool {
    let same = known.resources == other.resources && known.conditions == other.conditions;
    if !same || known.changes() != other.changes() {
        return false;
    }
    let names = known.names();
    known.actions.extend(other.actions.iter().filter(|action| !names.contains(&action.name)));
    true
}

fn add(known: &mut Vec<String>, others: &[String]) {
    for other in others {
        if !known.contains(other) {
            known.push(other.clone());
        }
    }
}

fn statement(grant: Grant, taken: &mut BTreeSet<String>) -> Statement {
    let name = sid(&grant);
    let numbered = (2..).map(|number| format!("{name}{number}"));
    let free = [name.clone()].into_iter().chain(numbered).find(|sid| taken.insert(sid.clone()));
    let mut condition: BTreeMap<_, BTreeMap<_, _>> = BTreeMap::new();
    for ((operator, key), values) in &grant.conditions {
        condition.entry(*operator).or_default().insert(key.clone(), values.clone().into());
    }
    let resource = if grant.resources.is_empty() { vec!["*".to_owned()] } else { grant.resources.clone() };
    Statement {
        sid: free.unwrap_or(name),
        effect: "Allow",
        action: grant.names(),
        resource: resource.into(),
        condition,
    }
}

/// The ID of a statement, letters and digits only as IAM requires.
fn sid(grant: &Grant) -> String {
    let tagged = if grant.by_tag { "Tagged" } else { "" };
    let name = match (grant.actions.as_slice(), grant.resources.first()) {
        (_, None) if !grant.changes() => "Read".to_owned(),
        ([action], _) => action.short_name().to_owned(),
        (_, Some(arn)) => format!("{}s", pascal_case(resource_type(arn))),
        (_, None) => "Change".to_owned(),
    };
    format!("{tagged}{name}")
}

/// Returns `key-pair` for `arn:*:ec2:*:*:key-pair/*`.
fn resource_type(arn: &str) -> &str {
    arn.splitn(6, ':').last().unwrap_or_default().split(['/', ':']).next().unwrap_or_default()
}

fn pascal_case(kebab: &str) -> String {
    let capital = |arg: &str| arg.chars().take(1).flat_map(char::to_uppercase).chain(arg.chars().skip(1)).collect();
    kebab.split('-').map(capital).collect::<Vec<String>>().concat()
}

#[cfg(test)]
mod tests;
