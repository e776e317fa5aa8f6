//! Certificate verifiers that rustls does not provide: none at all, and self-signed certificates.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

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
    /// Those that webpki trusts, and a server certificate that is itself listed.
    ///
    /// webpki rejects the certificate of a certificate authority as a server certificate. Self-signed certificates are
    /// often both, so webpki rejects them although they are listed. Only this kind of error, about the form, is
    /// ignored. Validity period, name, and signatures are still verified.
    Listed { certificates: Vec<CertificateDer<'static>>, webpki: Arc<WebPkiServerVerifier> },
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
        let (certificates, webpki) = match &self.policy {
            Policy::Any => return Ok(ServerCertVerified::assertion()),
            Policy::Observe(presented) => {
                let chain = std::iter::once(server).chain(intermediates);
                let _ = presented.set(chain.map(|certificate| certificate.clone().into_owned()).collect());
                return Err(CertificateError::ApplicationVerificationFailure.into());
            }
            Policy::Listed { certificates, webpki } => (certificates, webpki),
        };
        let verdict = webpki.verify_server_cert(server, intermediates, name, ocsp_response, now);
        match verdict {
            // rustls has no specific variants for form errors, only for period, issuer, name, and signature.
            Err(Error::InvalidCertificate(CertificateError::Other(_))) if certificates.contains(server) => {
                verify_server_name(&ParsedCertificate::try_from(server)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            _ => verdict,
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
