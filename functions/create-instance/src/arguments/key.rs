//! The key pair of the instances.

use std::path::PathBuf;

use connector_sdk::args::Always;
use connector_sdk::ec2::types;
use connector_sdk::{Arg, ArgSpec, Context, Inputs, checked_text, choices};

/// The folder for private keys, in the folder of the connector's files.
const KEY_FOLDER: &str = "keys";

checked_text! {
    /// The name of a key pair: 1 to 255 printable ASCII characters, without leading or trailing blanks.
    ///
    /// AWS: "CreateKeyPair", `KeyName`. Only a key pair that has to be created needs a valid file name.
    pub struct KeyName where is_key_name, else "must have 1 to 255 printable ASCII characters, and no space at either \
                                                end";
}

fn is_key_name(text: &str) -> bool {
    (1..=255).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) && text.trim() == text
}

choices! {
    /// The type of a key pair to be created.
    pub enum KeyType {
        /// RSA, which all images support.
        Rsa = "rsa",
        /// ED25519, which Windows images do not support.
        Ed25519 = "ed25519",
    }
}

impl KeyType {
    /// The type for EC2.
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
    "The key pair, at most 255 ASCII characters. A key pair that does not exist is created, and its private key is \
     saved as `NAME.pem`; the name must then be a valid file name, also on Windows.",
);

/// `--key-dir DIR`.
pub const KEY_DIR: Arg<PathBuf> = Arg::new(
    "key-dir",
    "DIR",
    "The folder for the private key of a new key pair. Default: `keys` in the folder of `Connector.config`.",
);

/// `--key-type rsa|ed25519`.
pub const KEY_TYPE: Arg<KeyType, Always> = Arg::new(
    "key-type",
    "TYPE",
    "The type of a new key pair: `rsa`, or `ed25519`, which Windows images do not support.",
)
.default("rsa");

/// The arguments of this topic.
pub const ARGUMENTS: &[ArgSpec] = &[KEY_NAME.spec, KEY_DIR.spec, KEY_TYPE.spec];

/// The key pair of a job, and how it is created if it does not exist.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its name.
    pub name: KeyName,
    /// Its type, if it has to be created.
    pub key_type: KeyType,
    /// The folder for its private key; `None` for the default.
    folder: Option<PathBuf>,
}

impl Key {
    /// Reads the arguments; `None` without a key pair.
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
