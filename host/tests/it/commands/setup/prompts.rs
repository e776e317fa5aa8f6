//! Tests of `setup` at a terminal: the question about the certificate, and the password.

use super::super::terminal::Terminal;
use super::*;

const ASKS_FOR_PASSWORD: &str = "Password of ocadm: ";

fn start(program: &Program, address: &str, more: &[&str]) -> Terminal {
    let arguments = [&["setup", "--address", address, "--user", "ocadm"], more].concat();
    Terminal::start(env!("CARGO_BIN_EXE_awsec2"), &arguments, program.folder())
}

#[test]
fn the_password_is_not_shown() {
    let (opcon, program) = (OwnOpCon::start(), Program::new());
    // Standard input is also the terminal.
    for more in [&["--no-tls"][..], &["--no-tls", "--password-file", "-"]] {
        let mut terminal = start(&program, &opcon.http().to_string(), more);
        terminal.wait_for(ASKS_FOR_PASSWORD);
        terminal.type_in("made-up password\n");
        let seen = terminal.finish();
        assert!(!seen.contains("made-up") && seen.ends_with("code=0\necho \n"), "{seen}");
        assert!(config(&program).contains("TOKEN="), "{seen}");
    }
}

#[test]
fn an_interruption_restores_the_terminal_and_changes_nothing() {
    let (opcon, program) = (OwnOpCon::start(), Program::new());
    for signal in ["INT", "TERM"] {
        let mut terminal = start(&program, &opcon.http().to_string(), &["--no-tls"]);
        terminal.wait_for(ASKS_FOR_PASSWORD);
        terminal.send_signal(signal);
        let seen = terminal.finish();
        let end = format!("{ASKS_FOR_PASSWORD}\nerror: interrupted by SIG{signal}\ncode=10\necho \n");
        assert!(seen.ends_with(&end), "{seen}");
    }
    let mut terminal = start(&program, &opcon.http().to_string(), &["--no-tls"]);
    terminal.wait_for(ASKS_FOR_PASSWORD);
    terminal.type_in("made-up\u{3}");
    assert!(terminal.finish().ends_with("\nerror: interrupted by SIGINT\ncode=10\necho \n"));
    assert_eq!(fs::read_dir(program.folder()).unwrap().count(), 0);
    assert_eq!(opcon.requests(), serde_json::json!([]));
}

#[test]
fn an_empty_password_is_not_sent() {
    let (opcon, program) = (OwnOpCon::start(), Program::new());
    let mut terminal = start(&program, &opcon.http().to_string(), &["--no-tls"]);
    terminal.wait_for(ASKS_FOR_PASSWORD);
    terminal.type_in("\n");
    let seen = terminal.finish();
    assert!(seen.ends_with("error: reading the password of ocadm: it is empty\ncode=2\necho \n"), "{seen}");
}

#[test]
fn a_certificate_is_trusted_and_saved_after_a_yes() {
    let (opcon, program) = (OwnOpCon::start(), Program::new());
    let mut terminal = start(&program, &opcon.https().to_string(), &[]);
    terminal.wait_for("it is self-signed, and it is not one of the trusted certificates\r\n");
    terminal.wait_for("Trust this certificate, and save it as opcon.pem (yes/no)? ");
    terminal.type_in("yes\n");
    terminal.wait_for(ASKS_FOR_PASSWORD);
    terminal.type_in("made-up password\n");
    let seen = terminal.finish();
    assert!(seen.ends_with("code=0\necho \n"), "{seen}");
    assert!(seen.contains(&format!("SHA-256 fingerprint: {}\n", opcon.fingerprint())), "{seen}");
    assert!(config(&program).contains("\nCA_FILE=opcon.pem\n"));
    program.run_bare(&["set-property", "A", "x"]).expect_code(0);
}

#[test]
fn every_other_answer_is_a_no() {
    let (opcon, program) = (OwnOpCon::start(), Program::new());
    for (answer, end) in [
        ("no\n", "hint: confirm it with `--fingerprint SHA256`"),
        ("\n", "hint: confirm it with `--fingerprint SHA256`"),
        ("yes please\n", "hint: confirm it with `--fingerprint SHA256`"),
        ("\u{3}", "error: interrupted by SIGINT\ncode=10"),
    ] {
        let mut terminal = start(&program, &opcon.https().to_string(), &[]);
        terminal.wait_for("(yes/no)? ");
        terminal.type_in(answer);
        let seen = terminal.finish();
        assert!(seen.contains(end) && !seen.contains("Password") && seen.ends_with("\necho \n"), "{seen}");
    }
    assert_eq!(fs::read_dir(program.folder()).unwrap().count(), 0);
    assert!(!opcon.requests().to_string().contains("tokens"));
}

#[test]
fn another_file_is_replaced_only_after_a_yes() {
    let (opcon, program) = (OwnOpCon::start(), Program::new());
    let file = program.write("opcon.pem", "another certificate\n");
    let fingerprint = opcon.fingerprint();
    for (more, question) in [
        (vec![], "Trust this certificate, and replace the content of opcon.pem with it (yes/no)? "),
        (vec!["--fingerprint", &fingerprint], "Replace the content of opcon.pem with this certificate (yes/no)? "),
    ] {
        for (answer, is_replaced) in [("no\n", false), ("yes\n", true)] {
            fs::write(&file, "another certificate\n").unwrap();
            let more = [&more[..], &["--password-file", "/dev/null"]].concat();
            let mut terminal = start(&program, &opcon.https().to_string(), &more);
            terminal.wait_for(question);
            terminal.type_in(answer);
            let seen = terminal.finish();
            let content = fs::read_to_string(&file).unwrap();
            assert_eq!(content != "another certificate\n", is_replaced, "{seen}");
        }
    }
}

#[test]
fn a_token_that_cannot_be_saved_can_be_fetched_again() {
    let (opcon, program) = (OwnOpCon::start(), Program::new());
    let mut terminal = start(&program, &opcon.http().to_string(), &["--no-tls"]);
    terminal.wait_for(ASKS_FOR_PASSWORD);
    // The file could be written until now. Not even root replaces a folder that is not empty.
    let place = program.folder().join("Connector.config");
    fs::create_dir_all(place.join("occupied")).unwrap();
    terminal.type_in("made-up password\n");
    let seen = terminal.finish();
    assert!(seen.contains("error: writing Connector.config: "), "{seen}");
    let hint = "hint: allow this user to write the file, and run the command again: OpCon keeps the token for the \
                application `awsec2`, and returns the same one\n";
    assert!(seen.contains(hint) && seen.ends_with("code=1\necho \n"), "{seen}");
    assert!(!seen.contains(DEFAULT_TOKEN) && !seen.contains(&encoded::encode(DEFAULT_TOKEN)), "{seen}");
    fs::remove_dir_all(place).unwrap();
    setup(&program, &opcon.http().to_string(), &["--no-tls"]).expect_code(0);
    assert!(config(&program).contains(&encoded::encode(DEFAULT_TOKEN)));
}
