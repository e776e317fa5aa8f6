//! The two ways to judge a server's certificate that rustls does not bring.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, SignatureScheme};

/// Judges certificates as its policy says. Whatever it is, the server must prove that it has the key of its certificate.
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
    /// What webpki trusts, and a server's own certificate when exactly that one is listed.
    ///
    /// webpki takes no certificate of an authority for a server's. Self-signed certificates often are both, so that webpki
    /// refuses them although they are listed. Only that kind of objection, to the form, is set aside: the period, the name
    /// and the signatures are judged as ever.
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
        let Policy::Listed { certificates, webpki } = &self.policy else { return Ok(ServerCertVerified::assertion()) };
        let verdict = webpki.verify_server_cert(server, intermediates, name, ocsp_response, now);
        match verdict {
            // Objections to the form have no name of their own in rustls; those to period, issuer, name and signature have.
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
