//! The one error of this crate: what was being done, what went wrong, and what may help.

use std::fmt;

/// What a caller can do about an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// OpCon refused the token or the user behind it: other credentials are needed.
    Refused,
    /// OpCon could not be reached, not be trusted (TLS), or kept answering that it is unavailable: later may do.
    Unreachable,
    /// Neither OpCon's certificate nor its issuer is trusted: the certificate's file is needed.
    Untrusted,
    /// A setting, a file, a property's name or its value is wrong: nothing was sent.
    Invalid,
    /// OpCon understood what was asked and said no.
    Failed,
    /// The answer is not one that the OpCon API gives: probably another server, or a version that does not fit.
    Unexpected,
}

/// An error for the operator. It is shown as `<doing what>: <what went wrong>`, in one line.
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

    /// The same error with a hint.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        Error { hint: Some(hint.into()), ..self }
    }

    /// What a caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What may help, as a sentence without its full stop.
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
