//! The one error of the contract: what was being done, what went wrong, and what kind of failure it is.

use std::error::Error as StdError;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;

use crate::attempts::{NoAnswer, nothing_was_done};
use crate::{codes, hints};

/// A result whose error is an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kind of a failure: what an operator, and the exit code, can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Wrong arguments or configuration.
    InvalidInput,
    /// Credentials or permission refused.
    PermissionDenied,
    /// No instance matched, or the image, the subnet … does not exist.
    NotFound,
    /// The wait expired; the action itself was accepted.
    WaitExpired,
    /// Some instances succeeded, some did not.
    Partial,
    /// Done in EC2, but a property could not be saved in OpCon.
    PropertyNotSaved,
    /// EC2 has no capacity, or a limit of the account is reached.
    Capacity,
    /// EC2 or OpCon could not be reached or kept throttling, after all retries. Nothing was changed.
    Unavailable,
    /// A change was asked for, and no answer says whether EC2 made it.
    Unknown,
    /// The job was interrupted.
    Interrupted,
    /// An instance is in a state that does not allow the action, or that it must not have.
    UnexpectedState,
    /// EC2 or OpCon refused for a reason that no other kind describes.
    Service,
    /// A defect in the program.
    Bug,
}

/// A failure, told for the operator.
///
/// Displayed as `<action>: <message> (<code>, request <request id>)`. The hint is kept apart, for a line of its own.
#[derive(Clone, Debug)]
pub struct Error(Box<Parts>);

#[derive(Clone, Debug)]
struct Parts {
    kind: ErrorKind,
    action: Option<String>,
    code: Option<String>,
    message: String,
    request_id: Option<String>,
    hint: Option<String>,
    /// Whether the request may have been acted on all the same.
    unclear: bool,
}

impl Error {
    /// An error of that kind; `message` says what went wrong, without a period.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Error(Box::new(Parts {
            kind,
            action: None,
            code: None,
            message: message.into(),
            request_id: None,
            hint: None,
            unclear: false,
        }))
    }

    /// An answer that lacks what EC2 always gives, as in `an image without its id`.
    pub fn incomplete(what: &str) -> Self {
        Error::new(ErrorKind::Unavailable, format!("the answer was incomplete: it has {what}"))
    }

    /// Says what was being done, as in `stopping i-0abc`. The first call counts: it is the nearest to the cause.
    #[must_use]
    pub fn doing(mut self, action: impl Into<String>) -> Self {
        self.0.action.get_or_insert_with(|| action.into());
        self
    }

    /// Says what the operator can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Sets the service's own error code.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The service's own error code, as in `InvalidAMIID.NotFound`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// What was being done, as in `stopping i-0abc`.
    pub fn action(&self) -> Option<&str> {
        self.0.action.as_deref()
    }

    /// The id of the request, by which AWS can find it.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// What went wrong, without the action, the code and the request id.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What the operator can do about it.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Whether the answer, or that there is none, leaves open whether AWS acted on the request.
    pub fn leaves_open(&self) -> bool {
        self.0.unclear
    }

    /// The same failure as one of a change of which nobody knows whether AWS made it.
    #[must_use]
    pub(crate) fn into_unknown(mut self) -> Self {
        self.0.kind = ErrorKind::Unknown;
        self.0.unclear = true;
        self
    }

    /// Whether EC2 answered a dry run with "it would have succeeded".
    pub fn is_dry_run_success(&self) -> bool {
        self.code() == Some(codes::DRY_RUN_OPERATION)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Parts { action, code, message, request_id, .. } = &*self.0;
        if let Some(action) = action {
            write!(f, "{action}: ")?;
        }
        f.write_str(message)?;
        match (code, request_id) {
            (Some(code), Some(id)) => write!(f, " ({code}, request {id})"),
            (Some(code), None) => write!(f, " ({code})"),
            (None, Some(id)) => write!(f, " (request {id})"),
            (None, None) => Ok(()),
        }
    }
}

impl StdError for Error {}

/// Turns the result of a call to EC2 into the connector's own, naming what was being done.
///
/// There is deliberately no `From<SdkError>`: a bare `?` behind `send().await` does not compile.
pub trait Doing<T> {
    /// Names the action for the error, as in `stopping i-0abc`.
    fn doing(self, action: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E> Doing<T> for std::result::Result<T, SdkError<E, HttpResponse>>
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    fn doing(self, action: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|error| from_sdk(&error).doing(action()))
    }
}

fn from_sdk<E>(error: &SdkError<E, HttpResponse>) -> Error
where
    E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(context) => from_answer(context.err(), context.raw()),
        SdkError::ResponseError(context) => unreadable(context.raw(), action_of::<E>()),
        SdkError::TimeoutError(_) => {
            from_no_answer(&NoAnswer::Lost("EC2 did not answer in time, after all retries".to_owned()))
        }
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => not_answered(error),
        _ => Error::new(ErrorKind::Service, causes(error)),
    }
}

