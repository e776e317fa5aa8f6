//! The error type of the SDK: the action that failed, the message, and the kind of failure.

mod kind;

use std::error::Error as StdError;
use std::fmt;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_ec2::operation::RequestId;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::ConnectorError;

use crate::no_answer::{DryRunViolation, NoAnswer, TOO_LARGE, Unanswered, nothing_was_done};
use crate::quoted::{shortened, without_secrets};
use crate::{Call, codes, hints};

pub use kind::ErrorKind;

/// A result whose error is an [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure, described for the operator.
///
/// Displayed as `<action>: <message> (<code>, request <request id>)`. The hint is printed on a separate line.
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
    /// Whether AWS may have acted on the request.
    unclear: bool,
}

impl Error {
    /// Creates an error; `message` has no period.
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

    /// Creates the error for an answer without a mandatory value, e.g. `an image without its id`.
    pub fn incomplete(what: &str) -> Self {
        Error::new(ErrorKind::Unavailable, format!("the response was incomplete: it has {what}"))
    }

    /// Sets the action, e.g. `stopping i-0abc`. The first call wins: it is nearest to the cause.
    #[must_use]
    pub fn doing(mut self, action: impl Into<String>) -> Self {
        self.0.action.get_or_insert_with(|| action.into());
        self
    }

    /// Sets the hint: what the operator can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Sets the hint, unless there is one.
    #[must_use]
    pub fn or_hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint.get_or_insert_with(|| hint.into());
        self
    }

    /// Sets two hints, each on a line of its own: this one, then that of the cause, if it has one.
    #[must_use]
    pub(crate) fn hint_before(self, hint: &str, cause: &Error) -> Self {
        match cause.hint_text() {
            Some(of_cause) => self.hint(format!("{hint}\n{of_cause}")),
            None => self.hint(hint),
        }
    }

    /// Changes the kind and keeps everything else.
    #[must_use]
    pub fn into_kind(mut self, kind: ErrorKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Sets the error code of the service.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.0.code = Some(code.into());
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The error code of the service, e.g. `InvalidAMIID.NotFound`.
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// The action, e.g. `stopping i-0abc`.
    pub fn action(&self) -> Option<&str> {
        self.0.action.as_deref()
    }

    /// The request id, for AWS Support.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The message, without the action, the code and the request id.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The hint: what the operator can do.
    pub fn hint_text(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// The hints, one for each line of the text.
    pub fn hints(&self) -> impl Iterator<Item = &str> {
        self.hint_text().into_iter().flat_map(str::lines)
    }

    /// Whether it is unknown if AWS acted on the request.
    pub fn outcome_unknown(&self) -> bool {
        self.0.unclear
    }

    /// Marks the outcome of the change as unknown.
    #[must_use]
    pub(crate) fn into_unknown(mut self) -> Self {
        self.0.unclear = true;
        self.into_kind(ErrorKind::Unknown)
    }

    /// Whether EC2 confirmed that the dry run would have succeeded.
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

/// An error that `?` can convert. No type implements this: a bare `?` after `send().await` must not compile, since the
/// error would not name the action; the compiler shows this label instead.
#[diagnostic::on_unimplemented(
    label = "this error needs to know what was being done: write `.doing(|| \"stopping i-0abc\".to_owned())?` (trait `Doing`)"
)]
#[doc(hidden)]
pub trait CallError {
    fn into_error(self) -> Error;
}

impl<E: CallError> From<E> for Error {
    fn from(error: E) -> Self {
        error.into_error()
    }
}

/// Converts the result of an AWS call and names the action. Without it, a bare `?` after `send().await` does not
/// compile.
pub trait Doing<T> {
    /// Names the action, e.g. `stopping i-0abc`.
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
        SdkError::ResponseError(context) => unreadable(context.raw()),
        SdkError::TimeoutError(_) => late(Call::unknown()),
        SdkError::DispatchFailure(_) | SdkError::ConstructionFailure(_) => not_answered(error),
        _ => Error::new(ErrorKind::Service, causes(error)),
    }
}

fn from_answer<E: ProvideErrorMetadata>(error: &E, raw: &HttpResponse) -> Error {
    let meta = error.meta();
    let Some(code) = meta.code() else { return unreadable(raw) };
    let call = call_of(raw);
    let no_message = || format!("{} gave no details", call.service());
    let message = meta.message().map_or_else(no_message, str::to_owned);
    let mut answer = Error::new(codes::kind_of(code), shortened(&message));
    answer.0.code = Some(shortened(code));
    answer.0.request_id = meta.request_id().map(shortened);
    answer.0.unclear = !nothing_was_done(raw.status().as_u16(), code);
    answer.0.hint = hints::for_refusal(code, &message, call.permission().as_deref());
    answer
}

/// The call that the response belongs to.
fn call_of(raw: &HttpResponse) -> Call {
    raw.extension().cloned().unwrap_or_else(Call::unknown)
}

