//! Tests that jobs, option lists, and forms accept the same names of regions, instance types, and images.

use serde_json::{Value, json};

use crate::support::{OwnEc2, Program};

/// The data script line, the option, and the form field for a name, and an invalid name.
const INVALID: &[(&str, &str, &str, &str)] = &[
    ("REGION", "--region", "region", "US_EAST_1A"),
    ("REGION", "--region", "region", "us-east-+1"),
    ("SIZE", "--instance-type", "instanceType", "T3.Micro"),
    ("IMAGE", "--image-id", "imageId", "web : ami-0123ABCD"),
    ("IMAGE", "--image-id", "imageId", "web : ami-1"),
    ("IMAGE", "--image-id", "imageId", "web : resolve:ssm:a#b"),
];

/// The same for valid names.
const VALID: &[(&str, &str, &str)] = &[
    ("REGION US_GOV_EAST_1", "region", "US_GOV_EAST_1"),
    ("SIZE u-6tb1.112xlarge", "instanceType", "u-6tb1.112xlarge"),
    ("IMAGE a : b : ami-0123abcd", "imageId", "a : b : ami-0123abcd"),
    ("IMAGE newest : resolve:ssm:/images/web:3", "imageId", "newest : resolve:ssm:/images/web:3"),
];

#[test]
fn a_wrong_name_is_refused_by_jobs_option_lists_and_forms_alike() {
    let ec2 = OwnEc2::unwanted();
    let forms_only = Program::new();
    let program = Program::with_endpoint(&ec2.url).without("--region").env("AWS_REGION", "us-east-1");
    for (keyword, option, field, text) in INVALID {
        let wrong = match *keyword {
            "REGION" => "must be a region, such as `us-east-1` or `US_EAST_1`",
            "SIZE" => "must be an instance type in lower case, such as `t3.micro`",
            _ => "must be an image id",
        };
        let refused = |arguments: &[&str]| {
            program.run_bare(arguments).expect_code(2).expect_stderr(wrong);
        };
        refused(&["CreateInstance", option, text]);
        let script = format!("{keyword} {text}\n");
        program.write("lists.txt", &script);
        forms_only.write("lists.txt", &script);
        refused(&["CheckLists", "--data-script", "lists.txt"]);
        let forms = forms_only.run_bare(&["forms", "CreateInstance", "--data-script", "lists.txt"]);
        forms.expect_code(2).expect_stderr(wrong);
        program.write("form.json", &json!({ "function": "CreateInstance", *field: text }).to_string());
        refused(&["run-form", "form.json"]);
    }
    assert!(ec2.actions().is_empty());
}

#[test]
fn forms_offer_the_names_in_option_lists() {
    let program = Program::new();
    let lines: Vec<_> = VALID.iter().map(|(line, ..)| *line).collect();
    program.write("lists.txt", &lines.join("\n"));
    let finished = program.run_bare(&["forms", "CreateInstance", "--data-script", "lists.txt"]).expect_code(0);
    let form: Value = serde_json::from_str(&finished.stdout).unwrap();
    for (_, field, text) in VALID {
        let property = &form["schema"]["properties"][field];
        let offered = property.get("items").unwrap_or(property)["anyOf"].as_array().unwrap();
        assert!(offered.iter().any(|choice| choice["enum"][0] == *text), "{text}: {property:#}");
    }
}
