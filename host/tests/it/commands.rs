//! The commands for administrators, each with what can go wrong.

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
fn a_mistyped_command_is_told_the_right_one() {
    let finished = Program::new().run_bare(&["set-propery", "A", "b"]).expect_code(2);
    finished.expect_stderr("unknown function `set-propery`").expect_stderr("did you mean `set-property`");
}
