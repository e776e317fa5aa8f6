//! Tests of `forms` and `run-form`: from metadata to a form, and from a completed form to a job.

use opcon_stand_in::DEFAULT_TOKEN;
use serde_json::{Value, json};

use crate::support::{Ec2, OwnEc2, OwnOpCon, Program, functions, unique};

fn forms(program: &Program, arguments: &[&str]) -> Value {
    let finished = program.run_bare(&[&["forms"][..], arguments].concat()).expect_code(0);
    assert!(finished.stdout.is_ascii());
    serde_json::from_str(&finished.stdout).unwrap()
}

/// The choices of a field.
fn offered<'a>(form: &'a Value, field: &str) -> Vec<&'a str> {
    let property = &form["schema"]["properties"][field];
    let choices = property.get("items").unwrap_or(property)["anyOf"].as_array();
    choices.into_iter().flatten().map(|choice| choice["enum"][0].as_str().unwrap()).collect()
}

#[test]
fn there_is_a_form_for_every_function() {
    let all = forms(&Program::new(), &[]);
    let names: Vec<_> = all.as_array().unwrap().iter().map(|form| form["function"].as_str().unwrap()).collect();
    assert_eq!(names, functions().iter().map(|function| function.name.as_str()).collect::<Vec<_>>());
    let one = forms(&Program::new(), &["start-instance"]);
    assert!(all.as_array().unwrap().contains(&one));
    insta::assert_snapshot!(serde_json::to_string_pretty(&one).unwrap());
    Program::new().run_bare(&["forms", "StartInstanc"]).expect_code(2).expect_stderr("did you mean `StartInstance`");
}

#[test]
fn choices_come_from_either_form_of_the_lists() {
    let program = Program::new();
    program.write("lists.txt", "IMAGE L\u{ef}nux : ami-0123abcd\nSIZE t3.micro\nSIZE m5.large\nREGION US_EAST_1\n");
    let form = forms(&program, &["CreateInstance", "--data-script", "lists.txt"]);
    assert_eq!(offered(&form, "imageId"), ["L\u{ef}nux : ami-0123abcd"]);
    assert_eq!(offered(&form, "instanceType"), ["t3.micro", "m5.large"]);
    assert_eq!(offered(&form, "region"), ["US_EAST_1"]);

    let opcon = OwnOpCon::start();
    let program = program.with_config(&opcon.config(DEFAULT_TOKEN));
    program.run_bare(&["set-property", "AWS_REGIONS", "\"US_EAST_1\",\"EU_WEST_1\""]).expect_code(0);
    let form = forms(&program, &["CreateInstance", "--from-opcon"]);
    assert_eq!(offered(&form, "region"), ["US_EAST_1", "EU_WEST_1"]);
    assert!(offered(&form, "imageId").is_empty(), "without a list people type it");
    program.run_bare(&["set-property", "AWS_SIZES", "t3.micro"]).expect_code(0);
    let wrong = program.run_bare(&["forms", "--from-opcon"]).expect_code(2);
    wrong.expect_stderr("error: reading the option list AWS_SIZES: entry 1: not in double quotes");
    let missing = program.run_bare(&["forms", "--data-script", "lst.txt"]).expect_code(2);
    missing.expect_stderr("error: reading lst.txt: file not found\nhint: check the path of the data script");
    program.write("lists.txt", "COLOR red\n");
    program.run_bare(&["forms", "--data-script", "lists.txt"]).expect_code(2).expect_stderr("reading lists.txt: ");
}

#[test]
fn a_filled_form_runs_its_job() {
    let (ec2, name) = (Ec2::new(), unique("form"));
    let ids = ec2.launch(&name, 1);
    let program = Program::on_test_bed();
    let form = json!({ "function": "StopInstance", "region": "US_EAST_1", "instanceId": [ids[0]], "wait": true });
    let file = program.write("form.json", &form.to_string());
    let file = file.to_str().unwrap();
    let program = program.without("--region");
    let dry = program.run_bare(&["run-form", file, "--dry-run"]).expect_code(0);
    dry.expect_stdout("nothing changed (dry run)");
    assert_eq!(ec2.states(&ids), ["running"]);
    let finished = program.run_bare(&["run-form", file, "--log-dir", "log"]).expect_code(0);
    assert_eq!(finished.verdict(), "StopInstance succeeded: 1 instance stopped");
    assert_eq!(ec2.states(&ids), ["stopped"]);
}

#[test]
fn a_form_that_is_wrong_starts_nothing() {
    let ec2 = OwnEc2::unwanted();
    let program = Program::with_endpoint(&ec2.url);
    for (text, reason) in [
        ("", "not the JSON object of a form"),
        ("[]", "not the JSON object of a form"),
        ("{}", "the form does not name its function"),
        (r#"{"function":"StopInstances"}"#, "unknown function `StopInstances`"),
        (r#"{"function":"StopInstance"}"#, "one of `--tag-name`, `--instance-id` is required"),
        (r#"{"function":"StopInstance","tagname":"x"}"#, "the form has no field `tagname`"),
        (
            r#"{"function":"StopInstance","instanceId":["[[ID]]"]}"#,
            "--instance-id` contains `[[ID]]`: OpCon does not replace references",
        ),
        (r#"{"function":"StopInstance","tagName":"{{NIGHT}}","allowNone":true}"#, "`--tag-name` contains `{{NIGHT}}`"),
        (r#"{"function":"StopInstance","tagName":"<SmaEncrypt>x</SmaEncrypt>"}"#, "still encrypted"),
    ] {
        program.write("form.json", text);
        let finished = program.run_bare(&["run-form", "form.json"]).expect_code(2).expect_stderr(reason);
        assert!(finished.stderr.starts_with("error: "), "{finished:#?}");
        let document = program.run_bare(&["run-form", "form.json", "--output", "json"]).expect_code(2).document();
        assert!(document["error"]["message"].as_str().unwrap().contains(reason), "{document:#}");
    }
    program.run_bare(&["run-form", "no-such.json"]).expect_code(2).expect_stderr("error: reading no-such.json: ");
    program.run_bare(&["run-form"]).expect_code(2).expect_stderr("<FILE>");
    program.run_bare(&["run-form", "C:\\a\" --dry-run"]).expect_code(2).expect_stderr("as a quote inside the path");
    program.write("form.json", r#"{"function":"StopInstance","tagName":"web"}"#);
    let with = |more: &[&str]| program.run_bare(&[&["run-form", "form.json"], more].concat()).expect_code(2);
    with(&["--user-id", "[[USER]]"])
        .expect_stderr("the value of `--user-id` contains `[[USER]]`: OpCon has no such property");
    with(&["--user-id", "-x"]).expect_stderr("`--user-id=-x`");
    let program = program.without("--region");
    program.write("form.json", r#"{"function":"StopInstance","region":"US_EAST_1","userId":"USER1","tagname":"x"}"#);
    let refused = program.run_bare(&["run-form", "form.json", "--log-dir", "log"]).expect_code(2);
    assert_eq!(refused.stdout, "StopInstance in us-east-1, user id USER1\nStopInstance failed, exit code 2\n");
    assert!(program.log().contains(" begin: user id `USER1`, region `US_EAST_1`, "), "{}", program.log());
    assert!(ec2.actions().is_empty());
}
