//! Generates the `Connector.config` of the test bed, with encoded values as in existing files.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::addresses::{AccessKey, OpCon};

/// The text of the file: a section per user, and the stand-in over TLS as OpCon.
pub fn contents(users: &[(&str, &AccessKey)], opcon: &OpCon) -> String {
    let mut text = String::from("[CONNECTOR]\nCONNECTOR_NAME=Test bed\nMAX_WAIT_TIME_FOR_STARTUP=1\nDEBUG=ON\n");
    for (user_id, key) in users {
        text += &format!(
            "\n[{user_id}]\nCONNECTOR_USER_ACCESS_KEY={}\nCONNECTOR_USER_SECRET_KEY={}\n",
            encoded(&key.access_key_id),
            encoded(&key.secret_access_key)
        );
    }
    text += &format!(
        "\n[OPCON API INFORMATION]\nADDRESS={}\nUSING_TLS=True\nTOKEN={}\nCA_FILE={}\n",
        opcon.https,
        encoded(&opcon.token),
        opcon.ca_file.display()
    );
    text
}

/// The connector's encoding: the lower-case hexadecimal of the Base64 text.
fn encoded(value: &str) -> String {
    STANDARD.encode(value).bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded_as_hexadecimal_of_base64() {
        // The Base64 text of "key" is a2V5.
        assert_eq!(encoded("key"), "61325635");
    }

    #[test]
    fn the_file_contains_no_secret_in_clear_text() {
        let key = AccessKey { access_key_id: "public-half".into(), secret_access_key: "secret-half".into() };
        let opcon = OpCon {
            http: "127.0.0.1:1".into(),
            https: "127.0.0.1:2".into(),
            ca_file: "opcon.pem".into(),
            token: "secret-token".into(),
        };
        let text = contents(&[("USER1", &key)], &opcon);
        assert!(!text.contains("secret-half") && !text.contains("secret-token"), "{text}");
        assert!(text.contains("[USER1]\n") && text.contains("ADDRESS=127.0.0.1:2\n"), "{text}");
        assert!(text.contains("CA_FILE=opcon.pem\n"), "{text}");
    }
}
