//! Tests that no secret of a request or of the settings appears in any output.

use std::fmt::Write as _;

use crate::support::http::{HttpServer, Message};
use crate::support::{Answer, Finished, OwnEc2, Program};

const PASSWORD: &str = "hunter2hunter2";
const TOKEN: &str = "IQoJb3JpZ2luX2VjEJr-session-token-of-this-test";
const SCRIPT: &str = "export DB_PASSWORD=correct-horse-battery";

/// Asserts that none of the texts appears in output and log.
#[track_caller]
fn assert_hidden(program: &Program, finished: &Finished, secrets: &[&str]) {
    let all = format!("{finished:?} {}", program.log());
    for secret in secrets {
        assert!(!all.contains(secret), "{secret} appears in {all}");
    }
}

/// The request as a server received it, as text.
fn request_text(request: &Message) -> String {
    let headers = ["authorization", "x-amz-security-token"].map(|name| request.header(name).unwrap_or_default());
    format!("{} {}", headers.join("\n"), String::from_utf8_lossy(&request.body))
}

fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        write!(out, "\\u{:04x}", u32::from(c)).unwrap();
        out
    })
}

fn entities(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        write!(out, "&#{};", u32::from(c)).unwrap();
        out
    })
}

/// Writes a response with a text.
type Echo = Box<dyn Fn(&str) -> String + Send + Sync>;

#[test]
fn what_a_server_returns_of_the_request_does_not_appear() {
    let error = |text: &str| {
        format!(
            "<Response><Errors><Error><Code>AuthFailure</Code><Message>{text}</Message></Error></Errors></Response>"
        )
    };
    let page = |text: &str| format!("<html>{text}</html>");
    let echoes: [(u16, Echo); 6] = [
        (403, Box::new(move |text| error(&entities(text)))),
        (403, Box::new(move |text| error(&escaped(text)))),
        (403, Box::new(move |text| error(&text.replace('&', "&amp;")))),
        (502, Box::new(move |text| page(text))),
        (502, Box::new(move |text| page(&escaped(text)))),
        (200, Box::new(move |text| page(text))),
    ];
    for (status, echo) in echoes {
        let server = HttpServer::start(move |request| {
            let text = request_text(&request);
            // Both from the beginning and from each secret, because the program shows the beginning of a page.
            let signature = text.split("Signature=").nth(1).unwrap_or_default();
            Some(Message::answer(status, &[("content-type", "text/xml")], &echo(&format!("{signature} {text}"))))
        });
        let program =
            Program::with_endpoint(&server.url()).env("AWS_SESSION_TOKEN", TOKEN).env("AWS_MAX_ATTEMPTS", "1");
        let launch = ["CreateInstance", "--launch-template", "nightly", "--user-data", SCRIPT, "--debug"];
        let status_of = ["GetInstanceStatusByTag", "--debug", "--output", "json"];
        // A launch without an answer would be looked for, which takes its time.
        for arguments in [&launch[..], &status_of].iter().skip(usize::from(status != 403)) {
            let finished = program.run(arguments);
            assert!(matches!(finished.code, 3 | 9 | 11), "{finished:#?}");
            let finished = finished.expect_stderr("text left out: it may contain a secret of the request");
            assert_hidden(
                &program,
                &finished,
                &[&TOKEN[10..30], "correct-horse", "UserData", &escaped("ature="), "&#83;"],
            );
        }
    }
}

#[test]
fn a_new_secret_in_an_odd_response_does_not_appear() {
    const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----MIIEpAIBAAKCAQEA";
    let credentials = format!("<Credentials><SecretAccessKey>{PASSWORD}</SecretAccessKey></Credentials>");
    let error = |text: &str| {
        format!("<Response><Errors><Error><Code>A</Code><Message>{text}</Message></Error></Errors></Response>")
    };
    for (status, body) in
        [(502, KEY.to_owned()), (400, error(KEY)), (502, format!("text {credentials}")), (200, credentials)]
    {
        let server = HttpServer::start(move |_| Some(Message::answer(status, &[("content-type", "text/xml")], &body)));
        let program = Program::with_endpoint(&server.url()).env("AWS_MAX_ATTEMPTS", "1");
        let finished = program.run(&["GetInstanceStatusByTag", "--debug"]);
        let finished = finished.expect_stderr("text left out: it may contain a private key or credentials");
        assert_hidden(&program, &finished, &[PASSWORD, "MIIEpAIBAA"]);
    }
    // Whatever the response to such an action is.
    let server = HttpServer::start(|_| Some(Message::answer(502, &[], PASSWORD)));
    let program = with_role(&server.url());
    let finished = program.run(&["GetInstanceStatusByTag", "--debug"]).expect_code(9);
    assert_hidden(&program, &finished.expect_stderr("text left out"), &[PASSWORD]);
}

/// The program with credentials from a role, which the Security Token Service at this address issues.
fn with_role(sts: &str) -> Program {
    let program = Program::with_endpoint("http://127.0.0.1:9").env("AWS_ENDPOINT_URL_STS", sts);
    let program = program.env("AWS_MAX_ATTEMPTS", "1").without_env("AWS_ACCESS_KEY_ID");
    let program = program.env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r");
    program.write("token", "made-up-web-identity");
    program.env("AWS_WEB_IDENTITY_TOKEN_FILE", "token")
}

