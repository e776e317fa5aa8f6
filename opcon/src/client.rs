//! The client of the OpCon REST API: checks the way there, and saves and reads properties.

pub(crate) mod connection;
mod failure;
mod limits;
mod saving;

use std::fmt;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::address::Address;
use crate::error::{Error, ErrorKind};
use crate::excerpt::excerpt;
use crate::property::{PropertyName, PropertyValue};
use crate::tls::Trust;
use connection::{Connection, Secret};
pub use limits::Limits;
pub use saving::Saved;

/// The oldest OpCon API that can be worked with; its makers' own Java client demands the same.
const OLDEST_VERSION: Version = Version { major: 18, minor: 3, patch: 0 };

/// How to reach the OpCon API; [`Config::opcon_api`](crate::Config::opcon_api) makes it.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    pub(crate) address: Address,
    pub(crate) token: SecretString,
    pub(crate) trust: Trust,
}

impl ApiSettings {
    /// Settings for the API at `address`, `host:port`.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when the address is none.
    pub fn new(address: &str, token: SecretString, trust: Trust) -> Result<Self, Error> {
        let checked = Address::parse(address, trust != Trust::PlainHttp).map_err(|wrong| {
            Error::new(ErrorKind::Invalid, format!("reading the address `{}`", excerpt(address)), wrong)
        })?;
        Ok(ApiSettings { address: checked, token, trust })
    }

    /// Whom it trusts.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Where the API listens, `host:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Whether the API must show that it is who it claims to be; not so with `VERIFY_TLS=False`.
    pub fn verifies_the_server(&self) -> bool {
        self.trust != Trust::Unverified
    }
}

/// The version of an OpCon API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
    /// The third number.
    pub patch: u32,
}

