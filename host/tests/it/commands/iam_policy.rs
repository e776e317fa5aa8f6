//! Tests of `iam-policy`: what the policy allows, and its restrictions.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Finished, Function, Program, functions};

const ROLE: &str = "arn:aws:iam::123456789012:role/web";

fn run(arguments: &[&str]) -> Finished {
    Program::new().run_bare(&[&["iam-policy"][..], arguments].concat())
}

fn policy(arguments: &[&str]) -> Value {
    let finished = run(arguments).expect_code(0);
    assert!(finished.stdout.is_ascii() && finished.stderr.is_empty(), "{finished:#?}");
    serde_json::from_str(&finished.stdout).unwrap()
}

fn statements(arguments: &[&str]) -> Vec<Value> {
    policy(arguments)["Statement"].as_array().unwrap().clone()
}

/// The single statement that allows the action.
fn allowing<'a>(statements: &'a [Value], action: &str) -> &'a Value {
    let mut found = statements.iter().filter(|one| one["Action"].as_array().unwrap().contains(&json!(action)));
    let only = found.next().unwrap_or_else(|| panic!("no statement allows {action}: {statements:#?}"));
    assert!(found.next().is_none(), "several statements allow {action}");
    only
}

fn actions(statements: &[Value]) -> Vec<&str> {
    statements.iter().flat_map(|one| one["Action"].as_array().unwrap()).map(|action| action.as_str().unwrap()).collect()
}

/// The optional permissions of these functions, by name.
fn optional(of: impl Fn(&Function) -> bool) -> String {
    let permissions =
        functions().iter().filter(|function| of(function)).flat_map(|function| &function.optional_permissions);
    permissions.map(|only| only.name.as_str()).collect::<Vec<_>>().join(",")
}

#[test]
fn the_policy_of_functions() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&policy(&["CreateInstance", "StopInstance"])).unwrap());
}

#[test]
fn the_policy_of_all_that_is_optional_for_tagged_instances() {
    let named = ["CreateInstance", "TerminateInstance"];
    let optional = optional(|function| named.contains(&function.name.as_str()));
    let with = ["--with", &optional, "--resource-tag", "team=web", "--role-arn", ROLE];
    let found = policy(&[&named[..], &with].concat());
    insta::assert_snapshot!(serde_json::to_string_pretty(&found).unwrap());
}

#[test]
fn the_policy_of_all_functions_allows_what_they_need_and_no_more() {
    let required: BTreeSet<&str> = functions().iter().flat_map(Function::required_actions).collect();
    let without_optional = statements(&[]);
    assert_eq!(actions(&without_optional).into_iter().collect::<BTreeSet<_>>(), required);
    for action in required {
        allowing(&without_optional, action);
    }

    let all: BTreeSet<&str> =
        functions().iter().flat_map(|function| &function.iam_actions).map(String::as_str).collect();
    let with_optional = statements(&["--with", &optional(|_| true), "--role-arn", ROLE]);
    assert_eq!(actions(&with_optional).into_iter().collect::<BTreeSet<_>>(), all);
}

#[test]
fn the_shipped_policy_is_the_one_that_is_printed() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs/iam-policy.json");
    let shipped: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(shipped, policy(&[]));
}

#[test]
fn statement_names_are_valid_in_iam() {
    for arguments in [&[][..], &["--resource-tag", "team=web"], &["--with", &optional(|_| true), "--role-arn", ROLE]] {
        let found = statements(arguments);
        let mut names: Vec<_> = found.iter().map(|one| one["Sid"].as_str().unwrap()).collect();
        assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric())), "{names:?}");
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), found.len());
        assert!(
            policy(arguments).to_string().len() < 6144,
            "AWS, IAM quotas: a managed policy has at most 6,144 characters"
        );
    }
}

#[test]
fn only_the_functions_that_are_named_are_allowed() {
    let found = statements(&["StopInstance"]);
    assert_eq!(actions(&found), ["ec2:StopInstances", "ec2:DescribeInstances"]);
    assert_eq!(statements(&["stop-instance", "StopInstance"]), found, "each once, in either form of its name");
    let two = statements(&["StartInstance", "StopInstance"]);
    assert_eq!(allowing(&two, "ec2:StartInstances"), allowing(&two, "ec2:StopInstances"));
}

