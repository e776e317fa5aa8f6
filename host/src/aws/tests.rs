//! Tests of a job's AWS clients down to the connection: retries, dry runs, service names in errors.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use aws_config::retry::RetryConfig;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use connector_sdk::ArgValue as _;

use super::*;

/// A network that is always unavailable, and counts requests.
#[derive(Clone, Debug, Default)]
struct Down(Arc<AtomicUsize>);

impl HttpConnector for Down {
    fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
        self.0.fetch_add(1, Ordering::Relaxed);
        HttpConnectorFuture::ready(Err(ConnectorError::io("down".into())))
    }
}

impl HttpClient for Down {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

/// A server that sends the same answer to every request, and counts requests.
struct Server {
    url: String,
    requests: Arc<AtomicUsize>,
}

impl Server {
    fn answering(status: u16, body: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let count = requests.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                count.fetch_add(1, Ordering::SeqCst);
                answer(stream.unwrap(), status, body);
            }
        });
        Server { url, requests }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// An account whose services all use this server.
    fn account(&self, dry_run: bool) -> Account {
        let network = network();
        let http = if dry_run { Http::of_dry_run(&network, &[]) } else { Http::of_job(&network, &[]) };
        let config = config(http).into_builder();
        let config = config.endpoint_url(&self.url).retry_config(RetryConfig::disabled()).build();
        Account { config, ec2_endpoint: None, region: "us-east-1".to_owned() }
    }
}

/// A network without patience.
fn network() -> Arc<Network> {
    Arc::new(Network::new(Trust::System, Patience::none(Arc::new(Silent)), Arc::new(Silent)))
}

/// Reports nothing.
struct Silent;

impl Reporter for Silent {
    fn event(&self, _: &str) {}

    fn warning(&self, _: &str) {}
}

/// Reads a complete request and answers it.
fn answer(mut stream: TcpStream, status: u16, body: &str) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut length, mut line) = (0, String::new());
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        line.clear();
    }
    std::io::copy(&mut std::io::Read::take(&mut reader, length), &mut std::io::sink()).unwrap();
    let head = format!("HTTP/1.1 {status} -\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all((head + body).as_bytes()).unwrap();
}

fn config(http: impl HttpClient + 'static) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::for_tests()))
        .http_client(http)
        .build()
}

#[tokio::test(start_paused = true)]
async fn failed_calls_do_not_use_up_the_retries_of_later_calls() {
    const CALLS: usize = 200;
    let down = Down::default();
    let ec2 = Account { config: config(down.clone()), ec2_endpoint: None, region: String::new() }.ec2();
    for _ in 0..CALLS {
        ec2.describe_instances().send().await.unwrap_err();
    }
    assert_eq!(down.0.load(Ordering::Relaxed), 3 * CALLS);
}

const STOPPED: &str = "<StopInstancesResponse/>";
const IDENTITY: &str = "<GetCallerIdentityResponse><GetCallerIdentityResult/></GetCallerIdentityResponse>";

/// Simulates a function that does not set `DryRun`.
async fn stop(account: &Account, dry_run: Option<bool>) -> Result<()> {
    let request = account.ec2().stop_instances().instance_ids("i-1").set_dry_run(dry_run);
    request.send().await.doing(|| "stopping i-1".to_owned()).map(drop)
}

#[tokio::test]
async fn a_function_that_forgets_the_dry_run_is_stopped_before_anything_is_sent() {
    let server = Server::answering(200, STOPPED);
    for forgotten in [None, Some(false)] {
        let error = stop(&server.account(true), forgotten).await.unwrap_err();
        let text = "stopping i-1: blocked a request to EC2 for StopInstances without `DryRun` in a dry run";
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Bug, text));
        assert!(!error.outcome_unknown());
    }
    assert_eq!(server.requests(), 0);
}

#[tokio::test]
async fn a_dry_run_sends_only_dry_runs_and_a_job_sends_everything() {
    let server = Server::answering(200, STOPPED);
    stop(&server.account(true), Some(true)).await.unwrap();
    stop(&server.account(false), None).await.unwrap();
    assert_eq!(server.requests(), 2);
}

#[tokio::test]
async fn a_dry_run_reads() {
    let server = Server::answering(200, "<DescribeInstancesResponse/>");
    server.account(true).ec2().describe_instances().send().await.unwrap();
    let server = Server::answering(200, IDENTITY);
    server.account(true).identity().await.unwrap();
    assert_eq!(server.requests(), 1);
}

#[tokio::test]
async fn every_service_is_named_in_its_own_errors() {
    let sts = |server: &Server| aws_sdk_sts::Client::new(server.account(true).config());
    let server = Server::answering(403, "<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>");
    let error = sts(&server).get_caller_identity().send().await.doing(|| "asking".to_owned()).unwrap_err();
    assert_eq!(error.to_string(), "asking: STS gave no details (AccessDenied)");
    assert!(error.hint_text().unwrap().contains("allow at least `sts:GetCallerIdentity` "), "{error:?}");

    let server = Server::answering(407, "<html>proxy</html>");
    let error = sts(&server).get_caller_identity().send().await.doing(|| "asking".to_owned()).unwrap_err();
    assert_eq!(error.message(), "HTTP status 407 with a response that is not from STS: `<html>proxy</html>`");
    let error = stop(&server.account(false), None).await.unwrap_err();
    assert_eq!(error.message(), "HTTP status 407 with a response that is not from EC2: `<html>proxy</html>`");

    let request = sts(&server).decode_authorization_message().encoded_message("x").send();
    let error = request.await.doing(|| "decoding".to_owned()).unwrap_err();
    assert_eq!(
        error.message(),
        "blocked a request to STS for DecodeAuthorizationMessage without `DryRun` in a dry run"
    );
}

#[tokio::test]
async fn the_ec2_endpoint_applies_to_no_other_service() {
    let ec2 = Server::answering(200, STOPPED);
    let others = Server::answering(200, IDENTITY);
    let account = Account { ec2_endpoint: Some(EndpointUrl::parse(&ec2.url).unwrap()), ..others.account(false) };
    stop(&account, None).await.unwrap();
    account.identity().await.unwrap();
    assert_eq!((ec2.requests(), others.requests()), (1, 1));
}
