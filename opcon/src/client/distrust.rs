//! Says for the operator why the certificate of the OpCon server is not accepted, and what to do.

use rustls::CertificateError;

use crate::error::ErrorKind;
use crate::excerpt::excerpt;
use crate::tls::{Distrust, Problem};

/// The kind of the error, what is wrong, and a hint. `None` if the error is not about the certificate.
pub(super) fn distrust(error: &rustls::Error) -> Option<(ErrorKind, String, String)> {
    let rustls::Error::InvalidCertificate(reason) = error else { return None };
    let explained = match reason {
        CertificateError::Other(other) => other.0.downcast_ref::<Distrust>(),
        _ => None,
    };
    Some(match explained {
        Some(distrust) => {
            // Other problems must be solved first.
            let kind = match distrust.problems.iter().all(Problem::is_unknown) {
                true => ErrorKind::Untrusted,
                false => ErrorKind::Unreachable,
            };
            (kind, distrust.to_string(), hint(distrust))
        }
        None if *reason == CertificateError::BadSignature => (
            ErrorKind::Unreachable,
            "the server does not prove that it has the key of the certificate".into(),
            "check which server listens at `ADDRESS`".into(),
        ),
        None => (ErrorKind::Unreachable, excerpt(&reason.to_string()), configure("another certificate")),
    })
}

fn configure(what: &str) -> String {
    format!("configure the OpCon API with {what}")
}

/// What to do about the first problem.
fn hint(Distrust { problems, fingerprint, host }: &Distrust) -> String {
    let with_file = "then save the certificate and set `CA_FILE` to its file";
    match problems.first() {
        Some(Problem::WeakKey(_) | Problem::UnsupportedKey(_)) => configure(
            "a certificate that has an RSA key of 2048 bits or more, or an EC key of the curve P-256 or P-384",
        ),
        Some(Problem::OldVersion(_) | Problem::NoNames(_)) => {
            configure(&format!("a certificate of version 3 that has `{host}` as subject alternative name"))
        }
        Some(Problem::OtherNames(..)) => "set `ADDRESS` to a name in the certificate".into(),
        Some(Problem::Expired(_)) => configure("a new certificate, and update `CA_FILE` if it lists the old one"),
        Some(Problem::NotYetValid(_)) => {
            "check the clock of this machine, or configure the OpCon API with a certificate that is already valid"
                .into()
        }
        Some(Problem::Purposes(_)) => configure("a certificate for server authentication"),
        Some(Problem::OldSignature) => configure("a certificate that is signed with SHA-256"),
        Some(Problem::SelfSigned { .. } | Problem::Authority) => {
            format!("compare the SHA-256 fingerprint {fingerprint} with that on the OpCon server, {with_file}")
        }
        Some(Problem::UnknownIssuer(_) | Problem::IssuerIsNoAuthority(_) | Problem::OtherSignature(_)) => format!(
            "set `CA_FILE` to the file of the certification authority, or compare the SHA-256 fingerprint {fingerprint} \
             with that on the OpCon server, {with_file}"
        ),
        Some(Problem::Issuers(_)) => {
            "check the certificates of the issuers that the OpCon API sends, and those in `CA_FILE`".into()
        }
        Some(Problem::Other(_)) | None => configure("another certificate"),
    }
}
