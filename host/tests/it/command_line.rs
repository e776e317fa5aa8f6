//! Tests of the command line: help, lists, and an error for each kind of mistake.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::functions::Argument;
use crate::support::{Finished, OwnEc2, Program, administrator_commands, cmd, functions};

const ID: &str = "i-0123456789abcdef0";

/// Invalid command lines, each with a different error.
const INVALID: &[&[&str]] = &[
    &[],
    &["--no-such-option"],
    &["RestartInstance"],
    &["startinstance"],
    &["Frobnicate"],
    &["StartInstance"],
    &["StartInstance", "--tag-name", ""],
    &["StartInstance", "--tag-name="],
    &["StartInstance", "--tag-name", "  "],
    &["StartInstance", "--tag-name"],
    &["StartInstance", "--tag-name", "web", "--no-such-option"],
    &["StartInstance", "--tag-name", "web", "--regoin", "us-east-1"],
    &["StartInstance", "--tag-name", "web", "StopInstance"],
    &["StartInstance", "--tag-name", "web", "--tag-name", "db"],
    &["StartInstance", "--instance-id", "i-0123456789ABCDEF0"],
    &["StartInstance", "--instance-id", "i-0123abcd,web"],
    &["StartInstance", "--instance-id", ","],
    &["StartInstance", "--tag-name", "web", "--region", "Mars"],
    &["StartInstance", "--tag-name", "web", "--output", "xml"],
    &["StartInstance", "--tag-name", "web", "--wait-timeout", "5m"],
    &["StartInstance", "--tag-name", "web", "--wait", "--wait-timeout", "0"],
    &["StartInstance", "--tag-name", "web", "--wait", "--poll-interval", "soon"],
    &["StartInstance", "--tag-name", "web", "--wait", "--wait-for", "happiness"],
    &["StartInstance", "--tag-name", "web", "@no-such-file"],
    &["StartInstance", "--tag-name", "web", "@C:\\dir\" --wait"],
    &["StartInstance", "--tag-name", "-old"],
    &["StartInstance", "--tag-name", "--wait"],
    &["StartInstance", "-old", "--tag-name", "web"],
    &["StartInstance", "--tag-name", "web", "--wait="],
    &["StartInstance", "--tag-name", "web", "--no-such-option="],
    &["StartInstance", "--tag-name", "web", "--image-id="],
    &["StartInstance", "--tag-name", "web", "--log-dir", "C:\\dir\" --wait"],
    &["StartInstance", "--tag-name", "[[WEB_NAME]]"],
    &["StartInstance", "--instance-id", "i-0123abcd,{{WEB_ID}}", "--wait"],
    &["StartInstance", "--tag-name", "web", "--id-property", "[[WEB_ID]]"],
    &["StartInstance", "--tag-name", "web", "--region=[[REGION]]"],
    &["[[FUNCTION]]", "--tag-name", "web"],
    &["StopInstance", "--tag-name", "[[NIGHT]]", "--allow-none"],
    &["StopInstance", "--tag-name", "web", "--wait-for", "running"],
    &["StopInstance", "--tag-name", "web", "--force", "--hibernate"],
    &["StopInstance", "--tag-name", "web", "--hibernate-fallback", "stop"],
    &["TerminateInstance", "--allow-none"],
    &["GetInstanceStatusByTag", "--expect-state", "asleep"],
    &["GetInstanceStatusByTag", "--dry-run"],
    &["CreateInstance", "--image-id", "ami-0123abcd"],
    &["CreateInstance", "--number", "0"],
    &["CreateInstance", "--number", "two"],
    &["CreateInstance", "--image-id", "web"],
    &["CreateInstance", "--instance-type", "micro"],
    &["CreateInstance", "--subnet-id", "sn-1"],
    &["CreateInstance", "--security-group", "sg-web"],
    &["ListImages", "--owner", "me"],
    &["ListImages", "--owner", "self,amazon", "--region", "us-east-1"],
    &["ListImages", "--architecture", "sparc"],
    &["ListInstanceTypes", "--family", "t3.micro"],
    &["ListRegions", "--max", "0"],
    &["ListRegions", "--dry-run"],
    &["CheckLists", "--only", "images,sizes"],
    &["CheckLists", "--only", ","],
];

