//! Tests of `setup`: it saves the token, and changes nothing else in the file.

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
fn the_certificate_goes_into_the_file() {
    let program = Program::new();
    fs::copy(&test_bed().opcon.ca_file, program.folder().join("opcon.pem")).unwrap();
    let ca_file = test_bed().opcon.ca_file.display().to_string();
    setup(&program, &test_bed().opcon.https, &[])
        .expect_code(9)
        .expect_stderr("is not trusted")
        .expect_stderr("--ca-file FILE");
    assert!(!program.folder().join("Connector.config").exists(), "a failure writes nothing");
    setup(&program, &test_bed().opcon.https, &["--ca-file", "opcon.pem"]).expect_code(0);
    assert!(config(&program).contains("\nCA_FILE=opcon.pem"), "beside the file by its name alone");
    setup(&program, &test_bed().opcon.https, &["--ca-file", &ca_file]).expect_code(0);
    assert!(config(&program).contains(&format!("\nCA_FILE={ca_file}")));
    setup(&program, &test_bed().opcon.https, &["--no-verify"]).expect_code(0);
    assert!(config(&program).contains("\nVERIFY_TLS=False"));
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
    let empty = program.run_with_input(&[&line[..], &["--password-file", "-"]].concat(), "\n");
    empty.expect_code(2).expect_stderr("the password or the name of the application is empty");
    assert!(!program.folder().join("Connector.config").exists());
}

#[cfg(unix)]
#[test]
fn the_password_prompt_does_not_echo() {
    use std::io::{Read as _, Write as _};
    use std::process::{Command, Stdio};
    let opcon = OwnOpCon::start();
    let program = Program::new();
    let setup = format!("{} setup --address {} --user ocadm --no-tls", env!("CARGO_BIN_EXE_awsec2"), opcon.http());
    let mut script = Command::new("script");
    script.args(["--quiet", "--return", "--command", &setup, "/dev/null"]).current_dir(program.folder());
    let mut script = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the tests need `script`");
    let (mut input, mut output) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
    let (mut seen, mut byte) = (Vec::new(), [0]);
    while !seen.ends_with(b"Password of ocadm: ") {
        output.read_exact(&mut byte).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&seen)));
        seen.push(byte[0]);
    }
    input.write_all(b"made-up password\n").unwrap();
    output.read_to_end(&mut seen).unwrap();
    assert!(script.wait().unwrap().success());
    let seen = String::from_utf8(seen).unwrap();
    assert!(!seen.contains("made-up"), "{seen}");
    assert!(config(&program).contains("TOKEN="), "{seen}");
}
