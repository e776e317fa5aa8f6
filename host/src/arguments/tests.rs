//! Tests with command lines as OpCon agents and job forms write them.

use std::fs;

use connector_sdk::ErrorKind;

use super::*;

fn read_all(arguments: &[&str]) -> Result<CommandLine> {
    read(arguments.iter().map(OsString::from), &Registry::load().unwrap(), Files::Here)
}

/// The function name and the other arguments after the program name.
fn args(arguments: &[&str]) -> (Option<String>, Vec<String>) {
    let arguments: Vec<_> = std::iter::once(&"awsec2").chain(arguments).copied().collect();
    texts(read_all(&arguments).unwrap())
}

fn texts(args: CommandLine) -> (Option<String>, Vec<String>) {
    (args.function, args.rest.into_iter().map(|arg| arg.text).collect())
}

fn start(rest: &[&str]) -> (Option<String>, Vec<String>) {
    (Some("StartInstance".to_owned()), rest.iter().map(|arg| (*arg).to_owned()).collect())
}

#[test]
fn the_function_name_may_be_anywhere() {
    for line in [
        &["StartInstance", "--tag-name", "web", "--wait"][..],
        &["--tag-name", "web", "StartInstance", "--wait"],
        &["--tag-name", "web", "--wait", "StartInstance"],
    ] {
        assert_eq!(args(line), start(&["--tag-name=web", "--wait"]), "{line:?}");
    }
}

#[test]
fn a_value_that_is_the_name_of_a_function_is_a_value() {
    assert_eq!(args(&["--tag-name", "StopInstance", "StartInstance"]), start(&["--tag-name=StopInstance"]));
}

#[test]
fn the_first_name_is_the_function_when_none_is_known() {
    assert_eq!(args(&["--wait", "Restart", "now"]).0.as_deref(), Some("Restart"));
    assert_eq!(args(&["--list"]), (None, vec!["--list".to_owned()]));
}

#[test]
fn an_empty_value_is_an_absent_argument() {
    for line in [
        &["StartInstance", "--tag-name", "", "--wait"][..],
        &["StartInstance", "--tag-name=", "--wait"],
        &["StartInstance", "--tag=", "--wait"],
        &["StartInstance", "", "--wait", ""],
    ] {
        assert_eq!(args(line), start(&["--wait"]), "{line:?}");
    }
    assert_eq!(args(&["StartInstance", "--tag-name"]), start(&["--tag-name"]), "a missing value is not an empty one");
}

#[test]
fn vertical_tabs_separate_arguments() {
    for line in [
        "StartInstance\u{b}--tag-name\u{b}web\u{b}--wait",
        "StartInstance\u{b}--tag-name\u{b}web\u{b}--wait\u{b}",
        "\u{b}StartInstance\u{b}\u{b}--tag-name\u{b}web\u{b}\u{b}--wait",
    ] {
        assert_eq!(args(&[line]), start(&["--tag-name=web", "--wait"]), "{line:?}");
    }
}

#[test]
fn an_empty_value_between_vertical_tabs_is_an_absent_argument() {
    for line in [
        "StartInstance\u{b}--tag-name\u{b}\u{b}--wait",
        "--tag-name\u{b}\u{b}StartInstance\u{b}--wait",
        "StartInstance\u{b}--wait\u{b}--tag-name\u{b}",
    ] {
        assert_eq!(args(&[line]), start(&["--wait"]), "{line:?}");
    }
}

#[test]
fn a_value_may_follow_two_vertical_tabs() {
    assert_eq!(args(&["StartInstance\u{b}--tag-name\u{b}\u{b}web"]), start(&["--tag-name=web"]));
}

#[test]
fn arguments_may_be_joined_to_the_program_name() {
    let glued = read_all(&["awsec2\u{b}StartInstance", "--tag-name", "web"]).unwrap();
    assert_eq!(texts(glued), start(&["--tag-name=web"]));
}

