//! The client for EC2: credentials, region, retries, time limits, and the HTTP client underneath.

use std::env;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use connector_sdk::ec2::Client;
use connector_sdk::{Doing as _, Error, ErrorKind, Result};
use opcon::AwsKeys;
use opcon::tls::{Proxy, TimeLimits, Trust, http_client};
use reqwest::Url;
use secrecy::ExposeSecret as _;

use crate::settings::Settings;

/// Until there is a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// Until the answer to one attempt is there to its end; EC2 takes its time for large launches.
const ATTEMPT_LIMIT: Duration = Duration::from_secs(60);

/// An AWS account as a job reaches it: with certain credentials, in one region.
pub struct Account {
    config: SdkConfig,
    /// The region's name.
    pub region: String,
}

impl Account {
    /// The account of a user's keys, or else of what AWS's credential chain finds. Everything else that AWS tools read
    /// from environment and profile (retries, region, endpoints) holds as usual.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when no region is known.
    pub async fn load(settings: &Settings, keys: Option<&AwsKeys>) -> Result<Self> {
        let config = load(settings, keys).await?;
        let Some(region) = config.region().map(ToString::to_string) else {
            return Err(Error::new(ErrorKind::InvalidInput, "no region is given")
                .doing("reading the command line")
                .hint("give --region REGION, as in --region us-east-1"));
        };
        Ok(Account { config, region })
    }

    /// A client for EC2.
    pub fn ec2(&self) -> Client {
        Client::new(&self.config)
    }

    /// Whose the credentials are: the ARN that AWS knows them by.
    ///
    /// # Errors
    /// Those of the Security Token Service.
    pub async fn identity(&self) -> Result<String> {
        let answer = aws_sdk_sts::Client::new(&self.config).get_caller_identity().send().await;
        let answer = answer.doing(|| "asking AWS whose credentials these are".to_owned())?;
        Ok(answer.arn().unwrap_or("an identity without a name").to_owned())
    }
}

async fn load(settings: &Settings, keys: Option<&AwsKeys>) -> Result<SdkConfig> {
    check_environment()?;
    let limits = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_LIMIT).build();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(Http::default())
        .timeout_config(limits)
        // It watches bodies that flow, and takes one that is sent from memory for stalled: EC2 would have five seconds.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(keys) = keys {
        let secret = keys.secret_access_key.expose_secret();
        loader =
            loader.credentials_provider(Credentials::new(&keys.access_key_id, secret, None, None, "Connector.config"));
    }
    // Not the region of the machine that the job happens to run on, which AWS's default would ask for in the end.
    let region = settings.region.as_ref().map(|region| Region::new(region.as_str().to_owned()));
    loader = loader.region(
        RegionProviderChain::first_try(region)
            .or_else(EnvironmentVariableRegionProvider::new())
            .or_else(ProfileFileRegionProvider::new()),
    );
    if let Some(url) = &settings.endpoint_url {
        loader = loader.endpoint_url(url.as_str());
    }
    Ok(loader.load().await)
}

/// The settings that AWS's own reader would answer with a panic.
fn check_environment() -> Result<()> {
    let wrong = |name: &str, must: &str| {
        Err(Error::new(ErrorKind::InvalidInput, format!("{name} must be {must}")).doing("reading the environment"))
    };
    let value = |name| env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    if value("AWS_MAX_ATTEMPTS").is_some_and(|attempts| attempts.parse::<u32>().map_or(true, |attempts| attempts == 0))
    {
        return wrong("AWS_MAX_ATTEMPTS", "a whole number of at least 1");
    }
    if value("AWS_RETRY_MODE").is_some_and(|mode| !["standard", "adaptive"].contains(&mode.to_lowercase().as_str())) {
        return wrong("AWS_RETRY_MODE", "`standard` or `adaptive`");
    }
    Ok(())
}