impl Version {
    /// Reads `18.3.0`; missing numbers are 0 and further ones of no interest.
    fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim().split('.').map(|number| number.parse().ok());
        let major = numbers.next()??;
        let mut next = || numbers.next().unwrap_or(Some(0));
        Some(Version { major, minor: next()?, patch: next()? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// A client of one OpCon API.
///
/// Requests that could not be delivered, were cut off, or met a server which is busy (HTTP 429, 502, 503, 504) are made
/// again. All of them may be made twice: where OpCon would refuse the second one, what counts is what is there afterwards.
#[derive(Clone)]
pub struct Client {
    connection: Connection,
    authorization: HeaderValue,
}

impl Client {
    /// A client with the usual [`Limits`]. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when the certificates to be trusted cannot be read.
    pub fn new(settings: &ApiSettings) -> Result<Self, Error> {
        Self::with_limits(settings, Limits::default())
    }

    /// A client with other limits.
    ///
    /// # Errors
    /// Those of [`Client::new`].
    pub fn with_limits(settings: &ApiSettings, limits: Limits) -> Result<Self, Error> {
        let token = Secret { what: "the token", text: settings.token.clone() };
        let connection = Connection::new(settings.address.clone(), &settings.trust, limits, token)?;
        let mut authorization =
            HeaderValue::from_str(&format!("Token {}", settings.token.expose_secret())).map_err(|_| {
                Error::new(ErrorKind::Invalid, "preparing the OpCon client", "the token contains invalid characters")
            })?;
        authorization.set_sensitive(true);
        Ok(Client { connection, authorization })
    }

    /// Checks that OpCon can be reached, is not too old, and accepts the token.
    ///
    /// # Errors
    /// Every kind but [`ErrorKind::Invalid`] and [`ErrorKind::Failed`].
    pub async fn check(&self) -> Result<Version, Error> {
        let limit = self.connection.limits().check;
        tokio::time::timeout(limit, self.check_with_retries()).await.unwrap_or_else(|_| {
            let wrong = format!("no valid response from the OpCon server within {limit:?}, including all attempts");
            Err(self.connection.with_address(Error::new(
                ErrorKind::Unreachable,
                "checking the connection to OpCon",
                wrong,
            )))
        })
    }

    async fn check_with_retries(&self) -> Result<Version, Error> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "opConRestApiProductVersion")]
            version: String,
        }
        let doing = "reading the OpCon version";
        let answer: Answer = self.connection.send(doing, || self.connection.request(Method::GET, "version")).await?;
        let version = Version::parse(&answer.version).ok_or_else(|| {
            Error::new(ErrorKind::Unexpected, doing, format!("`{}` is not a version", excerpt(&answer.version)))
        })?;
        if version < OLDEST_VERSION {
            let wrong = format!("the OpCon API has version {version}, but {OLDEST_VERSION} or later is required");
            return Err(Error::new(ErrorKind::Unexpected, doing, wrong));
        }
        let request = || self.authorized(self.connection.request(Method::GET, "tokens"));
        let _token: serde_json::Value = self.connection.send("checking the OpCon token", request).await?;
        Ok(version)
    }

    /// Has OpCon evaluate the assignment of the value. Whether it is stored then is for [`Client::save_property`] to see.
    ///
    /// # Errors
    /// [`ErrorKind::Failed`] when OpCon could not evaluate the assignment, with its message; any other but
    /// [`ErrorKind::Invalid`].
    pub async fn set_property(&self, name: &PropertyName, value: &PropertyValue) -> Result<(), Error> {
        let expression = format!("{}={}", name.to_token(), value.to_literal());
        self.evaluate(&format!("saving the OpCon property {name}"), &expression).await?;
        Ok(())
    }

    /// The property's value.
    ///
    /// # Errors
    /// [`ErrorKind::Failed`] when OpCon has no such property; any other but [`ErrorKind::Invalid`].
    pub async fn property_value(&self, name: &PropertyName) -> Result<String, Error> {
        let doing = format!("reading the OpCon property {name}");
        match self.evaluate(&doing, &name.to_token()).await? {
            Some(value) => Ok(value),
            None => Err(Error::new(ErrorKind::Unexpected, doing, "the response has no result")),
        }
    }

    /// The property's value; `None` when OpCon says that it has no such property.
    ///
    /// # Errors
    /// Any but [`ErrorKind::Invalid`] and [`ErrorKind::Failed`].
    pub async fn find_property_value(&self, name: &PropertyName) -> Result<Option<String>, Error> {
        match self.property_value(name).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind() == ErrorKind::Failed => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Has OpCon evaluate an expression, and gives its result.
    async fn evaluate(&self, doing: &str, expression: &str) -> Result<Option<String>, Error> {
        #[derive(Deserialize)]
        struct Evaluation {
            status: Option<String>,
            message: Option<String>,
            result: Option<String>,
        }
        let body = serde_json::json!({ "expression": expression });
        let request = || self.authorized(self.connection.request(Method::POST, "propertyExpression")).json(&body);
        let Evaluation { status, message, result } = self.connection.send(doing, request).await?;
        let status = status.unwrap_or_default();
        match status.to_ascii_lowercase().as_str() {
            "success" => Ok(result),
            "failed" => {
                let message = self.connection.quotable(&message.unwrap_or_else(|| "OpCon gave no reason".into()));
                Err(Error::new(ErrorKind::Failed, doing, format!("OpCon reported a failure: {message}")))
            }
            "" => Err(Error::new(ErrorKind::Unexpected, doing, "the response has no status")),
            _ => Err(Error::new(
                ErrorKind::Unexpected,
                doing,
                format!("the response has the unknown status `{}`", self.connection.quotable(&status)),
            )),
        }
    }

    fn authorized(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(AUTHORIZATION, self.authorization.clone())
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("connection", &self.connection).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_number_by_number() {
        let version = |text| Version::parse(text).unwrap();
        assert!(version("18.2.99") < OLDEST_VERSION);
        assert!(version("9.30") < OLDEST_VERSION);
        assert!(version("18.3") >= OLDEST_VERSION);
        assert_eq!(version("25.0.3.1234").to_string(), "25.0.3");
        for wrong in ["", "x", "18.x", "-1.0"] {
            assert_eq!(Version::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_job_can_run_on_any_thread() {
        fn is_send<T: Send>(_: impl Fn(&'static Client, &'static PropertyName, &'static PropertyValue) -> T) {}
        is_send(|client, _, _| client.check());
        is_send(|client, name, value| client.set_property(name, value));
        is_send(|client, name, value| client.save_property(name, value));
        is_send(|client, name, _| client.find_property_value(name));
    }
}