/// A complete launch, except for what `more` adds.
fn launch_with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let launch = ["CreateInstance", "--image-id", "ami-0123abcd", "--instance-type", "t3.micro", "--key-name", "k"];
    launch.into_iter().chain(more.iter().copied()).collect()
}

#[track_caller]
fn assert_is_refusal(finished: &Finished) {
    assert_eq!(finished.code, 2, "{finished:#?}");
    assert!(finished.stderr.starts_with("error: "), "{finished:#?}");
    assert!(finished.stderr.lines().all(|line| line.starts_with("error: ") || line.starts_with("hint: ")));
    // A first line names the region and the user id of the command line, if it has them.
    assert!(matches!(finished.stdout.lines().count(), 1 | 2), "{finished:#?}");
    assert!(finished.verdict().ends_with(" failed, exit code 2"), "{finished:#?}");
}

#[test]
fn wrong_command_lines_are_refused() {
    let both = ["--subnet-id", "subnet-0123abcd", "--user-data", "a", "--user-data-file", "b"];
    let launches = [launch_with(&[]), launch_with(&both)];
    let program = Program::new();
    let mut transcript = String::new();
    for line in INVALID.iter().copied().chain(launches.iter().map(Vec::as_slice)) {
        let finished = program.run_bare(line);
        assert_is_refusal(&finished);
        transcript += &format!("$ awsec2 {}\n{}{}\n", line.join(" "), finished.stderr, finished.stdout);
    }
    // The error text of the system for a missing file.
    insta::with_settings!({ filters => [("no-such-file`: .*", "no-such-file`: [not found]")] }, {
        insta::assert_snapshot!(transcript);
    });
}

#[test]
fn a_refusal_in_json_is_a_document() {
    let line = ["--output", "json", "StartInstance", "--instance-id", "web"];
    let finished = Program::new().run_bare(&line).expect_code(2);
    let message = "invalid value `web` for `--instance-id`: \
                   must be an instance id: `i-` and 8 or 17 lower-case hexadecimal digits";
    let hint = "run `awsec2 StartInstance --help` for the arguments";
    assert_eq!(
        finished.document(),
        json!({
            "function": "StartInstance", "region": null, "user_id": null, "status": "failed", "exit_code": 2,
            "instances": [], "properties": [],
            "error": { "kind": "invalid-input", "code": null, "message": message, "request_id": null, "hint": hint },
        })
    );
    assert_eq!(finished.stderr, format!("error: {message}\nhint: {hint}\n"));
}

#[test]
fn a_command_line_that_cannot_even_be_read_is_a_document_too() {
    for (line, function) in [
        (&["StartInstance", "@no-such-file", "--output", "json"][..], json!("StartInstance")),
        (&["@no-such-file", "--output=json", "--tag-name", "StopInstance", "start-instance"], json!("StartInstance")),
        (&["--output=json\u{b}<SmaEncrypt>"], Value::Null),
    ] {
        let document = Program::new().run_bare(line).expect_code(2).document();
        assert_eq!((&document["function"], &document["error"]["kind"]), (&function, &json!("invalid-input")));
    }
}

/// The arguments of a launch without an endpoint.
const LAUNCH: [&str; 3] = ["CreateInstance", "--launch-template", "nightly"];

/// The parameters of the last launch request.
fn last_launch(ec2: &OwnEc2) -> String {
    ec2.bodies().into_iter().rfind(|body| body.starts_with("Action=RunInstances&")).unwrap()
}

#[test]
fn everything_after_the_first_equals_sign_is_the_value() {
    let ec2 = OwnEc2::unwanted();
    let program = Program::with_endpoint(&ec2.url);
    program.write("arguments.txt", "--tag-name\n-old=\n--tags\nteam=\n");
    for more in
        [&["--tags=team=", "--tag-name=-old="][..], &["--tags", "team=", "--tag-name=-old="], &["@arguments.txt"]]
    {
        program.run(&[&LAUNCH, more].concat());
        let request = last_launch(&ec2);
        assert!(request.contains("=team&") && request.contains("=-old%3D&"), "{more:?}: {request}");
    }
}

