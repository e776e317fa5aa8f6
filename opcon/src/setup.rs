//! Setting the connector up: the application token with which it calls the OpCon API.

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::address::Address;
use crate::client::Limits;
use crate::client::connection::{Connection, Secret};
use crate::error::{Error, ErrorKind};
use crate::excerpt::excerpt;
use crate::tls::Trust;

/// The token of `application` for the OpCon API at `address` (`host:port`), from a log-in as `user`. OpCon makes it when
/// there is none, and gives the same one to everybody who asks in the name of that application; it does not expire with a
/// log-out.
///
/// With [`Trust::PlainHttp`] the password travels in clear.
///
/// # Errors
/// [`ErrorKind::Invalid`] when an argument is empty, the address is none, or the certificates to be trusted cannot be read;
/// [`ErrorKind::Refused`] when OpCon does not accept user and password; any other but [`ErrorKind::Failed`]. No message
/// holds the password or the token.
pub async fn request_token(
    address: &str,
    trust: &Trust,
    user: &str,
    password: &SecretString,
    application: &str,
) -> Result<SecretString, Error> {
    #[derive(Deserialize)]
    struct Token {
        id: String,
    }
    let doing = format!("requesting an OpCon token for the user {}", excerpt(user));
    let invalid = |wrong: &str| Error::new(ErrorKind::Invalid, doing.as_str(), wrong);
    if user.is_empty() || password.expose_secret().is_empty() || application.is_empty() {
        return Err(invalid("the user, the password or the name of the application is empty"));
    }
    let address = Address::parse(address, *trust != Trust::PlainHttp)
        .map_err(|wrong| invalid(&format!("the address `{}` {wrong}", excerpt(address))))?;
    let secret = Secret { what: "the password", text: password.clone() };
    let connection = Connection::new(address, trust, Limits::default(), secret)?;
    let body = json!({
        "user": { "loginName": user, "password": password.expose_secret() },
        "tokenType": { "id": application, "type": "Application" },
    });
    let request = || connection.request(Method::POST, "tokens").json(&body);
    let answer = connection.send_for_text(&doing, request).await.map_err(|error| match error.kind() {
        ErrorKind::Refused => error.with_hint("check the user, the password and the privileges of the user in OpCon"),
        _ => error,
    })?;
    match serde_json::from_str(&answer) {
        Ok(Token { id }) if !id.is_empty() && id.chars().all(|c| c.is_ascii_graphic()) => Ok(id.into()),
        // The answer is not quoted: a token may well be somewhere in it.
        _ => Err(connection.unexpected(&doing, "no token in the response")),
    }
}
