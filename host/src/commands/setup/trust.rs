//! Decides which certificates `setup` trusts: those of its options, of the configuration, or the one that the
//! administrator confirms.

use std::io;
use std::path::{Path, PathBuf, absolute};

use clap::ArgMatches;
use connector_sdk::{Error, ErrorKind, Reporter as _, Result};
use opcon::tls::Trust;
use opcon::{Config, ConfigEditor, fetch_certificates, verify_certificate};

use super::super::parts::text;
use super::certificate::{self, Saving};
use super::fingerprint::Fingerprint;
use crate::console::Console;
use crate::opcon_error::opcon_error;

/// The option with the fingerprint of the certificate.
pub const FINGERPRINT: &str = "fingerprint";
/// The option with the file for the certificate.
pub const SAVE_CERTIFICATE: &str = "save-certificate";

/// How the connection is protected, and the settings to write into the configuration for that.
pub struct Protection {
    pub trust: Trust,
    pub settings: Vec<(&'static str, String)>,
}

/// Prints the certificate of the API, and determines the trust in it. If it is not trusted, it is saved and trusted
/// only after a confirmation. Without one the result is an error, and no password has been sent.
pub async fn establish(
    matches: &ArgMatches,
    file: &Path,
    editor: &ConfigEditor,
    console: &Console,
) -> Result<Protection> {
    let address = text(matches, "address");
    let wanted = wanted(matches, file)?;
    if wanted.trust == Trust::PlainHttp {
        console.warning("without TLS, password and token are sent unencrypted");
        return Ok(wanted);
    }
    let presented = fetch_certificates(address).await.map_err(opcon_error)?;
    let Some(certificate) = presented.first() else { return Ok(wanted) };
    certificate::show(certificate, address, console);
    if wanted.trust == Trust::Unverified {
        console.warning("with `--no-verify`, any server can impersonate the OpCon API and read password and token");
        return Ok(wanted);
    }
    let pinned = matches.get_one::<Fingerprint>(FINGERPRINT);
    if pinned.is_some_and(|pinned| !pinned.is_of(certificate)) {
        return Err(Error::new(ErrorKind::Unavailable, "it does not have the fingerprint in `--fingerprint`")
            .doing(format!("checking the certificate of the OpCon API at {address}"))
            .hint("compare the printed fingerprint with that of the certificate on the OpCon server"));
    }
    let save_to = matches.get_one::<PathBuf>(SAVE_CERTIFICATE);
    let distrust = match verify_certificate(address, &wanted.trust).await {
        Ok(()) => None,
        Err(error) if error.kind() == opcon::ErrorKind::Untrusted => Some(error),
        Err(error) => return Err(opcon_error(error)),
    };
    if matches.contains_id("ca-file") || (distrust.is_none() && save_to.is_none()) {
        return distrust.map_or(Ok(wanted), |error| {
            Err(opcon_error(error).hint("use `--ca-file FILE` with the file of this certificate or of its issuer"))
        });
    }
    let saving = Saving {
        certificate,
        address,
        file: save_to.cloned().unwrap_or_else(|| file.with_file_name(certificate::FILE_NAME)),
        is_pinned: pinned.is_some(),
        distrust,
    };
    saving.save(editor, console).await?;
    let ca_file = relative_to(&saving.file, file)?;
    Ok(Protection { trust: Trust::SystemAndFile(saving.file), settings: with_ca_file(ca_file) })
}

/// The protection from the command line, otherwise from the file. The password needs a verified server, also if the
/// file has `USING_TLS=False` or `VERIFY_TLS=False`: only options of this run do without.
fn wanted(matches: &ArgMatches, file: &Path) -> Result<Protection> {
    if matches.get_flag("no-tls") {
        return Ok(Protection { trust: Trust::PlainHttp, settings: vec![("USING_TLS", "False".into())] });
    }
    if matches.get_flag("no-verify") {
        let settings = vec![("USING_TLS", "True".into()), ("VERIFY_TLS", "False".into())];
        return Ok(Protection { trust: Trust::Unverified, settings });
    }
    if let Some(ca_file) = matches.get_one::<PathBuf>("ca-file") {
        let settings = with_ca_file(relative_to(ca_file, file)?);
        return Ok(Protection { trust: Trust::SystemAndFile(ca_file.clone()), settings });
    }
    if !file.is_file() {
        return Ok(Protection { trust: Trust::System, settings: Vec::new() });
    }
    Ok(match Config::read(file).and_then(|config| config.opcon_trust()).map_err(opcon_error)? {
        Trust::PlainHttp | Trust::Unverified => Protection {
            trust: Trust::System,
            settings: vec![("USING_TLS", "True".into()), ("VERIFY_TLS", "True".into())],
        },
        trust => Protection { trust, settings: Vec::new() },
    })
}

fn with_ca_file(ca_file: String) -> Vec<(&'static str, String)> {
    vec![("USING_TLS", "True".into()), ("VERIFY_TLS", "True".into()), ("CA_FILE", ca_file)]
}

/// The path to write into the configuration: only the file name if both files are in one folder, so that the folder can
/// be moved.
fn relative_to(ca_file: &Path, config: &Path) -> Result<String> {
    let failed = |error: io::Error| {
        Error::new(ErrorKind::InvalidInput, error.to_string()).doing(format!("reading {}", ca_file.display()))
    };
    let (ca_file, config) = (absolute(ca_file).map_err(failed)?, absolute(config).map_err(failed)?);
    let name = ca_file.file_name().filter(|_| ca_file.parent() == config.parent());
    Ok(name.map_or(ca_file.display().to_string(), |name| name.to_string_lossy().into_owned()))
}
