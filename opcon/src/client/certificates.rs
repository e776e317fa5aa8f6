//! Fetches the certificates that an OpCon API presents, without trusting them.

use std::sync::{Arc, OnceLock};

use super::failure::Failure;
use super::limits::Limits;
use super::resolver::SystemResolver;
use crate::address::Address;
use crate::error::{Error, ErrorKind};
use crate::tls::{self, Certificate, Proxy};

/// The certificates that the server at `address` (`host:port`) presents: its own first, then those of its issuers as
/// far as it sends them. There is at least one.
///
/// Nothing is verified, and nobody proves to have the key of the certificate: compare the fingerprint with that on the
/// OpCon server before you trust it. The connection ends in the TLS handshake, before any HTTP request, so that neither
/// token nor password is sent. It uses the proxy of other calls of the API, takes at most 15 seconds (5 to connect),
/// and TLS limits the certificates to 64 KiB.
///
/// # Errors
/// [`ErrorKind::Invalid`] if the address is invalid; [`ErrorKind::Unreachable`] if there is no connection or no TLS;
/// [`ErrorKind::Unexpected`] if a certificate cannot be read.
pub async fn fetch_certificates(address: &str) -> Result<Vec<Certificate>, Error> {
    let parsed = Address::given(address, true)?;
    let doing = format!("fetching the certificate of the OpCon API at {parsed}");
    let times = Limits::of_commands().times;
    let url = parsed.api_url("version");
    let presented = Arc::new(OnceLock::new());
    let http = tls::observing_http_client(presented.clone(), Proxy::for_server(&url), times, SystemResolver)?;
    // The verifier refuses every certificate.
    let refused = http.get(url).send().await;
    tracing::info!("OpCon {parsed}: TLS handshake to read the certificate");
    match (presented.get(), refused) {
        (Some(chain), _) => chain
            .iter()
            .map(|der| Certificate::parse(der))
            .collect::<Result<_, _>>()
            .map_err(|error| Error::new(ErrorKind::Unexpected, doing, error.to_string())),
        (None, Err(error)) => Err(Failure::of_transport(&error, times).into_error(&doing)),
        (None, Ok(_)) => Err(Error::new(ErrorKind::Unexpected, doing, "the server presented no certificate")),
    }
}