fn from_answer<E: ProvideErrorMetadata>(error: &E, raw: &HttpResponse) -> Error {
    let meta = error.meta();
    let Some(code) = meta.code() else {
        return unreadable(raw, action_of::<E>());
    };
    let mut answer = Error::new(codes::kind_of(code), meta.message().unwrap_or("EC2 gave no further explanation"));
    answer.0.code = Some(code.to_owned());
    answer.0.request_id = meta.request_id().map(str::to_owned);
    answer.0.unclear = !nothing_was_done(raw.status().as_u16(), code);
    answer.0.hint = hints::for_refusal(code, answer.message(), action_of::<E>());
    answer
}

/// The action that was asked for, as in `StopInstances`. The SDK has an error type for each action, and no other place
/// that names it.
fn action_of<E>() -> Option<&'static str> {
    std::any::type_name::<E>().rsplit("::").next().and_then(|name| name.strip_suffix("Error"))
}

/// An answer in which the SDK found neither a success nor an error: one to that action of which it cannot read a part, as of
/// a date that is none, or one from elsewhere.
fn unreadable(raw: &HttpResponse, action: Option<&str>) -> Error {
    let (status, body) = (raw.status().as_u16(), raw.body().bytes().unwrap_or_default());
    let is_its_answer = |action: &str| String::from_utf8_lossy(body).contains(&format!("<{action}Response"));
    from_no_answer(&match action {
        Some(action) if is_its_answer(action) => NoAnswer::Incomplete { status, size: body.len() },
        _ => NoAnswer::Foreign { status, excerpt: excerpt(body) },
    })
}

/// How a text begins, in one line of printable ASCII.
pub fn excerpt(text: &[u8]) -> String {
    const SHOWN: usize = 120;
    let text = String::from_utf8_lossy(text);
    let line: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect();
    line.chars().map(|c| if c.is_ascii() && !c.is_ascii_control() { c } else { '?' }).collect()
}

fn from_no_answer(reason: &NoAnswer) -> Error {
    let mut error = Error::new(ErrorKind::Unavailable, reason.to_string());
    error.0.unclear = !matches!(reason, NoAnswer::NotSent(_));
    match reason {
        NoAnswer::NotSent(_) => {
            error.hint("check the region, the network and the proxy (HTTPS_PROXY, NO_PROXY) of this machine")
        }
        NoAnswer::Lost(_) | NoAnswer::Incomplete { .. } => {
            error.hint("check the network and the proxy (HTTPS_PROXY, NO_PROXY) between this machine and EC2")
        }
        NoAnswer::Foreign { .. } => error.hint("is there a proxy, or another server, between this machine and EC2?"),
    }
}

/// A request without an answer: no credentials, no network, no such host, or an answer that cannot be read.
fn not_answered(error: &(dyn StdError + 'static)) -> Error {
    if chain(error).any(|cause| cause.is::<CredentialsError>()) {
        return Error::new(ErrorKind::PermissionDenied, format!("no usable AWS credentials: {}", causes(error)))
            .hint("give --user-id NAME for a section of Connector.config, or set up AWS's own credential chain");
    }
    if let Some(reason) = chain(error).find_map(|cause| cause.downcast_ref::<NoAnswer>()) {
        return match reason {
            NoAnswer::NotSent(why) => from_no_answer(&NoAnswer::NotSent(format!("EC2 could not be reached: {why}"))),
            reason => from_no_answer(reason),
        };
    }
    match chain(error).find_map(|cause| cause.downcast_ref::<ConnectorError>()) {
        // Our own side: an address or certificates. Nothing was sent.
        Some(connector) if connector.is_user() => Error::new(ErrorKind::InvalidInput, causes(error)),
        Some(connector) if connector.is_io() || connector.is_timeout() => {
            from_no_answer(&NoAnswer::Lost(format!("no answer from EC2: {}", causes(error))))
        }
        // What the SDK says here may hold the whole request.
        _ => Error::new(ErrorKind::InvalidInput, "the request could not be made")
            .hint("check --endpoint-url, and AWS_ENDPOINT_URL in the environment"),
    }
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// All causes below the SDK's own wrappers ("dispatch failure", "io error": they tell an operator nothing), each said once
/// and in one line.
fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for cause in chain(error).skip(1).filter(|cause| !cause.is::<ConnectorError>()) {
        let text = cause.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        if !texts.iter().any(|seen| seen.contains(&text)) {
            texts.push(text);
        }
    }
    if texts.is_empty() { error.to_string() } else { texts.join(": ") }
}

#[cfg(test)]
mod tests;