#[test]
fn an_argument_file_expands_to_its_lines() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("arguments");
    let name = format!("@{}", file.display());
    for (content, rest) in [
        ("--tag-name\nweb 1\n--wait\n", &["--tag-name=web 1", "--wait"][..]),
        ("--tag-name\r\nweb 1\r\n--wait", &["--tag-name=web 1", "--wait"]),
        ("\u{feff}--tag-name\nweb 1\n--wait", &["--tag-name=web 1", "--wait"]),
        ("--tag-name\n@web\n", &["--tag-name=@web"]),
        ("--tag-name\n-old\n--wait\n", &["--tag-name=-old", "--wait"]),
        ("--tag-name\n--no-option\n--wait\n", &["--tag-name=--no-option", "--wait"]),
        ("--tag-name\n--image-id\n--wait\n", &["--tag-name=--image-id", "--wait"]),
        ("--tag-name\n--wait\n", &["--tag-name", "--wait"]),
        ("--tag-name\n--wait-timeout=5m\n", &["--tag-name", "--wait-timeout=5m"]),
        ("--tag-name\n-h\n", &["--tag-name", "-h"]),
        ("--tag-name=--wait\n", &["--tag-name=--wait"]),
        ("--tag-name\n\n--wait\n", &["--wait"]),
        ("", &[]),
    ] {
        fs::write(&file, content).unwrap();
        assert_eq!(args(&["StartInstance", &name]), start(rest), "{content:?}");
    }
}

#[test]
fn a_file_that_is_missing_is_named() {
    let error = read_all(&["awsec2", "StartInstance", "@no-such-file"]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    let text = error.to_string();
    assert!(text.starts_with("argument file ") && text.contains("no-such-file"), "{text}");
    assert_eq!(
        error.hint_text(),
        Some("check the file: `@FILE` stands for the arguments in FILE, one per line, as UTF-8 text")
    );
}

#[test]
fn a_value_that_is_still_encrypted_is_refused_and_not_echoed() {
    for (line, option) in [
        (&["--region", "<SmaEncrypt>0a1b</SmaEncrypt>"][..], "`--region`"),
        (&["--region=<SMAENCRYPT>0a1b</SMAENCRYPT>"], "`--region`"),
        (&["--wait", "--tag-name\u{b}web\u{b}--user-id\u{b}<smaencrypt>0a1b"], "`--user-id`"),
        (&["<SmaEncrypt>0a1b</SmaEncrypt>"], "an argument"),
    ] {
        let line: Vec<_> = ["awsec2", "StartInstance"].iter().chain(line).copied().collect();
        let error = read_all(&line).unwrap_err();
        let text = format!("{error} {}", error.hint_text().unwrap());
        assert!(text.contains(&format!("the value of {option} is still encrypted")), "{text}");
        assert!(!text.contains("0a1b"), "{text}");
    }
}

#[test]
fn the_name_of_an_argument_file_with_a_reference_is_refused() {
    let error = read_all(&["awsec2", "StartInstance", "@[[FILE]]"]).unwrap_err();
    assert_eq!(error.to_string(), "the name of the argument file contains `[[FILE]]`: OpCon has no such property");
}

#[test]
fn a_file_of_a_job_that_runs_elsewhere_need_not_be_here() {
    let registry = Registry::load().unwrap();
    let elsewhere = |arguments: &[&str]| read(arguments.iter().map(OsString::from), &registry, Files::Elsewhere);
    for path in ["no-such-file", "C:\\ec2\\arguments.txt", "[[FOLDER]]/arguments"] {
        let line = elsewhere(&["awsec2", "StartInstance", &format!("@{path}"), "--wait"]).unwrap();
        assert_eq!(line.unread, [path]);
        assert_eq!(texts(line), start(&["--wait"]));
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("arguments");
    fs::write(&file, "--tag-name\nweb\n").unwrap();
    let line = elsewhere(&["awsec2", "StartInstance", &format!("@{}", file.display())]).unwrap();
    assert!(line.unread.is_empty());
    assert_eq!(texts(line), start(&["--tag-name=web"]));
    elsewhere(&["awsec2", "StartInstance", "@C:\\dir\" --wait"]).unwrap_err();
}