#[test]
fn user_data_may_contain_brackets() {
    let ec2 = OwnEc2::unwanted();
    let program = Program::with_endpoint(&ec2.url);
    let finished = program.run(&[&LAUNCH[..], &["--user-data", "echo [[A]]"]].concat());
    let warning = "warning: `--user-data` contains text in the form of a reference to an OpCon property; the text is \
                   passed on unchanged";
    finished.expect_stderr(warning);
    assert!(last_launch(&ec2).contains("UserData=ZWNobyBbW0FdXQ%3D%3D"));
}

#[test]
fn a_reference_in_a_file_is_refused() {
    let ec2 = OwnEc2::unwanted();
    let program = Program::with_endpoint(&ec2.url);
    program.write("arguments.txt", "--tag-name\n[[WEB_NAME]]\n");
    let finished = program.run(&["StopInstance", "@arguments.txt", "--allow-none"]).expect_code(2);
    finished
        .expect_stderr("the value of `--tag-name` contains `[[WEB_NAME]]`: OpCon does not replace references in files");
    assert!(ec2.actions().is_empty());
}

#[test]
fn an_invalid_command_line_causes_no_call() {
    let ec2 = OwnEc2::unwanted();
    let program = Program::with_endpoint(&ec2.url);
    for line in [&["StartInstance"][..], &["TerminateInstance", "--tag-name="], &["StopInstance", "--instance-id", ","]]
    {
        program.run(line).expect_code(2);
    }
    assert!(ec2.actions().is_empty());
}

#[test]
fn help_of_the_program() {
    let help = Program::new().run_bare(&["--help"]).expect_code(0).stdout;
    let (help, rest) = help.split_once("\nFunctions:\n").unwrap();
    insta::assert_snapshot!(help);
    let (listed, _) = rest.split_once("\nCommands for administrators:\n").unwrap();
    assert_lists_all_functions(listed.lines());
}

/// Asserts that there is a line with name and summary for each function.
#[track_caller]
fn assert_lists_all_functions<'a>(lines: impl Iterator<Item = &'a str>) {
    let lines: Vec<_> = lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let expected: Vec<_> =
        functions().iter().map(|function| format!("{} {}", function.name, function.summary)).collect();
    assert_eq!(lines, expected);
}

/// The format of the help. Other tests check its content for every function.
#[test]
fn help_of_functions() {
    for function in ["CreateInstance", "StartInstance"] {
        let finished = Program::new().run_bare(&[function, "--help"]).expect_code(0);
        let (help, _) = finished.stdout.split_once("\nExamples:\n").unwrap(); // quoted for the shell of this system
        insta::with_settings!({ snapshot_suffix => function }, { insta::assert_snapshot!(help) });
    }
}

#[test]
fn the_help_of_every_function_has_all_of_its_metadata() {
    for function in functions() {
        let name = &function.name;
        let help = Program::new().run_bare(&[name, "--help"]).expect_code(0).stdout;
        assert!(help.starts_with(&function.summary), "{help}");
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for argument in &function.arguments {
            let value = argument.value_name.as_ref().map(|value| format!(" <{value}>")).unwrap_or_default();
            let option = format!("--{}{value}", argument.name);
            let line = help.lines().find(|line| line.trim_start().starts_with(&option));
            assert!(line.is_some(), "{name} {option}: {help}");
            assert!(words.contains(&argument.help), "{name} {option}: {help}");
            assert!(
                argument.aliases.iter().all(|alias| words.contains(&format!("--{alias}"))),
                "{name} {option}: {help}"
            );
            let default = argument.default.as_ref().map(|default| format!("[default: {default}]"));
            assert!(default.is_none_or(|default| words.contains(&default)), "{name} {option}: {help}");
            assert_choices_are_in_the_help(&words, argument);
        }
        assert_eq!(help.contains("\n      --dry-run "), function.changes_resources, "{help}");
    }
}

