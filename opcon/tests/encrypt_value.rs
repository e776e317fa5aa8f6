//! Tests of the program `EncryptValue`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

/// Runs the program with these arguments and this standard input.
fn run(arguments: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_EncryptValue"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that does not read its input may already have exited.
    let _written = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

#[track_caller]
fn assert_prints(output: &Output, expected: &str) {
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim_end(), expected);
}

#[test]
fn it_prints_the_encoded_form_alone() {
    assert_prints(&run(&["-v", "hello"], ""), "614756736247383d");
    assert_prints(&run(&["-v", "-v"], ""), &opcon::encoded::encode("-v"));
    assert_prints(&run(&["-v", "two words"], ""), &opcon::encoded::encode("two words"));
}

#[test]
fn the_value_may_come_from_standard_input_with_or_without_a_line_end() {
    for input in ["hello", "hello\n", "hello\r\n"] {
        assert_prints(&run(&["-v", "-"], input), "614756736247383d");
    }
}

#[test]
fn wrong_use_is_an_error_with_code_2() {
    for (arguments, message) in [
        (vec![], "error: use `EncryptValue -v TEXT`, or see `EncryptValue --help`"),
        (vec!["secret"], "error: use `EncryptValue -v TEXT`, or see `EncryptValue --help`"),
        (vec!["-v"], "error: use `EncryptValue -v TEXT`, or see `EncryptValue --help`"),
        (vec!["-v", ""], "error: the value is empty"),
        (vec!["-v", "-"], "error: the value is empty"),
    ] {
        let output = run(&arguments, "");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
        assert_eq!(String::from_utf8_lossy(&output.stderr).trim_end(), message);
    }
}

#[test]
fn help_states_that_it_is_not_encryption() {
    let output = run(&["--help"], "");
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("no protection"));
}
