//! Tests of the certificate of the OpCon API in `setup`: it is shown, and trusted only after a confirmation.

use opcon_stand_in::{Certificate, Options};

use super::*;

fn pem(program: &Program) -> String {
    fs::read_to_string(program.folder().join("opcon.pem")).unwrap()
}

fn same_lines(one: &str, other: &str) -> bool {
    one.lines().eq(other.lines())
}

/// Asserts that nothing was written, and that OpCon received no password.
#[track_caller]
fn assert_nothing_done(program: &Program, opcon: &OwnOpCon) {
    assert_eq!(fs::read_dir(program.folder()).unwrap().count(), 0);
    assert_no_password(opcon);
}

#[track_caller]
fn assert_no_password(opcon: &OwnOpCon) {
    assert!(!opcon.requests().to_string().contains("tokens"), "{}", opcon.requests());
}

#[test]
fn without_a_terminal_and_a_fingerprint_nothing_is_trusted() {
    let (opcon, program) = (OwnOpCon::start(), Program::new());
    let finished = setup(&program, &opcon.https().to_string(), &[]).expect_code(9);
    let address = opcon.https();
    let finished = finished
        .expect_stdout(&format!("certificate of the OpCon API at {address}:\n  subject: "))
        .expect_stdout("\n  names: localhost, 127.0.0.1\n  issuer: itself (self-signed)\n  valid: ")
        .expect_stdout(&format!("\n  SHA-256 fingerprint: {}\n", opcon.fingerprint()));
    assert_eq!(
        finished.stderr,
        format!(
            "error: checking the certificate of the OpCon API at {address}: the certificate of the OpCon server is \
             not trusted: it is self-signed, and it is not one of the trusted certificates\n\
             hint: compare the printed fingerprint with that of the certificate on the OpCon server\n\
             hint: confirm it with `--fingerprint SHA256` or at a terminal, or use `--ca-file FILE` with its issuer\n"
        )
    );
    assert_nothing_done(&program, &opcon);
}

#[test]
fn a_certificate_with_the_given_fingerprint_is_saved_and_trusted() {
    let (opcon, program) = (OwnOpCon::start(), Program::new());
    let fingerprint = opcon.fingerprint().to_lowercase().replace(':', "");
    let finished = setup(&program, &opcon.https().to_string(), &["--fingerprint", &fingerprint]).expect_code(0);
    finished.expect_stdout("\nopcon.pem: certificate saved\n");
    assert!(same_lines(&pem(&program), opcon.ca_pem()));
    assert!(
        config(&program).contains("\nUSING_TLS=True\nVERIFY_TLS=True\nCA_FILE=opcon.pem\n"),
        "{}",
        config(&program)
    );
    program.run_bare(&["set-property", "A", "x"]).expect_code(0);
    // The second time, the file of the configuration is trusted.
    let again = setup(&program, &opcon.https().to_string(), &[]).expect_code(0);
    assert!(!again.stdout.contains("saved"), "{again:#?}");
}

#[test]
fn a_certificate_with_another_fingerprint_is_refused() {
    let (opcon, program) = (OwnOpCon::start(), Program::new());
    let other = "A1:".repeat(32);
    let wrong = ["--fingerprint", other.trim_end_matches(':')];
    let finished = setup(&program, &opcon.https().to_string(), &wrong).expect_code(9);
    finished
        .expect_stderr("it does not have the fingerprint in `--fingerprint`\nhint: compare the printed fingerprint");
    assert_nothing_done(&program, &opcon);
    // Also one that is trusted.
    program.write("opcon.pem", opcon.ca_pem());
    let program =
        program.with_config(&format!("[OPCON API INFORMATION]\nADDRESS={}\nCA_FILE=opcon.pem\n", opcon.https()));
    setup(&program, &opcon.https().to_string(), &wrong).expect_code(9);
    assert_no_password(&opcon);
    setup(&program, "opcon:9010", &["--fingerprint", "A1"]).expect_code(2).expect_stderr("64 hexadecimal digits");
}

#[test]
fn a_different_existing_file_is_not_overwritten() {
    let (opcon, program) = (OwnOpCon::start(), Program::new());
    let (address, fingerprint) = (opcon.https().to_string(), opcon.fingerprint());
    program.write("opcon.pem", "another certificate\n");
    let pinned = ["--fingerprint", &fingerprint];
    let finished = setup(&program, &address, &pinned).expect_code(2);
    finished
        .expect_stderr("saving the certificate as opcon.pem: the file exists, and does not contain this certificate");
    assert_eq!(pem(&program), "another certificate\n");
    assert_no_password(&opcon);
    let elsewhere = [&pinned[..], &["--save-certificate", "new.pem"]].concat();
    setup(&program, &address, &elsewhere).expect_code(0).expect_stdout("new.pem: certificate saved");
    assert_eq!(pem(&program), "another certificate\n");
    assert!(config(&program).contains("\nCA_FILE=new.pem\n"), "{}", config(&program));
    // The same certificate, with the line ends of another system.
    program.write("opcon.pem", &opcon.ca_pem().replace('\n', "\r\n"));
    fs::remove_file(program.folder().join("Connector.config")).unwrap();
    setup(&program, &address, &pinned).expect_code(0).expect_stdout("opcon.pem: contains this certificate already");
}

