//! The HTTP client of the AWS SDK, with the same TLS implementation as the OpCon client.
//!
//! All requests to AWS and all responses pass through this module. It blocks changes during a dry run, checks that
//! responses are complete, and records each attempt with its known outcome.

use std::env;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use connector_sdk::attempts::Attempt;
use connector_sdk::iam::IamAction;
use connector_sdk::no_answer::{DryRunViolation, NoAnswer, Unanswered, nothing_was_done};
use opcon::tls::{Proxy, TimeLimits, Trust, http_client};
use reqwest::Url;

use super::answer::{self, Content};
use super::request::RequestInfo;

/// The limit for establishing a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// The limit for one attempt, including the complete response. EC2 can take long for large launches.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(60);

/// The HTTP client for the SDK.
#[derive(Debug)]
pub struct Http {
    clients: Arc<Clients>,
    sender: Sender,
}

/// The sender of a request.
#[derive(Clone, Copy, Debug)]
enum Sender {
    /// The credential chain. Its requests change nothing.
    Credentials,
    /// A job, which may send changes.
    Job,
    /// A dry run of a function with these IAM actions, which must not change anything.
    DryRun(&'static [IamAction]),
}

impl Http {
    /// The client of the credential chain.
    pub fn of_credentials() -> Self {
        Http { clients: Arc::default(), sender: Sender::Credentials }
    }

    /// The client of the services that a job calls.
    pub fn of_job() -> Self {
        Http { clients: Arc::default(), sender: Sender::Job }
    }

    /// The client of the services for a dry run of a function with these IAM actions. It sends only reads and requests
    /// with `DryRun=true`.
    pub fn of_dry_run(declared: &'static [IamAction]) -> Self {
        Http { clients: Arc::default(), sender: Sender::DryRun(declared) }
    }
}

/// One client per scheme, created for the first request that needs it, because loading the system certificates takes
/// longer than the rest of a short job.
#[derive(Debug, Default)]
struct Clients {
    plain: OnceLock<reqwest::Client>,
    tls: OnceLock<reqwest::Client>,
}

impl Clients {
    fn for_url(&self, url: &Url) -> Result<reqwest::Client, opcon::Error> {
        let tls = url.scheme() == "https";
        let (cell, trust) = if tls { (&self.tls, trust()) } else { (&self.plain, Trust::PlainHttp) };
        if let Some(client) = cell.get() {
            return Ok(client.clone());
        }
        // Plain HTTP is used only for the instance metadata service and test servers, which no proxy can reach.
        let proxy = if tls { Proxy::for_server(url) } else { Proxy::Never };
        let limits = TimeLimits { connect: CONNECT_LIMIT, request: ATTEMPT_LIMIT };
        let client = http_client(&trust, proxy, limits)?;
        Ok(cell.get_or_init(|| client).clone())
    }
}

/// The certificates that AWS tools trust: those of the system and those in the file named by `AWS_CA_BUNDLE`.
fn trust() -> Trust {
    match env::var_os("AWS_CA_BUNDLE") {
        Some(file) if !file.is_empty() => Trust::SystemAndFile(file.into()),
        _ => Trust::System,
    }
}

impl HttpClient for Http {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let limit = settings.connect_timeout().unwrap_or_default() + settings.read_timeout().unwrap_or(ATTEMPT_LIMIT);
        SharedHttpConnector::new(Connector { clients: self.clients.clone(), limit, sender: self.sender })
    }
}

