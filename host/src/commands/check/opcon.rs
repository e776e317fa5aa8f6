//! Checks the connection to OpCon: the API with its certificate, or the folder of an agent.

use std::time::SystemTime;

use ::opcon::tls::Trust;
use ::opcon::{ApiSettings, Certificate, Client, Config, MsginSettings, PropertyChannel, fetch_certificates};
use connector_sdk::{Error, ErrorKind, Result};

use super::findings::Findings;
use crate::opcon_error::opcon_error;
use crate::report::Status;

const SUBJECT: &str = "OpCon";
/// The days before the end of a certificate from which on it is noted.
const NOTED_DAYS: i64 = 30;

/// Checks the channel over which jobs save properties.
pub async fn check(findings: &mut Findings, config: Option<&Config>) {
    match config.map(Config::property_channel).transpose().map(Option::flatten) {
        Ok(None) => findings.note(SUBJECT, "not configured: no job can save properties"),
        Ok(Some(PropertyChannel::Api(api))) => check_api(findings, &api).await,
        Ok(Some(PropertyChannel::Msgin(agent))) => check_agent(findings, &agent),
        Err(error) => findings.failed(SUBJECT, opcon_error(error)),
    }
}

fn check_agent(findings: &mut Findings, agent: &MsginSettings) {
    match agent.check() {
        Ok(()) => {
            findings.ok(SUBJECT, format!("events can be written for the agent at {}", agent.folder().display()));
            findings.note(SUBJECT, "whether OpCon accepts the events cannot be checked");
        }
        Err(error) => findings.failed(SUBJECT, opcon_error(error)),
    }
}

async fn check_api(findings: &mut Findings, api: &ApiSettings) {
    let subject = format!("OpCon API at {}", api.address());
    let checked = match Client::new(api) {
        Ok(client) => client.check().await,
        Err(error) => Err(error),
    };
    match checked {
        Ok(version) => findings.ok(&subject, format!("version {version}, the token is accepted")),
        // The cause may be the certificate, which is then not checked again.
        Err(error) => return findings.failed(subject, opcon_error(error)),
    }
    match api.trust() {
        Trust::System => findings.ok(&subject, "the certificate is trusted by the system"),
        Trust::SystemAndFile(file) | Trust::File(file) => {
            findings.ok(&subject, format!("the certificate is verified with {}", file.display()));
        }
        Trust::Unverified => {
            findings.note(&subject, "`VERIFY_TLS=False`: any server can impersonate the OpCon API and read the token");
        }
        Trust::PlainHttp => return findings.note(&subject, "`USING_TLS=False`: the token is sent unencrypted"),
    }
    if let Err(error) = check_certificates(findings, &subject, api).await {
        findings.note(subject, format!("the validity of the certificate cannot be checked: {error}"));
    }
}

/// Checks until when the certificate of the server, and those in `CA_FILE`, are valid.
async fn check_certificates(findings: &mut Findings, subject: &str, api: &ApiSettings) -> Result<()> {
    let now = SystemTime::now();
    let presented = fetch_certificates(&api.address()).await.map_err(opcon_error)?;
    if let Some(certificate) = presented.first() {
        match validity(certificate, now) {
            (Status::Ok, text) => findings.ok(subject, text),
            (Status::Note, text) => findings.note_with_hint(subject, text, Some(renewal())),
            (Status::Failed, text) => {
                findings.failed(subject, Error::new(ErrorKind::Unavailable, text).hint(renewal()));
            }
        }
    }
    let (Trust::SystemAndFile(file) | Trust::File(file)) = api.trust() else { return Ok(()) };
    let subject = format!("certificates in {}", file.display());
    for certificate in Certificate::in_file(file).map_err(opcon_error)? {
        let is_presented = presented.iter().any(|known| known.fingerprint() == certificate.fingerprint());
        let (status, text) = validity(&certificate, now);
        // The server is trusted, so that an expired certificate is one that is not needed.
        if status != Status::Ok && !is_presented {
            findings.note(&subject, format!("{}: {text}", certificate.subject));
        }
    }
    Ok(())
}

fn renewal() -> String {
    "renew the certificate on the OpCon server, and replace it in `CA_FILE` if that contains it".to_owned()
}

/// Until when a certificate is valid.
fn validity(certificate: &Certificate, now: SystemTime) -> (Status, String) {
    let end = certificate.not_after;
    match end.days_after(now) {
        _ if end.is_past(now) => (Status::Failed, format!("the certificate expired on {end}")),
        days if days < NOTED_DAYS => (Status::Note, format!("the certificate expires on {end} (days left: {days})")),
        days => (Status::Ok, format!("the certificate is valid until {end} (days left: {days})")),
    }
}
