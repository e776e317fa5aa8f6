//! The self-signed certificate of a stand-in, created at each start.

use std::time::{Duration, SystemTime};

use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A self-signed certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The names and IP addresses of the server.
    pub names: Vec<String>,
    /// Whether it also claims to be a certificate authority, like those that `openssl req -x509` creates.
    pub authority: bool,
    /// Whether it is expired.
    pub expired: bool,
    /// After how many days it expires. `None`: in a distant future.
    pub days_left: Option<u32>,
}

impl Default for Certificate {
    /// A valid certificate for `localhost` and 127.0.0.1 that is not a certificate authority.
    fn default() -> Self {
        Certificate {
            names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            authority: false,
            expired: false,
            days_left: None,
        }
    }
}

/// A certificate with its TLS server configuration.
pub(crate) struct SelfSigned {
    /// The certificate as PEM, for clients that trust it.
    pub(crate) pem: String,
    /// The TLS server configuration.
    pub(crate) acceptor: TlsAcceptor,
}

impl SelfSigned {
    /// Creates a key and its certificate.
    pub(crate) fn new(wanted: Certificate) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let mut params = CertificateParams::new(wanted.names)?;
        if wanted.authority {
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        }
        if wanted.expired {
            params.not_after = rcgen::date_time_ymd(2001, 1, 1);
        }
        if let Some(days) = wanted.days_left {
            params.not_after = (SystemTime::now() + Duration::from_secs(u64::from(days) * 24 * 60 * 60)).into();
        }
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        let private_key = PrivateKeyDer::try_from(key.serialize_der())?;
        let config = ServerConfig::builder_with_provider(ring::default_provider().into())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private_key)?;
        Ok(SelfSigned { pem: certificate.pem(), acceptor: TlsAcceptor::from(std::sync::Arc::new(config)) })
    }
}
