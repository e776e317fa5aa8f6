//! Verifies the certificate of an OpCon API before a secret is sent to it.

use super::failure::Failure;
use super::limits::Limits;
use crate::address::Address;
use crate::error::{Error, ErrorKind};
use crate::excerpt::excerpt;
use crate::tls::{self, Proxy, Trust};

/// Checks that jobs with this trust accept the certificate of the server at `address` (`host:port`). Sends one request
/// for the version of the API, without token or password. What the server answers does not matter.
///
/// # Errors
/// [`ErrorKind::Invalid`] if the address is invalid, or the trusted certificates cannot be read;
/// [`ErrorKind::Untrusted`] or [`ErrorKind::Unreachable`] if there is no connection with a valid certificate.
pub async fn verify_certificate(address: &str, trust: &Trust) -> Result<(), Error> {
    let parsed = Address::parse(address, *trust != Trust::PlainHttp).map_err(|wrong| {
        Error::new(ErrorKind::Invalid, format!("reading the address `{}`", excerpt(address)), wrong)
    })?;
    let (url, times) = (parsed.api_url("version"), Limits::default().times);
    let http = tls::http_client(trust, Proxy::for_server(&url), times)?;
    let sent = http.get(url).send().await;
    sent.map(drop).map_err(|error| {
        Failure::of_transport(&error, times)
            .into_error(&format!("checking the certificate of the OpCon API at {parsed}"))
    })
}
