//! Tests of the verifiers with certificates that are created here, without connections.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, PublicKeyData,
    SignatureAlgorithm, SigningKey,
};
use rustls::RootCertStore;
use x509_cert::der::asn1::{Any, UintRef};
use x509_cert::der::{Decode as _, Encode as _, Tag, Tagged as _};

use super::*;
use crate::tls::{authorities, trust_of};

/// 2026-06-01 00:00 UTC.
const NOW: u64 = 1_780_272_000;

/// A certificate with its key.
struct Made {
    der: CertificateDer<'static>,
    params: CertificateParams,
    key: KeyPair,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2027, 1, 1);
    params
}

fn self_signed(change: impl FnOnce(&mut CertificateParams)) -> Made {
    let mut params = params("opcon.example.com");
    change(&mut params);
    let key = KeyPair::generate().unwrap();
    Made { der: params.self_signed(&key).unwrap().der().clone(), params, key }
}

fn authority() -> Made {
    self_signed(|params| {
        params.distinguished_name.push(DnType::CommonName, "Example CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    })
}

impl Made {
    /// A certificate for `opcon.example.com` that is signed with this key.
    fn issue(&self, change: impl FnOnce(&mut CertificateParams)) -> CertificateDer<'static> {
        let mut params = params("opcon.example.com");
        change(&mut params);
        let issuer = Issuer::from_params(&self.params, &self.key);
        params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().der().clone()
    }
}

/// A key of which only the public half exists.
struct Modulus(Vec<u8>, Vec<u8>);

impl Modulus {
    /// An RSA key of so many bits.
    fn of(bits: usize) -> Self {
        let modulus = [vec![0x80], vec![1; bits / 8 - 1]].concat();
        let numbers = [&modulus[..], &[1, 0, 1]].map(|number| UintRef::new(number).unwrap());
        Modulus(numbers.to_vec().to_der().unwrap(), vec![0; 256])
    }
}

impl PublicKeyData for Modulus {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &rcgen::PKCS_RSA_SHA256
    }
}

impl SigningKey for Modulus {
    fn sign(&self, _: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.1.clone())
    }
}

/// The same certificate in version 1, which has no extensions. Its signature is not valid any more.
fn version_1(certificate: &CertificateDer<'_>) -> CertificateDer<'static> {
    let mut parts = Vec::<Any>::from_der(certificate).unwrap();
    let mut body = Vec::<Any>::from_der(&parts[0].to_der().unwrap()).unwrap();
    body.retain(|part| !matches!(part.tag(), Tag::ContextSpecific { .. }));
    parts[0] = Any::from_der(&body.to_der().unwrap()).unwrap();
    parts.to_der().unwrap().into()
}

/// The policy with these listed certificates, and with no authorities of the system.
fn listed(certificates: &[&CertificateDer<'static>]) -> Policy {
    let certificates = certificates.iter().map(|der| (*der).clone()).collect();
    Policy::Trusted(trust_of(certificates, RootCertStore::empty(), &|error| panic!("{error}")).unwrap())
}

fn verify_with(policy: Policy, server: &CertificateDer<'_>) -> Result<(), String> {
    verify_chain(policy, server, &[])
}

fn verify_chain(policy: Policy, server: &CertificateDer<'_>, issuers: &[CertificateDer<'_>]) -> Result<(), String> {
    let verifier = Verifier { policy, algorithms: crate::tls::provider().signature_verification_algorithms };
    let name = ServerName::try_from("opcon.example.com").unwrap();
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(NOW));
    match verifier.verify_server_cert(server, issuers, &name, &[], now) {
        Ok(_) => Ok(()),
        Err(Error::InvalidCertificate(CertificateError::Other(other))) => {
            Err(other.0.downcast_ref::<Distrust>().unwrap().to_string())
        }
        Err(error) => panic!("not explained: {error}"),
    }
}

/// Why the server is not trusted although its own certificate is listed.
fn wrong(server: &CertificateDer<'static>) -> String {
    verify_with(listed(&[server]), server).unwrap_err()
}