/// Asserts that the possible values of an argument follow its text.
#[track_caller]
fn assert_choices_are_in_the_help(words: &str, argument: &Argument) {
    if argument.choices.is_empty() {
        return;
    }
    let (_, rest) = words.split_once(&argument.help).unwrap();
    let values = format!("[possible values: {}]", argument.choices.join(", "));
    let next = rest.find(" --").unwrap_or(rest.len());
    assert!(rest[..next].contains(&values), "--{}: {rest}", argument.name);
}

#[test]
fn the_help_of_every_command_has_the_possible_values_of_its_options() {
    let program = Program::new();
    let mut count = 0;
    for command in administrator_commands().iter().map(String::as_str) {
        let help = program.run_bare(&[command, "--help"]).expect_code(0).stdout;
        let words = help.split_whitespace().collect::<Vec<_>>().join(" ");
        let options = help.lines().filter_map(|line| line.trim_start().split_once(" <")).map(|(option, _)| option);
        for option in options.filter(|option| option.starts_with("--")) {
            let job = ["StopInstance", "--instance-id", ID];
            let job = if command == "job-definition" { &job[..] } else { &[] };
            let line = [&[command][..], job, &[option, "no such value"]].concat();
            let refused = program.run_bare(&line).stderr;
            let Some((_, values)) = refused.split_once(&format!("`{option}`: must be one of ")) else { continue };
            let values = values.lines().next().unwrap();
            assert!(words.contains(&format!("[possible values: {values}]")), "{command} {option}: {help}");
            count += 1;
        }
    }
    assert!(count >= 2, "{count}");
}

#[test]
fn every_example_in_the_help_survives_a_copy_into_a_shell() {
    for function in functions() {
        let help = Program::new().run_bare(&[&function.name, "--help"]).expect_code(0).stdout;
        let (_, examples) = help.split_once("\nExamples:\n").unwrap();
        let lines: Vec<&str> = examples.lines().collect();
        assert_eq!(lines.len(), 2 * function.examples.len(), "one line each: {help}");
        for (lines, example) in lines.chunks(2).zip(&function.examples) {
            assert_eq!(lines[0].trim(), example.about);
            let words = if cfg!(windows) { cmd::words_of(lines[1].trim()).ok() } else { shlex::split(lines[1]) };
            let expected = ["awsec2", &function.name].into_iter().chain(example.arguments.iter().map(String::as_str));
            assert_eq!(words.unwrap(), expected.collect::<Vec<_>>(), "{}", lines[1]);
        }
    }
}

#[test]
fn every_example_in_the_help_of_a_command_survives_a_copy_into_a_shell() {
    let program = Program::new();
    let helps = administrator_commands().iter().map(|name| program.run_bare(&[name, "--help"]).expect_code(0).stdout);
    let examples: Vec<String> = helps.flat_map(|help| help.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let examples = examples.iter().filter(|line| line.starts_with("  awsec2 "));
    assert!(examples.clone().count() >= 2);
    for line in examples {
        assert_eq!(cmd::words_of(line).unwrap(), shlex::split(line).unwrap(), "{line}");
    }
}

#[test]
fn the_list_of_functions() {
    let list = Program::new().run_bare(&["--list"]).expect_code(0).stdout;
    let mut lines = list.lines();
    assert_eq!(lines.next().map(|head| head.split_whitespace().collect()), Some(vec!["Function", "Summary"]));
    assert_lists_all_functions(lines);
}

#[test]
fn every_crate_below_functions_is_in_the_list() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("functions");
    let crates = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let crates = crates.filter(|path| path.join("Cargo.toml").is_file());
    let crates: BTreeSet<String> = crates.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(functions().iter().map(|function| function.package.clone()).collect::<BTreeSet<_>>(), crates);
}

