//! Describes why an attempt of a request failed, and whether a repetition may succeed.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use reqwest::StatusCode;
use rustls::pki_types::InvalidDnsNameError;
use serde::Deserialize;

use super::distrust::distrust;
use super::resolver::NotResolved;
use super::secret::Quotes;
use crate::error::{Error, ErrorKind};
use crate::excerpt::excerpt;
use crate::tls::TimeLimits;

/// A failed attempt, displayed as what is wrong.
pub(super) struct Failure {
    kind: ErrorKind,
    wrong: String,
    hint: Option<String>,
    /// What a repetition may help against; `None` if it does not help.
    pub(super) passing: Option<Passing>,
}

/// Failures that may end by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Passing {
    /// The server is overloaded, or one of its transactions was the victim of a deadlock.
    Busy,
    /// The connection is refused or broken, or the server does not respond.
    Broken,
}

/// The hint for a connection that another protocol than expected could explain.
const PORT_HINT: &str = "check that the port in `ADDRESS` matches `USING_TLS`";
/// The hint for a server that ends the handshake, e.g. because its certificate has an EC key of the curve P-521.
const ALERT_HINT: &str = "configure the OpCon API with TLS 1.2 or later, and a certificate that has an RSA key of 2048 \
    bits or more, or an EC key of the curve P-256 or P-384";
/// The hint for a response that is not one of OpCon.
const ADDRESS_HINT: &str = "check that `ADDRESS` is the address of the OpCon API";

impl Failure {
    /// A failure of the server or the connection.
    pub(super) fn new(wrong: impl Into<String>, passing: Option<Passing>) -> Self {
        Failure { kind: ErrorKind::Unreachable, wrong: wrong.into(), hint: None, passing }
    }

    /// There is no response, or only a part of it.
    pub(super) fn of_transport(error: &reqwest::Error, limits: TimeLimits) -> Self {
        let root = root_cause(error);
        if let Some(error) = root.downcast_ref::<rustls::Error>() {
            return Failure::of_tls(error);
        }
        if root.is::<NotResolved>() {
            return Failure::new(excerpt(&root.to_string()), None).with_hint("check the host in `ADDRESS`");
        }
        if root.is::<InvalidDnsNameError>() {
            let wrong = "no connection to the OpCon server: the host in `ADDRESS` is not a valid name";
            return Failure::new(wrong, None).with_hint("check the host in `ADDRESS`");
        }
        let reason = excerpt(&root.to_string());
        let wrong = match (error.is_connect(), error.is_timeout()) {
            (true, true) => format!("no connection to the OpCon server within {:?}", limits.connect),
            (true, false) => format!("no connection to the OpCon server: {reason}"),
            (false, true) => format!("no response from the OpCon server within {:?}", limits.request),
            (false, false) => format!("the OpCon server closed the connection: {reason}"),
        };
        let failure = Failure::new(wrong, Some(Passing::Broken));
        if error.is_connect() || error.is_timeout() { failure } else { failure.with_hint(PORT_HINT) }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        match distrust(error) {
            Some((kind, wrong, hint)) => Failure {
                kind,
                wrong: format!("the certificate of the OpCon server is not trusted: {wrong}"),
                hint: Some(hint),
                passing: None,
            },
            None => {
                let wrong = format!("no TLS connection to the OpCon server: {error}");
                // Only a server with TLS sends an alert.
                let hint = if matches!(error, rustls::Error::AlertReceived(_)) { ALERT_HINT } else { PORT_HINT };
                Failure::new(excerpt(&wrong), None).with_hint(hint)
            }
        }
    }

    /// A response that is larger than OpCon's are.
    pub(super) fn too_large() -> Self {
        Failure::new("the response is too large: more than 1 MiB", None).with_hint(ADDRESS_HINT)
    }

    /// A response that reports a failure.
    pub(super) fn of_answer(status: StatusCode, body: &str, quotes: &Quotes) -> Self {
        let wrong = format!("OpCon returned HTTP {}: {}", status.as_u16(), summary(body, quotes));
        let (kind, hint) = match status.as_u16() {
            401 | 403 => (
                ErrorKind::Refused,
                Some("check `TOKEN` in `[OPCON API INFORMATION]`, and the privileges of its user in OpCon"),
            ),
            408 | 429 | 500..=599 => (ErrorKind::Unreachable, None),
            300..=399 | 404 => (ErrorKind::Unexpected, Some(ADDRESS_HINT)),
            _ => (ErrorKind::Unexpected, None),
        };
        let passing = matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504).then_some(Passing::Busy);
        Failure { kind, wrong, hint: hint.map(str::to_owned), passing }
    }

    fn with_hint(self, hint: &str) -> Self {
        Failure { hint: Some(hint.to_owned()), ..self }
    }

    /// The same failure, with how long the request was repeated.
    pub(super) fn tried_for(self, time: Duration) -> Self {
        Failure { wrong: format!("{} (tried for {time:?})", self.wrong), ..self }
    }

    /// The error for the operator.
    pub(super) fn into_error(self, doing: &str) -> Error {
        let error = Error::new(self.kind, doing, self.wrong);
        match self.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.wrong)
    }
}

/// The message of a response body, on one line: the messages of OpCon's error list, or the beginning of the text.
pub(super) fn summary(body: &str, quotes: &Quotes) -> String {
    #[derive(Deserialize)]
    struct ApiError {
        message: String,
    }
    if let Ok(errors) = serde_json::from_str::<Vec<ApiError>>(body)
        && !errors.is_empty()
    {
        let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        return quotes.quote(&messages.join("; "));
    }
    match body.trim_start() {
        "" => "(an empty response)".into(),
        page if page.starts_with('<') => "(a web page)".into(),
        text => quotes.quote(text),
    }
}

/// The root cause of an error.
fn root_cause(error: &reqwest::Error) -> &(dyn StdError + 'static) {
    let mut cause: &(dyn StdError + 'static) = error;
    loop {
        // `source` of an I/O error skips the wrapped error and returns the source of that error.
        let held = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let inner = held.map(|held| held as &(dyn StdError + 'static)).or_else(|| cause.source());
        match inner {
            Some(inner) => cause = inner,
            None => return cause,
        }
    }
}

#[cfg(test)]
mod tests {
    use rustls::AlertDescription;

    use super::*;

    #[test]
    fn a_server_that_ends_the_handshake_is_not_taken_for_one_without_tls() {
        let hint = |error| Failure::of_tls(&error).hint.unwrap();
        assert_eq!(hint(rustls::Error::AlertReceived(AlertDescription::HandshakeFailure)), ALERT_HINT);
        assert_eq!(hint(rustls::Error::HandshakeNotComplete), PORT_HINT);
    }
}
