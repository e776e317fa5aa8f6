//! The TLS configuration for AWS and OpCon: rustls with ring, and the trusted certificates.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bounded_files::MIB;
use reqwest::dns::Resolve;
use reqwest::{ClientBuilder, Url};
use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

use crate::error::{Error, ErrorKind};

mod certificate;
mod distrust;
mod public_key;
mod verifiers;

pub use certificate::{Certificate, ValidityTime};
pub use distrust::distrust;
pub(crate) use distrust::{Distrust, Problem};
pub use public_key::PublicKey;
use verifiers::{Policy, Trusted, Verifier};

/// The maximum size of a file of certificates, in bytes.
const MAX_FILE: u64 = MIB;

/// The servers to trust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// Servers whose certificate the system trusts. `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system certificates.
    System,
    /// In addition, servers whose certificate or issuer is in this PEM file. It may contain the self-signed certificate
    /// that OpCon creates at installation. A certificate in it that is not that of an authority is trusted only as the
    /// certificate of a server, not as an issuer of others.
    SystemAndFile(PathBuf),
    /// Only servers whose certificate or issuer is in this PEM file.
    File(PathBuf),
    /// Every server with any certificate. The connection is encrypted, but the server is not authenticated.
    Unverified,
    /// No TLS, plain HTTP only. No certificates are read.
    PlainHttp,
}

/// Whether requests use the proxy from the environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    /// As configured in `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`.
    Environment,
    /// Never.
    Never,
}

impl Proxy {
    /// Uses the proxy from the environment, except for servers on this machine, which a proxy cannot reach.
    pub fn for_server(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        let ip = host.trim_matches(['[', ']']).parse::<std::net::IpAddr>();
        if host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback()) { Proxy::Never } else { Proxy::Environment }
    }
}

/// The timeouts of an HTTP request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeLimits {
    /// To connect, including TLS.
    pub connect: Duration,
    /// Until the response is complete.
    pub request: Duration,
}

/// Creates an HTTP client that does not follow redirects.
///
/// # Errors
/// Those of [`client_config`].
pub fn http_client(trust: &Trust, proxy: Proxy, limits: TimeLimits) -> Result<reqwest::Client, Error> {
    http_client_with(client_config(trust)?, proxy, limits, |builder| builder)
}

/// Creates an HTTP client with this resolver of host names, which does not follow redirects.
pub(crate) fn resolving_http_client(
    trust: &Trust,
    proxy: Proxy,
    limits: TimeLimits,
    resolver: impl Resolve + 'static,
) -> Result<reqwest::Client, Error> {
    http_client_with(client_config(trust)?, proxy, limits, |builder| builder.dns_resolver(resolver))
}

/// Creates an HTTP client that ends every connection in the TLS handshake, after it has set `presented` to the
/// certificates of the server.
pub(crate) fn observing_http_client(
    presented: Arc<OnceLock<Vec<CertificateDer<'static>>>>,
    proxy: Proxy,
    limits: TimeLimits,
    resolver: impl Resolve + 'static,
) -> Result<reqwest::Client, Error> {
    let config = with_policy(Policy::Observe(presented))?;
    http_client_with(config, proxy, limits, |builder| builder.dns_resolver(resolver))
}

fn http_client_with(
    config: ClientConfig,
    proxy: Proxy,
    limits: TimeLimits,
    more: impl FnOnce(ClientBuilder) -> ClientBuilder,
) -> Result<reqwest::Client, Error> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(limits.connect)
        .timeout(limits.request);
    let builder = match proxy {
        Proxy::Environment => builder,
        Proxy::Never => builder.no_proxy(),
    };
    more(builder)
        .build()
        .map_err(|error| Error::new(ErrorKind::Invalid, "preparing the HTTP client", error.to_string()))
}

