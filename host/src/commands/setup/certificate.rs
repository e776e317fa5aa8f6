//! Shows the certificate of the OpCon API, and saves it after a confirmation.

use std::io::{self, ErrorKind as IoErrorKind};
use std::path::PathBuf;

use connector_sdk::{Error, ErrorKind, Reporter as _, Result};
use opcon::tls::Trust;
use opcon::{Certificate, ConfigEditor, prompt, verify_certificate};
use tempfile::NamedTempFile;

use crate::console::Console;
use crate::escaped::ascii;
use crate::opcon_error::opcon_error;

/// The default name of the file, next to `Connector.config`.
pub const FILE_NAME: &str = "opcon.pem";
/// The maximum size of an existing file that is compared with the certificate, in bytes.
const MAX_FILE: u64 = bounded_files::MIB;

/// Prints what identifies the certificate.
pub fn show(certificate: &Certificate, address: &str, console: &Console) {
    let issuer = if certificate.is_self_issued() { "itself (self-signed)" } else { &certificate.issuer };
    let names = if certificate.names.is_empty() { "(none)".to_owned() } else { certificate.names.join(", ") };
    console.event(&format!("certificate of the OpCon API at {address}:"));
    for (what, value) in [
        ("subject", certificate.subject.as_str()),
        ("names", &names),
        ("issuer", issuer),
        ("valid", &format!("{} to {}", certificate.not_before, certificate.not_after)),
        ("SHA-256 fingerprint", &certificate.fingerprint()),
    ] {
        console.event(&format!("  {what}: {value}"));
    }
}

/// The saving of a certificate as the one to trust.
pub struct Saving<'a> {
    pub certificate: &'a Certificate,
    pub address: &'a str,
    /// Where to save it.
    pub file: PathBuf,
    /// Whether it has the fingerprint that the administrator gave.
    pub is_pinned: bool,
    /// Why it is not trusted yet; `None` if it is.
    pub distrust: Option<opcon::Error>,
}

/// What is in the place of the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Existing {
    Nothing,
    SameCertificate,
    Other,
}

impl Saving<'_> {
    /// Saves the certificate if it is confirmed, or if the administrator confirms it at the terminal.
    pub async fn save(&self, editor: &ConfigEditor, console: &Console) -> Result<()> {
        self.verify().await?;
        let existing = self.existing()?;
        self.confirm(existing, console).await?;
        let file = self.file.display();
        if existing == Existing::SameCertificate {
            console.event(&format!("{file}: contains this certificate already"));
            return Ok(());
        }
        let saved = editor.save_companion(&self.file, &self.certificate.pem(), existing == Existing::Other);
        saved.map_err(opcon_error)?.iter().for_each(|warning| console.warning(warning));
        console.event(&format!("{file}: certificate saved"));
        Ok(())
    }

    /// Checks that jobs will accept the server with this certificate, which may be expired or for another host.
    async fn verify(&self) -> Result<()> {
        let temporary = NamedTempFile::new().and_then(|file| {
            std::fs::write(file.path(), self.certificate.pem())?;
            Ok(file)
        });
        let temporary = temporary.map_err(|error| self.failed("creating a temporary file for", &error))?;
        let trust = Trust::SystemAndFile(temporary.path().to_owned());
        verify_certificate(self.address, &trust).await.map_err(opcon_error)
    }

    fn existing(&self) -> Result<Existing> {
        let is_line_end = |c: &u8| matches!(c, b'\r' | b'\n');
        let text = |pem: &[u8]| pem.iter().copied().filter(|c| !is_line_end(c)).collect::<Vec<u8>>();
        match self.file.symlink_metadata() {
            Err(error) if error.kind() == IoErrorKind::NotFound => return Ok(Existing::Nothing),
            Err(error) => return Err(self.failed("reading", &error)),
            Ok(found) if !found.is_file() => {
                return Err(self.failed("reading", &io::Error::other("it is not a regular file")));
            }
            Ok(_) => {}
        }
        let content = bounded_files::read(&self.file, MAX_FILE).map_err(|error| self.failed("reading", &error))?;
        let is_same = text(&content) == text(self.certificate.pem().as_bytes());
        Ok(if is_same { Existing::SameCertificate } else { Existing::Other })
    }

    /// Asks at the terminal for what the options do not confirm.
    async fn confirm(&self, existing: Existing, console: &Console) -> Result<()> {
        let (is_confirmed, is_possible) = (self.is_pinned || self.distrust.is_none(), prompt::is_possible());
        let file = self.file.display();
        let question = match (is_confirmed, existing) {
            (true, Existing::Nothing | Existing::SameCertificate) => return Ok(()),
            (true, Existing::Other) if !is_possible => return Err(self.exists()),
            (false, _) if !is_possible => return Err(self.unconfirmed()),
            (true, Existing::Other) => format!("Replace the content of {file} with this certificate"),
            (false, Existing::Other) => format!("Trust this certificate, and replace the content of {file} with it"),
            (false, _) => format!("Trust this certificate, and save it as {file}"),
        };
        self.distrust.iter().for_each(|distrust| console.event(&distrust.to_string()));
        let question = format!("{} (yes/no)? ", ascii(&question));
        let answer = prompt::line(&question).await.map_err(|error| self.failed("asking about", &error))?;
        match answer.trim().to_ascii_lowercase().as_str() {
            "yes" | "y" => Ok(()),
            _ if is_confirmed => Err(self.exists()),
            _ => Err(self.unconfirmed()),
        }
    }

    fn exists(&self) -> Error {
        Error::new(ErrorKind::InvalidInput, "the file exists, and does not contain this certificate")
            .doing(format!("saving the certificate as {}", self.file.display()))
            .hint("move the file away, or use `--save-certificate FILE` with another name")
    }

    fn unconfirmed(&self) -> Error {
        let distrust = self.distrust.clone().map(opcon_error);
        distrust.unwrap_or_else(|| Error::new(ErrorKind::Unavailable, "the certificate is not confirmed")).hint(
            "compare the printed fingerprint with that of the certificate on the OpCon server\nconfirm it with \
             `--fingerprint SHA256` or at a terminal, or use `--ca-file FILE` with its issuer",
        )
    }

    fn failed(&self, action: &str, error: &io::Error) -> Error {
        Error::new(ErrorKind::InvalidInput, error.to_string()).doing(format!("{action} {}", self.file.display()))
    }
}
