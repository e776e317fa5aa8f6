//! Checks the files that the AWS SDK reads itself: without a limit, and waiting for the other end of a FIFO.

use std::env;
use std::io;
use std::path::{Path, PathBuf};

use connector_sdk::{Error, ErrorKind, Result};

use super::profile::Profile;

/// The maximum size of a file of AWS settings or credentials, in bytes.
const MAX_FILE: u64 = bounded_files::MIB;

/// The variables that name such a file, each with its default in the home folder.
///
/// AWS: "Settings reference" in the AWS SDKs and Tools Reference Guide.
const FILES: [(&str, Option<&str>); 4] = [
    ("AWS_CONFIG_FILE", Some(".aws/config")),
    ("AWS_SHARED_CREDENTIALS_FILE", Some(".aws/credentials")),
    ("AWS_WEB_IDENTITY_TOKEN_FILE", None),
    ("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", None),
];

/// The file of the system that is always empty.
const NULL_DEVICE: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };

/// Rejects files that are not regular or too large. All other problems with them are reported by the SDK, if it needs
/// the file.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] with the file and its variable.
pub fn check() -> Result<()> {
    FILES.into_iter().try_for_each(|(variable, default)| {
        // The null device is how users of AWS's tools say that there is no file.
        let named = path(variable, default).filter(|path| path.as_os_str() != NULL_DEVICE);
        let Some(path) = named else { return Ok(()) };
        match bounded_files::check(&path, MAX_FILE) {
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::FileTooLarge) => {
                Err(Error::new(ErrorKind::InvalidInput, error.to_string())
                    .doing(format!("reading the AWS settings in {}", path.display()))
                    .hint(format!("check the file, or name another one with `{variable}`")))
            }
            _ => Ok(()),
        }
    })
}

/// Rejects the token file of a profile, as [`check`] does with that of the environment.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] with the key and its profile.
pub fn check_token_file(profile: &Profile) -> Result<()> {
    let Some(file) = profile.setting("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file") else { return Ok(()) };
    match bounded_files::check(Path::new(&file.value), MAX_FILE) {
        Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::FileTooLarge) => {
            Err(file.invalid("a regular file of at most 1 MiB"))
        }
        _ => Ok(()),
    }
}

/// The path of a file, with `~` replaced as the SDK does it.
fn path(variable: &str, default: Option<&str>) -> Option<PathBuf> {
    let home = |below: &Path| Some(env::home_dir()?.join(below));
    match env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from) {
        Some(path) => path.strip_prefix("~").map_or_else(|_| Some(path.clone()), home),
        None => home(Path::new(default?)),
    }
}
