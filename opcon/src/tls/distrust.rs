//! Says in words why the certificate of a server is not accepted.

use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use rustls::CertificateError;
use rustls::pki_types::{ServerName, UnixTime};

use super::certificate::{Certificate, ValidityTime};
use super::public_key::PublicKey;
use crate::excerpt::excerpt;

/// The smallest RSA key that is accepted, and the largest, in bits: those of ring.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// The other keys that are accepted.
const OTHER_KEYS: [&str; 3] = ["EC P-256", "EC P-384", "Ed25519"];
/// The names of a certificate that a message shows.
const SHOWN_NAMES: usize = 10;

/// Why a certificate is not accepted, displayed as one line.
#[derive(Debug)]
pub(crate) struct Distrust {
    /// Everything that is wrong. What must be solved first is first.
    pub(crate) problems: Vec<Problem>,
    /// The SHA-256 fingerprint of the certificate.
    pub(crate) fingerprint: String,
    /// The host that was called.
    pub(crate) host: String,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Nobody should trust such a key any more.
    WeakKey(PublicKey),
    /// TLS with this program does not have such keys.
    UnsupportedKey(PublicKey),
    /// Only version 3 has the names of the server.
    OldVersion(u32),
    /// There is no subject alternative name, at most the common name.
    NoNames(Option<String>),
    /// The names of the certificate, and the host that is not among them.
    OtherNames(Vec<String>, String),
    /// It ended at this time.
    Expired(ValidityTime),
    /// It begins at this time.
    NotYetValid(ValidityTime),
    /// The extended key usage.
    Purposes(Vec<String>),
    /// It is signed with an algorithm such as SHA-1.
    OldSignature,
    /// It is issued by a trusted authority as the certificate of another authority.
    Authority,
    /// Its issuer is itself, and it is not trusted.
    SelfSigned {
        /// Another trusted certificate has the same subject: this one is probably its renewal.
        renewed: bool,
    },
    /// This issuer is not trusted.
    UnknownIssuer(String),
    /// The certificate of this issuer is listed, but it is not that of an authority.
    IssuerIsNoAuthority(String),
    /// It is not signed with the key of this trusted issuer.
    OtherSignature(String),
    /// A certificate between this one and the trusted authority is not valid.
    Issuers(String),
    /// Another reason.
    Other(String),
}

impl Problem {
    /// Whether the certificate is merely unknown.
    pub(crate) fn is_unknown(&self) -> bool {
        use Problem::{IssuerIsNoAuthority, OtherSignature, SelfSigned, UnknownIssuer};
        matches!(self, SelfSigned { .. } | UnknownIssuer(_) | IssuerIsNoAuthority(_) | OtherSignature(_))
    }
}

impl Distrust {
    pub(super) fn new(problems: Vec<Problem>, certificate: &Certificate, host: &ServerName<'_>) -> Self {
        Distrust { problems, fingerprint: certificate.fingerprint(), host: host.to_str().into_owned() }
    }
}

/// Why the certificate of a server is not accepted, if that is the reason of the error.
pub fn distrust(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    // `source` of an I/O error skips the error that it wraps.
    let held = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    if let Some(rustls::Error::InvalidCertificate(CertificateError::Other(other))) =
        held.and_then(|held| held.downcast_ref()).or_else(|| error.downcast_ref())
    {
        return other.0.downcast_ref::<Distrust>().map(ToString::to_string);
    }
    held.and_then(|held| distrust(held)).or_else(|| error.source().and_then(distrust))
}

impl From<Distrust> for rustls::Error {
    fn from(distrust: Distrust) -> Self {
        CertificateError::Other(rustls::OtherError(std::sync::Arc::new(distrust))).into()
    }
}

/// The key, if it is not accepted. The server could not even complete the handshake with it.
pub(super) fn key_problem(key: &PublicKey) -> Option<Problem> {
    match key.bits {
        Some(bits) if key.algorithm == PublicKey::RSA && bits < *RSA_BITS.start() => {
            Some(Problem::WeakKey(key.clone()))
        }
        Some(bits) if key.algorithm == PublicKey::RSA && RSA_BITS.contains(&bits) => None,
        _ if OTHER_KEYS.contains(&key.algorithm.as_str()) => None,
        _ => Some(Problem::UnsupportedKey(key.clone())),
    }
}

/// What is wrong with the certificate itself, whoever issued it. `named` is whether it has the name of the host.
pub(super) fn own_problems(
    certificate: &Certificate,
    host: &ServerName<'_>,
    named: bool,
    now: UnixTime,
) -> Vec<Problem> {
    let now = UNIX_EPOCH + Duration::from_secs(now.as_secs());
    let names = match certificate.version {
        3 if named => None,
        3 if certificate.names.is_empty() => Some(Problem::NoNames(certificate.common_name.clone())),
        3 => Some(Problem::OtherNames(certificate.names.clone(), host.to_str().into_owned())),
        old => Some(Problem::OldVersion(old)),
    };
    let period = if certificate.not_after.is_past(now) {
        Some(Problem::Expired(certificate.not_after))
    } else {
        certificate.not_before.is_future(now).then_some(Problem::NotYetValid(certificate.not_before))
    };
    let purposes = certificate.purposes.clone().filter(|_| !certificate.permits_servers()).map(Problem::Purposes);
    [key_problem(&certificate.key), names, period, purposes].into_iter().flatten().collect()
}

