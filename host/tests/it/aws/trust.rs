//! Tests the certificates that AWS's tools trust, and the warnings about missing encryption.

use crate::support::{Answer, OwnEc2, OwnOpCon, Program};

const STATUS: [&str; 1] = ["GetInstanceStatusByTag"];

/// The program with a server that has a certificate of its own, which is in `own.pem`. `other.pem` has another one.
fn program(server: &OwnOpCon) -> Program {
    let program = Program::with_endpoint(&format!("https://{}", server.https()));
    program.write("own.pem", server.ca_pem());
    program.write("other.pem", OwnOpCon::start().ca_pem());
    program
}

#[test]
fn the_bundle_replaces_the_certificates_of_the_system() {
    let server = OwnOpCon::start();
    // The server is reached, and is no EC2.
    let reached = "a response that is not from EC2";
    let program = program(&server).env("SSL_CERT_FILE", "own.pem");
    program.run(&STATUS).expect_code(9).expect_stderr(reached);
    let program = program.env("AWS_CA_BUNDLE", "other.pem");
    program
        .run(&STATUS)
        .expect_code(9)
        .expect_stderr("EC2 could not be reached: ")
        .expect_stderr(": its certificate is not trusted: it is self-signed, and it is not");
    let program = program.env("AWS_CA_BUNDLE", "own.pem").env("SSL_CERT_FILE", "other.pem");
    program.run(&STATUS).expect_code(9).expect_stderr(reached);
}

#[test]
fn the_bundle_of_the_profile_applies_and_the_variable_comes_first() {
    let server = OwnOpCon::start();
    let program = program(&server).env("AWS_CONFIG_FILE", "config").env("SSL_CERT_FILE", "other.pem");
    program.write("config", "[default]\nca_bundle = own.pem\n");
    program.run(&STATUS).expect_code(9).expect_stderr("a response that is not from EC2");
    let program = program.env("AWS_CA_BUNDLE", "other.pem");
    program.run(&STATUS).expect_code(9).expect_stderr("EC2 could not be reached: ");
}

#[test]
fn the_bundle_applies_to_services_for_credentials() {
    let server = OwnOpCon::start();
    let program = program(&server).env("AWS_ENDPOINT_URL_STS", &format!("https://{}", server.https()));
    let program = program.without_env("AWS_ACCESS_KEY_ID").env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r");
    program.write("token", "made-up");
    let program = program.env("AWS_WEB_IDENTITY_TOKEN_FILE", "token").env("AWS_CA_BUNDLE", "other.pem");
    program.run(&STATUS).expect_code(9).expect_stderr("no usable AWS credentials: ").expect_stderr("certificate");
}

#[test]
fn a_bundle_that_cannot_be_read_is_2_and_named() {
    let ec2 = OwnEc2::unwanted();
    let wrong = |bundle: &str| {
        let program = Program::with_endpoint(&ec2.url).env("AWS_CA_BUNDLE", bundle);
        program.write("empty.pem", "no certificate\n");
        program.run(&STATUS).expect_code(2).expect_stderr(&format!("error: reading the certificates in {bundle}: "));
    };
    ["missing.pem", "empty.pem", "."].into_iter().for_each(wrong);
}

#[test]
fn an_endpoint_without_encryption_is_warned_about_in_every_run() {
    let ec2 = OwnEc2::start(|_| Answer::success("DescribeInstances", ""));
    for _ in 0..2 {
        let finished = Program::with_endpoint(&ec2.url).run(&STATUS).expect_code(0);
        let address = &ec2.url;
        assert_eq!(
            finished.unencrypted,
            [format!("warning: `{address}`: the requests to EC2 and its responses are not encrypted\n")]
        );
    }
    let program = Program::with_endpoint(&ec2.url).without("--endpoint-url").env("AWS_ENDPOINT_URL", &ec2.url);
    assert_eq!(program.run(&STATUS).unencrypted.len(), 1);
}

#[test]
fn an_opcon_without_encryption_is_warned_about_in_every_job() {
    let opcon = OwnOpCon::start();
    let ec2 = OwnEc2::start(|_| Answer::success("DescribeInstances", ""));
    let program = Program::with_endpoint(&ec2.url).with_config(&opcon.config("made-up"));
    for arguments in [&STATUS[..], &["set-property", "A", "b"]] {
        let arguments: Vec<&str> = arguments.to_vec();
        let finished = if arguments[0] == "set-property" {
            Program::new().with_config(&opcon.config("made-up")).run_bare(&arguments)
        } else {
            program.run(&arguments)
        };
        let warnings = finished.unencrypted.iter().filter(|line| line.contains("`USING_TLS=False`: the token")).count();
        assert_eq!(warnings, 1, "{finished:#?}");
    }
}

#[cfg(unix)]
#[test]
fn an_empty_name_of_the_certificates_is_unset() {
    let program = Program::with_endpoint("https://127.0.0.1:9").env("SSL_CERT_FILE", "").env("SSL_CERT_DIR", "");
    program.run(&STATUS).expect_code(9).expect_stderr("no connection to 127.0.0.1:9: ");
}
