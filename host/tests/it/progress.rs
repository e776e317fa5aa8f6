//! Tests of the progress of a running job on the terminal and in OpCon, and of the follow-up commands for unsaved
//! values.

use std::fs;

use opcon_stand_in::{Answer as OpConAnswer, DEFAULT_TOKEN, Fault};

use crate::support::{Ec2, OwnOpCon, Program, unique};

/// The arguments of a start that waits and saves two properties.
fn start<'a>(name: &'a str, property: &'a str, ip: &'a str) -> Vec<&'a str> {
    let line = ["StartInstance", "--tag-name", name, "--wait", "--id-property", property, "--private-ip-property", ip];
    line.into_iter().collect()
}

fn refusal() -> OpConAnswer {
    OpConAnswer::text(400, "a refusal of the test")
}

#[cfg(unix)]
#[test]
fn the_printed_commands_save_what_was_not_saved() {
    let (ec2, opcon, name) = (Ec2::new(), OwnOpCon::start(), unique("later's"));
    let ids = ec2.launch_stopped(&name, 2);
    let config = opcon.config(DEFAULT_TOKEN);
    let program = Program::on_test_bed().without("--user-id").with_config(&config);
    let program = program.env("AWS_ACCESS_KEY_ID", "unchecked").env("AWS_SECRET_ACCESS_KEY", "unchecked");
    // Refused after the check, i.e. after the launch.
    opcon.add_fault(Fault { path: "/api/propertyExpression".into(), skip: 0, times: 1000, answer: refusal() });
    let (id, ip) = ("LATER_ID", "JI.IP.2026-01-31.Night[A].\"it's.\u{e4}\"");
    let finished = program.run(&start(&name, id, ip)).expect_code(7);
    assert!(finished.stderr.contains(", or run the job again: repeating it is safe\n"), "{finished:#?}");
    let commands: Vec<_> = finished.stdout.lines().filter_map(|line| line.strip_prefix("  awsec2 ")).collect();
    assert_eq!(commands.len(), 4, "{finished:#?}");
    assert_eq!(opcon.property("LATER_ID_1"), None);
    // The viewer of OpCon shows the beginning and the end of a long output.
    let place = |text: &str| finished.stdout.find(text).unwrap_or_else(|| panic!("no `{text}` in {finished:#?}"));
    assert!(place("start accepted") < place("Instance ID "), "{finished:#?}");
    assert!(place("Instance ID ") < place("not saved in OpCon; to save it later:\n"), "{finished:#?}");
    assert_eq!(finished.verdict(), "StartInstance failed after changing something in EC2, exit code 7");

    let later = OwnOpCon::start();
    let program = program.with_config(&later.config(DEFAULT_TOKEN));
    for command in commands {
        let line = format!("\"{}\" {command}", env!("CARGO_BIN_EXE_awsec2"));
        let status = std::process::Command::new("sh").args(["-c", &line]).current_dir(program.folder()).status();
        assert!(status.unwrap().success(), "{line}");
    }
    assert_eq!(later.property("LATER_ID_1").as_deref(), Some(ids[0].as_str()));
    assert_eq!(later.property("LATER_ID_2").as_deref(), Some(ids[1].as_str()));
    assert!(later.property("JI.IP_2.2026-01-31.\"Night[A]\".\"it's.\u{e4}\"").is_some());
}

#[test]
fn the_configuration_of_the_job_is_part_of_the_printed_command() {
    let (ec2, opcon, name) = (Ec2::new(), OwnOpCon::start(), unique("configured"));
    ec2.launch_stopped(&name, 1);
    opcon.add_fault(Fault { path: "/api/propertyExpression".into(), skip: 0, times: 1000, answer: refusal() });
    let program = Program::on_test_bed().without("--user-id").common("--config", "own.config");
    program.write("own.config", &opcon.config(DEFAULT_TOKEN));
    let program = program.env("AWS_ACCESS_KEY_ID", "unchecked").env("AWS_SECRET_ACCESS_KEY", "unchecked");
    let line: Vec<_> = start(&name, "A", "B").into_iter().chain(["--output", "json"]).collect();
    let finished = program.run(&line).expect_code(7);
    finished.expect_stderr(" --config own.config\n");
}

