//! Tests of the administrator commands and their failures.

mod check;
mod forms;
mod iam_policy;
mod job_definition;
mod set_property;
mod setup;

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
