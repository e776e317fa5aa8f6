//! The key pair that opens instances.

use std::path::PathBuf;

use connector_sdk::args::Always;
use connector_sdk::ec2::types;
use connector_sdk::{Arg, ArgSpec, Context, Inputs, checked_text, choices};

/// The folder for private keys, beside the connector's own files.
const KEY_FOLDER: &str = "keys";

checked_text! {
    /// The name of a key pair: 1 to 255 printable ASCII characters, no blank at either end.
    ///
    /// AWS: "CreateKeyPair", `KeyName`. Whether it can be a file name matters only when the key pair has to be created.
    pub struct KeyName where is_key_name, else "must have 1 to 255 printable ASCII characters, and no blank at either end";
}

fn is_key_name(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && text.trim() == text
}

choices! {
    /// The type of a key pair that has to be created.
    pub enum KeyType {
        /// RSA, which all images take.
        Rsa = "rsa",
        /// ED25519, which Windows images do not take.
        Ed25519 = "ed25519",
    }
}

impl KeyType {
    /// The type in EC2's form.
    pub fn to_ec2(self) -> types::KeyType {
        match self {
            KeyType::Rsa => types::KeyType::Rsa,
            KeyType::Ed25519 => types::KeyType::Ed25519,
        }
    }
}

/// `--key-name NAME`.
pub const KEY_NAME: Arg<KeyName> = Arg::new(
    "key-name",
    "NAME",
    "The key pair, at most 255 ASCII characters. One that does not exist is created, and its private key stored as NAME.pem; \
     then the name must be a possible file name, on Windows too.",
);

/// `--key-dir DIR`.
pub const KEY_DIR: Arg<PathBuf> = Arg::new(
    "key-dir",
    "DIR",
    "The folder for the private key of a key pair that has to be created. Default: `keys` beside Connector.config.",
);

/// `--key-type rsa|ed25519`.
pub const KEY_TYPE: Arg<KeyType, Always> = Arg::new(
    "key-type",
    "TYPE",
    "The type of a key pair that has to be created: `rsa`, or `ed25519`, which is not for Windows images.",
)
.default("rsa");

/// The arguments of this theme.
pub const ARGUMENTS: &[ArgSpec] = &[KEY_NAME.spec, KEY_DIR.spec, KEY_TYPE.spec];

/// A key pair that a job asks for, and how it is made if it does not exist.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its name.
    pub name: KeyName,
    /// Its type, if it has to be made.
    pub key_type: KeyType,
    /// The folder for its private key; `None` for the one beside the connector's own files.
    folder: Option<PathBuf>,
}

impl Key {
    /// What the arguments say; `None` when they name no key pair.
    pub fn parse(inputs: &Inputs) -> Option<Self> {
        let name = inputs.get(&KEY_NAME)?;
        Some(Key { name, key_type: inputs.get(&KEY_TYPE), folder: inputs.get(&KEY_DIR) })
    }

    /// The folder for its private key.
    pub fn folder(&self, cx: &Context) -> PathBuf {
        self.folder.clone().unwrap_or_else(|| cx.folder().join(KEY_FOLDER))
    }
}

#[cfg(test)]
mod tests {
    use connector_sdk::ArgValue as _;

    use super::*;

    #[test]
    fn a_key_name_is_printable() {
        assert_eq!(KeyName::parse("team/web key").unwrap().as_str(), "team/web key");
        for text in [" web", "web ", "w\u{e9}b", "a\tb", &"x".repeat(256)] {
            assert!(KeyName::parse(text).unwrap_err().contains("printable ASCII"), "{text}");
        }
    }

    #[test]
    fn there_are_two_types_of_keys() {
        assert_eq!(KeyType::parse("rsa").unwrap().to_ec2(), types::KeyType::Rsa);
        assert_eq!(KeyType::parse("ed25519").unwrap().to_ec2(), types::KeyType::Ed25519);
    }
}
