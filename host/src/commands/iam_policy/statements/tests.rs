//! Tests how actions are combined into statements.

use connector_sdk::iam::{Condition, INSTANCES};
use serde_json::{Value, json};

use super::*;

static START: IamAction = IamAction::change("ec2:StartInstances").on(INSTANCES);
static STOP: IamAction = IamAction::change("ec2:StopInstances").on(INSTANCES);
static DESCRIBE: IamAction = IamAction::read("ec2:DescribeInstances");
static DESCRIBE_STATUS: IamAction = IamAction::read("ec2:DescribeInstanceStatus");
static RUN: IamAction = IamAction::change("ec2:RunInstances")
    .on(&[Resource::Created("arn:*:ec2:*:*:instance/*"), Resource::Any("arn:*:ec2:*:*:subnet/*")]);
static PASS: IamAction = IamAction::change("iam:PassRole").on(&[Resource::Role]);
static TAG_LAUNCHED: IamAction = IamAction::change("ec2:CreateTags").only_if(&[created_by("RunInstances")]);
static TAG_KEY: IamAction = IamAction::change("ec2:CreateTags").only_if(&[created_by("CreateKeyPair")]);
static TAG_ALL: IamAction = IamAction::change("ec2:CreateTags");

const fn created_by(value: &'static str) -> Condition {
    Condition { operator: "StringEquals", key: "ec2:CreateAction", value }
}

fn statements(actions: &[&'static IamAction], limits: &Limits) -> Vec<Value> {
    let policy = serde_json::to_value(policy(actions, limits)).unwrap();
    assert_eq!(policy["Version"], "2012-10-17");
    policy["Statement"].as_array().unwrap().clone()
}

fn tagged() -> Limits {
    Limits { tag: Some(ResourceTag { key: "team".to_owned(), value: "web".to_owned() }), roles: Vec::new() }
}

#[test]
fn actions_on_the_same_resources_are_one_statement() {
    let found = statements(&[&START, &DESCRIBE, &STOP, &DESCRIBE_STATUS, &DESCRIBE, &START], &Limits::default());
    let change = json!({
        "Sid": "Instances", "Effect": "Allow", "Action": ["ec2:StartInstances", "ec2:StopInstances"],
        "Resource": "arn:*:ec2:*:*:instance/*"
    });
    let read = json!({
        "Sid": "Read", "Effect": "Allow", "Action": ["ec2:DescribeInstances", "ec2:DescribeInstanceStatus"], "Resource": "*"
    });
    assert_eq!(found, [change, read]);
}

#[test]
fn existing_resources_are_limited_by_their_tags_and_new_ones_by_request_tags() {
    let found = statements(&[&START, &RUN, &DESCRIBE], &tagged());
    let sids: Vec<_> = found.iter().map(|statement| statement["Sid"].as_str().unwrap()).collect();
    assert_eq!(sids, ["TaggedStartInstances", "TaggedRunInstances", "RunInstances", "Read"]);
    assert_eq!(found[0]["Condition"], json!({ "StringEquals": { "aws:ResourceTag/team": "web" } }));
    assert_eq!(found[1]["Condition"], json!({ "StringEquals": { "aws:RequestTag/team": "web" } }));
    assert_eq!(found[1]["Resource"], "arn:*:ec2:*:*:instance/*");
    assert_eq!((&found[2]["Resource"], found[2].get("Condition")), (&json!("arn:*:ec2:*:*:subnet/*"), None));
    assert_eq!(found[3].get("Condition"), None, "reads know no resources");
}

#[test]
fn without_a_tag_all_resources_of_an_action_are_in_one_statement() {
    let found = statements(&[&RUN], &Limits::default());
    assert_eq!(found[0]["Resource"], json!(["arn:*:ec2:*:*:instance/*", "arn:*:ec2:*:*:subnet/*"]));
    assert_eq!(found.len(), 1);
}

#[test]
fn only_given_roles_may_be_passed() {
    let roles = vec!["arn:aws:iam::123456789012:role/a".to_owned(), "arn:aws:iam::123456789012:role/b".to_owned()];
    let found = statements(&[&PASS], &Limits { tag: None, roles: roles.clone() });
    assert_eq!((&found[0]["Sid"], &found[0]["Resource"]), (&json!("PassRole"), &json!(roles)));
}

#[test]
fn values_are_merged_only_if_both_have_the_condition() {
    let found = statements(&[&TAG_LAUNCHED, &TAG_KEY], &Limits::default());
    let both = json!({ "StringEquals": { "ec2:CreateAction": ["RunInstances", "CreateKeyPair"] } });
    assert_eq!((found.len(), &found[0]["Condition"]), (1, &both));
    let found = statements(&[&TAG_LAUNCHED, &TAG_ALL], &Limits::default());
    let sids: Vec<_> = found.iter().map(|statement| statement["Sid"].as_str().unwrap()).collect();
    assert_eq!(sids, ["CreateTags", "CreateTags2"]);
    assert_eq!(found[1].get("Condition"), None);
}

#[test]
fn a_change_of_all_resources_is_separate_from_reads() {
    static ONE: IamAction = IamAction::change("ec2:One");
    static TWO: IamAction = IamAction::change("ec2:Two");
    let found = statements(&[&DESCRIBE, &ONE, &TWO], &Limits::default());
    let sids: Vec<_> = found.iter().map(|statement| statement["Sid"].as_str().unwrap()).collect();
    assert_eq!(sids, ["Read", "Change"]);
}
