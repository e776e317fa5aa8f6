//! Tests of parsing certificates that are created here.

use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, SanType};

use super::*;

fn parsed(change: impl FnOnce(&mut CertificateParams)) -> Certificate {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "opcon.example.com");
    params.not_before = rcgen::date_time_ymd(2026, 1, 2);
    params.not_after = rcgen::date_time_ymd(2028, 2, 29);
    change(&mut params);
    let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
    Certificate::parse(certificate.der()).unwrap()
}

#[test]
fn a_certificate_has_its_names_dates_and_key() {
    let found = parsed(|params| {
        let names = ["opcon.example.com", "*.example.com"].map(|name| SanType::DnsName(name.try_into().unwrap()));
        let addresses = ["10.0.0.1", "2001:db8::1"].map(|ip| SanType::IpAddress(ip.parse().unwrap()));
        params.subject_alt_names = names.into_iter().chain(addresses).collect();
    });
    assert_eq!(found.names, ["opcon.example.com", "*.example.com", "10.0.0.1", "2001:db8::1"]);
    assert_eq!(found.common_name.as_deref(), Some("opcon.example.com"));
    assert!(found.subject.contains("CN=opcon.example.com"), "{}", found.subject);
    assert!(found.is_self_issued() && !found.is_authority && found.permits_servers());
    assert_eq!((found.version, found.purposes.as_ref()), (3, None));
    assert_eq!(found.key.to_string(), "EC P-256, 256 bits");
    assert_eq!(found.not_before.to_string(), "2026-01-02 00:00 UTC");
    assert_eq!(found.not_after.to_string(), "2028-02-29 00:00 UTC");
}

#[test]
fn purposes_decide_whether_it_is_for_a_server() {
    let client = parsed(|params| params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth]);
    assert_eq!(client.purposes.as_deref(), Some(&["client authentication".to_owned()][..]));
    assert!(!client.permits_servers());
    let server = parsed(|params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    });
    assert!(server.permits_servers());
    assert!(parsed(|params| params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained)).is_authority);
}

#[test]
fn days_are_whole_and_end_with_the_period() {
    let end = parsed(|_| {}).not_after;
    let second = |offset: i64| UNIX_EPOCH + Duration::from_secs((1_835_395_200 + offset).unsigned_abs());
    let day = 24 * 60 * 60;
    assert_eq!(end.days_after(second(-30 * day)), 30);
    assert_eq!(end.days_after(second(-30 * day + 1)), 29);
    assert_eq!(end.days_after(second(-1)), 0);
    assert_eq!(end.days_after(second(1)), -1);
    assert!(!end.is_past(second(0)) && end.is_past(second(1)));
}

#[test]
fn the_pem_form_is_the_same_certificate() {
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    let found = parsed(|_| {});
    let read = CertificateDer::from_pem_slice(found.pem().as_bytes()).unwrap();
    assert_eq!(Certificate::parse(&read).unwrap(), found);
    assert!(found.pem().lines().all(|line| line.len() <= 64));
    let fingerprint = found.fingerprint();
    assert_eq!(fingerprint.len(), 32 * 3 - 1);
    assert_eq!(fingerprint.replace(':', "").to_lowercase(), hex::encode(Sha256::digest(&*read)));
}

#[test]
fn long_texts_of_a_certificate_are_cut() {
    let found = parsed(|params| params.distinguished_name.push(DnType::OrganizationName, "x".repeat(30_000)));
    assert!(found.subject.len() < 2_000, "{}", found.subject.len());
}

#[test]
fn what_is_no_certificate_is_refused() {
    let valid = parsed(|_| {});
    for der in [&b""[..], b"no certificate", &valid.der[..100], &[&valid.der[..], b"x"].concat()] {
        let error = Certificate::parse(der).unwrap_err();
        assert!(error.to_string().starts_with("reading a certificate: "), "{error}");
    }
}
