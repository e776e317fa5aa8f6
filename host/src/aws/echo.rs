//! Finds the secrets of a request in the response to it: a proxy or a debugging server may return what it received.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opcon::decodings;
use opcon::secret_search::{SecretSearch, normalized};
use serde_json::Value;

use super::answer::Content;

/// The text in place of one that contains a secret of the request, or is too large to be searched for one.
pub const LEFT_OUT: &str = "(text left out: it may contain a secret of the request)";
/// The text in place of one that may contain a secret that AWS has made.
pub const NEW_SECRET: &str = "(text left out: it may contain a private key or credentials)";

/// Headers whose value is a secret. Of `authorization` only the signature is one.
const SECRET_HEADERS: [&str; 5] =
    ["x-amz-security-token", "x-amz-sso_bearer_token", "x-aws-ec2-metadata-token", "proxy-authorization", "x-api-key"];
/// Parts of the names of parameters whose value is a secret, in lower case. Source: the parameters with secrets of EC2,
/// STS and the single sign-on services.
const SECRET_PARAMETERS: [&str; 7] =
    ["userdata", "securitytoken", "webidentitytoken", "samlassertion", "password", "secret", "refreshtoken"];

/// Actions whose response contains a private key or credentials, in addition to `AssumeRole` and its variants.
const SECRET_ACTIONS: [&str; 7] = [
    "CreateKeyPair",
    "GetPasswordData",
    "GetSessionToken",
    "GetFederationToken",
    "GetRoleCredentials",
    "CreateAccessKey",
    "CreateToken",
];
/// Texts before or around such a secret.
const NEW_SECRETS: [&str; 7] = [
    "PRIVATE KEY-----",
    "<keyMaterial>",
    "<SecretAccessKey>",
    "<SessionToken>",
    "\"SecretAccessKey\"",
    "\"secretAccessKey\"",
    "\"accessToken\"",
];

/// A response is larger than any error of AWS, so it is not searched. Bytes.
const SEARCHED: usize = 64 * 1024;
/// A shorter value is not a secret: it could be part of any text.
const SHORTEST: usize = 8;

/// The secrets that a request contains.
pub struct Secrets(SecretSearch);

impl Secrets {
    /// The secrets in the headers, the parameters and the user data of a request.
    pub fn of(request: &HttpRequest) -> Self {
        let header = |name: &str| request.headers().get(name).map(str::to_owned);
        let mut secrets: Vec<String> = SECRET_HEADERS.into_iter().filter_map(header).collect();
        secrets.extend(header("authorization").map(|value| match value.rsplit_once("Signature=") {
            Some((_, signature)) => signature.to_owned(),
            None => value.trim_start_matches("Bearer ").to_owned(),
        }));
        let query = request.uri().split_once('?').map(|(_, query)| query).unwrap_or_default();
        let body = request.body().bytes().unwrap_or_default();
        secrets.extend(parameters(query.as_bytes()));
        secrets.extend(parameters(body));
        secrets.extend(serde_json::from_slice(body).map(|body| strings(&body, false)).unwrap_or_default());
        let mut search = SecretSearch::default();
        for secret in secrets {
            if is_long(&secret) {
                search.add(&secret);
            }
            lines(&secret).iter().filter(|line| is_long(line)).for_each(|line| search.add_undivided(line));
        }
        Secrets(search)
    }

    /// Whether a text contains a secret, or a part of one, in any decoding.
    pub fn are_in(&self, text: &[u8]) -> bool {
        !self.0.is_empty() && (text.len() > SEARCHED || self.0.finds_in(text))
    }

    /// Removes the texts that contain a secret, or parts of one, from the content of a response. Returns whether there
    /// are any.
    pub fn remove_from(&self, content: &mut Content) -> bool {
        let mut texts: Vec<&mut String> =
            [&mut content.code, &mut content.message, &mut content.request_id].into_iter().flatten().collect();
        let all = texts.len();
        texts.retain_mut(|text| {
            let replacement = match self.are_in(text.as_bytes()) {
                true => LEFT_OUT,
                false if has_new_secret(text.as_bytes()) => NEW_SECRET,
                false => return true,
            };
            replacement.clone_into(text);
            false
        });
        let together: String = texts.iter().map(|text| text.as_str()).collect();
        if self.are_in(together.as_bytes()) {
            texts.drain(..).for_each(|text| LEFT_OUT.clone_into(text));
        }
        texts.len() < all
    }
}

/// Whether the response to an action contains a private key or credentials. Requests to the services of the machine for
/// credentials have no action.
pub fn makes_a_secret(action: Option<&str>) -> bool {
    action.is_none_or(|action| SECRET_ACTIONS.contains(&action) || action.starts_with("AssumeRo"))
}

/// Whether a text contains a private key or credentials that AWS has made.
pub fn has_new_secret(text: &[u8]) -> bool {
    text.len() <= SEARCHED
        && decodings::of(text).iter().any(|text| {
            let text = String::from_utf8_lossy(text);
            NEW_SECRETS.iter().any(|mark| text.contains(mark))
        })
}

/// The body of an error in the same protocol, with nothing but what is left of its content.
pub fn body_without_secrets(is_query: bool, body: &[u8], content: &Content) -> Vec<u8> {
    let text = |text: &Option<String>| text.clone().unwrap_or_else(|| LEFT_OUT.to_owned());
    let (code, message) = (text(&content.code), text(&content.message));
    if is_query {
        let text = |text| quick_xml::escape::escape(text).into_owned();
        let error = format!("<Error><Code>{}</Code><Message>{}</Message></Error>", text(&code), text(&message));
        return match String::from_utf8_lossy(body).contains("<ErrorResponse") {
            true => format!("<ErrorResponse>{error}</ErrorResponse>"),
            false => format!("<Response><Errors>{error}</Errors></Response>"),
        }
        .into_bytes();
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(_) => serde_json::json!({ "__type": code, "code": code, "message": message }).to_string().into_bytes(),
        Err(_) => LEFT_OUT.as_bytes().to_vec(),
    }
}

/// The secret values among the parameters of a query or a form.
fn parameters(text: &[u8]) -> Vec<String> {
    form_urlencoded::parse(text).filter(|(name, _)| is_secret(name)).map(|(_, value)| value.into_owned()).collect()
}

/// The secret strings in a JSON value.
fn strings(value: &Value, secret: bool) -> Vec<String> {
    match value {
        Value::String(text) if secret => vec![text.clone()],
        Value::Array(values) => values.iter().flat_map(|value| strings(value, secret)).collect(),
        Value::Object(fields) => {
            fields.iter().flat_map(|(name, value)| strings(value, secret || is_secret(name))).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether the value of a parameter is a secret, e.g. of `UserData.Value` and `X-Amz-Security-Token`.
fn is_secret(name: &str) -> bool {
    let name: String = name.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    name == "xamzsignature" || SECRET_PARAMETERS.iter().any(|part| name.contains(part))
}

fn is_long(secret: &str) -> bool {
    normalized(secret.as_bytes()).chars().nth(SHORTEST - 1).is_some()
}

/// The lines of a text that is encoded as Base64, as user data is.
fn lines(secret: &str) -> Vec<String> {
    let decoded = STANDARD.decode(secret).unwrap_or_default();
    String::from_utf8_lossy(&decoded).lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