/// The TLS configuration of a client with this trust setting.
///
/// # Errors
/// [`ErrorKind::Invalid`] if certificates are required and there are none, or the PEM file cannot be read.
pub fn client_config(trust: &Trust) -> Result<ClientConfig, Error> {
    match trust {
        Trust::System => {
            check_system_file()?;
            let authorities = Some(authorities(trusted_store(system_certificates())?)?);
            with_policy(Policy::Trusted(Trusted { listed: Vec::new(), authorities }))
        }
        Trust::PlainHttp => Ok(builder()?.with_root_certificates(RootCertStore::empty()).with_no_client_auth()),
        Trust::SystemAndFile(file) => {
            check_system_file()?;
            with_policy(Policy::Trusted(listed(file, system_certificates())?))
        }
        Trust::File(file) => with_policy(Policy::Trusted(listed(file, Vec::new())?)),
        Trust::Unverified => with_policy(Policy::Any),
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, Error> {
    ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::new(ErrorKind::Invalid, "preparing TLS", error.to_string()))
}

fn with_policy(policy: Policy) -> Result<ClientConfig, Error> {
    let verifier = Arc::new(Verifier { policy, algorithms: provider().signature_verification_algorithms });
    Ok(builder()?.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// The certificate store of the system, which must contain at least one certificate.
fn trusted_store(system: Vec<CertificateDer<'static>>) -> Result<RootCertStore, Error> {
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(system);
    if store.is_empty() {
        let error = Error::new(ErrorKind::Invalid, "reading the certificates that the system trusts", "none found");
        return Err(
            error.with_hint("install the package `ca-certificates`, or set `SSL_CERT_FILE` to a file of certificates")
        );
    }
    Ok(store)
}

/// Trusts the system certificates, if any, and those in the PEM file.
fn listed(file: &Path, system: Vec<CertificateDer<'static>>) -> Result<Trusted, Error> {
    let invalid = |wrong: String| {
        Error::new(ErrorKind::Invalid, format!("reading the certificates in {}", file.display()), wrong)
    };
    let text = bounded_files::read(file, MAX_FILE).map_err(|error| invalid(error.to_string()))?;
    let listed: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&text).collect::<Result<_, _>>().map_err(|error| invalid(error.to_string()))?;
    if listed.is_empty() {
        return Err(invalid("the file contains no PEM certificate".into()));
    }
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(system);
    trust_of(listed, store, &invalid)
}

/// Trusts the listed certificates, and what the authorities among them and in the store have issued.
fn trust_of(
    listed: Vec<CertificateDer<'static>>,
    mut store: RootCertStore,
    invalid: &dyn Fn(String) -> Error,
) -> Result<Trusted, Error> {
    for (number, certificate) in (1..).zip(&listed) {
        let wrong = |error: &dyn std::fmt::Display| invalid(format!("certificate {number}: {error}"));
        // Any other certificate could otherwise issue certificates for every host.
        if Certificate::parse(certificate).map_err(|error| wrong(&error))?.is_authority {
            store.add(certificate.clone()).map_err(|error| wrong(&error))?;
        }
    }
    let authorities = if store.is_empty() { None } else { Some(authorities(store)?) };
    Ok(Trusted { listed, authorities })
}

/// Verifies what the authorities in the store have issued.
fn authorities(store: RootCertStore) -> Result<Arc<WebPkiServerVerifier>, Error> {
    WebPkiServerVerifier::builder_with_provider(Arc::new(store), provider())
        .build()
        .map_err(|error| Error::new(ErrorKind::Invalid, "preparing TLS", error.to_string()))
}

/// Checks the file that replaces the system certificates, if it exists, because it is read without a limit.
fn check_system_file() -> Result<(), Error> {
    let Some(file) = env::var_os("SSL_CERT_FILE").map(PathBuf::from).filter(|file| file.exists()) else {
        return Ok(());
    };
    bounded_files::check(&file, MAX_FILE).map_err(|error| {
        let action = format!("reading the certificates in {} (`SSL_CERT_FILE`)", file.display());
        Error::new(ErrorKind::Invalid, action, error.to_string())
    })
}

/// The trusted system certificates. If the system has a bundle and a folder with the same certificates, only the bundle
/// is read, because the folder contains hundreds of files.
#[cfg(all(unix, not(target_vendor = "apple")))]
fn system_certificates() -> Vec<CertificateDer<'static>> {
    let is_set = |name: &&str| env::var_os(name).is_some_and(|value| !value.is_empty());
    let chosen_by_user = ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(is_set);
    let bundle = openssl_probe::probe().cert_file.filter(|_| !chosen_by_user);
    let certificates = rustls_native_certs::load_certs_from_paths(bundle.as_deref(), None).certs;
    if certificates.is_empty() { rustls_native_certs::load_native_certs().certs } else { certificates }
}

/// The trusted system certificates.
#[cfg(not(all(unix, not(target_vendor = "apple"))))]
fn system_certificates() -> Vec<CertificateDer<'static>> {
    rustls_native_certs::load_native_certs().certs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_on_this_machine_need_no_proxy() {
        let proxy = |url| Proxy::for_server(&Url::parse(url).unwrap());
        for near in ["https://localhost:1", "http://127.0.0.1:1", "http://127.8.8.8", "http://[::1]:1"] {
            assert_eq!(proxy(near), Proxy::Never, "{near}");
        }
        for far in ["https://opcon.example.com", "http://10.0.0.1:1", "http://[2001:db8::1]"] {
            assert_eq!(proxy(far), Proxy::Environment, "{far}");
        }
    }

    #[test]
    fn a_file_of_certificates_must_hold_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        let error = client_config(&Trust::SystemAndFile(file.clone())).unwrap_err();
        assert!(error.to_string().starts_with("reading the certificates in "), "{error}");
        assert!(error.to_string().contains("ca.pem"), "{error}");

        std::fs::write(&file, "no certificate\n").unwrap();
        let error = client_config(&Trust::SystemAndFile(file)).unwrap_err();
        assert!(error.to_string().ends_with("the file contains no PEM certificate"), "{error}");
    }

    #[test]
    fn a_system_without_certificates_trusts_no_server() {
        let error = trusted_store(Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "reading the certificates that the system trusts: none found");
        assert!(error.hint().unwrap().contains("SSL_CERT_FILE"));
    }

    #[test]
    fn no_certificates_are_read_without_verification() {
        assert!(client_config(&Trust::PlainHttp).is_ok());
        assert!(client_config(&Trust::Unverified).is_ok());
    }
}