#[test]
fn a_trusted_certificate_is_saved_only_on_request() {
    let (opcon, program) = (OwnOpCon::start(), Program::new());
    program.write("ca.pem", opcon.ca_pem());
    let program = program.with_config(&format!("[OPCON API INFORMATION]\nADDRESS={}\nCA_FILE=ca.pem\n", opcon.https()));
    setup(&program, &opcon.https().to_string(), &[]).expect_code(0);
    assert!(!program.folder().join("opcon.pem").exists());
    setup(&program, &opcon.https().to_string(), &["--save-certificate", "opcon.pem"]).expect_code(0);
    assert!(same_lines(&pem(&program), opcon.ca_pem()));
    assert!(config(&program).contains("\nCA_FILE=opcon.pem\n"), "{}", config(&program));
}

#[test]
fn a_certificate_that_jobs_would_refuse_is_not_saved() {
    for (certificate, reason) in [
        (Certificate { expired: true, ..Certificate::default() }, "expired"),
        (Certificate { names: vec!["other.example.com".into()], ..Certificate::default() }, "not for `127.0.0.1`"),
    ] {
        let (opcon, program) = (OwnOpCon::start_with(Options { certificate, ..Options::default() }), Program::new());
        let pinned = ["--fingerprint", &opcon.fingerprint()];
        setup(&program, &opcon.https().to_string(), &pinned).expect_code(9).expect_stderr(reason);
        assert_nothing_done(&program, &opcon);
    }
}

#[test]
fn a_file_with_the_certificate_is_trusted_and_written_into_the_configuration() {
    let program = Program::new();
    fs::copy(&test_bed().opcon.ca_file, program.folder().join("opcon.pem")).unwrap();
    let ca_file = test_bed().opcon.ca_file.display().to_string();
    setup(&program, &test_bed().opcon.https, &["--ca-file", "opcon.pem"]).expect_code(0);
    assert!(config(&program).contains("\nCA_FILE=opcon.pem"), "beside the file by its name alone");
    setup(&program, &test_bed().opcon.https, &["--ca-file", &ca_file]).expect_code(0);
    assert!(config(&program).contains(&format!("\nCA_FILE={ca_file}")));
    let other = OwnOpCon::start();
    let finished = setup(&program, &other.https().to_string(), &["--ca-file", "opcon.pem"]).expect_code(9);
    finished.expect_stderr("hint: use `--ca-file FILE` with the file of this certificate or of its issuer");
    assert_no_password(&other);
}

#[test]
fn only_options_of_this_run_allow_an_unverified_server() {
    let (opcon, program) = (OwnOpCon::start(), Program::new());
    let finished = setup(&program, &opcon.https().to_string(), &["--no-verify"]).expect_code(0);
    finished.expect_stderr("warning: with `--no-verify`, any server can impersonate the OpCon API");
    assert!(config(&program).contains("\nVERIFY_TLS=False"));
    // The settings in the file do not send the password to any server.
    for setting in ["VERIFY_TLS=False", "USING_TLS=False"] {
        let program = Program::new().with_config(&format!("[OPCON API INFORMATION]\n{setting}\n"));
        let other = OwnOpCon::start();
        setup(&program, &other.https().to_string(), &[])
            .expect_code(9)
            .expect_stderr("it is self-signed, and it is not one of");
        setup(&program, &other.http().to_string(), &[]).expect_code(9);
        assert_no_password(&other);
        let pinned = ["--fingerprint", &other.fingerprint()];
        setup(&program, &other.https().to_string(), &pinned).expect_code(0);
        assert!(!config(&program).contains("False"), "{}", config(&program));
    }
}

#[test]
fn a_server_without_tls_is_reported() {
    let (opcon, program) = (OwnOpCon::start(), Program::new());
    let finished = setup(&program, &opcon.http().to_string(), &[]).expect_code(9);
    finished.expect_stderr("fetching the certificate of the OpCon API at ");
    assert_nothing_done(&program, &opcon);
    let finished = setup(&program, &opcon.http().to_string(), &["--no-tls"]).expect_code(0);
    finished.expect_stderr("warning: without TLS, password and token are sent unencrypted");
}
