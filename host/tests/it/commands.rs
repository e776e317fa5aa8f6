//! Tests of the administrator commands and their failures.

mod check;
mod forms;
mod iam_policy;
mod job_definition;
mod set_property;
mod setup;
#[cfg(unix)]
#[path = "../../../opcon/tests/terminal/mod.rs"]
mod terminal;

use crate::support::{Program, administrator_commands};

#[test]
fn help_of_every_command() {
    for command in administrator_commands() {
        let finished = Program::new().run_bare(&[command, "--help"]).expect_code(0);
        insta::with_settings!({ snapshot_suffix => command.as_str() }, { insta::assert_snapshot!(finished.stdout) });
    }
}

#[test]
fn a_mistyped_command_gets_a_suggestion() {
    let finished = Program::new().run_bare(&["set-propery", "A", "b"]).expect_code(2);
    finished.expect_stderr("unknown function `set-propery`").expect_stderr("did you mean `set-property`");
}

#[test]
fn an_administrator_command_in_place_of_a_function_is_recognized() {
    for command in administrator_commands() {
        for line in [&["iam-policy"][..], &["forms"], &["job-definition"], &["run-form"]] {
            let program = Program::new();
            let filled = program.write("filled.json", &format!("{{\"function\": \"{command}\"}}"));
            let last = if line == ["run-form"] { filled.to_str().unwrap() } else { command };
            let finished = program.run_bare(&[line, &[last]].concat()).expect_code(2);
            let finished = finished.expect_stderr(&format!("`{command}` is an administrator command, not a function"));
            assert!(!finished.stderr.contains("did you mean"), "{finished:#?}");
        }
    }
}

#[test]
fn an_administrator_command_in_the_wrong_place_is_named_with_the_right_form() {
    let program = Program::new();
    program.write("check.txt", "check\n");
    for line in [
        &["--user", "ocadm", "setup", "--address", "opcon:9010"][..],
        &["--job", "J", "job-definition", "StopInstance", "--tag-name", "web"],
        &["StopInstance", "check"],
        &["StopInstance", "--tag-name", "web", "check"],
        &["--no-such-option", "x", "check"],
        &["Restart", "check", "--region", "us-east-1"],
        &["--region\u{b}us-east-1\u{b}check"],
        &["--region", "us-east-1", "@check.txt"],
        &["--check"],
        &["-check"],
        &["Check"],
        &["CHECK"],
        &["SetProperty", "A", "b"],
        &["StopInstance", "--set-property", "A=b"],
    ] {
        let finished = program.run_bare(line).expect_code(2);
        let (named, hints) = finished.stderr.split_once('\n').unwrap();
        let name = named.strip_prefix("error: `").and_then(|rest| rest.split_once('`')).unwrap_or_default();
        assert_eq!(name.1, " is an administrator command, which must be the first argument", "{line:?}: {finished:#?}");
        assert!(administrator_commands().contains(&name.0.to_owned()), "{line:?}: {finished:#?}");
        let name = name.0;
        assert_eq!(hints, format!("hint: use the form `awsec2 {name} [OPTIONS]`, and see `awsec2 {name} --help`\n"));
    }
}

#[test]
fn an_option_of_the_program_in_the_wrong_place_is_named_with_the_right_form() {
    for option in ["--list", "--version", "-V"] {
        for other in ["StopInstance", "check", "set-property"] {
            for line in [[option, other], [other, option]] {
                let finished = Program::new().run_bare(&line).expect_code(2);
                let finished = finished
                    .expect_stderr(&format!("`{option}` is an option of the program, not of `awsec2 {other}`\n"));
                finished.expect_stderr(&format!("hint: run `awsec2 {option}`, without other arguments\n"));
            }
        }
    }
    for (word, option) in
        [("help", "--help"), ("/?", "--help"), ("/help", "--help"), ("list", "--list"), ("version", "--version")]
    {
        let finished = Program::new().run_bare(&[word]).expect_code(2);
        finished.expect_stderr(&format!("error: unknown function `{word}`\nhint: run `awsec2 {option}`\n"));
    }
    for line in [["help", "StopInstance"], ["StopInstance", "help"]] {
        Program::new().run_bare(&line).expect_code(2).expect_stderr("did you mean `--help`?");
    }
}
