//! Obtains the application token with which the connector calls the OpCon API.

use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::json;

use crate::address::Address;
use crate::client::Limits;
use crate::client::connection::Connection;
use crate::client::secret::Quotes;
use crate::error::{Error, ErrorKind};
use crate::excerpt::excerpt;
use crate::tls::Trust;

/// Logs in to the OpCon API at `address` (`host:port`) as `user`, and returns the token of `application`. OpCon creates
/// the token on the first request and returns the same token to every request for the application. The token does not
/// expire at logout.
///
/// With [`Trust::PlainHttp`] the password is sent in clear text.
///
/// # Errors
/// [`ErrorKind::Invalid`] if an argument is empty, the address is invalid, or the trusted certificates cannot be read;
/// [`ErrorKind::Refused`] if OpCon rejects user and password; any other except [`ErrorKind::Failed`]. No message
/// contains any part of a response, which may contain the password or a token.
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
    let address = Address::given(address, *trust != Trust::PlainHttp)?;
    let quotes = Quotes::Nothing("it may contain the password");
    let connection = Connection::new(address, trust, Limits::of_commands(), quotes)?;
    let body = json!({
        "user": { "loginName": user, "password": password.expose_secret() },
        "tokenType": { "id": application, "type": "Application" },
    });
    let request = || connection.request(Method::POST, "tokens").json(&body);
    let answer = connection.send_for_text(&doing, &mut connection.preparing(), request).await.map_err(|error| {
        match error.kind() {
            ErrorKind::Refused => {
                error.with_hint("check the user, the password and the privileges of the user in OpCon")
            }
            _ => error,
        }
    })?;
    match serde_json::from_str(&answer) {
        Ok(Token { id }) if !id.is_empty() && id.chars().all(|c| c.is_ascii_graphic()) => Ok(id.into()),
        // The response is not quoted, because it may contain a token.
        _ => Err(connection.unexpected(&doing, "no token in the response")),
    }
}
