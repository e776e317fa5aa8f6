//! The SHA-256 fingerprint of a certificate, as an administrator copies it.

use opcon::Certificate;

/// A SHA-256 fingerprint: 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint(String);

/// The number of hexadecimal digits of SHA-256 and of SHA-1.
const SHA_256: usize = 64;
const SHA_1: usize = 40;

impl Fingerprint {
    /// Parses `A1:B2:...` in any case, with colons, hyphens, spaces or nothing between the digits, and with the prefix
    /// `SHA256` of `openssl` or without.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (_, digits) = text.rsplit_once('=').unwrap_or(("", text));
        let digits: String = digits.chars().filter(|c| !matches!(c, ':' | '-' | ' ')).collect();
        match digits.len() {
            _ if !digits.chars().all(|c| c.is_ascii_hexdigit()) => {}
            SHA_256 => return Ok(Fingerprint(digits.to_ascii_uppercase())),
            SHA_1 => return Err("must be a SHA-256 fingerprint, not the SHA-1 thumbprint".into()),
            _ => {}
        }
        Err("must be a SHA-256 fingerprint of 64 hexadecimal digits, such as `A1:B2:...`".into())
    }

    /// Whether it is that of the certificate.
    pub fn is_of(&self, certificate: &Certificate) -> bool {
        Self::parse(&certificate.fingerprint()).as_ref() == Ok(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_form_is_the_same_fingerprint() {
        let pairs = ["A1"; 32];
        let expected = Fingerprint::parse(&pairs.concat()).unwrap();
        for between in [":", "-", " "] {
            assert_eq!(Fingerprint::parse(&pairs.join(between).to_lowercase()).unwrap(), expected);
        }
        assert_eq!(Fingerprint::parse(&format!("sha256 Fingerprint={}", pairs.join(":"))).unwrap(), expected);
    }

    #[test]
    fn anything_else_is_refused() {
        let wrong = |text: &str| Fingerprint::parse(text).unwrap_err();
        assert!(wrong(&"A1:".repeat(20)).contains("not the SHA-1 thumbprint"));
        for text in ["", "A1", &"A".repeat(63), &"A".repeat(65), &"G".repeat(64), &"\u{e4}".repeat(32)] {
            assert!(wrong(text).contains("64 hexadecimal digits"), "{text}");
        }
    }
}
