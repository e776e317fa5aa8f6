//! User data, which an instance runs or reads at its first start.

use std::fmt;
use std::path::PathBuf;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use connector_sdk::files::{self, KIB};
use connector_sdk::{Arg, ArgSpec, ArgValue, Error, ErrorKind, Inputs, Result, ValueKind};

/// The maximum size in bytes, before Base64 (AWS: "Run commands when you launch an EC2 instance").
const MAXIMUM: u64 = 16 * KIB;

/// User data, at most 16 KiB. It may contain secrets and is never displayed.
#[derive(Clone, PartialEq, Eq)]
pub struct UserData(Vec<u8>);

impl UserData {
    fn new(bytes: Vec<u8>) -> Result<Self, String> {
        match bytes.len() as u64 {
            0 => Err("is empty".to_owned()),
            1..=MAXIMUM => Ok(UserData(bytes)),
            length => Err(format!("has {length} bytes; EC2 accepts at most {MAXIMUM}")),
        }
    }

    /// The data for EC2, in Base64.
    pub fn to_ec2(&self) -> String {
        BASE64_STANDARD.encode(&self.0)
    }
}

impl fmt::Debug for UserData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserData({} bytes)", self.0.len())
    }
}

impl ArgValue for UserData {
    const KIND: ValueKind = ValueKind::String;

    fn parse(text: &str) -> Result<Self, String> {
        UserData::new(text.as_bytes().to_vec())
    }
}

/// `--user-data TEXT`.
pub const USER_DATA: Arg<UserData> = Arg::new(
    "user-data",
    "TEXT",
    "User data for the instances, such as a script for their first start, at most 16 KiB. It is sent Base64-encoded. \
     Other users of this machine can see the command line: use `--user-data-file` for secrets. Default: none.",
)
.secret()
.verbatim();

/// `--user-data-file FILE`.
pub const USER_DATA_FILE: Arg<PathBuf> = Arg::new(
    "user-data-file",
    "FILE",
    "The file with the user data, at most 16 KiB. It is sent Base64-encoded, so the file itself must not be encoded.",
);

/// The arguments of this topic.
pub const ARGUMENTS: &[ArgSpec] = &[USER_DATA.spec, USER_DATA_FILE.spec];

/// The source of the user data.
#[derive(Clone, Debug)]
pub enum UserDataSource {
    /// The command line.
    Given(UserData),
    /// A file.
    File(PathBuf),
}

impl UserDataSource {
    /// Reads the arguments; `None` without user data.
    pub fn parse(inputs: &Inputs) -> Option<Self> {
        let given = inputs.get(&USER_DATA).map(UserDataSource::Given);
        given.or_else(|| inputs.get(&USER_DATA_FILE).map(UserDataSource::File))
    }

    /// Reads the user data.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the file cannot be read, is empty or is too long.
    pub fn read(&self) -> Result<UserData> {
        match self {
            UserDataSource::Given(data) => Ok(data.clone()),
            UserDataSource::File(path) => {
                let data = files::read(path, MAXIMUM).map_err(|error| error.to_string()).and_then(UserData::new);
                data.map_err(|why| {
                    Error::new(ErrorKind::InvalidInput, why).doing(format!("reading user data from {}", path.display()))
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn user_data_is_limited_and_never_shown() {
        let data = UserData::parse("hush").unwrap();
        assert_eq!(format!("{data:?}"), "UserData(4 bytes)");
        assert_eq!(data.to_ec2(), "aHVzaA==");
        assert!(UserData::parse(&"x".repeat(16384)).is_ok());
        assert_eq!(UserData::parse(&"x".repeat(16385)).unwrap_err(), "has 16385 bytes; EC2 accepts at most 16384");
    }

    #[test]
    fn a_file_is_read_byte_by_byte() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("start.bin");
        fs::write(&path, [0, 13, 10, 255]).unwrap();
        assert_eq!(UserDataSource::File(path).read().unwrap(), UserData(vec![0, 13, 10, 255]));
    }

    #[test]
    fn an_unusable_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let [empty, long] = ["empty", "long"].map(|name| folder.path().join(name));
        fs::write(&empty, "").unwrap();
        fs::write(&long, vec![b'x'; 16385]).unwrap();
        for (path, why) in [(folder.path().join("none"), ""), (empty, "is empty"), (long, "is larger than 16 KiB")] {
            let error = UserDataSource::File(path.clone()).read().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            let action = format!("reading user data from {}: ", path.display());
            assert!(error.to_string().starts_with(&action) && error.message().contains(why), "{error}");
        }
    }
}