#[test]
fn every_optional_permission_is_left_out_unless_it_is_chosen() {
    for function in functions() {
        let plain = statements(&[&function.name]);
        for only in &function.optional_permissions {
            let with: &[&str] = match only.iam_actions.iter().any(|action| action == "iam:PassRole") {
                true => &["--role-arn", ROLE],
                false => &["--with", &only.name],
            };
            let chosen = statements(&[&[function.name.as_str()], with].concat());
            for action in &only.iam_actions {
                assert!(!actions(&plain).contains(&action.as_str()), "{} {action}", function.name);
                allowing(&chosen, action);
            }
        }
    }
    let found = statements(&["CreateInstance", "--with", "key-pairs"]);
    let created = allowing(&found, "ec2:CreateTags")["Condition"].clone();
    assert_eq!(created, json!({ "StringEquals": { "ec2:CreateAction": ["RunInstances", "CreateKeyPair"] } }));
    assert!(!actions(&found).contains(&"ec2:CreateSecurityGroup"));
}

#[test]
fn roles_are_passed_only_by_name_and_only_to_ec2() {
    assert!(!actions(&statements(&[])).contains(&"iam:PassRole"));
    let other = "arn:aws-us-gov:iam::123456789012:role/batch/night";
    let found = statements(&["CreateInstance", "--role-arn", ROLE, "--role-arn", other]);
    let pass = json!({
        "Sid": "PassRole", "Effect": "Allow", "Action": ["iam:PassRole"], "Resource": [ROLE, other],
        "Condition": { "StringEquals": { "iam:PassedToService": "ec2.amazonaws.com" } }
    });
    assert_eq!(allowing(&found, "iam:PassRole"), &pass);
}

#[test]
fn a_tag_limits_every_change_of_an_instance() {
    let found = statements(&["--resource-tag", "cost center=7 \u{20ac}", "--with", "termination-protection"]);
    let launches = |one: &Value| one["Action"] == json!(["ec2:RunInstances"]);
    let of_instances = |one: &&Value| one["Resource"] == json!("arn:*:ec2:*:*:instance/*") && !launches(one);
    let changes: Vec<_> = found.iter().filter(of_instances).collect();
    assert!(changes.contains(&allowing(&found, "ec2:StopInstances")), "{found:#?}");
    for one in changes {
        assert_eq!(one["Condition"]["StringEquals"]["aws:ResourceTag/cost center"], "7 \u{20ac}", "{one:#?}");
    }
    let launch = found.iter().filter(|one| launches(one)).collect::<Vec<_>>();
    let instances: Vec<_> = launch.iter().filter(|one| one["Resource"].to_string().contains(":instance/")).collect();
    assert_eq!(instances.len(), 1, "{launch:#?}");
    assert_eq!(instances[0]["Condition"]["StringEquals"]["aws:RequestTag/cost center"], "7 \u{20ac}");
    assert_eq!(allowing(&found, "ec2:DescribeInstances").get("Condition"), None);
}

#[test]
fn invalid_combinations_are_rejected_with_a_hint() {
    for (arguments, message, hint) in [
        (&["StopInstanc"][..], "unknown function `StopInstanc`", "did you mean `StopInstance`"),
        (&["setup"], "`setup` is an administrator command, not a function", "--list"),
        (&["--resource-tag", "team"], "must be a key, `=` and a value", "--help"),
        (&["--resource-tag", "=web"], "must have a key of 1 to 128 characters", "--help"),
        (&["--role-arn", "web"], "must be the ARN of one role", "--help"),
        (&["--role-arn", "arn:aws:iam::123456789012:role/*"], "must be the ARN of one role", "--help"),
        (
            &["--role-arn", "arn:aws:iam::123456789012:instance-profile/web"],
            "must be the ARN of the role, not of the instance profile",
            "--help",
        ),
        (&["--with", "keys"], "`--with keys`: the functions have no optional permissions", "key-pairs"),
        (&["StopInstance", "--with", "key-pairs"], "--with key-pairs`: the functions have no", "leave out `--with`"),
        (&["--with", "instance-profile"], "no role specified", "--role-arn"),
        (
            &["StopInstance", "--role-arn", ROLE],
            "`--role-arn`: none of the functions passes a role",
            "leave out the option",
        ),
        (
            &["ListImages", "--resource-tag", "a=b"],
            "`--resource-tag`: no action of the functions",
            "leave out the option",
        ),
    ] {
        let finished = run(arguments).expect_code(2).expect_stderr(message).expect_stderr(hint);
        assert!(finished.stdout.is_empty(), "{finished:#?}");
    }
}
