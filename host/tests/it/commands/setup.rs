//! Tests of `setup`: it saves the token, and changes nothing else in the file.

mod certificates;
#[cfg(unix)]
mod files;
#[cfg(unix)]
mod prompts;

use std::fs;

use opcon::encoded;
use opcon_stand_in::DEFAULT_TOKEN;

use crate::support::{Finished, OwnOpCon, Program, test_bed};

fn setup(program: &Program, address: &str, more: &[&str]) -> Finished {
    let arguments = ["setup", "--address", address, "--user", "ocadm", "--password-file", "-"];
    program.run_with_input(&[&arguments[..], more].concat(), "made-up password\r\nnot part of it\n")
}

fn config(program: &Program) -> String {
    fs::read_to_string(program.folder().join("Connector.config")).unwrap()
}

#[test]
fn a_new_file_is_created_and_valid() {
    let opcon = OwnOpCon::start();
    let program = Program::new();
    let finished = setup(&program, &opcon.http().to_string(), &["--no-tls"]).expect_code(0);
    assert!(!format!("{finished:?}").contains("made-up"), "{finished:#?}");
    let token = encoded::encode(DEFAULT_TOKEN);
    let expected = format!("[OPCON API INFORMATION]\nUSING_TLS=False\nADDRESS={}\nTOKEN={token}\n", opcon.http());
    assert_eq!(config(&program).replace("\r\n", "\n"), expected);
    program.run_bare(&["set-property", "A", "x"]).expect_code(0);
}

#[test]
fn comments_and_order_stay() {
    let program = Program::new().with_config(
        "; the connector\r\n[OPCON API INFORMATION]\r\n; asked for in May\r\nTOKEN = old\r\nCA_FILE=opcon.pem\r\nADDRESS=old:1\r\n\r\n[USER1]\r\nX=1\r\n",
    );
    fs::copy(&test_bed().opcon.ca_file, program.folder().join("opcon.pem")).unwrap();
    setup(&program, &test_bed().opcon.https, &[]).expect_code(0);
    let token = encoded::encode(&test_bed().opcon.token);
    let expected = format!(
        "; the connector\r\n[OPCON API INFORMATION]\r\n; asked for in May\r\nTOKEN = {token}\r\nCA_FILE=opcon.pem\r\nADDRESS={}\r\n\r\n[USER1]\r\nX=1\r\n",
        test_bed().opcon.https
    );
    assert_eq!(config(&program), expected);
}

#[test]
fn errors_are_reported_before_anything_is_written() {
    let opcon = OwnOpCon::start();
    let address = opcon.http().to_string();
    let program = Program::new().with_config("[USER1\n");
    setup(&program, &address, &["--no-tls"]).expect_code(2).expect_stderr("line 1");
    assert_eq!(config(&program), "[USER1\n");
    assert_eq!(opcon.requests(), serde_json::json!([]), "nobody was asked");

    let program = Program::new();
    setup(&program, "no-address", &["--no-tls"]).expect_code(2).expect_stderr("HOST:PORT");
    setup(&program, "127.0.0.1:9", &["--no-tls"]).expect_code(9);
    let line = ["setup", "--address", &address, "--user", "ocadm", "--no-tls"];
    program.run_bare(&line).expect_code(2).expect_stderr("reading the password of ocadm: no terminal");
    let with_file = [&line[..], &["--password-file", "no-such-file"]].concat();
    program.run_bare(&with_file).expect_code(2).expect_stderr("reading no-such-file: ");
    program.write("password.txt", &"x".repeat(1024 * 1024 + 1));
    let with_file = [&line[..], &["--password-file", "password.txt"]].concat();
    program.run_bare(&with_file).expect_code(2).expect_stderr("reading password.txt: it is larger than 1 MiB");
    let long = program.run_with_input(&[&line[..], &["--password-file", "-"]].concat(), &"x".repeat(1024 * 1024 + 1));
    long.expect_code(2).expect_stderr("reading the password of ocadm: it is larger than 1 MiB");
    let empty = program.run_with_input(&[&line[..], &["--password-file", "-"]].concat(), "\n");
    empty.expect_code(2).expect_stderr("the password or the name of the application is empty");
    assert!(!program.folder().join("Connector.config").exists());
    assert_eq!(opcon.requests(), serde_json::json!([]), "the password was not sent");
}

#[test]
fn a_folder_in_which_no_file_can_be_written_is_reported_before_the_password_is_used() {
    let opcon = OwnOpCon::start();
    let program = Program::new();
    let config = ["--no-tls", "--config", "no-such-folder/Connector.config"];
    let finished = setup(&program, &opcon.http().to_string(), &config).expect_code(2);
    finished.expect_stderr("error: writing no-such-folder/Connector.config: ");
    assert_eq!(opcon.requests(), serde_json::json!([]));
}