#[cfg(unix)]
#[test]
fn the_agent_receives_status_texts() {
    use std::os::unix::fs::PermissionsExt as _;
    let (ec2, name) = (Ec2::new(), unique("status"));
    ec2.launch_stopped(&name, 2);
    let program = Program::on_test_bed();
    let script =
        "#!/bin/sh\ncd \"$(dirname \"$0\")\"\nenv >> environment\necho \"$1\" >> started\necho \"$1\" >> told\n";
    let tool = program.write("sma_status", script);
    fs::set_permissions(tool, fs::Permissions::from_mode(0o755)).unwrap();
    let folder = program.folder().display().to_string();
    let program =
        program.env("SMA_BINDIR", &folder).env("AWS_SESSION_TOKEN", "7hush7").env("No_Proxy", "7hush7.example");
    program.run(&["StartInstance", "--tag-name", &name, "--wait", "--status-text"]).expect_code(0);
    // The job waits for the agent's tool only briefly, and this machine may be busy.
    let texts = || fs::read_to_string(program.folder().join("told")).unwrap_or_default();
    for _ in 0..6000 {
        if texts().contains("succeeded\n") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(texts().lines().all(|line| line.len() <= 20));
    assert!(texts().ends_with("succeeded\n"), "{}", texts());
    let started = fs::read_to_string(program.folder().join("started")).unwrap();
    assert_eq!(started, texts(), "one after the other");
    let environment = fs::read_to_string(program.folder().join("environment")).unwrap();
    assert!(environment.contains("SMA_BINDIR=") && environment.contains("PATH="), "{environment}");
    assert!(!environment.contains("7hush7") && !environment.contains("AWS_"), "{environment}");
}

#[test]
fn without_an_agent_status_texts_are_only_warned_about() {
    let program = Program::on_test_bed();
    let stop = ["StopInstance", "--tag-name", "nobody", "--allow-none", "--status-text"];
    let finished = program.run(&stop).expect_code(0);
    finished.expect_stderr("warning: status texts are not shown: the job was not started by an OpCon agent");
    let program = program.env("SMA_BINDIR", "no-such-folder");
    program
        .run(&stop)
        .expect_code(0)
        .expect_stderr("warning: status texts are not shown: the agent has no no-such-folder");
}

/// Runs the program on a terminal with 60 columns, and returns what is displayed.
#[cfg(unix)]
fn at_a_terminal(program: &Program, arguments: &[&str]) -> String {
    let job = program.command(arguments);
    let words: Vec<_> =
        [job.get_program()].into_iter().chain(job.get_args()).map(|word| word.to_string_lossy()).collect();
    let line = shlex::try_join(words.iter().map(AsRef::as_ref)).unwrap();
    let mut script = std::process::Command::new("script");
    script.args(["--quiet", "--return", "--command"]).arg(format!("stty rows 24 cols 60; {line}")).arg("/dev/null");
    for (name, value) in job.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    let output = script.current_dir(program.folder()).output().expect("the tests need the program `script`");
    String::from_utf8(output.stdout).unwrap()
}

#[cfg(unix)]
#[test]
fn a_terminal_displays_progress_in_one_line_and_tables_that_fit() {
    let (ec2, name) = (Ec2::new(), unique("a-name-that-is-rather-long-for-a-terminal"));
    let ids = ec2.launch_stopped(&name, 1);
    let program = Program::on_test_bed();
    let seen = at_a_terminal(&program, &["StartInstance", "--tag-name", &name, "--wait", "--log-dir", "log"]);
    let live = seen.split('\r').find(|line| line.starts_with("waiting, ")).unwrap_or_default();
    assert!(live.ends_with("s of 1m: 1 of 1 instance ready"), "{seen:?}");
    let (_, table) = seen.split_once("Instance ID ").unwrap();
    let rows: Vec<_> = table.split("\r\n").skip(1).take_while(|line| !line.starts_with("StartInstance")).collect();
    assert!(rows.iter().any(|row| row.starts_with(&format!("{}  ", ids[0]))), "ids stay whole: {table}");
    assert!(rows.len() > 1 && rows.iter().all(|row| row.len() <= 60), "{rows:#?}");
}

#[test]
fn a_job_has_neither_a_live_line_nor_a_table_that_depends_on_a_terminal() {
    let (ec2, name) = (Ec2::new(), unique("a-name-that-is-rather-long-for-a-terminal"));
    let ids = ec2.launch_stopped(&name, 1);
    let program = Program::on_test_bed().env("COLUMNS", "20");
    let finished = program.run(&["StartInstance", "--tag-name", &name, "--wait"]).expect_code(0);
    assert!(!finished.stdout.contains('\r') && !finished.stderr.contains("waiting"), "{finished:#?}");
    let row = finished.stdout.lines().find(|line| line.starts_with(&format!("{}  ", ids[0])));
    assert!(row.unwrap().contains(&name), "one row, one line: {finished:#?}");
}
