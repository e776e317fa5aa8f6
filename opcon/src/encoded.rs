//! The encoding of values in `Connector.config`: the lower-case hexadecimal of the Base64 text of the value.
//!
//! It is the format of the original connector's `EncryptValue` tool. It is not encryption: anyone with read access to
//! the file can decode the values. Protect the file.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

/// Why a text is not an encoded value. The text is never included, because it may be a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// It contains a character other than `0-9` and `a-f`, or an odd number of them.
    #[error("the value is not encoded by EncryptValue: not hexadecimal")]
    NotHexadecimal,
    /// The decoded hexadecimal is not Base64.
    #[error("the value is not encoded by EncryptValue: the hexadecimal text does not contain Base64")]
    NotBase64,
    /// The decoded Base64 is not UTF-8.
    #[error("the value is not encoded by EncryptValue: the decoded value is not text")]
    NotText,
}

/// Encodes `text`.
pub fn encode(text: &str) -> String {
    hex::encode(STANDARD.encode(text))
}

/// Decodes `text`. Upper-case hexadecimal is accepted, too.
pub fn decode(text: &str) -> Result<SecretString, DecodeError> {
    let base64_text = hex::decode(text).map_err(|_| DecodeError::NotHexadecimal)?;
    let value = STANDARD.decode(base64_text).map_err(|_| DecodeError::NotBase64)?;
    let value = String::from_utf8(value).map_err(|_| DecodeError::NotText)?;
    Ok(value.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn the_form_is_hexadecimal_of_base64() {
        // The Base64 of "hello" is aGVsbG8=.
        assert_eq!(encode("hello"), "614756736247383d");
        assert_eq!(decode("614756736247383D").unwrap().expose_secret(), "hello");
    }

    #[test]
    fn each_wrong_form_has_its_own_message() {
        assert_eq!(decode("top secret").unwrap_err(), DecodeError::NotHexadecimal);
        assert_eq!(decode("616").unwrap_err(), DecodeError::NotHexadecimal);
        assert_eq!(decode("ffff").unwrap_err(), DecodeError::NotBase64);
        assert_eq!(decode(&hex::encode(STANDARD.encode([0xff, 0xfe]))).unwrap_err(), DecodeError::NotText);
    }

    proptest! {
        #[test]
        fn every_text_survives(text in ".*") {
            let decoded = decode(&encode(&text)).unwrap();
            prop_assert_eq!(decoded.expose_secret(), &text);
        }
    }
}