/// What is wrong with a certificate that webpki does not accept. `listed` are the certificates of the file.
pub(super) fn problems(
    certificate: &Certificate,
    own: Vec<Problem>,
    error: &CertificateError,
    listed: &[Certificate],
) -> Vec<Problem> {
    let trust = trust_problem(certificate, error, listed);
    // Such an error of webpki can be about the certificate itself.
    let is_vague = matches!(trust, Problem::Issuers(_) | Problem::Other(_));
    let trust = Some(trust).filter(|_| own.is_empty() || !is_vague);
    own.into_iter().chain(trust).collect()
}

fn trust_problem(certificate: &Certificate, error: &CertificateError, listed: &[Certificate]) -> Problem {
    let issuer = || certificate.issuer.clone();
    match error {
        CertificateError::UnknownIssuer | CertificateError::BadSignature | CertificateError::Other(_)
            if certificate.is_self_issued() =>
        {
            Problem::SelfSigned { renewed: listed.iter().any(|listed| listed.subject == certificate.subject) }
        }
        CertificateError::UnknownIssuer => {
            match listed.iter().any(|listed| listed.subject == certificate.issuer && !listed.is_authority) {
                true => Problem::IssuerIsNoAuthority(issuer()),
                false => Problem::UnknownIssuer(issuer()),
            }
        }
        CertificateError::BadSignature => Problem::OtherSignature(issuer()),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => Problem::OldSignature,
        CertificateError::Other(_) if certificate.is_authority => Problem::Authority,
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => Problem::Issuers("has expired".into()),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Problem::Issuers("is not valid yet".into())
        }
        CertificateError::Other(_) => {
            Problem::Issuers("is not that of a certificate authority, or not for servers".into())
        }
        other => Problem::Other(excerpt(&other.to_string())),
    }
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problems: Vec<String> = self.problems.iter().map(ToString::to_string).collect();
        f.write_str(&problems.join("; "))
    }
}

impl std::error::Error for Distrust {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::WeakKey(key) => write!(f, "its key is too weak ({key}; at least {} are needed)", RSA_BITS.start()),
            Problem::UnsupportedKey(key) => write!(f, "its kind of key is not supported ({key})"),
            Problem::OldVersion(version) => {
                write!(f, "it has version {version}, without the names of the server; TLS needs version 3")
            }
            Problem::NoNames(Some(name)) => {
                write!(f, "it has its name only as common name (`{name}`), and no subject alternative name")
            }
            Problem::NoNames(None) => f.write_str("it has no subject alternative name"),
            Problem::OtherNames(names, host) => write!(f, "it is for {}, not for `{host}`", listed(names)),
            Problem::Expired(time) => write!(f, "it has expired on {time}"),
            Problem::NotYetValid(time) => write!(f, "it is not valid until {time}"),
            Problem::Purposes(purposes) => {
                let purposes = excerpt(&purposes.join(", "));
                write!(f, "its extended key usage ({purposes}) does not include server authentication")
            }
            Problem::OldSignature => f.write_str("it is signed with an algorithm that is not supported, such as SHA-1"),
            Problem::Authority => f.write_str("it is the certificate of a certificate authority, not of a server"),
            Problem::SelfSigned { renewed: false } => {
                f.write_str("it is self-signed, and it is not one of the trusted certificates")
            }
            Problem::SelfSigned { renewed: true } => f.write_str(
                "it is self-signed, and it is not the trusted certificate with the same subject: it may have been renewed",
            ),
            Problem::UnknownIssuer(issuer) => write!(f, "its issuer `{issuer}` is not trusted"),
            Problem::IssuerIsNoAuthority(issuer) => {
                write!(f, "its issuer `{issuer}` is trusted only as a server, because it is no certificate authority")
            }
            Problem::OtherSignature(issuer) => {
                write!(f, "it is not signed with the key of the trusted issuer `{issuer}`, which may have been renewed")
            }
            Problem::Issuers(wrong) => write!(f, "the certificate of one of its issuers {wrong}"),
            Problem::Other(text) => f.write_str(text),
        }
    }
}

/// The first names, and the number of the others.
fn listed(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN_NAMES).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let more = names.len().saturating_sub(SHOWN_NAMES);
    if more == 0 { excerpt(&shown) } else { format!("{} and {more} more", excerpt(&shown)) }
}
