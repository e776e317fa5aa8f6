//! Exchanges one request for one response, and judges it: complete, too large, cut, lost, or from another server.

use std::error::Error as StdError;
use std::io;
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_types::body::SdkBody;
use connector_sdk::codes;
use connector_sdk::no_answer::{NoAnswer, nothing_was_done};
use reqwest::header::HeaderMap;

use super::answer::{self, Content};
use super::body::{self, Unread};
use super::echo::{self, Secrets};
use super::network::{Network, server};
use super::patience::Trouble;
use super::request::RequestInfo;

/// A complete response.
pub struct Answer {
    response: HttpResponse,
    /// What it says about the call, without secrets.
    pub content: Content,
    /// The time from the request to the end of the response.
    pub after: Duration,
    /// The size of its body, in bytes.
    pub size: usize,
}

impl Answer {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    /// Whether the effect of the request in AWS is known.
    pub fn is_settled(&self) -> bool {
        self.content.code.as_ref().map_or(self.status() < 500, |code| nothing_was_done(self.status(), code))
    }

    /// Whether the service throttles.
    pub fn trouble(&self) -> Option<Trouble> {
        const TOO_MANY_REQUESTS: u16 = 429;
        let code = self.content.code.as_deref();
        let throttles = code.is_some_and(codes::is_throttling) || self.status() == TOO_MANY_REQUESTS;
        throttles.then_some(Trouble::Throttling)
    }

    /// The response for the AWS SDK.
    pub fn into_response(self) -> HttpResponse {
        self.response
    }
}

/// Why there is no response.
pub enum Failure {
    /// The request was not sent, because of a local problem.
    Local(Box<dyn StdError + Send + Sync>),
    /// There is no readable response.
    NoAnswer {
        /// Why.
        reason: NoAnswer,
        /// The class of its cause.
        cause: Cause,
    },
}

/// The class of a cause, which decides about repetitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The connection was refused, or broke.
    Connection,
    /// The response, or the connection, took too long.
    Time,
    /// The same request will fail again: unknown host name, untrusted certificate, too large a response.
    Lasting,
    /// Anything else.
    Other,
}

impl Failure {
    /// There was no response within the limit of the attempt.
    pub fn late() -> Self {
        Failure::NoAnswer { reason: NoAnswer::Lost("no response in time".to_owned()), cause: Cause::Time }
    }

    /// The response is not usable.
    fn unanswered(reason: NoAnswer) -> Self {
        let cause = if matches!(reason, NoAnswer::TooLarge(_)) { Cause::Lasting } else { Cause::Other };
        Failure::NoAnswer { reason, cause }
    }

    /// Whether AWS certainly did not receive the request.
    pub fn is_unsent(&self) -> bool {
        matches!(self, Failure::Local(_) | Failure::NoAnswer { reason: NoAnswer::NotSent(_), .. })
    }

    /// The trouble of a connection that was refused; of one that broke only if the request changes nothing.
    pub fn trouble(&self, info: &RequestInfo, changes: bool) -> Option<Trouble> {
        let Failure::NoAnswer { reason, cause } = self else { return None };
        let can_repeat = match reason {
            NoAnswer::NotSent(_) => matches!(cause, Cause::Connection | Cause::Time),
            NoAnswer::Lost(_) => *cause == Cause::Connection && !changes,
            _ => false,
        };
        can_repeat.then(|| Trouble::Connection(reason.clone().to(info.call.clone()).to_string()))
    }

    /// The error for the AWS SDK, which repeats timeouts and I/O errors.
    pub fn into_error(self, info: &RequestInfo) -> ConnectorError {
        match self {
            Failure::Local(problem) => ConnectorError::user(problem),
            Failure::NoAnswer { reason, cause } => {
                let unanswered = reason.to(info.call.clone()).into();
                match cause {
                    Cause::Time => ConnectorError::timeout(unanswered),
                    Cause::Lasting => ConnectorError::other(unanswered, None),
                    Cause::Connection | Cause::Other => ConnectorError::io(unanswered),
                }
            }
        }
    }
}

