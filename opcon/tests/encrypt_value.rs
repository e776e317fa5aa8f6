//! Tests of the program `EncryptValue`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[cfg(unix)]
mod terminal;

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

#[test]
fn a_value_of_more_than_1_mib_is_refused() {
    let output = run(&["-v", "-"], &"x".repeat(1024 * 1024 + 1));
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(String::from_utf8_lossy(&output.stderr).trim_end(), "error: reading the value: it is larger than 1 MiB");
}

#[cfg(unix)]
mod at_a_terminal {
    use super::terminal::Terminal;

    fn ask() -> Terminal {
        let mut terminal = Terminal::start(env!("CARGO_BIN_EXE_EncryptValue"), &["-v", "-"], "/".as_ref());
        terminal.wait_for("Value: ");
        terminal
    }

    /// Answers the prompt with these keys, and checks the end of what the terminal shows.
    fn answer(keys: &str, end: &str) {
        let mut terminal = ask();
        terminal.type_in(keys);
        let seen = terminal.finish();
        assert!(seen.ends_with(end), "{seen}");
    }

    #[test]
    fn the_value_is_not_shown() {
        answer("hello\n", "Value: \n614756736247383d\ncode=0\necho \n");
    }

    #[test]
    fn what_is_erased_is_not_part_of_the_value() {
        answer("hell\u{7f}\u{15}hello\n", "Value: \n614756736247383d\ncode=0\necho \n");
    }

    #[test]
    fn ctrl_c_and_signals_end_it_and_restore_the_echo() {
        for signal in ["INT", "TERM", "HUP"] {
            let terminal = ask();
            terminal.send_signal(signal);
            let seen = terminal.finish();
            let end = format!("Value: \nerror: reading the value: interrupted by SIG{signal}\ncode=10\necho \n");
            assert!(seen.ends_with(&end), "{seen}");
        }
        answer("half of it\u{3}", "Value: \nerror: reading the value: interrupted by SIGINT\ncode=10\necho \n");
    }

    #[test]
    fn ctrl_z_and_ctrl_backslash_do_not_stop_it() {
        answer("\u{1a}\u{1c}\u{15}hello\n", "Value: \n614756736247383d\ncode=0\necho \n");
    }

    #[test]
    fn the_end_of_the_input_is_an_error() {
        answer("\u{4}", "error: reading the value: the input ended\ncode=2\necho \n");
    }
}
