//! Tests of lost output: if the first line is lost, the job does nothing; later losses are reported elsewhere.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::{BufRead as _, BufReader, PipeReader, Read as _, pipe};
use std::process::{Output, Stdio};
use std::sync::{Mutex, mpsc};

use serde_json::{Value, json};

use crate::support::{Answer, Finished, OwnEc2, Program};

const ID: &str = "i-0123456789abcdef0";
const FULL: &str = "No space left on device (os error 28)";
const CLOSED: &str = "Broken pipe (os error 32)";

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").unwrap().into()
}

fn closed_pipe() -> Stdio {
    pipe().unwrap().1.into()
}

/// An output to which writes fail, and the error text of the system.
type Refusing = (fn() -> Stdio, &'static str);

fn kinds() -> [Refusing; 2] {
    [(full, FULL), (closed_pipe, CLOSED)]
}

/// An EC2 whose instance stops.
fn stopping(action: &str) -> Answer {
    let (state, previous) = ("<code>64</code><name>stopping</name>", "<code>16</code><name>running</name>");
    let id = format!("<instanceId>{ID}</instanceId>");
    match action {
        "StopInstances" => Answer::success(
            action,
            &format!(
                "<instancesSet><item>{id}<currentState>{state}</currentState>\
                 <previousState>{previous}</previousState></item></instancesSet>"
            ),
        ),
        "DescribeInstances" => Answer::success(
            action,
            &format!(
                "<reservationSet><item><instancesSet><item>{id}<instanceState>{previous}</instanceState>\
                 </item></instancesSet></item></reservationSet>"
            ),
        ),
        _ => Answer::success(action, ""),
    }
}

const STOP: [&str; 5] = ["StopInstance", "--instance-id", ID, "--log-dir", "log"];
const SHOW: [&str; 3] = ["GetInstanceStatusByTag", "--log-dir", "log"];
const JSON: [&str; 2] = ["--output", "json"];

/// The JSON document in the lines of stderr or of the log.
fn document(text: &str) -> Value {
    let line = text.lines().find_map(|line| line.find("{\"function\"").map(|at| &line[at..]));
    serde_json::from_str(line.unwrap_or_else(|| panic!("no document in {text}"))).unwrap()
}

fn run(program: &Program, arguments: &[&str], stdout: Stdio) -> Finished {
    program.command(arguments).stdout(stdout).output().unwrap().into()
}

#[test]
fn nothing_is_done_when_the_first_line_is_lost() {
    for (output, reason) in kinds() {
        let ec2 = OwnEc2::start(stopping);
        let program = Program::with_endpoint(&ec2.url);
        let finished = run(&program, &STOP, output()).expect_code(1);
        let error = format!("error: printing the first line of the output: {reason}\n");
        let finished = finished.expect_stderr(&error).expect_stderr("StopInstance failed, exit code 1\n");
        assert!(program.log().contains("StopInstance failed, exit code 1\n"), "{finished:#?}");
        assert!(ec2.actions().is_empty(), "{finished:#?}");

        let mut command = program.command(STOP.iter().chain(&JSON));
        let finished = Finished::from(command.stderr(output()).output().unwrap()).expect_code(1);
        let document = finished.document();
        assert_eq!((&document["status"], &document["exit_code"]), (&json!("failed"), &json!(1)));
        assert!(ec2.actions().is_empty(), "{finished:#?}");
    }
}

#[test]
fn nothing_is_done_when_the_document_has_no_place() {
    for (output, reason) in kinds() {
        let ec2 = OwnEc2::start(stopping);
        let program = Program::with_endpoint(&ec2.url);
        let finished = run(&program, &[&STOP[..], &JSON].concat(), output()).expect_code(1);
        let document = document(&finished.stderr);
        assert_eq!((&document["status"], &document["exit_code"]), (&json!("failed"), &json!(1)));
        assert_eq!(document["error"]["message"], format!("printing the first line of the output: {reason}"));
        assert!(ec2.actions().is_empty(), "{finished:#?}");
    }
}

#[test]
fn the_first_line_contains_user_function_and_region() {
    let ec2 = OwnEc2::start(stopping);
    let program = Program::with_endpoint(&ec2.url);
    let first = "StopInstance in us-east-1, default credential chain\n";
    let finished = program.run(&STOP[..3]).expect_code(0);
    assert!(finished.stdout.starts_with(first), "{finished:#?}");
    let (finished, _) = program.run_json(&STOP[..3]);
    assert!(finished.stderr.starts_with(first), "{finished:#?}");
    let program = Program::on_test_bed();
    let finished = program.run(&["StopInstance", "--tag-name", "nobody", "--allow-none"]).expect_code(0);
    assert!(finished.stdout.starts_with("StopInstance in us-east-1, user id USER1\n"), "{finished:#?}");
}

/// Runs a job whose reader closes the pipe after the first line, or after the space before the document, before EC2
/// responds.
fn read_the_first(program: &Program, arguments: &[&str], reader_is_gone: &mpsc::Sender<()>) -> Output {
    let (mut reader, writer): (PipeReader, _) = pipe().unwrap();
    let job = program.command(arguments).stdout(writer).spawn().unwrap();
    let mut first = [0];
    reader.read_exact(&mut first).unwrap();
    let mut reader = BufReader::new(reader);
    if first != *b" " {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        assert!(line.contains(" in us-east-1, "), "{line}");
    }
    drop(reader);
    reader_is_gone.send(()).unwrap();
    job.wait_with_output().unwrap()
}

/// An EC2 that answers its first request after the reader has closed the pipe.
fn answering_late(answer: fn(&str) -> Answer) -> (OwnEc2, mpsc::Sender<()>) {
    let (sender, receiver) = mpsc::channel();
    let waiting = Mutex::new(Some(receiver));
    let ec2 = OwnEc2::start(move |action| {
        if let Some(receiver) = waiting.lock().unwrap().take() {
            receiver.recv().unwrap();
        }
        answer(action)
    });
    (ec2, sender)
}

#[test]
fn lost_stdout_goes_to_stderr_and_the_log() {
    let (ec2, reader_is_gone) = answering_late(stopping);
    let program = Program::with_endpoint(&ec2.url);
    let finished = Finished::from(read_the_first(&program, &STOP, &reader_is_gone)).expect_code(7);
    assert!(ec2.actions().contains(&"StopInstances".to_owned()));
    for line in [
        &format!("{ID}: stop accepted, running -> stopping\n"),
        &format!("{ID}  "),
        &format!("error: writing to stdout: {CLOSED}\n"),
        "StopInstance failed after changing something in EC2, exit code 7\n",
    ] {
        assert!(finished.stderr.contains(line), "no `{line}` in {finished:#?}");
        assert!(program.log().contains(line.trim_start_matches("error: ")), "no `{line}` in {}", program.log());
    }
    assert!(!finished.stderr.contains("succeeded"), "{finished:#?}");
    let hint = "hint: see stderr and the log for the rest of the output, or run the job again: repeating it is safe\n";
    finished.expect_stderr(hint);
}

#[test]
fn a_lost_document_goes_to_stderr_and_the_log() {
    let (ec2, reader_is_gone) = answering_late(stopping);
    let program = Program::with_endpoint(&ec2.url);
    let finished = read_the_first(&program, &[&STOP[..], &JSON].concat(), &reader_is_gone);
    let finished = Finished::from(finished).expect_code(7);
    for text in [&finished.stderr, &program.log()] {
        let document = document(text);
        assert_eq!((&document["status"], &document["exit_code"]), (&json!("partial"), &json!(7)), "{document}");
        assert_eq!(document["error"]["message"], format!("writing to stdout: {CLOSED}"));
        assert_eq!(document["instances"][0]["id"], ID);
    }
}

#[test]
fn a_job_that_changes_nothing_does_not_succeed_without_its_output() {
    let (ec2, reader_is_gone) = answering_late(stopping);
    let program = Program::with_endpoint(&ec2.url);
    let finished = Finished::from(read_the_first(&program, &SHOW, &reader_is_gone)).expect_code(7);
    finished.expect_stderr(&format!("{ID}  ")).expect_stderr("GetInstanceStatusByTag failed, exit code 7\n");
    let (ec2, reader_is_gone) = answering_late(stopping);
    let program = Program::with_endpoint(&ec2.url);
    let finished = read_the_first(&program, &[&SHOW[..], &JSON].concat(), &reader_is_gone);
    assert_eq!(document(&Finished::from(finished).expect_code(7).stderr)["status"], "failed");
}

#[test]
fn a_job_that_fails_keeps_its_code_when_its_output_is_lost() {
    let refusing = |_: &str| Answer::error(403, "UnauthorizedOperation", "You are not authorized");
    let (ec2, reader_is_gone) = answering_late(refusing);
    let program = Program::with_endpoint(&ec2.url);
    let finished = Finished::from(read_the_first(&program, &STOP, &reader_is_gone)).expect_code(3);
    finished.expect_stderr("UnauthorizedOperation").expect_stderr("StopInstance failed, exit code 3\n");
    let (ec2, reader_is_gone) = answering_late(refusing);
    let program = Program::with_endpoint(&ec2.url);
    let finished = read_the_first(&program, &[&STOP[..], &JSON].concat(), &reader_is_gone);
    assert_eq!(document(&Finished::from(finished).expect_code(3).stderr)["exit_code"], 3);
    run(&program, &["StopInstance"], full()).expect_code(2).expect_stderr("StopInstance failed, exit code 2\n");
}

#[test]
fn only_the_reader_may_truncate_help_and_lists() {
    let program = Program::new();
    for line in
        [&["--help"][..], &["--list"], &["--list", "--output=json"], &["StopInstance", "--help"], &["check", "--help"]]
    {
        let finished = run(&program, line, closed_pipe()).expect_code(0);
        assert_eq!(finished.stderr, "", "{line:?}");
        run(&program, line, full()).expect_code(1).expect_stderr(&format!("error: writing to stdout: {FULL}\n"));
    }
}

#[test]
fn a_command_does_not_succeed_without_its_output() {
    let program = Program::new();
    let define = ["job-definition", "StopInstance", "--tag-name", "web", "--platform", "windows"];
    let define = [&define[..], &["--schedule", "S", "--job", "J", "--machine", "M"]].concat();
    for (output, reason) in kinds() {
        for line in [&define[..], &["forms"]] {
            run(&program, line, output())
                .expect_code(1)
                .expect_stderr(&format!("error: writing to stdout: {reason}\n"));
        }
    }
    let program = program.with_config("[CONNECTOR]\nDEBUG=OFF\n");
    let check = run(&program, &["check", "--log-dir", "log"], full());
    assert_ne!(check.code, 0, "{check:#?}");
    check.expect_stderr("ok");
}

#[test]
fn a_job_without_stdout_goes_on_and_its_log_has_its_lines() {
    let ec2 = OwnEc2::start(stopping);
    let program = Program::with_endpoint(&ec2.url);
    let job = program.command(STOP);
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" >&- 2>&-"]).arg(job.get_program()).args(job.get_args());
    job.get_envs().for_each(|(name, value)| match value {
        Some(value) => drop(shell.env(name, value)),
        None => drop(shell.env_remove(name)),
    });
    let finished = Finished::from(shell.current_dir(program.folder()).output().unwrap()).expect_code(0);
    assert_eq!(ec2.actions().last().map(String::as_str), Some("StopInstances"), "{finished:#?}");
    assert!(program.log().contains(&format!("{ID}: stop accepted, running -> stopping\n")), "{}", program.log());
    assert!(program.log().contains("StopInstance succeeded: "), "{}", program.log());
}
