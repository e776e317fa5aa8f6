//! Tests of jobs with defective functions: each ends with a report.

use std::path::Path;
use std::sync::OnceLock;

use crate::support::{Built, Program};

/// The program with the functions of `host/examples/planted-defects`.
fn program() -> Program {
    static BUILT: OnceLock<Built> = OnceLock::new();
    let built = BUILT.get_or_init(|| Built::of(&["--package", "awsec2", "--example", "planted-defects"]));
    Program::on_test_bed().executable(Path::new(&built.program("planted-defects")))
}

#[test]
fn a_panic_has_the_report_of_a_defect_wherever_it_happens() {
    for (function, panic) in [
        ("ParseUndeclared", "the operation reads the argument name but does not declare it"),
        ("PanicInRun", "planted"),
    ] {
        let (finished, document) = program().run_json(&[function]);
        let finished = finished.expect_code(70).expect_stderr(&format!("error: running {function}: a defect in the "));
        let finished = finished.expect_stderr("hint: report this defect with the job output").expect_stderr(panic);
        assert!(!finished.stderr.contains("RUST_BACKTRACE"), "{finished:#?}");
        assert_eq!((&document["function"], &document["exit_code"]), (&function.into(), &70.into()), "{document:#}");
        assert_eq!((&document["status"], &document["error"]["kind"]), (&"failed".into(), &"bug".into()));

        let finished = program().run(&[function]).expect_code(70);
        assert_eq!(finished.verdict(), format!("{function} failed, exit code 70"));
        finished.expect_stderr("hint: report this defect with the job output");
    }
}

#[test]
fn a_command_reports_a_defect_of_a_function() {
    let job = ["--schedule", "Nightly", "--job", "Try", "--machine", "agent", "--platform", "windows"];
    let finished = program().run_bare(&[&["job-definition", "ParseUndeclared"][..], &job].concat()).expect_code(70);
    finished.expect_stderr("error: running job-definition: a defect in the program: ");
}

#[test]
fn the_text_of_a_panic_is_one_escaped_line_everywhere() {
    let program = program();
    let finished = program.run(&["PanicInRun"]).expect_code(70);
    let escaped = "planted\\nPanicInRun succeeded: forged\\u{b}\\u{1b}[31m\\u{e9}\n";
    let error = finished.stderr.lines().next().unwrap();
    assert!(error.starts_with("error: running PanicInRun: ") && finished.stderr.contains(escaped), "{finished:#?}");
    assert!(program.log().replace("\\x1b", "\\u{1b}").matches(escaped).count() >= 1, "{}", program.log());
    for text in [&finished.stdout, &finished.stderr, &program.log()] {
        assert!(text.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')), "{text:?}");
        assert!(!text.contains("\nPanicInRun succeeded"), "{text}");
    }
}

#[test]
fn a_panic_after_the_job_is_reported_too() {
    let program = program();
    let finished = program.run(&["PanicInDrop"]).expect_code(70).expect_stdout("PanicInDrop succeeded: nothing done\n");
    let error = "a defect in the program: panicked at host/examples/planted-defects/main.rs:";
    finished.expect_stderr(error).expect_stderr("planted at the end\\nforged\n");
    assert!(program.log().contains("planted at the end\\nforged\n"), "{}", program.log());
}
