//! The error type of this crate: the failed operation, the cause, and a hint.

use std::fmt;

/// The category of an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// OpCon rejected the token or its user: other credentials are needed.
    Refused,
    /// OpCon is not reachable, not trusted (TLS), or temporarily unavailable: a retry may succeed.
    Unreachable,
    /// Neither OpCon's certificate nor its issuer is trusted: the certificate file is needed.
    Untrusted,
    /// A setting, file, property name, or property value is invalid. Nothing was sent.
    Invalid,
    /// OpCon processed the request and rejected it.
    Failed,
    /// The response is not one of the OpCon API: probably another server, or an unsupported version.
    Unexpected,
}

/// An error for the operator, displayed on one line as `<operation>: <cause>`.
#[derive(Debug, Clone)]
pub struct Error {
    kind: ErrorKind,
    doing: String,
    wrong: String,
    hint: Option<String>,
}

impl Error {
    /// An error without a hint.
    pub(crate) fn new(kind: ErrorKind, doing: impl Into<String>, wrong: impl Into<String>) -> Self {
        Error { kind, doing: doing.into(), wrong: wrong.into(), hint: None }
    }

    /// Adds a hint.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Error { hint: Some(hint.into()), ..self }
    }

    /// This error, with what another method had failed with before. `how` names the method of this error.
    pub(crate) fn after(self, first: &Error, how: &str) -> Self {
        Error { wrong: format!("{}; {how}: {}", first.wrong, self.wrong), ..self }
    }

    /// The category of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The cause, without the operation.
    pub fn cause(&self) -> &str {
        &self.wrong
    }

    /// The remedy, as a sentence without a final period.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.doing, self.wrong)
    }
}

impl std::error::Error for Error {}
