//! Tests that the program prints its addresses, and exits when its standard input is closed.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

fn start(arguments: &[&str]) -> (Child, Value) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_opcon-stand-in"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    (child, serde_json::from_str(&line).unwrap())
}

#[test]
fn it_answers_on_the_port_that_it_names_until_its_input_is_closed() {
    let ca_file = std::env::temp_dir().join(format!("opcon-stand-in-{}.pem", std::process::id()));
    let (mut child, ready) = start(&["--ca-file", ca_file.to_str().unwrap(), "--token", "made-up"]);
    assert_eq!(ready["token"], "made-up");
    assert_eq!(ready["ca_file"], ca_file.to_str().unwrap());
    assert!(ready["https"].as_str().unwrap().starts_with("127.0.0.1:"));
    let pem = std::fs::read_to_string(&ca_file).unwrap();
    std::fs::remove_file(&ca_file).unwrap();
    assert!(pem.starts_with("-----BEGIN CERTIFICATE-----"), "{pem}");

    let mut connection = TcpStream::connect(ready["http"].as_str().unwrap()).unwrap();
    connection.write_all(b"GET /api/version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.contains("opConRestApiProductVersion"), "{answer}");

    drop(child.stdin.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn with_keep_it_outlives_its_input() {
    let (mut child, ready) = start(&["--keep"]);
    drop(child.stdin.take());
    assert!(TcpStream::connect(ready["http"].as_str().unwrap()).is_ok());
    assert!(child.try_wait().unwrap().is_none());
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn wrong_arguments_are_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_opcon-stand-in")).arg("--port").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("error: "), "{output:?}");
}

#[test]
fn help_names_every_option() {
    let output = Command::new(env!("CARGO_BIN_EXE_opcon-stand-in")).arg("--help").output().unwrap();
    assert!(output.status.success());
    let help = String::from_utf8(output.stdout).unwrap();
    for option in ["--http-port", "--https-port", "--ca-file", "--token", "--evaluate-only", "--trims", "--keep"] {
        assert!(help.contains(option), "{option}");
    }
}
