//! A stand-in with its `Connector.config`, and clients of it.

use std::fmt::Debug;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::time::Duration;

use opcon::tls::TimeLimits;
use opcon::{ApiSettings, Client, Config, Error, ErrorKind, Limits, PropertyName, PropertyValue};
use opcon_stand_in::{Answer, Certificate, DEFAULT_TOKEN, Fault, Options, StandIn};
use tempfile::TempDir;

pub const EXPRESSION: &str = "/api/propertyExpression";

/// A stand-in, and a folder with its `Connector.config` and its certificate in `ca.pem`.
pub struct Site {
    pub opcon: StandIn,
    pub folder: TempDir,
}

impl Site {
    pub async fn start() -> Self {
        Self::with_certificate(Certificate::default()).await
    }

    pub async fn with_certificate(certificate: Certificate) -> Self {
        let opcon = StandIn::start(Options { certificate, ..Options::default() }).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), opcon.ca_pem()).unwrap();
        Site { opcon, folder }
    }

    /// A client over plain HTTP with the valid token.
    pub fn plain_client(&self) -> Client {
        self.client(self.opcon.http(), "USING_TLS=False").unwrap()
    }

    /// The same client without repetitions.
    pub fn impatient_client(&self, address: impl ToString, lines: &str) -> Client {
        let lines = format!("ADDRESS={}\nTOKEN={DEFAULT_TOKEN}\n{lines}", address.to_string());
        Client::with_limits(&settings(self.folder.path(), &lines), no_repetitions()).unwrap()
    }

    pub fn client(&self, address: impl ToString, lines: &str) -> Result<Client, Error> {
        self.client_with_token(address, DEFAULT_TOKEN, lines)
    }

    pub fn client_with_token(&self, address: impl ToString, token: &str, lines: &str) -> Result<Client, Error> {
        let settings =
            settings(self.folder.path(), &format!("ADDRESS={}\nTOKEN={token}\n{lines}", address.to_string()));
        Client::with_limits(&settings, short_limits())
    }

    /// Makes the next `times` requests for an expression fail.
    pub fn fail(&self, times: u32, answer: Answer) {
        self.fail_at(EXPRESSION, 0, times, answer);
    }

    /// Makes `times` requests with this path fail, after `skip` successful ones.
    pub fn fail_at(&self, path: &str, skip: u32, times: u32, answer: Answer) {
        self.opcon.add_fault(Fault { path: path.into(), skip, times, answer });
    }

    /// The number of requests for an expression.
    pub fn attempts(&self) -> usize {
        self.requests().iter().filter(|request| request.ends_with(EXPRESSION)).count()
    }

    /// The requests so far, as `METHOD path`.
    pub fn requests(&self) -> Vec<String> {
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let requests = self.opcon.requests();
        requests.as_array().unwrap().iter().map(|r| format!("{} {}", text(&r["method"]), text(&r["path"]))).collect()
    }
}

pub fn settings(folder: &Path, lines: &str) -> ApiSettings {
    let file = folder.join("Connector.config");
    std::fs::write(&file, format!("[OPCON API INFORMATION]\n{lines}\n")).unwrap();
    Config::read(&file).unwrap().opcon_api().unwrap().unwrap()
}

/// Limits without long delays, for tests in which failures end.
pub fn short_limits() -> Limits {
    let long = Duration::from_secs(600);
    Limits {
        times: TimeLimits { connect: Duration::from_secs(60), request: Duration::from_secs(60) },
        saving: long,
        busy: long,
        broken: long,
        pause: Duration::from_millis(1),
    }
}

/// Limits without repetitions, for tests in which failures do not end.
pub fn no_repetitions() -> Limits {
    Limits { saving: Duration::ZERO, busy: Duration::ZERO, broken: Duration::ZERO, ..short_limits() }
}

pub fn name(text: &str) -> PropertyName {
    text.parse().unwrap()
}

pub fn value(text: &str) -> PropertyValue {
    PropertyValue::new(text).unwrap()
}

/// Asserts kind and text of an error, and that it does not contain the token.
#[track_caller]
pub fn assert_error<T: Debug>(result: Result<T, Error>, kind: ErrorKind, text: &str) -> Error {
    let error = result.unwrap_err();
    let message = error.to_string();
    assert_eq!(error.kind(), kind, "{message}");
    assert!(message.contains(text), "{message}");
    assert!(!message.contains('\n'), "{message}");
    assert!(!format!("{message} {error:?}").contains(DEFAULT_TOKEN), "{message}");
    error
}

/// An unused address on this machine.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}
