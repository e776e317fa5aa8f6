//! Errors: their text, and the conversion of failed calls to EC2.

use std::time::Duration;

use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::timeout::TimeoutConfig;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use super::*;
use crate::testing::{answer, client, mock, refusal};

/// The error of a call to EC2 with this client.
async fn failure(client: &Client) -> Error {
    client.describe_instances().send().await.doing(|| "looking".to_owned()).unwrap_err()
}

/// The error for an answer, and the number of requests.
async fn failure_of_answer(make_answer: fn() -> HttpResponse) -> (Error, usize) {
    let rule = mock!(Client::describe_instances).then_http_response(make_answer);
    (failure(&client(&[&rule])).await, rule.num_calls())
}

/// A network that treats every request the same way.
#[derive(Clone, Debug)]
enum Network {
    Refusing,
    Silent,
}

impl HttpConnector for Network {
    fn call(&self, _request: HttpRequest) -> HttpConnectorFuture {
        match self {
            Network::Refusing => {
                let refused =
                    NoAnswer::NotSent("connection refused".to_owned()).to(Call::new("ssm", Some("GetParameter")));
                HttpConnectorFuture::ready(Err(ConnectorError::io(refused.into())))
            }
            Network::Silent => HttpConnectorFuture::new(std::future::pending()),
        }
    }
}

impl HttpClient for Network {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// The settings of a client whose responses are empty.
fn settings() -> aws_sdk_ec2::config::Builder {
    let rule = mock!(Client::describe_instances).then_http_response(|| answer(200, ""));
    client(&[&rule]).config().to_builder()
}

/// The error of a call on such a network, with a timeout for each attempt.
async fn failure_on(network: Network) -> Error {
    let limit = TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(5)).build();
    failure(&Client::from_conf(settings().http_client(network).timeout_config(limit).build())).await
}

#[derive(Debug)]
struct NoCredentials;

impl ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded("no profile named nightly")))
    }
}

#[test]
fn displays_action_message_code_and_request() {
    let bare = Error::new(ErrorKind::Service, "it broke");
    assert_eq!(bare.to_string(), "it broke");
    let coded = bare.doing("stopping i-1").doing("a whole job").with_code("Broken");
    assert_eq!(coded.to_string(), "stopping i-1: it broke (Broken)");
    assert_eq!(coded.message(), "it broke");
}

#[tokio::test(start_paused = true)]
async fn into_kind_keeps_everything_else() {
    let (refused, _) = failure_of_answer(|| refusal("InvalidInstanceID.NotFound", "The ID does not exist")).await;
    let unknown = refused.clone().hint("first").or_hint("second").into_kind(ErrorKind::Unknown);
    assert_eq!((unknown.kind(), unknown.to_string()), (ErrorKind::Unknown, refused.to_string()));
    assert_eq!(unknown.hint_text(), Some("first"));
    assert_eq!(Error::new(ErrorKind::Service, "no").or_hint("second").hint_text(), Some("second"));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_has_the_code_and_the_request_id_of_ec2() {
    let (refused, _) = failure_of_answer(|| refusal("InvalidInstanceID.NotFound", "The ID does not exist")).await;
    assert_eq!(refused.to_string(), "looking: The ID does not exist (InvalidInstanceID.NotFound, request req-1)");
    assert_eq!((refused.action(), refused.request_id()), (Some("looking"), Some("req-1")));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_not_retried_and_keeps_the_message_of_ec2() {
    let (error, calls) = failure_of_answer(|| refusal("UnauthorizedOperation", "You may not")).await;
    assert_eq!((error.kind(), calls), (ErrorKind::PermissionDenied, 1));
    assert_eq!((error.code(), error.message()), (Some("UnauthorizedOperation"), "You may not"));
    let hint = "allow at least `ec2:DescribeInstances` for these credentials in the IAM policy";
    assert_eq!(error.hint_text(), Some(hint));
}

#[tokio::test(start_paused = true)]
async fn throttling_is_retried_and_then_reported() {
    let (error, calls) = failure_of_answer(|| refusal("RequestLimitExceeded", "Slow down")).await;
    assert_eq!((error.kind(), calls), (ErrorKind::Unavailable, 3));
    assert!(error.hint_text().unwrap().contains("throttled"), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_foreign_answer_is_quoted() {
    let page = || answer(500, "<html>\r\n<h1>Proxy\u{fc} error</h1>\n</html>");
    let (error, _) = failure_of_answer(page).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(
        error.to_string(),
        "looking: HTTP status 500 with a response that is not from EC2: `<html> <h1>Proxy\u{fc} error</h1> </html>`"
    );
    assert!(error.hint_text().unwrap().contains("proxy"), "{error:?}");

    let (error, _) = failure_of_answer(|| answer(407, "authenticate first")).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("HTTP status 407") && error.message().contains("authenticate first"), "{error}");

    let (error, _) = failure_of_answer(|| answer(200, "<html>welcome</html>")).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert!(error.message().contains("HTTP status 200") && error.message().contains("welcome"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_long_foreign_answer_is_truncated() {
    let (error, _) = failure_of_answer(|| answer(502, &"long ".repeat(1000))).await;
    assert!(error.message().len() < 250, "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_is_unavailable() {
    let error = failure_on(Network::Refusing).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.to_string(), "looking: SSM could not be reached: connection refused");
    assert!(!error.outcome_unknown(), "nothing was sent");
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_unavailable() {
    let error = failure_on(Network::Silent).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(error.to_string(), "looking: AWS did not respond in time");
    assert!(error.outcome_unknown(), "EC2 may have acted");
}

#[tokio::test(start_paused = true)]
async fn missing_credentials_are_permission_denied_with_a_hint() {
    let error = failure(&Client::from_conf(settings().credentials_provider(NoCredentials).build())).await;
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.message().contains("no profile named nightly"), "{error}");
    assert!(error.hint_text().unwrap().starts_with("use a user id"), "{error:?}");
}
