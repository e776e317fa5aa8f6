//! The public key of a certificate: its algorithm and its size.

use std::fmt;

use x509_cert::der::Decode as _;
use x509_cert::der::asn1::{ObjectIdentifier, UintRef};
use x509_cert::spki::SubjectPublicKeyInfoOwned;

/// A public key, displayed as `RSA, 2048 bits`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// The algorithm, with the curve, such as `RSA`, `EC P-256` or `Ed25519`; the object identifier of an unknown one.
    pub algorithm: String,
    /// The size in bits, if it is known.
    pub bits: Option<usize>,
}

/// Object identifiers of key algorithms (RFC 3279, 4055 and 8410).
const RSA_IDS: [&str; 2] = ["1.2.840.113549.1.1.1", "1.2.840.113549.1.1.10"];
const EC: &str = "1.2.840.10045.2.1";
const OTHERS: [(&str, &str, Option<usize>); 3] =
    [("1.3.101.112", "Ed25519", Some(256)), ("1.3.101.113", "Ed448", Some(448)), ("1.2.840.10040.4.1", "DSA", None)];
/// Object identifiers of curves (RFC 5480).
const CURVES: [(&str, &str, usize); 3] =
    [("1.2.840.10045.3.1.7", "P-256", 256), ("1.3.132.0.34", "P-384", 384), ("1.3.132.0.35", "P-521", 521)];

impl PublicKey {
    /// The algorithm of an RSA key.
    pub(crate) const RSA: &'static str = "RSA";

    pub(super) fn of(key: &SubjectPublicKeyInfoOwned) -> Self {
        let id = key.algorithm.oid.to_string();
        if RSA_IDS.contains(&id.as_str()) {
            return PublicKey { algorithm: PublicKey::RSA.into(), bits: modulus_bits(key) };
        }
        if id == EC {
            let curve = key.algorithm.parameters.as_ref().and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
            let curve = curve.map(|curve| curve.to_string()).unwrap_or_default();
            let known = CURVES.iter().find(|(id, _, _)| *id == curve);
            let (name, bits) = known.map_or((curve.as_str(), None), |(_, name, bits)| (*name, Some(*bits)));
            return PublicKey { algorithm: format!("EC {name}").trim_end().to_owned(), bits };
        }
        let known = OTHERS.iter().find(|(other, _, _)| *other == id);
        let (algorithm, bits) = known.map_or((id.as_str(), None), |(_, name, bits)| (*name, *bits));
        PublicKey { algorithm: algorithm.to_owned(), bits }
    }
}

/// The size of an RSA key, `SEQUENCE { modulus, exponent }`: that of its modulus without leading zeros.
fn modulus_bits(key: &SubjectPublicKeyInfoOwned) -> Option<usize> {
    let numbers = Vec::<UintRef<'_>>::from_der(key.subject_public_key.as_bytes()?).ok()?;
    let modulus = numbers.first()?.as_bytes();
    let zeros = usize::try_from(modulus.first()?.leading_zeros()).ok()?;
    Some(modulus.len() * 8 - zeros)
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bits {
            Some(bits) => write!(f, "{}, {bits} bits", self.algorithm),
            None => f.write_str(&self.algorithm),
        }
    }
}