/// The HTTP client that AWS's SDK calls: the same kind that talks to OpCon.
#[derive(Debug, Default)]
struct Http {
    clients: Arc<Clients>,
}

/// One client per scheme, made when the first request needs it: reading the system's certificates costs more than all
/// the rest of a short job.
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
        // Without TLS there are only servers that no proxy reaches: the instance's own metadata, and test servers.
        let proxy = if tls { Proxy::for_server(url) } else { Proxy::Never };
        let limits = TimeLimits { connect: CONNECT_LIMIT, request: ATTEMPT_LIMIT };
        let client = http_client(&trust, proxy, limits)?;
        Ok(cell.get_or_init(|| client).clone())
    }
}

/// Whom AWS tools trust: the system's certificates, and those in the file that `AWS_CA_BUNDLE` names.
fn trust() -> Trust {
    match env::var_os("AWS_CA_BUNDLE") {
        Some(file) if !file.is_empty() => Trust::SystemAndFile(file.into()),
        _ => Trust::System,
    }
}

impl HttpClient for Http {
    fn http_connector(&self, settings: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        let limit = settings.connect_timeout().unwrap_or_default() + settings.read_timeout().unwrap_or(ATTEMPT_LIMIT);
        SharedHttpConnector::new(Connector { clients: self.clients.clone(), limit })
    }
}

/// Sends requests of the SDK within a time limit.
#[derive(Debug)]
struct Connector {
    clients: Arc<Clients>,
    limit: Duration,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (clients, limit) = (self.clients.clone(), self.limit);
        HttpConnectorFuture::new(async move {
            let exchange = exchange(&clients, request);
            let late = |error| ConnectorError::timeout(Box::new(error));
            tokio::time::timeout(limit, exchange).await.map_err(late)?
        })
    }
}

async fn exchange(clients: &Clients, request: HttpRequest) -> Result<HttpResponse, ConnectorError> {
    let action = action_of(request.body().bytes().unwrap_or_default());
    // What these errors say of a request may hold all of it.
    let unfit = || ConnectorError::user("the address of EC2 is not one of HTTP".into());
    let request = request.try_into_http1x().map_err(|_| unfit())?;
    // Bodies of EC2's requests are texts in memory.
    let request = request.map(|body| reqwest::Body::from(body.bytes().unwrap_or_default().to_vec()));
    let request = reqwest::Request::try_from(request).map_err(|_| unfit())?;
    let client = clients.for_url(request.url()).map_err(|error| ConnectorError::user(Box::new(error)))?;
    let start = Instant::now();
    let server = request.url().authority().to_owned();
    let no_answer = |error: reqwest::Error| {
        tracing::debug!("{action}: {error:?}");
        connector_error(&server, &error)
    };
    let answer = client.execute(request).await.map_err(no_answer)?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let body = answer.bytes().await.map_err(no_answer)?;
    tracing::debug!("{action}: HTTP {status} after {} ms, {} bytes", start.elapsed().as_millis(), body.len());
    let mut answer = HttpResponse::new(status.into(), SdkBody::from(body));
    for (name, value) in &headers {
        if let Ok(value) = value.to_str() {
            answer.headers_mut().append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(answer)
}

/// The action of a request to EC2, for the log: the first of its form's fields. The others may tell too much.
fn action_of(body: &[u8]) -> String {
    let first = body.split(|byte| *byte == b'&').next().unwrap_or_default();
    let action = first.strip_prefix(b"Action=").unwrap_or(b"a request of the credential chain");
    String::from_utf8_lossy(action).into_owned()
}

/// The server and the innermost cause: what lies between says only which library met it. The SDK retries time-outs and
/// broken connections.
fn connector_error(server: &str, error: &reqwest::Error) -> ConnectorError {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    let cause = causes.last().map(ToString::to_string).unwrap_or_default();
    let told = format!("no answer from {server}: {cause}").into();
    if error.is_timeout() { ConnectorError::timeout(told) } else { ConnectorError::io(told) }
}
