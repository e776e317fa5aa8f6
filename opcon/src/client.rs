//! The client of the OpCon REST API: checks the connection, and saves and reads properties.

mod certificates;
pub(crate) mod connection;
mod distrust;
mod failure;
mod limits;
pub(crate) mod patience;
mod resolver;
mod saving;
pub(crate) mod secret;
mod verification;

use std::fmt;

use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use crate::address::Address;
use crate::error::{Error, ErrorKind};
use crate::property::{PropertyName, PropertyValue};
use crate::tls::Trust;
pub use certificates::fetch_certificates;
use connection::Connection;
pub use limits::Limits;
use patience::Patience;
pub use saving::Saved;
use secret::{Quotes, Secret};
pub use verification::verify_certificate;

/// The oldest supported OpCon API, which is also the minimum of OpCon's own Java client.
const MIN_VERSION: Version = Version { major: 18, minor: 3, patch: 0 };

/// The connection settings of the OpCon API, created by [`Config::opcon_api`](crate::Config::opcon_api).
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
    /// [`ErrorKind::Invalid`] if the address is invalid.
    pub fn new(address: &str, token: SecretString, trust: Trust) -> Result<Self, Error> {
        let address = Address::given(address, trust != Trust::PlainHttp)?;
        Ok(ApiSettings { address, token, trust })
    }

    /// The certificates to trust.
    pub fn trust(&self) -> &Trust {
        &self.trust
    }

    /// The address of the API, `host:port`.
    pub fn address(&self) -> String {
        self.address.to_string()
    }
}

/// The version of an OpCon API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// The major version.
    pub major: u32,
    /// The minor version.
    pub minor: u32,
    /// The patch version.
    pub patch: u32,
}

impl Version {
    /// Parses `18.3.0`. Missing numbers are 0, and additional numbers are ignored.
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

/// A client of one OpCon API. It repeats requests as [`Limits`] describes. All requests are safe to repeat: where OpCon
/// rejects the second one, the state after it counts. Every attempt is one line in the log.
#[derive(Clone)]
pub struct Client {
    connection: Connection,
    authorization: HeaderValue,
}

impl Client {
    /// A client of a command, with its [`Limits`]. Sends nothing.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the trusted certificates cannot be read.
    pub fn new(settings: &ApiSettings) -> Result<Self, Error> {
        Self::with_limits(settings, Limits::of_commands())
    }

    /// A client of a job, with its [`Limits`], which bear an OpCon that does not respond properly. `notice` is called
    /// once, with a line for the operator, as soon as a call that precedes the action of the job is repeated.
    ///
    /// # Errors
    /// Those of [`Client::new`].
    pub fn of_job(settings: &ApiSettings, notice: impl Fn(&str) + Send + Sync + 'static) -> Result<Self, Error> {
        Ok(Self::with_limits(settings, Limits::of_jobs())?.reporting_to(notice))
    }

    /// A client with custom limits.
    ///
    /// # Errors
    /// Those of [`Client::new`].
    pub fn with_limits(settings: &ApiSettings, limits: Limits) -> Result<Self, Error> {
        let quotes = Quotes::Without(Secret { what: "the token", text: settings.token.clone() });
        let connection = Connection::new(settings.address.clone(), &settings.trust, limits, quotes)?;
        let mut authorization =
            HeaderValue::from_str(&format!("Token {}", settings.token.expose_secret())).map_err(|_| {
                Error::new(ErrorKind::Invalid, "preparing the OpCon client", "the token contains invalid characters")
            })?;
        authorization.set_sensitive(true);
        Ok(Client { connection, authorization })
    }

    /// The same client, with a notice as that of [`Client::of_job`].
    #[must_use]
    pub fn reporting_to(self, notice: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Client { connection: self.connection.reporting_to(notice), ..self }
    }

