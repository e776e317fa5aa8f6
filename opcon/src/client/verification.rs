//! Verifies the certificate of an OpCon API before a secret is sent to it.

use reqwest::Method;

use super::connection::Connection;
use super::limits::Limits;
use super::secret::Quotes;
use crate::address::Address;
use crate::error::Error;
use crate::tls::Trust;

/// Checks that jobs with this trust accept the certificate of the OpCon API at `address` (`host:port`). Reads the version
/// of the API, which needs neither token nor password.
///
/// # Errors
/// [`ErrorKind::Untrusted`](crate::ErrorKind::Untrusted) if nothing is wrong with the certificate except that neither it
/// nor its issuer is trusted; any other except [`ErrorKind::Failed`](crate::ErrorKind::Failed).
pub async fn verify_certificate(address: &str, trust: &Trust) -> Result<(), Error> {
    let address = Address::given(address, *trust != Trust::PlainHttp)?;
    let doing = format!("checking the certificate of the OpCon API at {address}");
    let quotes = Quotes::Nothing("nothing is known about the server");
    let connection = Connection::new(address, trust, Limits::of_commands(), quotes)?;
    let request = || connection.request(Method::GET, "version");
    connection.send_for_text(&doing, &mut connection.preparing(), request).await.map(drop)
}
