//! Reads settings of the AWS SDK from the environment and the profile files, for which the SDK has no errors.

use std::env;
use std::path::PathBuf;

use aws_config::profile::{self, ProfileSet};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_types::os_shim_internal::{Env, Fs};
use connector_sdk::{Error, ErrorKind, Result};

/// The variables with paths, which need not be Unicode: this program reads them itself, or the SDK opens the file.
const PATHS: [&str; 3] = ["AWS_CA_BUNDLE", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"];

/// The files with profiles, the one whose settings come first: its variable, and its default.
const FILES: [(EnvConfigFileKind, &str, &str); 2] = [
    (EnvConfigFileKind::Credentials, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"),
    (EnvConfigFileKind::Config, "AWS_CONFIG_FILE", "~/.aws/config"),
];

/// A value, and where it was found.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// The value, without white space around it, and not empty.
    pub value: String,
    /// The variable, or the key with its profile and file.
    place: String,
}

impl Setting {
    /// The error for a value that is not valid.
    pub fn invalid(&self, must: &str) -> Error {
        Error::new(ErrorKind::InvalidInput, format!("{} must be {must}", self.place)).doing("reading the AWS settings")
    }
}

/// The selected profile in the profile files.
pub struct Profile {
    /// The profile that replaces `AWS_PROFILE`, if that is blank.
    pub name: Option<&'static str>,
    /// The files that the SDK can read, with their names.
    files: Vec<(String, ProfileSet)>,
}

impl Profile {
    /// Reads the selected profile. Files that cannot be read contain no settings, as in the SDK, which reports them if it
    /// needs credentials from them.
    pub async fn read() -> Self {
        let name = env::var("AWS_PROFILE").is_ok_and(|name| name.trim().is_empty()).then_some("default");
        let mut files = Vec::new();
        for (kind, variable, default) in FILES {
            let only = EnvConfigFiles::builder();
            let only = match kind {
                EnvConfigFileKind::Config => only.include_default_config_file(true),
                EnvConfigFileKind::Credentials => only.include_default_credentials_file(true),
            };
            let read = profile::load(&Fs::real(), &Env::real(), &only.build(), name.map(Into::into)).await;
            let file = env::var(variable).unwrap_or_else(|_| default.to_owned());
            files.extend(read.ok().map(|profiles| (file, profiles)));
        }
        Profile { name, files }
    }

    /// The value of a variable, otherwise that of the key. A blank value counts as none.
    pub fn setting(&self, variable: &str, key: &str) -> Option<Setting> {
        let value = |text: &str| Some(text.trim().to_owned()).filter(|value| !value.is_empty());
        if let Some(value) = env::var(variable).ok().and_then(|text| value(&text)) {
            return Some(Setting { value, place: format!("`{variable}`") });
        }
        self.files.iter().find_map(|(file, profiles)| {
            let value = profiles.get(key).and_then(value)?;
            let profile = profiles.selected_profile();
            Some(Setting { value, place: format!("`{key}` of the profile `{profile}` in {file}") })
        })
    }

    /// The file in `AWS_CA_BUNDLE` or `ca_bundle`, whose certificates replace those of the system, as in AWS's tools.
    pub fn ca_bundle(&self) -> Option<PathBuf> {
        let of_variable = env::var_os("AWS_CA_BUNDLE").filter(|path| !path.to_string_lossy().trim().is_empty());
        of_variable
            .map(PathBuf::from)
            .or_else(|| self.setting("AWS_CA_BUNDLE", "ca_bundle").map(|setting| setting.value.into()))
    }
}

/// Rejects variables that the SDK ignores because they are not Unicode: the job would use another account or region.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] with the name.
pub fn check_variables() -> Result<()> {
    for (name, value) in env::vars_os() {
        let Some(name) = name.to_str().filter(|name| name.to_ascii_uppercase().starts_with("AWS_")) else { continue };
        if value.to_str().is_none() && !PATHS.contains(&name) {
            let error = Error::new(ErrorKind::InvalidInput, format!("`{name}` is not valid Unicode"));
            return Err(error.doing("reading the AWS settings"));
        }
    }
    Ok(())
}
