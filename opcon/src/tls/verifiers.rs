//! The certificate verifiers of this program. They differ from that of rustls in the certificates of a file, and in that
//! they say in words why a certificate is not accepted.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

use super::certificate::Certificate;
use super::distrust::{Distrust, key_problem, own_problems, problems};

/// Verifies certificates by its policy. With every policy the server must prove that it has the key of its certificate.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) policy: Policy,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

/// Which certificates are trusted.
#[derive(Debug)]
pub(super) enum Policy {
    /// Every certificate.
    Any,
    /// None. The certificates of the server are put here.
    Observe(Arc<OnceLock<Vec<CertificateDer<'static>>>>),
    /// Those that authorities have issued, and those that are listed.
    Trusted(Trusted),
}

/// The certificates to trust.
#[derive(Debug)]
pub(super) struct Trusted {
    /// Each of them is trusted as a server, whoever issued it and also if it is that of an authority, as self-signed
    /// certificates often are. It needs a name, a validity period and a purpose that are valid.
    pub(super) listed: Vec<CertificateDer<'static>>,
    /// Verifies what authorities have issued: those of the system, and those that are listed. `None` if there are none.
    pub(super) authorities: Option<Arc<WebPkiServerVerifier>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match &self.policy {
            Policy::Any => {
                let certificate = parsed(server)?;
                match key_problem(&certificate.key) {
                    None => Ok(ServerCertVerified::assertion()),
                    Some(problem) => Err(Distrust::new(vec![problem], &certificate, name).into()),
                }
            }
            Policy::Observe(presented) => {
                let chain = std::iter::once(server).chain(intermediates);
                let _ = presented.set(chain.map(|certificate| certificate.clone().into_owned()).collect());
                Err(CertificateError::ApplicationVerificationFailure.into())
            }
            Policy::Trusted(trusted) => trusted.verify(server, intermediates, name, ocsp_response, now),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        server: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, server, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        server: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, server, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl Trusted {
    fn verify(
        &self,
        server: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = parsed(server)?;
        let named = ParsedCertificate::try_from(server).and_then(|parsed| verify_server_name(&parsed, name)).is_ok();
        let own = own_problems(&certificate, name, named, now);
        if self.listed.contains(server) {
            return match own.is_empty() {
                true => Ok(ServerCertVerified::assertion()),
                false => Err(Distrust::new(own, &certificate, name).into()),
            };
        }
        let verdict = match &self.authorities {
            Some(webpki) => webpki.verify_server_cert(server, intermediates, name, ocsp_response, now),
            None => Err(CertificateError::UnknownIssuer.into()),
        };
        match verdict {
            Ok(_) if !own.is_empty() => Err(Distrust::new(own, &certificate, name).into()),
            Err(Error::InvalidCertificate(error)) => {
                let listed: Vec<Certificate> =
                    self.listed.iter().filter_map(|listed| Certificate::parse(listed).ok()).collect();
                Err(Distrust::new(problems(&certificate, own, &error, &listed), &certificate, name).into())
            }
            verdict => verdict,
        }
    }
}

fn parsed(server: &CertificateDer<'_>) -> Result<Certificate, Error> {
    Certificate::parse(server).map_err(|_| CertificateError::BadEncoding.into())
}

#[cfg(test)]
mod tests;
