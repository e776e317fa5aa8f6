//! A parsed X.509 certificate, for people and for checks. Parsing verifies nothing.

use std::fmt;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use sha2::{Digest as _, Sha256};
use x509_cert::certificate::{CertificateInner, Raw, TbsCertificateInner, Version};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::oid::db::rfc5280;
use x509_cert::der::{self, DateTime, Decode as _};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, SubjectAltName};

use super::public_key::PublicKey;
use crate::error::{Error, ErrorKind};
use crate::excerpt::excerpt;

/// A parsed certificate. Texts are those of the certificate, on one line and of limited length: whoever created it
/// chose them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The subject, such as `CN=opcon.example.com, O=Example`.
    pub subject: String,
    /// The common name in the subject. Clients ignore it: they compare the host with [`Certificate::names`] only.
    pub common_name: Option<String>,
    /// The issuer. A self-signed certificate has its subject here.
    pub issuer: String,
    /// The DNS names and IP addresses in the subject alternative name, which the host must match.
    pub names: Vec<String>,
    /// The start of the validity period.
    pub not_before: ValidityTime,
    /// The end of the validity period.
    pub not_after: ValidityTime,
    /// The version. TLS needs 3: version 1 has no extensions.
    pub version: u32,
    /// The public key.
    pub key: PublicKey,
    /// Whether it is a certificate of a certificate authority, which can sign others.
    pub is_authority: bool,
    /// The extended key usage, such as `server authentication`. `None` if there is none, which permits every use.
    pub purposes: Option<Vec<String>>,
    self_issued: bool,
    serves: bool,
    der: Vec<u8>,
}

impl Certificate {
    /// Parses a DER certificate.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if it is not an X.509 certificate.
    pub fn parse(der: &[u8]) -> Result<Self, Error> {
        read(der).map_err(|error| Error::new(ErrorKind::Invalid, "reading a certificate", error.to_string()))
    }

    /// The certificates in a PEM file of at most 1 MiB.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the file cannot be read, or one of its certificates is not an X.509 certificate.
    pub fn in_file(file: &Path) -> Result<Vec<Self>, Error> {
        let doing = format!("reading the certificates in {}", file.display());
        let invalid = |wrong: String| Error::new(ErrorKind::Invalid, doing.as_str(), wrong);
        let pem = bounded_files::read(file, bounded_files::MIB).map_err(|error| invalid(error.to_string()))?;
        let ders = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
        ders.map_err(|error| invalid(error.to_string()))?
            .iter()
            .map(|der| read(der).map_err(|error| invalid(error.to_string())))
            .collect()
    }

    /// Whether subject and issuer are the same, as in a self-signed certificate.
    pub fn is_self_issued(&self) -> bool {
        self.self_issued
    }

    /// Whether its extended key usage permits servers.
    pub fn permits_servers(&self) -> bool {
        self.serves
    }

    /// The SHA-256 fingerprint, such as `A1:B2:...`, as browsers and `openssl x509 -fingerprint -sha256` print it.
    pub fn fingerprint(&self) -> String {
        let bytes = Sha256::digest(&self.der);
        bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
    }

    /// The PEM form, with line ends.
    pub fn pem(&self) -> String {
        let text = STANDARD.encode(&self.der);
        let lines = text.as_bytes().chunks(64).map(String::from_utf8_lossy);
        let lines: String = lines.map(|line| format!("{line}\n")).collect();
        format!("-----BEGIN CERTIFICATE-----\n{lines}-----END CERTIFICATE-----\n")
    }
}

fn read(der: &[u8]) -> der::Result<Certificate> {
    // As `Raw`, because old authorities use serial numbers that the standard does not permit.
    let parsed = CertificateInner::<Raw>::from_der(der)?;
    let parsed = parsed.tbs_certificate();
    let usage = parsed.get_extension::<ExtendedKeyUsage>()?.map(|(_, usage)| usage.0);
    Ok(Certificate {
        subject: excerpt(&parsed.subject().to_string()),
        common_name: parsed.subject().common_name()?.map(|name| excerpt(&name.value())),
        issuer: excerpt(&parsed.issuer().to_string()),
        names: names(parsed)?,
        not_before: ValidityTime(parsed.validity().not_before.to_date_time()),
        not_after: ValidityTime(parsed.validity().not_after.to_date_time()),
        version: match parsed.version() {
            Version::V1 => 1,
            Version::V2 => 2,
            Version::V3 => 3,
        },
        key: PublicKey::of(parsed.subject_public_key_info()),
        is_authority: parsed.get_extension::<BasicConstraints>()?.is_some_and(|(_, constraints)| constraints.ca),
        serves: usage.as_ref().is_none_or(|usage| usage.contains(&rfc5280::ID_KP_SERVER_AUTH)),
        purposes: usage.map(|usage| usage.iter().map(purpose).collect()),
        self_issued: parsed.subject() == parsed.issuer(),
        der: der.to_vec(),
    })
}

/// A limit of a validity period, displayed as `2026-11-03 14:05 UTC`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ValidityTime(DateTime);

impl ValidityTime {
    /// The whole days from `now` until this time, rounded down: 0 on the last day, negative afterwards.
    pub fn days_after(&self, now: SystemTime) -> i64 {
        let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        (seconds(self.0.unix_duration()) - seconds(since_1970(now))).div_euclid(24 * 60 * 60)
    }

    /// Whether this time is before `now`.
    pub fn is_past(&self, now: SystemTime) -> bool {
        self.0.unix_duration() < since_1970(now)
    }

    /// Whether this time is after `now`.
    pub fn is_future(&self, now: SystemTime) -> bool {
        self.0.unix_duration() > since_1970(now)
    }
}

impl fmt::Display for ValidityTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(time) = self;
        let (year, month, day) = (time.year(), time.month(), time.day());
        write!(f, "{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", time.hour(), time.minutes())
    }
}

/// A clock before 1970 is at 1970.
fn since_1970(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// The DNS names and IP addresses in the subject alternative name.
fn names(certificate: &TbsCertificateInner<Raw>) -> der::Result<Vec<String>> {
    let Some((_, found)) = certificate.get_extension::<SubjectAltName>()? else { return Ok(Vec::new()) };
    let name = |name: &GeneralName| match name {
        GeneralName::DnsName(name) => Some(excerpt(name.as_str())),
        GeneralName::IpAddress(bytes) => ip_address(bytes.as_bytes()).map(|ip| ip.to_string()),
        _ => None,
    };
    Ok(found.0.iter().filter_map(name).collect())
}

fn ip_address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from);
    v4.or_else(|| <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from))
}

fn purpose(id: &ObjectIdentifier) -> String {
    match *id {
        rfc5280::ANY_EXTENDED_KEY_USAGE => "any".into(),
        rfc5280::ID_KP_SERVER_AUTH => "server authentication".into(),
        rfc5280::ID_KP_CLIENT_AUTH => "client authentication".into(),
        rfc5280::ID_KP_CODE_SIGNING => "code signing".into(),
        rfc5280::ID_KP_EMAIL_PROTECTION => "email protection".into(),
        rfc5280::ID_KP_TIME_STAMPING => "time stamping".into(),
        rfc5280::ID_KP_OCSP_SIGNING => "OCSP signing".into(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