const OTHER: &str = "it is self-signed, and it is not one of the trusted certificates";

#[test]
fn a_listed_certificate_is_trusted_whoever_issued_it() {
    let (plain, authority) = (self_signed(|_| {}), authority());
    let issued = authority.issue(|_| {});
    for server in [&plain.der, &issued] {
        assert_eq!(verify_with(listed(&[server]), server), Ok(()));
    }
    let both = self_signed(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    assert_eq!(verify_with(listed(&[&both.der]), &both.der), Ok(()));
}

#[test]
fn a_listed_authority_is_trusted_for_what_it_issued() {
    let authority = authority();
    assert_eq!(verify_with(listed(&[&authority.der]), &authority.issue(|_| {})), Ok(()));
}

#[test]
fn a_listed_certificate_that_is_no_authority_vouches_for_itself_alone() {
    let plain = self_signed(|params| params.distinguished_name.push(DnType::CommonName, "plain"));
    let issued = plain.issue(|_| {});
    assert_eq!(verify_with(listed(&[&plain.der]), &plain.der), Ok(()));
    let error = verify_with(listed(&[&plain.der]), &issued).unwrap_err();
    assert_eq!(error, "its issuer `CN=plain` is trusted only as a server, because it is no certificate authority");

    let other = authority();
    let error = verify_with(listed(&[&plain.der, &other.der]), &issued).unwrap_err();
    assert!(error.contains("is trusted only as a server"), "also beside an authority: {error}");
    let old = version_1(&authority().der);
    let server = authority().issue(|_| {});
    assert!(verify_with(listed(&[&old]), &server).is_err(), "version 1 does not say that it is an authority");
}

#[test]
fn an_issuer_that_is_no_authority_is_named_as_the_reason() {
    let (authority, key) = (authority(), KeyPair::generate().unwrap());
    let mut between = params("between.example.com");
    between.distinguished_name.push(DnType::CommonName, "between");
    let signer = Issuer::from_params(&authority.params, &authority.key);
    let der = between.signed_by(&key, &signer).unwrap().der().clone();
    let between = Made { der, params: between, key };
    let error = verify_chain(listed(&[&authority.der]), &between.issue(|_| {}), &[between.der]).unwrap_err();
    let reason = "the certificate of one of its issuers is not that of a certificate authority, or not for servers";
    assert_eq!(error, reason);
}

#[test]
fn an_unknown_certificate_is_described() {
    let (plain, other) =
        (self_signed(|_| {}), self_signed(|params| params.distinguished_name.push(DnType::CommonName, "x")));
    assert_eq!(verify_with(listed(&[&other.der]), &plain.der).unwrap_err(), OTHER);
    let renewed = self_signed(|_| {});
    let error = verify_with(listed(&[&plain.der]), &renewed.der).unwrap_err();
    assert!(error.ends_with("not the trusted certificate with the same subject: it may have been renewed"), "{error}");
    let error = verify_with(listed(&[&plain.der]), &authority().issue(|_| {})).unwrap_err();
    assert_eq!(error, "its issuer `CN=Example CA` is not trusted");
    let (one, two) = (authority(), authority());
    let error = verify_with(listed(&[&one.der]), &two.issue(|_| {})).unwrap_err();
    assert!(error.starts_with("it is not signed with the key of the trusted issuer `CN=Example CA`"), "{error}");
    let sub = one.issue(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained));
    let error = verify_with(listed(&[&one.der]), &sub).unwrap_err();
    assert_eq!(error, "it is the certificate of a certificate authority, not of a server");
}

