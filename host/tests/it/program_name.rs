//! Tests that a program with another name prints commands with its own name instead of `awsec2`.

use crate::support::{Program, administrator_commands};

const NAME: &str = "our-ec2_2.0";

const DEFINITION: &[&str] = &[
    "job-definition",
    "StopInstance",
    "--tag-name",
    "web",
    "--schedule",
    "Nightly",
    "--job",
    "Stop web",
    "--machine",
    "agent",
];

#[test]
fn help_and_version_have_the_name_of_the_program() {
    let program = Program::new().renamed(NAME);
    let version = program.run_bare(&["--version"]).expect_code(0);
    assert_eq!(version.stdout, format!("{NAME} {}\n", env!("CARGO_PKG_VERSION")));
    let every = administrator_commands().iter().map(|command| vec![command.as_str(), "--help"]);
    for words in every.chain([vec!["--help"], vec!["StopInstance", "--help"]]) {
        let help = program.run_bare(&words).expect_code(0).stdout;
        assert!(help.contains(&format!("Usage: {NAME} ")) && !help.contains("awsec2 "), "{help}");
    }
}

#[test]
fn hints_and_the_verdict_have_the_name_of_the_program() {
    let program = Program::new().renamed(NAME);
    let finished = program.run_bare(&[]).expect_code(2);
    assert_eq!(finished.verdict(), format!("{NAME} failed, exit code 2"));
    finished
        .expect_stderr(&format!("hint: run `{NAME} --list` for the functions, or `{NAME} --help` for all options\n"));
    let finished = program.run_bare(&["StopInstance"]).expect_code(2);
    finished.expect_stderr(&format!("run `{NAME} StopInstance --help` for the arguments"));
    let finished = program.run_bare(&["Frobnicate"]).expect_code(2);
    finished.expect_stderr(&format!("hint: run `{NAME} --list` for the functions"));
}

#[test]
fn a_job_definition_starts_the_program_that_wrote_it() {
    let definition =
        |more: &[&str]| Program::new().renamed(NAME).run_bare(&[DEFINITION, more].concat()).expect_code(0).stdout;
    let windows = definition(&["--platform", "windows"]);
    assert!(windows.contains(&format!(r"[[AWSEC2Path]]\{NAME}.exe")), "{windows}");
    let unix = definition(&["--platform", "unix", "--user", "batch", "--group", "batch"]);
    assert!(unix.contains(&format!("[[AWSEC2Path]]/{NAME}")), "{unix}");
}

#[test]
fn a_name_that_a_shell_would_divide_is_not_taken() {
    let program = Program::new().renamed("our ec2");
    let version = program.run_bare(&["--version"]).expect_code(0);
    assert_eq!(version.stdout, format!("awsec2 {}\n", env!("CARGO_PKG_VERSION")));
}