/// Classifies a response in which the AWS SDK found neither an output nor an error: an incomplete or malformed answer
/// of the service, or one from another server.
fn unreadable(raw: &HttpResponse) -> Error {
    let (status, body, call) = (raw.status().as_u16(), raw.body().bytes().unwrap_or_default(), call_of(raw));
    let is_its_answer = |action: &str| String::from_utf8_lossy(body).contains(&format!("<{action}Response"));
    let reason = match call.action() {
        Some(action) if is_its_answer(action) => NoAnswer::Incomplete { status, size: body.len() },
        _ => NoAnswer::Foreign { status, excerpt: excerpt(body) },
    };
    from_no_answer(&reason.to(call))
}

/// The beginning of a text, in one line.
pub fn excerpt(text: &[u8]) -> String {
    const SHOWN: usize = 120;
    let text = String::from_utf8_lossy(text);
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(SHOWN).collect()
}

fn from_no_answer(unanswered: &Unanswered) -> Error {
    let service = unanswered.call.service();
    let mut error = Error::new(ErrorKind::Unavailable, unanswered.to_string());
    error.0.unclear = !matches!(unanswered.reason, NoAnswer::NotSent(_));
    match unanswered.reason {
        NoAnswer::NotSent(_) => {
            error.hint("check the region, the network and the proxy (HTTPS_PROXY, NO_PROXY) of this machine")
        }
        NoAnswer::Lost(_) | NoAnswer::Incomplete { .. } => error.hint(format!(
            "check the network and the proxy (HTTPS_PROXY, NO_PROXY) between this machine and {service}"
        )),
        NoAnswer::Foreign { .. } | NoAnswer::TooLarge(_) => {
            error.hint(format!("check for a proxy or another server between this machine and {service}"))
        }
    }
}

fn late(call: Call) -> Error {
    let why = format!("{} did not respond in time", call.service());
    from_no_answer(&NoAnswer::Lost(why).to(call))
}

/// Converts the error of a request without an answer: no credentials, no network, no such host, or an unreadable
/// answer.
fn not_answered(error: &(dyn StdError + 'static)) -> Error {
    if chain(error).any(|cause| cause.is::<CredentialsError>()) {
        return without_credentials(error);
    }
    if let Some(violation) = find::<DryRunViolation>(error) {
        return Error::new(ErrorKind::Bug, violation.to_string()).hint("report this defect with the job output");
    }
    let connector = find::<ConnectorError>(error);
    let is_late = connector.is_some_and(ConnectorError::is_timeout);
    match (find::<Unanswered>(error), connector) {
        (Some(unanswered), _) if is_late && matches!(unanswered.reason, NoAnswer::Lost(_)) => {
            late(unanswered.call.clone())
        }
        (Some(unanswered), _) => from_no_answer(unanswered),
        // A local problem, e.g. an invalid address or certificate. Nothing was sent.
        (None, Some(connector)) if connector.is_user() => Error::new(ErrorKind::InvalidInput, causes(error)),
        (None, Some(connector)) if connector.is_io() || is_late => {
            from_no_answer(&NoAnswer::Lost(format!("no response from AWS: {}", causes(error))).to(Call::unknown()))
        }
        // The message of the AWS SDK may contain the whole request.
        _ => Error::new(ErrorKind::InvalidInput, "the request could not be built")
            .hint("check the endpoint URL of the job, and AWS_ENDPOINT_URL in the environment"),
    }
}

/// Converts the error of the credential chain. Without an answer of the service that issues the credentials, nothing says
/// that they are refused.
fn without_credentials(error: &(dyn StdError + 'static)) -> Error {
    let message = format!("no usable AWS credentials: {}", causes(error));
    let is_local = |cause: &(dyn StdError + 'static)| cause.downcast_ref().is_some_and(ConnectorError::is_user);
    match find::<Unanswered>(error) {
        Some(unanswered) => {
            let hint = from_no_answer(unanswered).hint_text().unwrap_or_default().to_owned();
            Error::new(ErrorKind::Unavailable, message).hint(hint)
        }
        None if chain(error).any(is_local) => Error::new(ErrorKind::InvalidInput, message),
        // The chain keeps only the text of the error of the instance metadata service.
        _ if message.contains(TOO_LARGE) => {
            Error::new(ErrorKind::Unavailable, message).hint("check the services that this machine has for credentials")
        }
        _ => Error::new(ErrorKind::PermissionDenied, message)
            .hint("use a user id from the configuration, or set up the default credential chain"),
    }
}

fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// All causes below the wrappers of the AWS SDK ("dispatch failure", "io error": of no use to an operator), each once
/// and in one line.
fn causes(error: &(dyn StdError + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for cause in chain(error).skip(1).filter(|cause| !cause.is::<ConnectorError>()) {
        let text = without_secrets(&cause.to_string().split_whitespace().collect::<Vec<_>>().join(" "));
        if !texts.iter().any(|seen| seen.contains(&text)) {
            texts.push(text);
        }
    }
    shortened(&if texts.is_empty() { without_secrets(&error.to_string()) } else { texts.join(": ") })
}

#[cfg(test)]
mod tests;
