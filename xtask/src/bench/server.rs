//! The benchmark EC2: a loopback server with the responses of a [`Model`].

use std::convert::Infallible;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use anyhow::{Context, Result};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request as HttpRequest, Response, StatusCode};
use hyper_util::rt::TokioIo;

use super::model::{Model, Request};

/// A processed request.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its action.
    pub action: String,
    /// Its body as sent.
    pub body: Bytes,
}

#[derive(Default)]
struct Shared {
    model: Model,
    calls: Vec<Call>,
}

/// A server that runs until this program exits.
pub struct Server {
    /// Its URL.
    pub url: String,
    shared: Arc<Mutex<Shared>>,
}

impl Server {
    /// Starts a server without instances.
    pub fn start() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("starting the server")?;
        listener.set_nonblocking(true).context("starting the server")?;
        let url = format!("http://{}", listener.local_addr().context("starting the server")?);
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().context("starting the server")?;
        let shared = Arc::new(Mutex::new(Shared::default()));
        let served = shared.clone();
        thread::spawn(move || runtime.block_on(serve(listener, served)));
        Ok(Self { url, shared })
    }

    /// Replaces the instances, and clears the recorded calls.
    pub fn reset(&self, model: Model) {
        *lock(&self.shared) = Shared { model, calls: Vec::new() };
    }

    /// The calls since the last reset.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared).calls.clone()
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, shared: Arc<Mutex<Shared>>) -> Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, _) = listener.accept().await?;
        // Otherwise a response in two parts waits for the client's delayed acknowledgement.
        stream.set_nodelay(true)?;
        let shared = shared.clone();
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, &shared));
            // The client disconnected.
            let _ended = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

async fn answer(request: HttpRequest<Incoming>, shared: &Mutex<Shared>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, xml) = match request.into_body().collect().await {
        Ok(body) => reply(&body.to_bytes(), &mut lock(shared)),
        Err(error) => (StatusCode::BAD_REQUEST, refusal(&error.to_string())),
    };
    let mut response = Response::new(Full::from(xml));
    *response.status_mut() = status;
    response.headers_mut().insert("content-type", hyper::header::HeaderValue::from_static("text/xml;charset=UTF-8"));
    Ok(response)
}

fn reply(body: &Bytes, shared: &mut Shared) -> (StatusCode, String) {
    let answer = Request::parse(body).and_then(|request| {
        shared.calls.push(Call { action: request.action.clone(), body: body.clone() });
        shared.model.answer(&request)
    });
    match answer {
        Ok(xml) => (StatusCode::OK, xml),
        Err(error) => (StatusCode::BAD_REQUEST, refusal(&format!("{error:#}"))),
    }
}

fn refusal(message: &str) -> String {
    let error = format!("<Error><Code>InvalidParameterValue</Code><Message>{message}</Message></Error>");
    format!("<Response><Errors>{error}</Errors><RequestID>bench</RequestID></Response>")
}

#[cfg(test)]
mod tests {
    use super::super::model::State;
    use super::*;

    #[test]
    fn requests_are_answered_and_recorded() {
        let server = Server::start().unwrap();
        server.reset(Model::new(1, State::Running));
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).http_status_as_error(false).build().into();
        let post = |body: &str| agent.post(&server.url).send(body).unwrap();
        let mut described = post("Action=DescribeInstances&Version=2016-11-15");
        assert!(described.body_mut().read_to_string().unwrap().contains("<name>running</name>"));
        assert_eq!(post("Action=RebootInstances").status(), 400);
        let actions: Vec<_> = server.calls().into_iter().map(|call| call.action).collect();
        assert_eq!(actions, ["DescribeInstances", "RebootInstances"]);
        server.reset(Model::default());
        assert!(server.calls().is_empty());
    }
}