#[test]
fn the_names_are_shown() {
    let two = ["one.example.com", "10.0.0.1"].map(str::to_owned);
    let other = self_signed(|params| {
        params.subject_alt_names = CertificateParams::new(two).unwrap().subject_alt_names;
    });
    assert_eq!(wrong(&other.der), "it is for `one.example.com`, `10.0.0.1`, not for `opcon.example.com`");
    let none = self_signed(|params| params.subject_alt_names.clear());
    let text = "it has its name only as common name (`opcon.example.com`), and no subject alternative name";
    assert_eq!(wrong(&none.der), text);
    let many = (0..30).map(|number| format!("host-{number}.example.com")).collect::<Vec<_>>();
    let many = self_signed(|params| {
        params.subject_alt_names = CertificateParams::new(many).unwrap().subject_alt_names;
    });
    assert!(wrong(&many.der).ends_with("`host-9.example.com` and 20 more, not for `opcon.example.com`"));
}

#[test]
fn the_period_is_shown() {
    let expired = |params: &mut CertificateParams| params.not_after = rcgen::date_time_ymd(2026, 3, 4);
    let early = |params: &mut CertificateParams| params.not_before = rcgen::date_time_ymd(2026, 7, 8);
    assert_eq!(wrong(&self_signed(expired).der), "it has expired on 2026-03-04 00:00 UTC");
    assert_eq!(wrong(&self_signed(early).der), "it is not valid until 2026-07-08 00:00 UTC");
    let authority = authority();
    let error = verify_with(listed(&[&authority.der]), &authority.issue(expired)).unwrap_err();
    assert_eq!(error, "it has expired on 2026-03-04 00:00 UTC");
}

#[test]
fn a_certificate_for_clients_only_is_refused_also_if_it_is_listed() {
    let client =
        |params: &mut CertificateParams| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let text = "its extended key usage (client authentication) does not include server authentication";
    assert_eq!(wrong(&self_signed(client).der), text);
    let both = self_signed(|params| {
        client(params);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    });
    assert_eq!(wrong(&both.der), text);
    let authority = authority();
    assert_eq!(verify_with(listed(&[&authority.der]), &authority.issue(client)).unwrap_err(), text);
}

#[test]
fn a_weak_key_and_version_1_are_named() {
    let weak = params("opcon.example.com").self_signed(&Modulus::of(1024)).unwrap().der().clone();
    let text = "its key is too weak (RSA, 1024 bits; at least 2048 are needed)";
    assert_eq!(wrong(&weak), text);
    assert_eq!(verify_with(Policy::Any, &weak).unwrap_err(), text);
    assert_eq!(verify_with(listed(&[&authority().der]), &weak).unwrap_err(), format!("{text}; {OTHER}"));
    let strong = params("opcon.example.com").self_signed(&Modulus::of(2048)).unwrap().der().clone();
    assert_eq!(verify_with(listed(&[&strong]), &strong), Ok(()));
    let huge = params("opcon.example.com").self_signed(&Modulus::of(16384)).unwrap().der().clone();
    assert_eq!(wrong(&huge), "its kind of key is not supported (RSA, 16384 bits)");

    let old = version_1(&self_signed(|_| {}).der);
    assert_eq!(wrong(&old), "it has version 1, without the names of the server; TLS needs version 3");
}

#[test]
fn everything_that_is_wrong_is_shown() {
    let server = self_signed(|params| {
        params.not_after = rcgen::date_time_ymd(2026, 3, 4);
        params.subject_alt_names.clear();
    });
    let error = wrong(&server.der);
    assert!(error.starts_with("it has its name only as common name"), "{error}");
    assert!(error.ends_with("; it has expired on 2026-03-04 00:00 UTC"), "{error}");
}

#[test]
fn authorities_of_the_system_are_trusted_beside_the_file() {
    let (system, plain) = (authority(), self_signed(|_| {}));
    let mut store = RootCertStore::empty();
    store.add(system.der.clone()).unwrap();
    let issued = system.issue(|_| {});
    let trusted = trust_of(vec![plain.der.clone()], store.clone(), &|error| panic!("{error}")).unwrap();
    assert_eq!(verify_with(Policy::Trusted(trusted), &issued), Ok(()));
    let trusted = Trusted { listed: Vec::new(), authorities: Some(authorities(store).unwrap()) };
    assert_eq!(verify_with(Policy::Trusted(trusted), &issued), Ok(()));
}