/// Sends requests of the SDK within a time limit.
#[derive(Debug)]
struct Connector {
    clients: Arc<Clients>,
    limit: Duration,
    sender: Sender,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (clients, limit) = (self.clients.clone(), self.limit);
        let info = RequestInfo::of(&request);
        if let Sender::DryRun(declared) = self.sender
            && !info.changes_nothing(declared)
        {
            let violation = DryRunViolation { call: info.to_string() };
            return HttpConnectorFuture::ready(Err(ConnectorError::user(violation.into())));
        }
        let counted = !matches!(self.sender, Sender::Credentials);
        HttpConnectorFuture::new(async move {
            let attempt = counted.then(Attempt::begin);
            let late = |_| {
                let lost = NoAnswer::Lost("no response in time".to_owned());
                ConnectorError::timeout(lost.to(info.call.clone()).into())
            };
            let exchanged = tokio::time::timeout(limit, exchange(&clients, request, &info)).await.map_err(late);
            let exchanged = exchanged.and_then(|exchanged| exchanged);
            if is_settled(&exchanged) {
                attempt.into_iter().for_each(Attempt::settle);
            }
            exchanged.map(|(answer, _)| answer)
        })
    }
}

/// Whether the effect of the request in AWS is known.
fn is_settled(exchanged: &Result<(HttpResponse, Content), ConnectorError>) -> bool {
    match exchanged {
        Ok((answer, content)) => {
            let status = answer.status().as_u16();
            match content {
                Content::Error { code } => nothing_was_done(status, code),
                Content::Other => status < 500,
            }
        }
        Err(error) if error.is_user() => true,
        Err(error) => {
            let source = std::error::Error::source(error);
            let unanswered = source.and_then(|source| source.downcast_ref::<Unanswered>());
            unanswered.is_some_and(|unanswered| matches!(unanswered.reason, NoAnswer::NotSent(_)))
        }
    }
}

async fn exchange(
    clients: &Clients,
    request: HttpRequest,
    info: &RequestInfo,
) -> Result<(HttpResponse, Content), ConnectorError> {
    // The text of these errors may contain the complete request.
    let unfit = || {
        let wrong = format!("the address of {} is not an HTTP address", info.call.service());
        ConnectorError::user(wrong.into())
    };
    // Paths may contain secrets.
    let name = info.call.action().unwrap_or("a request without an action");
    let Some(body) = request.body().bytes().map(<[u8]>::to_vec) else {
        return Err(ConnectorError::user("the body of the request is not in memory".into()));
    };
    let request = request.try_into_http1x().map_err(|_| unfit())?;
    let request = request.map(|_| reqwest::Body::from(body));
    let request = reqwest::Request::try_from(request).map_err(|_| unfit())?;
    let client = clients.for_url(request.url()).map_err(|error| ConnectorError::user(Box::new(error)))?;
    let start = Instant::now();
    let server = request.url().authority().to_owned();
    let no_answer = |error: reqwest::Error| {
        tracing::debug!("{name}: {error:?}");
        connector_error(info, &server, &error)
    };
    let answer = client.execute(request).await.map_err(no_answer)?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.map_err(no_answer)?;
    tracing::debug!("{name}: HTTP {status} after {} ms, {} bytes", start.elapsed().as_millis(), body.len());
    let content_type = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let content = answer::check(info.query.as_deref(), status.as_u16(), content_type, &body)
        .map_err(|defect| ConnectorError::io(defect.to(info.call.clone()).into()))?;
    let mut answer = HttpResponse::new(status.into(), SdkBody::from(body));
    answer.add_extension(info.call.clone());
    for (name, value) in &headers {
        if let Ok(value) = value.to_str() {
            answer.headers_mut().append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok((answer, content))
}

/// The server and the innermost cause. The errors between them only name the library that reported the error. The SDK
/// retries timeouts and broken connections.
fn connector_error(info: &RequestInfo, server: &str, error: &reqwest::Error) -> ConnectorError {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    let cause = causes.last().map(ToString::to_string).unwrap_or_default();
    let reason = if error.is_connect() {
        NoAnswer::NotSent(format!("no connection to {server}: {cause}"))
    } else {
        NoAnswer::Lost(format!("no response from {server}: {cause}"))
    };
    let unanswered = reason.to(info.call.clone()).into();
    if error.is_timeout() { ConnectorError::timeout(unanswered) } else { ConnectorError::io(unanswered) }
}
