//! The HTTP and HTTPS listeners of a stand-in, which check for faults before they call the API.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::api::{self, Call, Reply};
use crate::behavior::Behavior;
use crate::certificate::SelfSigned;
use crate::expression::Name;
use crate::fault::{Answer, Close, Fault};
use crate::options::Options;
use crate::state::State;

/// A running stand-in. It stops when it is dropped.
pub struct StandIn {
    http: SocketAddr,
    https: SocketAddr,
    ca_pem: String,
    shared: Arc<Shared>,
    _listeners: JoinSet<Infallible>,
}

/// State shared by all connections.
struct Shared {
    token: String,
    state: Mutex<State>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StandIn {
    /// Starts a stand-in on the current tokio runtime.
    pub async fn start(options: Options) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let SelfSigned { pem, acceptor } = SelfSigned::new(options.certificate)?;
        let http = TcpListener::bind((Ipv4Addr::LOCALHOST, options.http_port)).await?;
        let https = TcpListener::bind((Ipv4Addr::LOCALHOST, options.https_port)).await?;
        let (http_address, https_address) = (http.local_addr()?, https.local_addr()?);
        let mut state = State::default();
        state.set_behavior(options.behavior);
        let shared = Arc::new(Shared { token: options.token, state: Mutex::new(state) });
        let mut listeners = JoinSet::new();
        listeners.spawn(listen(http, None, shared.clone()));
        listeners.spawn(listen(https, Some(acceptor), shared.clone()));
        Ok(StandIn { http: http_address, https: https_address, ca_pem: pem, shared, _listeners: listeners })
    }

    /// The address for plain HTTP.
    pub fn http(&self) -> SocketAddr {
        self.http
    }

    /// The address for HTTPS.
    pub fn https(&self) -> SocketAddr {
        self.https
    }

    /// Its self-signed certificate, as PEM.
    pub fn ca_pem(&self) -> &str {
        &self.ca_pem
    }

    /// The value of the property with this canonical name.
    pub fn property(&self, canonical_name: &str) -> Option<String> {
        self.shared.state().values().get(canonical_name).map(|value| (*value).to_owned())
    }

    /// The requests so far, in the format of `GET /stand-in/requests`.
    pub fn requests(&self) -> serde_json::Value {
        self.shared.state().requests()
    }

    /// Adds an encrypted global property.
    ///
    /// # Errors
    /// If the name is invalid.
    pub fn add_encrypted(&self, name: &str, value: &str) -> Result<(), String> {
        let name = Name::global(name)?;
        let mut state = self.shared.state();
        state.set(name.clone(), value.to_owned());
        state.encrypt(&name);
        Ok(())
    }

    /// Changes the behavior.
    pub fn set_behavior(&self, behavior: Behavior) {
        self.shared.state().set_behavior(behavior);
    }

    /// Makes later requests fail.
    pub fn add_fault(&self, fault: Fault) {
        self.shared.state().add_fault(fault);
    }
}

/// Accepts connections until the listener is dropped.
async fn listen(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) -> Infallible {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(connection(stream, tls.clone(), shared.clone()));
            }
            // Probably out of file handles: retry when connections have closed.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// Serves one connection. Its errors, e.g. a failed TLS handshake, do not affect others.
async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    match tls {
        None => requests(stream, shared).await,
        Some(acceptor) => {
            if let Ok(stream) = acceptor.accept(stream).await {
                requests(stream, shared).await;
            }
        }
    }
}

async fn requests(stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>) {
    let service = service_fn(|request| answer(request, &shared));
    // The client disconnected, or a fault cut the connection.
    let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// Answers one request. On an error hyper cuts the connection.
async fn answer(
    request: Request<Incoming>,
    shared: &Shared,
) -> Result<Response<Full<Bytes>>, Box<dyn std::error::Error + Send + Sync>> {
    let (head, body) = request.into_parts();
    let body = body.collect().await?.to_bytes();
    let (method, path) = (head.method.as_str(), head.uri.path());
    let fault = shared.state().next_fault(path);
    if let Some(Answer::Delay { delay_ms }) = fault {
        tokio::time::sleep(Duration::from_millis(delay_ms)).await;
    }
    let true_reply = || api::reply(&Call { head: &head, body: &body, token: &shared.token }, &mut shared.state());
    let reply = match fault {
        Some(Answer::Close(when)) => {
            if when == Close::Afterwards {
                true_reply();
            }
            shared.state().record(method, path, None);
            return Err("the connection is to be closed".into());
        }
        Some(Answer::Respond { status, body, content_type }) => Reply { status, body, content_type },
        Some(Answer::Delay { .. }) | None => true_reply(),
    };
    if !path.starts_with("/stand-in/") {
        shared.state().record(method, path, Some(reply.status));
    }
    let mut response = Response::new(Full::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status)?;
    response.headers_mut().insert(CONTENT_TYPE, reply.content_type.parse()?);
    Ok(response)
}