#[test]
fn a_mistyped_address_of_a_service_for_credentials_shows_neither_password_nor_request() {
    for url in ["user:hunter2hunter2@host", "http://user:hunter2hunter2 @host", "http://user:hunter2hunter2%40host/"] {
        let program = with_role(url);
        let finished = program.run(&["GetInstanceStatusByTag", "--debug"]).expect_stderr("endpoint URL");
        assert_hidden(&program, &finished, &[PASSWORD, "made-up-web-identity"]);
        for variable in ["AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "AWS_REGION"] {
            let program =
                Program::with_endpoint("http://127.0.0.1:9").without("--region").env("AWS_REGION", "us-east-1");
            let program = program.without_env("AWS_ACCESS_KEY_ID").env("AWS_MAX_ATTEMPTS", "1").env(variable, url);
            let finished = program.run(&["GetInstanceStatusByTag", "--debug"]);
            assert_hidden(&program, &finished, &[PASSWORD]);
        }
    }
}

#[test]
fn an_address_with_a_password_in_another_option_is_refused_without_it() {
    let url = format!("http://user:{PASSWORD}@host");
    for option in ["--config", "--user-id", "--log-dir", "--region", "--output"] {
        let program = Program::with_endpoint("http://127.0.0.1:9");
        let program = if option == "--region" { program.without("--region") } else { program };
        let finished = program.run(&["GetInstanceStatusByTag", &format!("{option}={url}")]).expect_code(2);
        assert_hidden(&program, &finished.expect_stderr(option), &[PASSWORD]);
    }
}

#[test]
fn an_endpoint_with_a_password_is_refused_without_it() {
    let ec2 = OwnEc2::unwanted();
    let with_password = ec2.url.replace("http://", &format!("http://user:{PASSWORD}@"));
    let status = ["GetInstanceStatusByTag", "--debug"];
    let refused = |program: Program, arguments: &[&str]| {
        let finished = program.run(arguments).expect_code(2);
        assert_hidden(&program, &finished, &[PASSWORD, "user:"]);
        finished
    };
    for url in [
        with_password.clone(),
        with_password.replace("http:", "ftp:"),
        with_password.replace("//", "/"),
        with_password.replace('@', "%40"),
    ] {
        refused(Program::with_endpoint(&url), &status).expect_stderr("`--endpoint-url`");
        refused(Program::with_endpoint(&url), &[&status[..], &["--output", "json"]].concat());
        let program = Program::with_endpoint(&ec2.url).without("--endpoint-url").without("--region");
        let finished = program.run_bare(&["check", "--region", "us-east-1", "--endpoint-url", &url]).expect_code(2);
        assert_hidden(&program, &finished, &[PASSWORD]);
    }
    for name in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_EC2"] {
        let program = Program::with_endpoint(&ec2.url).without("--endpoint-url").env(name, &with_password);
        refused(program, &status).expect_stderr("the address of EC2 contains a user name or password");
    }
    for profile in ["endpoint_url = URL", "services = own\n[services own]\nec2 =\n  endpoint_url = URL"] {
        let program = Program::with_endpoint(&ec2.url).without("--endpoint-url").env("AWS_CONFIG_FILE", "config");
        program.write("config", &format!("[default]\n{}\n", profile.replace("URL", &with_password)));
        refused(program, &status).expect_stderr("the address of EC2 contains a user name or password");
    }
    let program = Program::with_endpoint(&ec2.url).env("AWS_ENDPOINT_URL_STS", &with_password);
    let program = program.without_env("AWS_ACCESS_KEY_ID").env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r");
    program.write("token", "made-up");
    refused(program.env("AWS_WEB_IDENTITY_TOKEN_FILE", "token"), &status)
        .expect_stderr("contains a user name or password");
}

#[test]
fn the_password_of_a_proxy_does_not_appear() {
    let proxy = HttpServer::start(|request| {
        assert!(request.header("proxy-authorization").is_some_and(|value| value.starts_with("Basic ")));
        Some(Message::answer(407, &[], "no"))
    });
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for address in [proxy.address(), closed] {
        let url = format!("http://user:{PASSWORD}@{address}");
        for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
            let program = Program::with_endpoint("https://ec2.us-east-1.amazonaws.com").env(variable, &url);
            let finished = program.run(&["GetInstanceStatusByTag", "--debug"]).expect_code(9);
            assert_hidden(&program, &finished, &[PASSWORD, "user:", "dXNlcj"]);
        }
    }
    for url in [format!("nonsense://user:{PASSWORD}@host"), format!("http://user:{PASSWORD}@")] {
        let program = Program::with_endpoint("https://127.0.0.1:9").env("HTTPS_PROXY", &url);
        let finished = program.run(&["GetInstanceStatusByTag", "--debug"]);
        assert_hidden(&program, &finished, &[PASSWORD]);
    }
}

#[test]
fn every_call_is_one_line_in_the_log_with_its_request_id() {
    let ec2 = OwnEc2::with_instance("running", |_| Answer::error(400, "SomethingNew", "Not today"));
    let program = Program::with_endpoint(&ec2.url);
    program.run(&["StopInstance", "--instance-id", "i-0123456789abcdef0"]);
    let log = program.log();
    let calls: Vec<&str> = log.lines().filter(|line| line.contains("attempt ")).collect();
    assert_eq!(calls.len(), 2, "{log}");
    assert!(calls[0].contains(" INFO EC2 DescribeInstances: HTTP 200, request req-1, attempt 1, "), "{log}");
    let refused = " INFO EC2 StopInstances: HTTP 400, SomethingNew: Not today, request req-1, attempt 1, ";
    assert!(calls[1].contains(refused), "{log}");

    let program = Program::with_endpoint("http://127.0.0.1:9").env("AWS_MAX_ATTEMPTS", "2");
    program.run(&["GetInstanceStatusByTag"]).expect_code(9);
    for number in [1, 2] {
        let log = program.log();
        assert!(
            log.lines().any(|line| line.contains(" INFO EC2 DescribeInstances: no answer: EC2 could not be reached: ")
                && line.ends_with(&format!(", attempt {number}"))),
            "{log}"
        );
    }
}