#[test]
fn the_list_in_json_has_the_keys_of_the_contract() {
    let list = Program::new().run_bare(&["--list", "--output", "json"]).expect_code(0).document();
    let list = list.as_array().unwrap();
    assert!(list.iter().map(|function| function["name"].as_str().unwrap()).is_sorted());
    for function in list {
        let keys = "name summary description arguments examples iam_actions optional_permissions changes_resources crate version";
        assert_eq!(keys_of(function), keys.split(' ').collect());
        for argument in function["arguments"].as_array().unwrap() {
            let keys = "name aliases value_name help kind required default choices repeatable secret";
            assert_eq!(keys_of(argument), keys.split(' ').collect());
        }
        for example in function["examples"].as_array().unwrap() {
            assert_eq!(keys_of(example), BTreeSet::from(["about", "arguments"]));
        }
    }
}

fn keys_of(object: &Value) -> BTreeSet<&str> {
    object.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn the_json_list_describes_arguments_completely() {
    let list = Program::new().run_bare(&["--output=json", "--list"]).expect_code(0).document();
    let start = list.as_array().unwrap().iter().find(|function| function["name"] == "StartInstance").unwrap();
    assert_eq!(start["crate"], "start-instance");
    assert_eq!(start["changes_resources"], true);
    let wait_for = start["arguments"].as_array().unwrap().iter().find(|argument| argument["name"] == "wait-for");
    let help = "What to wait for: `running`, or `status-ok` (running, with both status checks passed).";
    let expected = json!({
        "name": "wait-for", "aliases": [], "value_name": "LEVEL", "help": help, "kind": "choice", "required": false,
        "default": "status-ok", "choices": ["status-ok", "running"], "repeatable": false, "secret": false,
    });
    assert_eq!(wait_for, Some(&expected));
}

#[test]
fn the_version_is_that_of_the_package() {
    let finished = Program::new().run_bare(&["--version"]).expect_code(0);
    assert_eq!(finished.stdout, concat!("awsec2 ", env!("CARGO_PKG_VERSION"), "\n"));
}

#[test]
fn names_in_kebab_case_and_arguments_before_them_are_understood() {
    let ec2 = OwnEc2::unwanted();
    let program = Program::with_endpoint(&ec2.url);
    program.run(&["stop-instance", "--instance-id", ID]).expect_code(1);
    program.run(&["--instance-id", ID, "StopInstance"]).expect_code(1);
    program.run(&[&format!("StopInstance\u{b}--instance-id\u{b}{ID}\u{b}")]).expect_code(1);
    program.write("arguments.txt", &format!("--instance-id\r\n{ID}\r\n"));
    program.run(&["StopInstance", "@arguments.txt"]).expect_code(1);
    assert_eq!(ec2.actions(), ["DescribeInstances"; 4], "of this very instance, before anything is asked of it");
}

#[test]
fn an_encrypted_value_is_refused_and_not_shown() {
    let line = ["StartInstance", "--tag-name", "web", "--user-id", "<SmaEncrypt>0a1b2c</SmaEncrypt>"];
    let finished = Program::new().run_bare(&line);
    assert_eq!(finished.code, 2);
    assert!(!format!("{finished:?}").contains("0a1b2c"), "{finished:#?}");
    insta::assert_snapshot!(finished.stderr, @"
    error: the value of `--user-id` is still encrypted: the agent did not decrypt it before starting the job
    hint: use an agent that can decrypt (Windows 17.0, UNIX 17.1 with TLS), and enable `Requires XML Escape Sequences` for its machine
    ");
}

#[cfg(unix)]
#[test]
fn an_argument_that_is_not_unicode_is_rejected() {
    use std::os::unix::ffi::OsStrExt as _;
    let argument = std::ffi::OsStr::from_bytes(b"--tag-name=w\xffb");
    let program = Program::new();
    let output = program.command([std::ffi::OsStr::new("StartInstance"), argument]).output().unwrap();
    let finished = Finished::from(output).expect_code(2);
    assert_eq!(finished.stderr, "error: argument 2 is not valid Unicode\n");
    let command = ["set-property", "A"].map(std::ffi::OsStr::new);
    let output = program.command(command.iter().chain([&argument])).output().unwrap();
    Finished::from(output).expect_code(2).expect_stderr("argument 3 is not valid Unicode");
}
