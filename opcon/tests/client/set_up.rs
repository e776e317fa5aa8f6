//! Tests of requests for an application token.

use opcon::setup::request_token;
use opcon::{Error, ErrorKind, Trust};
use opcon_stand_in::{Answer, DEFAULT_TOKEN};
use secrecy::{ExposeSecret as _, SecretString};

use crate::site::{Site, assert_error, free_address};

const TOKENS: &str = "/api/tokens";
/// A fake password with characters that JSON escapes.
const PASSWORD: &str = r#"made-up "pass" \word"#;

async fn request(address: &str, trust: &Trust, user: &str, password: &str) -> Result<SecretString, Error> {
    request_token(address, trust, user, &password.into(), "CONNECTORS").await
}

/// Asserts kind and text of the error, and that it contains neither password nor token.
#[track_caller]
fn assert_refused(result: Result<SecretString, Error>, kind: ErrorKind, text: &str) -> Error {
    let error = assert_error(result, kind, text);
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("pass\"") && !shown.contains("pass\\") && !shown.contains("made-up"), "{shown}");
    error
}

#[tokio::test]
async fn a_log_in_gives_the_token_over_http_and_https() {
    let site = Site::start().await;
    let ca_file = site.folder.path().join("ca.pem");
    for (address, trust) in [(site.opcon.http(), Trust::PlainHttp), (site.opcon.https(), Trust::SystemAndFile(ca_file))]
    {
        let token = request(&address.to_string(), &trust, "someone", PASSWORD).await.unwrap();
        assert_eq!(token.expose_secret(), DEFAULT_TOKEN);
    }
    assert_eq!(site.requests(), ["POST /api/tokens"; 2]);
}

#[tokio::test]
async fn nothing_of_the_response_is_quoted() {
    let site = Site::start().await;
    let address = site.opcon.http().to_string();
    let escaped: String = PASSWORD.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let list = serde_json::json!([{ "message": format!("wrong password {PASSWORD}") }]).to_string();
    for body in [&list, &format!("[{{\"message\":\"wrong password {escaped}\"}}]"), "wrong password of someone"] {
        for (status, kind) in [(401, ErrorKind::Refused), (400, ErrorKind::Unexpected), (200, ErrorKind::Unexpected)] {
            site.fail_at(TOKENS, 0, 1, Answer::text(status, body));
            let refused = request(&address, &Trust::PlainHttp, "someone", PASSWORD).await;
            let error = assert_refused(refused, kind, "requesting an OpCon token for the user someone: ");
            assert!(!error.to_string().contains("wrong") && !error.to_string().contains("u00"), "{error}");
        }
    }
    site.fail_at(TOKENS, 0, 1, Answer::text(401, &list));
    let refused = request(&address, &Trust::PlainHttp, "someone", PASSWORD).await;
    let text = "OpCon returned HTTP 401: (text left out: it may contain the password)";
    let error = assert_refused(refused, ErrorKind::Refused, text);
    assert_eq!(error.hint(), Some("check the user, the password and the privileges of the user in OpCon"));
}

#[tokio::test]
async fn an_answer_without_a_token_is_not_quoted() {
    let site = Site::start().await;
    let address = site.opcon.http().to_string();
    let another = format!(r#"{{"token":"{DEFAULT_TOKEN}"}}"#);
    for body in [another.as_str(), r#"{"id":""}"#, r#"{"id":"a b"}"#, "<html>"] {
        site.fail_at(TOKENS, 0, 1, Answer::text(200, body));
        let answer = request(&address, &Trust::PlainHttp, "someone", PASSWORD).await;
        assert_refused(answer, ErrorKind::Unexpected, "the OpCon API: no token in the response");
    }
}

#[tokio::test]
async fn invalid_arguments_are_rejected_before_anything_is_sent() {
    let site = Site::start().await;
    let address = site.opcon.http().to_string();
    let empty = "the user, the password or the name of the application is empty";
    assert_refused(request(&address, &Trust::PlainHttp, "", PASSWORD).await, ErrorKind::Invalid, empty);
    assert_refused(request(&address, &Trust::PlainHttp, "someone", "").await, ErrorKind::Invalid, empty);
    let refused = request("opcon", &Trust::PlainHttp, "someone", PASSWORD).await;
    assert_refused(refused, ErrorKind::Invalid, "reading the address `opcon`: must be HOST:PORT");
    let refused = request("http://user:made-up@opcon:9010", &Trust::PlainHttp, "someone", PASSWORD).await;
    assert_refused(refused, ErrorKind::Invalid, "reading the address: must be HOST:PORT without a user");
    let missing = Trust::SystemAndFile(site.folder.path().join("missing.pem"));
    assert_refused(request(&address, &missing, "someone", PASSWORD).await, ErrorKind::Invalid, "missing.pem");
    assert!(site.requests().is_empty());
}

#[tokio::test]
async fn an_unknown_certificate_stops_the_password() {
    let site = Site::start().await;
    let refused = request(&site.opcon.https().to_string(), &Trust::System, "someone", PASSWORD).await;
    assert_refused(refused, ErrorKind::Untrusted, "it is self-signed, and it is not one of the trusted certificates");
    assert!(site.requests().is_empty());
}

#[tokio::test]
async fn a_server_that_is_down_is_unreachable() {
    tokio::time::pause();
    let refused = request(&free_address().to_string(), &Trust::PlainHttp, "someone", PASSWORD).await;
    assert_refused(refused, ErrorKind::Unreachable, "no connection to the OpCon server");
}
