//! Sends requests to the OpCon API, repeats them, and reads responses of limited size.
//!
//! Its errors contain no secrets.

use std::fmt;

use reqwest::{Method, RequestBuilder, Response};
use serde::de::DeserializeOwned;

use super::failure::{self, Failure};
use super::limits::Limits;
use super::patience::{Outage, Patience, Purpose};
use super::resolver::SystemResolver;
use super::secret::Quotes;
use crate::address::Address;
use crate::error::{Error, ErrorKind};
use crate::tls::{self, Proxy, Trust};

/// The largest response, in bytes.
const LARGEST: usize = 1024 * 1024;
/// Headers with which servers and proxies identify a request.
const REQUEST_ID_HEADERS: [&str; 5] = ["x-request-id", "request-id", "x-correlation-id", "x-trace-id", "traceparent"];

/// A connection to an OpCon API.
#[derive(Clone)]
pub(crate) struct Connection {
    http: reqwest::Client,
    address: Address,
    limits: Limits,
    quotes: Quotes,
    outage: Outage,
}

impl Connection {
    /// Creates a connection, without sending anything. The error is [`ErrorKind::Invalid`] if certificates cannot be
    /// read.
    pub(crate) fn new(address: Address, trust: &Trust, limits: Limits, quotes: Quotes) -> Result<Self, Error> {
        let proxy = Proxy::for_server(&address.api_url(""));
        let http = tls::resolving_http_client(trust, proxy, limits.times, SystemResolver)?;
        Ok(Connection { http, address, limits, quotes, outage: Outage::default() })
    }

    /// The same connection, which reports once that OpCon does not respond properly, see [`Outage`].
    pub(super) fn reporting_to(self, notice: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Connection { outage: self.outage.reported_to(notice), ..self }
    }

    /// The patience of an operation that checks or reads, before anything is done.
    pub(crate) fn preparing(&self) -> Patience {
        Patience::new(Purpose::Preparing, &self.limits, &self.outage)
    }

    /// The patience of an operation that saves.
    pub(super) fn saving(&self) -> Patience {
        Patience::new(Purpose::Saving, &self.limits, &self.outage)
    }

    /// Creates a request for an API call.
    pub(crate) fn request(&self, method: Method, call: &str) -> RequestBuilder {
        self.http.request(method, self.address.api_url(call))
    }

    /// Creates a request for the entries of an API list, filtered by name.
    pub(crate) fn request_named(&self, call: &str, name: &str) -> RequestBuilder {
        let mut url = self.address.api_url(call);
        url.query_pairs_mut().append_pair("name", name);
        self.http.get(url)
    }

    /// Sends a request, with repetitions, and parses the JSON of the response.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        doing: &str,
        patience: &mut Patience,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<T, Error> {
        let body = self.send_for_text(doing, patience, request).await?;
        serde_json::from_str(&body).map_err(|_| self.unexpected(doing, &failure::summary(&body, &self.quotes)))
    }

    /// Sends a request, with repetitions, and returns the body of the response.
    pub(crate) async fn send_for_text(
        &self,
        doing: &str,
        patience: &mut Patience,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<String, Error> {
        let server = format!("the OpCon API at {}", self.address);
        let body = patience.bear(&server, |number| self.attempt(request(), number)).await;
        body.map_err(|failure| self.with_address(failure.into_error(doing)))
    }

    /// Adds a hint that names the server, if the server is not reachable and there is no other hint.
    fn with_address(&self, error: Error) -> Error {
        if error.kind() != ErrorKind::Unreachable || error.hint().is_some() {
            return error;
        }
        let hint =
            format!("check that the OpCon API at {} is running, and that this machine can reach it", self.address);
        error.with_hint(hint)
    }

    /// The error for a response that is not one of the OpCon API. `summary` contains no secret.
    pub(crate) fn unexpected(&self, doing: &str, summary: &str) -> Error {
        let wrong = format!("the response is not from the OpCon API: {summary}");
        Error::new(ErrorKind::Unexpected, doing, wrong)
            .with_hint("check that `ADDRESS` is the address of the OpCon API")
    }

    /// Sends a request once, logs the call, and returns the body of the response.
    async fn attempt(&self, request: RequestBuilder, number: u32) -> Result<String, Failure> {
        let transport = |error| Failure::of_transport(&error, self.limits.times);
        let (http, request) = request.build_split();
        let request = request.map_err(transport)?;
        // Without the query, the only part of the address that could be confidential.
        let call = format!("OpCon {} {}", request.method(), request.url().path());
        let response = http.execute(request).await.map_err(transport);
        match &response {
            Ok(response) => {
                let id = self.request_id(response).map(|id| format!(", request {id}")).unwrap_or_default();
                tracing::info!("{call}: HTTP {} (attempt {number}{id})", response.status().as_u16());
            }
            Err(failure) => tracing::info!("{call}: {failure} (attempt {number})"),
        }
        let response = response?;
        let status = response.status();
        let body = self.body(response).await.inspect_err(|failure| {
            tracing::info!("{call}: reading the response: {failure} (attempt {number})");
        })?;
        if status.is_success() { Ok(body) } else { Err(Failure::of_answer(status, &body, &self.quotes)) }
    }

    /// The body of the response, which is read only up to the limit, whatever length it announces.
    async fn body(&self, mut response: Response) -> Result<String, Failure> {
        let mut body = Vec::new();
        let transport = |error| Failure::of_transport(&error, self.limits.times);
        while let Some(chunk) = response.chunk().await.map_err(transport)? {
            if body.len() + chunk.len() > LARGEST {
                return Err(Failure::too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(String::from_utf8_lossy(&body).into_owned())
    }

    fn request_id(&self, response: &Response) -> Option<String> {
        let id = REQUEST_ID_HEADERS.iter().find_map(|name| response.headers().get(*name))?;
        Some(self.quotes.quote(&String::from_utf8_lossy(id.as_bytes()).chars().take(100).collect::<String>()))
    }

    /// Text from the server for use in a message.
    pub(super) fn quote(&self, text: &str) -> String {
        self.quotes.quote(text)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("address", &self.address)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
