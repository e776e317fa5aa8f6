//! Tests of the client against the stand-in, including the error message of each failure.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod certificates;
mod endless;
mod log;
mod saving;
mod set_up;
mod site;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opcon::{Client, Error, ErrorKind};
use opcon_stand_in::{Answer, Certificate, DEFAULT_TOKEN, Options, StandIn};
use serde_json::json;

use site::{EXPRESSION, Site, assert_error, free_address, name, no_repetitions, settings, value};

async fn set(client: &Client) -> Result<(), Error> {
    client.set_property(&name("MF_ID"), &value("i-1")).await
}

#[tokio::test]
async fn properties_are_saved_and_read_back() {
    let site = Site::start().await;
    let client = site.plain_client();
    assert_eq!(client.check().await.unwrap().to_string(), "25.0.3");
    for (given, canonical) in [
        ("MF_ID", "MF_ID"),
        ("SI.MF_ID.2026-01-31.Night[Sub]", "SI.MF_ID.2026-01-31.\"Night[Sub]\""),
        ("JI.MF_ID.2026-01-31.\"Night 1.2\".Job", "JI.MF_ID.2026-01-31.\"Night 1.2\".Job"),
    ] {
        let text = format!("{given} \"\\ ' {{%}} <&> \u{e9}");
        client.set_property(&name(given), &value(&text)).await.unwrap();
        assert_eq!(site.opcon.property(canonical).as_deref(), Some(text.as_str()));
        assert_eq!(client.property_value(&name(given)).await.unwrap(), text);
    }
}

#[tokio::test]
async fn the_default_limits_suffice() {
    let site = Site::start().await;
    let settings =
        settings(site.folder.path(), &format!("ADDRESS={}\nTOKEN={DEFAULT_TOKEN}\nCA_FILE=ca.pem", site.opcon.https()));
    Client::new(&settings).unwrap().check().await.unwrap();
}

#[tokio::test]
async fn a_wrong_token_is_refused_once() {
    let site = Site::start().await;
    let client = site.client_with_token(site.opcon.http(), "another-token", "USING_TLS=False").unwrap();
    let error = assert_error(
        client.check().await,
        ErrorKind::Refused,
        "checking the OpCon token: OpCon returned HTTP 401: Invalid token specified",
    );
    assert!(error.hint().unwrap().contains("TOKEN"));
    assert!(!format!("{client:?}").contains("another-token"));
    assert_error(
        set(&client).await,
        ErrorKind::Refused,
        "saving the OpCon property MF_ID: OpCon returned HTTP 401: Invalid token",
    );
    assert_eq!(site.attempts(), 1);
}

#[tokio::test]
async fn a_failed_evaluation_is_an_error_with_opcons_reason() {
    let site = Site::start().await;
    let read = site.plain_client().property_value(&name("NOTHING")).await;
    assert_error(
        read,
        ErrorKind::Failed,
        "reading the OpCon property NOTHING: OpCon reported a failure: the property NOTHING does not exist",
    );
    assert_eq!(site.attempts(), 1);
}

