//! Tests of `set-property`, which saves values that a job could not save.

use opcon_stand_in::{Answer, DEFAULT_TOKEN, Fault};

use crate::support::{OwnOpCon, Program};

fn with_opcon(opcon: &OwnOpCon) -> Program {
    Program::new().with_config(&opcon.config(DEFAULT_TOKEN))
}

#[test]
fn any_value_is_saved_and_read_back() {
    let opcon = OwnOpCon::start();
    let program = with_opcon(&opcon);
    for (name, value) in [
        ("MF_ID", "i-0123456789abcdef0"),
        ("MF_EMPTY", ""),
        ("MF_DASH", "--wait"),
        ("MF_QUOTES", "a \"b\" \\c\\ [[X]] @file"),
        ("JI.MF_ID.2026-01-31.Night[Sub].Job.1", "x"),
    ] {
        let name_in_quotes = name.replace("Job.1", "\"Job.1\"");
        let finished = program.run_bare(&["set-property", &name_in_quotes, value]).expect_code(0);
        assert!(finished.stdout.ends_with(": saved\n"), "{finished:#?}");
        let canonical = name_in_quotes.replace("Night[Sub]", "\"Night[Sub]\"");
        assert_eq!(opcon.property(&canonical).as_deref(), Some(value), "{canonical}");
    }
}

#[test]
fn a_name_may_be_written_in_the_ascii_of_the_printed_commands() {
    let opcon = OwnOpCon::start();
    let program = with_opcon(&opcon);
    for (written, name) in [
        (r"MF_\u{e4}", "MF_\u{e4}"),
        (r"SI.MF_ID.2026-01-31.N\u{e4}chte \u{1f600}", "SI.MF_ID.2026-01-31.N\u{e4}chte \u{1f600}"),
    ] {
        let finished = program.run_bare(&["set-property", written, "x"]).expect_code(0);
        finished.expect_stdout(&format!("property {written} = x: saved\n"));
        assert_eq!(opcon.property(name).as_deref(), Some("x"));
        program.run_bare(&["set-property", name, "y"]).expect_code(0);
        assert_eq!(opcon.property(name).as_deref(), Some("y"), "as it is");
    }
    for wrong in [r"A\u{110000}", r"A\u{zz}", r"A\u{e4", r"A\e4", r"A\u{}"] {
        program.run_bare(&["set-property", wrong, "x"]).expect_code(2).expect_stderr("cannot contain the character \\");
    }
    program
        .run_bare(&["set-property", r"A\u{0a}B", "x"])
        .expect_code(2)
        .expect_stderr("a part contains a control character");
}

#[test]
fn a_short_name_is_completed_from_the_agents_environment() {
    let opcon = OwnOpCon::start();
    let program = with_opcon(&opcon);
    program.run_bare(&["set-property", "SI.MF_ID", "x"]).expect_code(2).expect_stderr("the date is missing");
    let program = program.env("SMA_SCHEDULE_DATE", "20260131").env("SMA_SCHEDULE_NAME", "Night");
    program.run_bare(&["set-property", "SI.MF_ID", "x"]).expect_code(0);
    assert_eq!(opcon.property("SI.MF_ID.2026-01-31.Night").as_deref(), Some("x"));
}

#[test]
fn a_failed_save_has_an_exit_code_for_its_cause() {
    let opcon = OwnOpCon::start();
    let program = with_opcon(&opcon);
    let long = "v".repeat(4001);
    for (name, value, reason) in [
        ("$DATE", "x", "names that begin with $ are reserved by OpCon"),
        ("A,B", "x", "cannot contain the character ,"),
        ("A", long.as_str(), "the value has 4001 characters; OpCon allows 4000"),
        (&"n".repeat(65), "x", "at most 64 characters"),
    ] {
        program.run_bare(&["set-property", name, value]).expect_code(2).expect_stderr(reason);
    }
    assert_eq!(opcon.property("A"), None);
    let refused = Program::new().with_config(&opcon.config("a-wrong-token"));
    refused.run_bare(&["set-property", "A", "x"]).expect_code(3);
    let config = format!("[OPCON API INFORMATION]\nADDRESS={}:9010\nTOKEN=t\n", "x".repeat(64));
    let nobody = Program::new().with_config(&config);
    nobody.run_bare(&["set-property", "A", "x"]).expect_code(9);
    Program::new()
        .run_bare(&["set-property", "A", "x"])
        .expect_code(2)
        .expect_stderr("the configuration has no OpCon API");
    opcon.add_fault(Fault {
        path: "/api/propertyExpression".into(),
        skip: 0,
        times: 100,
        answer: Answer::text(400, "a failure of the test"),
    });
    let finished = program.run_bare(&["set-property", "A", "x"]).expect_code(7);
    finished
        .expect_stderr("error: saving the OpCon property A: ")
        .expect_stderr("OpCon returned HTTP 400: a failure of the test");
}

#[test]
fn an_agent_takes_it_as_an_event() {
    let program = Program::new();
    std::fs::create_dir(program.folder().join("MSGIN")).unwrap();
    let config =
        "[OPCON API INFORMATION]\nPROPERTY_CHANNEL=msgin\nMSGIN_FOLDER=MSGIN\nMSGIN_USER=u\nMSGIN_TOKEN=made-up\n";
    let program = program.with_config(config);
    let finished = program.run_bare(&["set-property", "MF_ID", "i-1"]).expect_code(0);
    finished.expect_stdout("property MF_ID = i-1: queued with the agent, not confirmed\n");
    let file = std::fs::read_dir(program.folder().join("MSGIN")).unwrap().next().unwrap().unwrap();
    let event = std::fs::read_to_string(file.path()).unwrap();
    assert_eq!(event.trim_end(), "$PROPERTY:ADD,MF_ID,i-1,u,made-up");
}