    /// Checks that OpCon is reachable, has a supported version, and accepts the token.
    ///
    /// # Errors
    /// Every kind except [`ErrorKind::Invalid`] and [`ErrorKind::Failed`].
    pub async fn check(&self) -> Result<Version, Error> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(rename = "opConRestApiProductVersion")]
            version: String,
        }
        let (doing, mut patience) = ("reading the OpCon version", self.connection.preparing());
        let request = || self.connection.request(Method::GET, "version");
        let answer: Answer = self.connection.send(doing, &mut patience, request).await?;
        let version = Version::parse(&answer.version).ok_or_else(|| {
            Error::new(
                ErrorKind::Unexpected,
                doing,
                format!("`{}` is not a version", self.connection.quote(&answer.version)),
            )
        })?;
        if version < MIN_VERSION {
            let wrong = format!("the OpCon API has version {version}, but {MIN_VERSION} or later is required");
            return Err(Error::new(ErrorKind::Unexpected, doing, wrong));
        }
        let request = || self.authorized(self.connection.request(Method::GET, "tokens"));
        let _token: serde_json::Value =
            self.connection.send("checking the OpCon token", &mut patience, request).await?;
        Ok(version)
    }

    /// Evaluates an assignment in OpCon. [`Client::save_property`] verifies that the value is stored.
    ///
    /// # Errors
    /// [`ErrorKind::Failed`] with OpCon's message if it could not evaluate the assignment; any other except
    /// [`ErrorKind::Invalid`].
    pub async fn set_property(&self, name: &PropertyName, value: &PropertyValue) -> Result<(), Error> {
        self.assign(&mut self.connection.saving(), name, value).await
    }

    async fn assign(&self, patience: &mut Patience, name: &PropertyName, value: &PropertyValue) -> Result<(), Error> {
        let expression = format!("{}={}", name.to_token(), value.to_literal());
        self.evaluate(patience, &format!("saving the OpCon property {name}"), &expression).await?;
        Ok(())
    }

    /// The value of the property.
    ///
    /// # Errors
    /// [`ErrorKind::Failed`] if OpCon does not have the property; any other except [`ErrorKind::Invalid`].
    pub async fn property_value(&self, name: &PropertyName) -> Result<String, Error> {
        let doing = format!("reading the OpCon property {name}");
        match self.evaluate(&mut self.connection.preparing(), &doing, &name.to_token()).await? {
            Some(value) => Ok(value),
            None => Err(Error::new(ErrorKind::Unexpected, doing, "the response has no result")),
        }
    }

    /// The value of the property, or `None` if OpCon reports that it does not exist.
    ///
    /// # Errors
    /// Any except [`ErrorKind::Invalid`] and [`ErrorKind::Failed`].
    pub async fn find_property_value(&self, name: &PropertyName) -> Result<Option<String>, Error> {
        match self.property_value(name).await {
            Ok(value) => Ok(Some(value)),
            Err(error) if error.kind() == ErrorKind::Failed => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Evaluates an expression in OpCon, and returns the result.
    async fn evaluate(&self, patience: &mut Patience, doing: &str, expression: &str) -> Result<Option<String>, Error> {
        #[derive(Deserialize)]
        struct Evaluation {
            status: Option<String>,
            message: Option<String>,
            result: Option<String>,
        }
        let body = serde_json::json!({ "expression": expression });
        let request = || self.authorized(self.connection.request(Method::POST, "propertyExpression")).json(&body);
        let Evaluation { status, message, result } = self.connection.send(doing, patience, request).await?;
        let status = status.unwrap_or_default();
        match status.to_ascii_lowercase().as_str() {
            "success" => Ok(result),
            "failed" => {
                let message = self.connection.quote(&message.unwrap_or_else(|| "OpCon gave no reason".into()));
                Err(Error::new(ErrorKind::Failed, doing, format!("OpCon reported a failure: {message}")))
            }
            "" => Err(Error::new(ErrorKind::Unexpected, doing, "the response has no status")),
            _ => Err(Error::new(
                ErrorKind::Unexpected,
                doing,
                format!("the response has the unknown status `{}`", self.connection.quote(&status)),
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
        assert!(version("18.2.99") < MIN_VERSION);
        assert!(version("9.30") < MIN_VERSION);
        assert!(version("18.3") >= MIN_VERSION);
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