#[tokio::test]
async fn the_status_is_required_and_case_insensitive() {
    let site = Site::start().await;
    let client = site.plain_client();
    site.fail(1, Answer::text(200, r#"{"status":"SUCCESS","result":null,"message":null,"new":1}"#));
    set(&client).await.unwrap();
    site.fail(1, Answer::text(200, r#"{"status":"failed"}"#));
    assert_error(set(&client).await, ErrorKind::Failed, "OpCon gave no reason");
    site.fail(1, Answer::text(200, r#"{"result":"i-1"}"#));
    assert_error(set(&client).await, ErrorKind::Unexpected, "the response has no status");
    site.fail(1, Answer::text(200, r#"{"status":"Perhaps"}"#));
    assert_error(set(&client).await, ErrorKind::Unexpected, "the unknown status `Perhaps`");
    site.fail(1, Answer::text(200, r#"{"status":"Success"}"#));
    assert_error(client.property_value(&name("A")).await, ErrorKind::Unexpected, "the response has no result");
}

#[tokio::test]
async fn foreign_responses_are_summarized() {
    let site = Site::start().await;
    let client = site.plain_client();
    let page = "<html><body>Welcome</body></html>";
    site.fail(1, Answer::Respond { status: 200, body: page.into(), content_type: "text/html".into() });
    let error =
        assert_error(set(&client).await, ErrorKind::Unexpected, "the response is not from the OpCon API: (a web page)");
    assert!(error.hint().unwrap().contains("ADDRESS"));
    site.fail(1, Answer::Respond { status: 404, body: page.into(), content_type: "text/html".into() });
    assert_error(set(&client).await, ErrorKind::Unexpected, "OpCon returned HTTP 404: (a web page)");
    site.fail(1, Answer::text(200, ""));
    assert_error(set(&client).await, ErrorKind::Unexpected, "the OpCon API: (an empty response)");
    site.fail(1, Answer::text(200, &"no\nJSON ".repeat(1_000)));
    let error = assert_error(set(&client).await, ErrorKind::Unexpected, "the OpCon API: no JSON no JSON");
    assert!(error.to_string().len() < 1_200 && error.to_string().ends_with("..."), "{error}");
    site.fail(1, Answer::text(302, ""));
    assert_error(set(&client).await, ErrorKind::Unexpected, "HTTP 302");
}

#[tokio::test]
async fn all_messages_of_a_list_of_errors_are_shown() {
    let site = Site::start().await;
    let errors = json!([{ "resource": "user", "name": null, "code": 2003, "message": "User is disabled" }, { "message": "Go away" }]);
    site.fail(1, Answer::text(403, &errors.to_string()));
    assert_error(
        set(&site.plain_client()).await,
        ErrorKind::Refused,
        "OpCon returned HTTP 403: User is disabled; Go away",
    );
    site.fail(1, Answer::text(400, &errors.to_string()));
    assert_error(
        set(&site.plain_client()).await,
        ErrorKind::Unexpected,
        "OpCon returned HTTP 400: User is disabled; Go away",
    );
}

#[tokio::test]
async fn a_text_with_the_token_is_left_out() {
    let site = Site::start().await;
    let client = site.plain_client();
    let left_out = "(text left out: it contains the token)";
    let escaped: String = DEFAULT_TOKEN.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    for token in [DEFAULT_TOKEN, &escaped, &opcon::encoded::encode(DEFAULT_TOKEN)] {
        let echo = format!("unknown header: Token {token}");
        site.fail(1, Answer::text(400, &echo));
        assert_error(set(&client).await, ErrorKind::Unexpected, &format!("OpCon returned HTTP 400: {left_out}"));
        site.fail(1, Answer::text(400, &format!("[{{\"message\":\"{echo}\"}}]")));
        assert_error(set(&client).await, ErrorKind::Unexpected, &format!("OpCon returned HTTP 400: {left_out}"));
        site.fail(1, Answer::text(200, &echo));
        assert_error(set(&client).await, ErrorKind::Unexpected, left_out);
        site.fail(1, Answer::text(200, &format!("{{\"status\":\"Failed\",\"message\":\"{echo}\"}}")));
        assert_error(set(&client).await, ErrorKind::Failed, left_out);
        site.fail(1, Answer::text(200, &format!("{{\"status\":\"{echo}\"}}")));
        assert_error(set(&client).await, ErrorKind::Unexpected, left_out);
        let version = format!("{{\"opConRestApiProductVersion\":\"{token}\"}}");
        site.fail_at("/api/version", 0, 1, Answer::text(200, &version));
        assert_error(client.check().await, ErrorKind::Unexpected, left_out);
    }
    assert!(!format!("{client:?}").contains(DEFAULT_TOKEN));
}

#[tokio::test]
async fn a_busy_server_and_a_cut_connection_are_tried_again() {
    let site = Site::start().await;
    let client = site.plain_client();
    let busy = [408, 429, 500, 502, 503, 504].map(|status| Answer::text(status, "busy"));
    for answer in busy.into_iter().chain([Answer::CLOSE, Answer::CLOSE_AFTERWARDS]) {
        let before = site.attempts();
        site.fail(4, answer.clone());
        set(&client).await.unwrap();
        assert_eq!(site.attempts() - before, 5);
        site.fail_at("/api/version", 0, 2, answer.clone());
        site.fail_at("/api/tokens", 0, 2, answer);
        client.check().await.unwrap();
    }
    assert_eq!(site.opcon.property("MF_ID").as_deref(), Some("i-1"));
}

#[tokio::test]
async fn other_failures_are_not_tried_again() {
    let site = Site::start().await;
    let client = site.plain_client();
    for status in [400, 401, 403, 404, 501] {
        let before = site.attempts();
        site.fail(1, Answer::text(status, "no"));
        set(&client).await.unwrap_err();
        assert_eq!(site.attempts() - before, 1, "{status}");
    }
}

#[tokio::test]
async fn an_outage_before_the_action_is_reported_once() {
    let site = Site::start().await;
    let reported = Arc::new(Mutex::new(Vec::new()));
    let lines = reported.clone();
    let client = site.plain_client().reporting_to(move |line| lines.lock().unwrap().push(line.to_owned()));
    client.check().await.unwrap();
    site.fail(3, Answer::text(503, "busy"));
    set(&client).await.unwrap();
    assert!(reported.lock().unwrap().is_empty(), "a save that is repeated needs no line");
    for _ in 0..2 {
        site.fail_at("/api/version", 0, 2, Answer::text(503, "busy"));
        client.check().await.unwrap();
    }
    let server = site.opcon.http();
    let text = format!(
        "the OpCon API at {server} does not respond properly yet: OpCon returned HTTP 503: busy; trying again for up \
         to 600s"
    );
    assert_eq!(*reported.lock().unwrap(), [text]);
}

#[tokio::test]
async fn a_failure_that_lasts_is_reported() {
    let site = Site::start().await;
    let client = site.impatient_client(site.opcon.http(), "USING_TLS=False");
    for status in [408, 429, 500, 503] {
        site.fail(1, Answer::text(status, "busy"));
        let text = format!("saving the OpCon property MF_ID: OpCon returned HTTP {status}: busy");
        assert_error(set(&client).await, ErrorKind::Unreachable, &text);
    }
    site.fail(1, Answer::CLOSE);
    assert_error(set(&client).await, ErrorKind::Unreachable, "the OpCon server closed the connection");
    assert_eq!(site.attempts(), 5);
}

#[tokio::test]
async fn a_request_without_a_response_times_out() {
    let site = Site::start().await;
    let lines = format!("ADDRESS={}\nTOKEN={DEFAULT_TOKEN}\nUSING_TLS=False", site.opcon.http());
    let mut limits = no_repetitions();
    limits.times.request = Duration::from_millis(300);
    let client = Client::with_limits(&settings(site.folder.path(), &lines), limits).unwrap();
    for path in [EXPRESSION, "/api/version"] {
        site.fail_at(path, 0, 1, Answer::delay(Duration::from_secs(600)));
    }
    assert_error(set(&client).await, ErrorKind::Unreachable, "no response from the OpCon server within 300ms");
    assert_error(client.check().await, ErrorKind::Unreachable, "no response from the OpCon server within 300ms");
}

#[tokio::test]
async fn a_host_name_that_cannot_be_resolved_fails_at_once() {
    let site = Site::start().await;
    // No name server is asked for a name with so long a part.
    let host = "x".repeat(64);
    let client = site.client(format!("{host}:9010"), "USING_TLS=False").unwrap();
    let text = format!("reading the OpCon version: the host name `{host}` cannot be resolved: ");
    let error = assert_error(client.check().await, ErrorKind::Unreachable, &text);
    assert_eq!(error.hint(), Some("check the host in `ADDRESS`"));
    let client = site.client(format!("{host}:9010"), "").unwrap();
    let text = "no connection to the OpCon server: the host in `ADDRESS` is not a valid name";
    assert_error(client.check().await, ErrorKind::Unreachable, text);
}

#[tokio::test]
async fn a_server_that_is_down_is_unreachable() {
    let site = Site::start().await;
    let client = site.impatient_client(free_address(), "USING_TLS=False");
    assert_error(
        client.check().await,
        ErrorKind::Unreachable,
        "reading the OpCon version: no connection to the OpCon server: ",
    );
}

#[tokio::test]
async fn an_old_or_strange_version_is_refused() {
    let site = Site::start().await;
    let answer_version = |body: &str| {
        site.fail_at("/api/version", 0, 1, Answer::text(200, body));
    };
    let client = site.plain_client();
    answer_version(r#"{"opConRestApiProductVersion":"18.2.0"}"#);
    assert_error(
        client.check().await,
        ErrorKind::Unexpected,
        "the OpCon API has version 18.2.0, but 18.3.0 or later is required",
    );
    answer_version(r#"{"opConRestApiProductVersion":"new"}"#);
    assert_error(client.check().await, ErrorKind::Unexpected, "`new` is not a version");
    answer_version(r#"{"version":"21.0.0"}"#);
    assert_error(client.check().await, ErrorKind::Unexpected, "the response is not from the OpCon API");
}

#[tokio::test]
async fn a_self_signed_certificate_must_be_listed() {
    for authority in [false, true] {
        let certificate = Certificate { authority, ..Certificate::default() };
        let site = Site::with_certificate(certificate.clone()).await;
        let https = site.opcon.https();
        site.client(https, "CA_FILE=ca.pem").unwrap().check().await.unwrap();
        site.client(format!("localhost:{}", https.port()), "CA_FILE=ca.pem").unwrap().check().await.unwrap();

        let other = StandIn::start(Options { certificate, ..Options::default() }).await.unwrap();
        for lines in ["CA_FILE=ca.pem", ""] {
            let check = site.client(other.https(), lines).unwrap().check().await;
            let text = "the certificate of the OpCon server is not trusted: it is self-signed, and it is not ";
            let error = assert_error(check, ErrorKind::Untrusted, text);
            let fingerprint = &opcon::fetch_certificates(&other.https().to_string()).await.unwrap()[0].fingerprint();
            let hint = error.hint().unwrap();
            assert!(hint.contains("CA_FILE") && hint.contains(fingerprint) && !hint.contains("VERIFY_TLS"), "{hint}");
        }
    }
}

#[tokio::test]
async fn a_listed_certificate_must_be_valid_and_for_the_server() {
    for authority in [false, true] {
        let expired = Certificate { authority, expired: true, ..Certificate::default() };
        let other = Certificate { authority, names: vec!["opcon.example.com".into()], ..Certificate::default() };
        for (certificate, reason) in [
            (expired, "it has expired on 2001-01-01 00:00 UTC"),
            (other, "it is for `opcon.example.com`, not for `127.0.0.1`"),
        ] {
            let site = Site::with_certificate(certificate).await;
            let check = site.client(site.opcon.https(), "CA_FILE=ca.pem").unwrap().check().await;
            let text = format!("the certificate of the OpCon server is not trusted: {reason}");
            assert_error(check, ErrorKind::Unreachable, &text);
        }
    }
}

#[tokio::test]
async fn without_verification_any_certificate_will_do() {
    let site = Site::with_certificate(Certificate { expired: true, ..Certificate::default() }).await;
    let client = site.client(site.opcon.https(), "VERIFY_TLS=False").unwrap();
    client.check().await.unwrap();
    set(&client).await.unwrap();
}

#[tokio::test]
async fn tls_and_plain_http_on_each_others_port_are_explained() {
    let site = Site::start().await;
    let tls = site.client(site.opcon.http(), "VERIFY_TLS=False").unwrap();
    let error = assert_error(tls.check().await, ErrorKind::Unreachable, "no TLS connection to the OpCon server: ");
    assert!(error.hint().unwrap().contains("USING_TLS"));
    let plain = site.impatient_client(site.opcon.https(), "USING_TLS=False");
    let error = assert_error(plain.check().await, ErrorKind::Unreachable, "reading the OpCon version: ");
    assert!(error.hint().unwrap().contains("USING_TLS"));
}

#[tokio::test]
async fn a_missing_file_of_certificates_is_named_before_anything_is_sent() {
    let site = Site::start().await;
    let client = site.client(site.opcon.https(), "CA_FILE=missing.pem");
    assert_error(client, ErrorKind::Invalid, "missing.pem");
    assert_eq!(site.opcon.requests(), json!([]));
}