/// Sends a request, and reads its response.
pub async fn exchange(network: &Network, request: &HttpRequest, info: &RequestInfo) -> Result<Answer, Failure> {
    let outgoing = outgoing(request, info)?;
    network.warn_about_plain_http(&info.call, outgoing.url());
    let client = network.client(outgoing.url()).map_err(|error| Failure::Local(Box::new(error)))?;
    let (start, server) = (Instant::now(), server(outgoing.url()));
    let response = client.execute(outgoing).await.map_err(|error| failure(&server, error))?;
    let (status, headers) = (response.status(), response.headers().clone());
    let body = body::read(response).await.map_err(|unread| match unread {
        Unread::TooLarge => Failure::unanswered(NoAnswer::TooLarge(format!("{} MiB", body::LIMIT_MIB))),
        Unread::Broken(error) => failure(&server, error),
    })?;
    let (after, size) = (start.elapsed(), body.len());
    let secrets = Secrets::of(request);
    let (content, body) = judge(&secrets, info, status.as_u16(), &headers, body)?;
    let mut response = HttpResponse::new(status.into(), SdkBody::from(body));
    response.add_extension(info.call.clone());
    for (name, value) in &headers {
        if let Ok(value) = value.to_str()
            && !secrets.are_in(value.as_bytes())
        {
            response.headers_mut().append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(Answer { content, response, after, size })
}

/// The request for the HTTP client. The texts of the errors that its conversion returns may contain the whole request.
fn outgoing(request: &HttpRequest, info: &RequestInfo) -> Result<reqwest::Request, Failure> {
    let service = info.call.service();
    let problem = |text: String| Failure::Local(text.into());
    let unfit = || problem(format!("the address of {service} is not an HTTP address"));
    let body = request.body().bytes().map(<[u8]>::to_vec);
    let (Some(body), Some(request)) = (body, request.try_clone()) else {
        return Err(problem("the body of the request is not in memory".to_owned()));
    };
    let request = request.try_into_http1x().map_err(|_| unfit())?.map(|_| reqwest::Body::from(body));
    if request.uri().authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(problem(format!(
            "the address of {service} contains a user name or password, which is not supported"
        )));
    }
    let request = reqwest::Request::try_from(request).map_err(|_| unfit())?;
    // The HTTP client would refuse any other address as if the connection had failed.
    if matches!(request.url().scheme(), "http" | "https") { Ok(request) } else { Err(unfit()) }
}

/// What the response says, and its body. Texts that contain a secret of the request are left out, unless the response is
/// a success, which is not quoted.
fn judge(
    secrets: &Secrets,
    info: &RequestInfo,
    status: u16,
    headers: &HeaderMap,
    body: Vec<u8>,
) -> Result<(Content, Vec<u8>), Failure> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let content_type = header("content-type").unwrap_or_default();
    let checked = answer::check(info.query.as_deref(), status, content_type, &body);
    let is_success = checked.is_ok() && (200..300).contains(&status);
    let has_secrets = !is_success && secrets.are_in(&body);
    let may_have_new_secret = !is_success && (echo::makes_a_secret(info.call.action()) || echo::has_new_secret(&body));
    let mut content = checked.map_err(|reason| {
        let reason = match reason {
            NoAnswer::Foreign { status, .. } if has_secrets => {
                NoAnswer::Foreign { status, excerpt: echo::LEFT_OUT.to_owned() }
            }
            NoAnswer::Foreign { status, .. } if may_have_new_secret => {
                NoAnswer::Foreign { status, excerpt: echo::NEW_SECRET.to_owned() }
            }
            reason => reason,
        };
        Failure::unanswered(reason)
    })?;
    let ids = ["x-amzn-requestid", "x-amz-request-id"];
    content.request_id = ids.iter().find_map(|name| header(name)).map(str::to_owned).or(content.request_id);
    let removed = secrets.remove_from(&mut content);
    let body = if has_secrets || (removed && !is_success) {
        echo::body_without_secrets(info.query.is_some(), &body, &content)
    } else {
        body
    };
    Ok((content, body))
}

/// The server and the innermost cause. The errors between them only name the library that reported the error.
fn failure(server: &str, error: reqwest::Error) -> Failure {
    let error = error.without_url(); // it may contain secrets
    tracing::debug!("{server}: {error:?}");
    let causes: Vec<&(dyn StdError + 'static)> =
        std::iter::successors(Some(&error as &(dyn StdError + 'static)), |error| (*error).source()).collect();
    let text = match opcon::tls::distrust(&error) {
        Some(why) => format!("its certificate is not trusted: {why}"),
        None => causes.last().map(ToString::to_string).unwrap_or_default(),
    };
    let kind = causes.iter().rev().find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind);
    let cause = match kind {
        _ if error.is_timeout() => Cause::Time,
        Some(kind) if is_of_connection(kind) => Cause::Connection,
        None if !error.is_connect() => Cause::Connection,
        // Neither a name that does not exist nor a certificate that is not trusted is an error of the system.
        Some(_) if error.is_connect() => Cause::Lasting,
        _ => Cause::Other,
    };
    let reason = if error.is_connect() {
        NoAnswer::NotSent(format!("no connection to {server}: {text}"))
    } else {
        NoAnswer::Lost(format!("no response from {server}: {text}"))
    };
    Failure::NoAnswer { reason, cause }
}

/// Whether the connection was refused, not possible, or broke.
fn is_of_connection(kind: io::ErrorKind) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        kind,
        Kind::ConnectionRefused
            | Kind::ConnectionReset
            | Kind::ConnectionAborted
            | Kind::NotConnected
            | Kind::BrokenPipe
            | Kind::UnexpectedEof
            | Kind::TimedOut
            | Kind::HostUnreachable
            | Kind::NetworkUnreachable
            | Kind::NetworkDown
            | Kind::AddrNotAvailable
    )
}
