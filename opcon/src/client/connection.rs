//! Sends requests to the OpCon API with retries.
//!
//! Its errors contain no secrets.

use std::fmt;

use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;

use super::failure::{self, Failure};
use super::limits::Limits;
use crate::address::Address;
use crate::error::{Error, ErrorKind};
use crate::excerpt::excerpt;
use crate::tls::{self, Proxy, Trust};

/// A connection to an OpCon API.
#[derive(Clone)]
pub(crate) struct Connection {
    http: reqwest::Client,
    address: Address,
    limits: Limits,
    secret: Secret,
}

/// A value that is sent and must be redacted if a server or proxy returns it.
#[derive(Clone)]
pub(crate) struct Secret {
    /// The replacement text.
    pub(crate) what: &'static str,
    /// The secret.
    pub(crate) text: SecretString,
}

impl Connection {
    /// Creates a connection, without sending anything. The error is [`ErrorKind::Invalid`] if certificates cannot be
    /// read.
    pub(crate) fn new(address: Address, trust: &Trust, limits: Limits, secret: Secret) -> Result<Self, Error> {
        let http = tls::http_client(trust, Proxy::for_server(&address.api_url("")), limits.times)?;
        Ok(Connection { http, address, limits, secret })
    }

    /// The timeouts and retries.
    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
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

    /// Sends a request, with retries, and parses the JSON of the response.
    pub(crate) async fn send<T: DeserializeOwned>(
        &self,
        doing: &str,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<T, Error> {
        let body = self.send_for_text(doing, request).await?;
        serde_json::from_str(&body).map_err(|_| self.unexpected(doing, &failure::summary(&self.redact(&body))))
    }

    /// Sends a request, with retries, and returns the body of the response.
    pub(crate) async fn send_for_text(
        &self,
        doing: &str,
        request: impl Fn() -> RequestBuilder,
    ) -> Result<String, Error> {
        let mut pauses = self.limits.pauses.iter();
        loop {
            match (self.attempt(request()).await, pauses.next()) {
                (Ok(body), _) => return Ok(body),
                (Err(failure), Some(pause)) if failure.passing => tokio::time::sleep(*pause).await,
                (Err(failure), _) => return Err(self.with_address(failure.into_error(doing))),
            }
        }
    }

    /// Adds a hint that names the server, if the server is not reachable and there is no other hint.
    pub(crate) fn with_address(&self, error: Error) -> Error {
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

    /// Sends a request once, and returns the body of the response.
    async fn attempt(&self, request: RequestBuilder) -> Result<String, Failure> {
        let transport = |error| Failure::of_transport(&error, self.limits.times);
        let response = request.send().await.map_err(transport)?;
        let status = response.status();
        let body = response.text().await.map_err(transport)?;
        if status.is_success() { Ok(body) } else { Err(Failure::of_answer(status, &self.redact(&body))) }
    }

    /// Redacts text from the server for use in a message.
    pub(crate) fn redacted_excerpt(&self, text: &str) -> String {
        excerpt(&self.redact(text))
    }

    /// Redacts the secret in plain or JSON form.
    fn redact(&self, text: &str) -> String {
        let (plain, instead) = (self.secret.text.expose_secret(), format!("({})", self.secret.what));
        let quoted = serde_json::Value::from(plain).to_string();
        text.replace(&quoted[1..quoted.len() - 1], &instead).replace(plain, &instead)
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
