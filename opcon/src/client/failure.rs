//! Describes why an attempt of a request failed, and whether a retry may succeed.

use std::error::Error as StdError;

use reqwest::StatusCode;
use rustls::CertificateError;
use serde::Deserialize;

use crate::error::{Error, ErrorKind};
use crate::excerpt::excerpt;
use crate::tls::TimeLimits;

/// A failed attempt.
pub(super) struct Failure {
    kind: ErrorKind,
    wrong: String,
    hint: Option<&'static str>,
    /// Whether a retry may succeed.
    pub(super) passing: bool,
}

impl Failure {
    /// There is no response, or only a part of it.
    pub(super) fn of_transport(error: &reqwest::Error, limits: TimeLimits) -> Self {
        let unreachable = |wrong: String, hint, passing| Failure { kind: ErrorKind::Unreachable, wrong, hint, passing };
        let root = root_cause(error);
        match root.downcast_ref::<rustls::Error>() {
            Some(rustls::Error::InvalidCertificate(reason)) => {
                let (kind, reason, hint) = certificate_error(reason);
                let wrong = format!("the certificate of the OpCon server is not trusted: {reason}");
                return Failure { kind, wrong, hint: Some(hint), passing: false };
            }
            Some(error) => {
                let wrong = format!("no TLS connection to the OpCon server: {error}");
                return unreachable(
                    excerpt(&wrong),
                    Some("check that the port in `ADDRESS` matches `USING_TLS`"),
                    false,
                );
            }
            None => {}
        }
        let reason = excerpt(&root.to_string());
        match (error.is_connect(), error.is_timeout()) {
            (true, true) => {
                unreachable(format!("no connection to the OpCon server within {:?}", limits.connect), None, true)
            }
            (true, false) => unreachable(format!("no connection to the OpCon server: {reason}"), None, true),
            (false, true) => {
                unreachable(format!("no response from the OpCon server within {:?}", limits.request), None, false)
            }
            (false, false) => {
                let hint = Some("check that the port in `ADDRESS` matches `USING_TLS`");
                unreachable(format!("the OpCon server closed the connection: {reason}"), hint, true)
            }
        }
    }

    /// A response that reports a failure.
    pub(super) fn of_answer(status: StatusCode, body: &str) -> Self {
        let wrong = format!("OpCon returned HTTP {}: {}", status.as_u16(), summary(body));
        let passing = matches!(status.as_u16(), 429 | 502 | 503 | 504);
        let (kind, hint) = match status.as_u16() {
            401 | 403 => (
                ErrorKind::Refused,
                Some("check `TOKEN` in `[OPCON API INFORMATION]`, and the privileges of its user in OpCon"),
            ),
            429 | 500..=599 => (ErrorKind::Unreachable, None),
            300..=399 | 404 => (ErrorKind::Unexpected, Some("check that `ADDRESS` is the address of the OpCon API")),
            _ => (ErrorKind::Unexpected, None),
        };
        Failure { kind, wrong, hint, passing }
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

/// The message of a response body, on one line: the messages of OpCon's error list, or the beginning of the text.
pub(super) fn summary(body: &str) -> String {
    #[derive(Deserialize)]
    struct ApiError {
        message: String,
    }
    if let Ok(errors) = serde_json::from_str::<Vec<ApiError>>(body)
        && !errors.is_empty()
    {
        let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        return excerpt(&messages.join("; "));
    }
    match body.trim_start() {
        "" => "(an empty response)".into(),
        page if page.starts_with('<') => "(a web page)".into(),
        text => excerpt(text),
    }
}

/// The problem with a certificate, and a hint.
fn certificate_error(reason: &CertificateError) -> (ErrorKind, String, &'static str) {
    match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            ErrorKind::Unreachable,
            "the certificate has expired".into(),
            "configure the OpCon API with a new certificate, or set `VERIFY_TLS=False`",
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            ErrorKind::Unreachable,
            "the certificate is not valid for the host in `ADDRESS`".into(),
            "set `ADDRESS` to a name in the certificate, or set `VERIFY_TLS=False`",
        ),
        // An invalid signature means that a trusted issuer has a new key, e.g. after a self-signed certificate was
        // renewed.
        CertificateError::UnknownIssuer | CertificateError::BadSignature | CertificateError::Other(_) => (
            ErrorKind::Untrusted,
            "neither the certificate nor its issuer is trusted".into(),
            "set `CA_FILE` to the file of the certificate, or set `VERIFY_TLS=False`",
        ),
        other => (
            ErrorKind::Unreachable,
            excerpt(&other.to_string()),
            "configure the OpCon API with another certificate, or set `VERIFY_TLS=False`",
        ),
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
