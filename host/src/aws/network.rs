//! What all AWS clients of a job share: connections, patience, and the warnings about unencrypted endpoints.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use connector_sdk::{Call, Reporter};
use opcon::tls::{Proxy, TimeLimits, Trust, http_client};
use reqwest::Url;

use super::patience::Patience;

/// The limit for establishing a connection.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// The limit for one attempt, including the complete response. EC2 can take long for large launches.
pub const ATTEMPT_LIMIT: Duration = Duration::from_secs(60);

/// The network of a job.
pub struct Network {
    trust: Trust,
    plain: OnceLock<reqwest::Client>,
    tls: OnceLock<reqwest::Client>,
    /// How long the job bears a service that does not work.
    pub patience: Patience,
    reporter: Arc<dyn Reporter>,
    /// The unencrypted endpoints that were reported.
    reported: Mutex<HashSet<String>>,
}

impl Network {
    /// A network in which the servers with these certificates are trusted.
    pub fn new(trust: Trust, patience: Patience, reporter: Arc<dyn Reporter>) -> Self {
        let (plain, tls) = (OnceLock::new(), OnceLock::new());
        Network { trust, plain, tls, patience, reporter, reported: Mutex::default() }
    }

    /// The HTTP client for a server. It is created for the first request that needs it, because loading the system
    /// certificates takes longer than the rest of a short job.
    ///
    /// # Errors
    /// Those of [`http_client`].
    pub fn client(&self, url: &Url) -> Result<reqwest::Client, opcon::Error> {
        let tls = url.scheme() == "https";
        let (cell, trust) = if tls { (&self.tls, &self.trust) } else { (&self.plain, &Trust::PlainHttp) };
        if let Some(client) = cell.get() {
            return Ok(client.clone());
        }
        // Plain HTTP is used only for the instance metadata service and test servers, which no proxy can reach.
        let proxy = if tls { Proxy::for_server(url) } else { Proxy::Never };
        let limits = TimeLimits { connect: CONNECT_LIMIT, request: ATTEMPT_LIMIT };
        let client = http_client(trust, proxy, limits)?;
        Ok(cell.get_or_init(|| client).clone())
    }

    /// Warns once about each service that is called without TLS. The instance metadata and container services, whose
    /// requests name no service, have no TLS.
    pub fn warn_about_plain_http(&self, call: &Call, url: &Url) {
        if url.scheme() != "http" || *call == Call::unknown() {
            return;
        }
        let server = server(url);
        let line = format!("`http://{server}`: the requests to {} and its responses are not encrypted", call.service());
        if self.reported.lock().unwrap_or_else(PoisonError::into_inner).insert(line.clone()) {
            self.reporter.warning(&line);
        }
    }
}

impl std::fmt::Debug for Network {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Network").field("trust", &self.trust).finish_non_exhaustive()
    }
}

/// The host and port of a URL, without user name and password.
pub fn server(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}
