//! Reads `Connector.config`: the connector's settings, the AWS keys of each user, and the connection to the OpCon API.
//!
//! The sections and keys are those of OpCon's documentation of its AWS EC2 connector, page "Installation". `CA_FILE`,
//! `VERIFY_TLS`, `PROPERTY_CHANNEL` and `MSGIN_...` are extensions. Unknown keys are ignored, and noted.

mod editor;
mod ini;
mod keys;
mod lines;
mod new_file;
mod notes;

use std::fmt;
use std::path::Path;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::address::Address;
use crate::client::ApiSettings;
use crate::encoded;
use crate::error::{Error, ErrorKind};
use crate::msgin::{self, MsginSettings};
use crate::tls::Trust;
pub use editor::ConfigEditor;
use ini::{IniFile, SectionRef, Setting};
use keys::CONNECTOR;
pub use keys::OPCON_API;
pub use notes::Note;

/// The number of users that an error lists.
const MAX_LISTED_USERS: usize = 20;

/// The default for how long a job waits for instances.
const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(10 * 60);

/// The settings of one `Connector.config`.
///
/// Sections of users and OpCon are validated only when they are needed, so that an invalid section does not affect
/// other jobs.
pub struct Config {
    file: IniFile,
    max_wait: Duration,
    debug: bool,
}

/// The AWS access key of one user.
#[derive(Debug, Clone)]
pub struct AwsKeys {
    /// The access key ID (`AKIA...`).
    pub access_key_id: String,
    /// The secret access key.
    pub secret_access_key: SecretString,
}

/// The channel over which properties are saved in OpCon.
#[derive(Debug, Clone)]
pub enum PropertyChannel {
    /// Calls of the OpCon API, which confirm that a property is saved.
    Api(ApiSettings),
    /// Events in a folder of the OpCon agent, without a confirmation.
    Msgin(MsginSettings),
}

impl Config {
    /// Reads the file (UTF-8, any line ends).
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the file cannot be read, is not an INI file, contains a key with two values, or a
    /// setting of `[CONNECTOR]` is invalid. The error contains the line number if there is one.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = IniFile::read(path)?;
        let connector = |key| file.section(CONNECTOR).map_or(Ok(None), |section| section.get(key));
        let max_wait = connector("MAX_WAIT_TIME_FOR_STARTUP")?.map_or(Ok(DEFAULT_MAX_WAIT), minutes)?;
        let debug = connector("DEBUG")?.map_or(Ok(false), Setting::switch)?;
        Ok(Config { file, max_wait, debug })
    }

    /// The path of the file, as given.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// `MAX_WAIT_TIME_FOR_STARTUP`: how long a job waits for its instances. Default: 10 minutes.
    pub fn max_wait(&self) -> Duration {
        self.max_wait
    }

    /// `DEBUG`: whether the log contains all details. Default: off.
    pub fn debug(&self) -> bool {
        self.debug
    }

    /// The AWS keys in the section whose name is `user_id`, decoded.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the section does not exist (the message lists the existing ones), or a key is missing,
    /// empty, still encrypted by OpCon, or not encoded (see [`encoded`]).
    pub fn user(&self, user_id: &str) -> Result<AwsKeys, Error> {
        let section =
            self.file.section(user_id).filter(|_| is_user(user_id)).ok_or_else(|| self.no_such_user(user_id))?;
        Ok(AwsKeys {
            access_key_id: decoded(section.require("CONNECTOR_USER_ACCESS_KEY")?)?.expose_secret().to_owned(),
            secret_access_key: decoded(section.require("CONNECTOR_USER_SECRET_KEY")?)?,
        })
    }

    /// The channel from `PROPERTY_CHANNEL`, by default the API. `None` if the file has no section for OpCon.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if `PROPERTY_CHANNEL` is neither `api` nor `msgin`, or a setting of the channel is
    /// missing or invalid: those of [`Config::opcon_api`], or `MSGIN_FOLDER`, `MSGIN_USER` and `MSGIN_TOKEN`.
    pub fn property_channel(&self) -> Result<Option<PropertyChannel>, Error> {
        let Some(section) = self.file.section(OPCON_API) else { return Ok(None) };
        let Some(channel) = section.get("PROPERTY_CHANNEL")? else {
            return Ok(self.opcon_api()?.map(PropertyChannel::Api));
        };
        match channel.value.to_ascii_lowercase().as_str() {
            "api" => Ok(self.opcon_api()?.map(PropertyChannel::Api)),
            "msgin" => Ok(Some(PropertyChannel::Msgin(self.msgin(section)?))),
            _ => Err(channel.invalid("the value must be `api` or `msgin`")),
        }
    }

    /// The connection settings of the OpCon API, or `None` if the file has no section for it.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if `ADDRESS` or `TOKEN` is missing, or a setting is invalid.
    pub fn opcon_api(&self) -> Result<Option<ApiSettings>, Error> {
        let Some(section) = self.file.section(OPCON_API) else { return Ok(None) };
        let trust = self.opcon_trust()?;
        let address = section.require("ADDRESS")?;
        Ok(Some(ApiSettings {
            address: Address::parse(address.value, trust != Trust::PlainHttp)
                .map_err(|wrong| address.invalid(wrong))?,
            token: token(section.require("TOKEN")?)?,
            trust,
        }))
    }

    /// The certificates to trust for the OpCon API, also if address or token is missing.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if one of the settings is invalid.
    pub fn opcon_trust(&self) -> Result<Trust, Error> {
        let Some(section) = self.file.section(OPCON_API) else { return Ok(Trust::System) };
        if section.get("USING_TLS")?.map_or(Ok(true), Setting::switch)? {
            self.trust(section)
        } else {
            Ok(Trust::PlainHttp)
        }
    }

    /// The names of the users' sections, in file order.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.file.sections().iter().map(|section| section.name.as_str()).filter(|name| is_user(name))
    }

    /// What a person should know about the file although jobs accept it, in the order of the lines: unusual forms that
    /// the Java connector accepted, and unknown keys.
    pub fn notes(&self) -> Vec<Note> {
        let unknown = self.file.sections().iter().flat_map(keys::notes);
        let mut notes: Vec<Note> = self.file.notes().iter().cloned().chain(unknown).collect();
        notes.sort_by_key(|note| note.line);
        notes
    }

    /// The event folder and credentials for the agent.
    fn msgin(&self, section: SectionRef<'_>) -> Result<MsginSettings, Error> {
        let folder = self.folder().join(section.require("MSGIN_FOLDER")?.value);
        let (user, token_setting) = (section.require("MSGIN_USER")?, section.require("MSGIN_TOKEN")?);
        let token = token(token_setting)?;
        for (setting, part) in [(user, user.value), (token_setting, token.expose_secret())] {
            msgin::check_part(part).map_err(|wrong| setting.invalid(wrong))?;
        }
        Ok(MsginSettings::new(folder, user.value, token))
    }

    /// The certificates to trust for the OpCon API.
    fn trust(&self, section: SectionRef<'_>) -> Result<Trust, Error> {
        if !section.get("VERIFY_TLS")?.map_or(Ok(true), Setting::switch)? {
            return Ok(Trust::Unverified);
        }
        Ok(match section.get("CA_FILE")? {
            Some(ca_file) => Trust::SystemAndFile(self.folder().join(ca_file.value)),
            None => Trust::System,
        })
    }

    /// The folder of the file, to which relative paths in it refer.
    fn folder(&self) -> &Path {
        self.path().parent().unwrap_or(Path::new(""))
    }

    fn no_such_user(&self, user_id: &str) -> Error {
        let users: Vec<String> = self.users().take(MAX_LISTED_USERS).map(|name| format!("[{name}]")).collect();
        let there_are = match self.users().count().saturating_sub(users.len()) {
            _ if users.is_empty() => "the file has no section of a user".into(),
            0 => format!("the file has {}", users.join(", ")),
            more => format!("the file has {} and {more} more", users.join(", ")),
        };
        let doing = format!("reading {}", self.path().display());
        Error::new(ErrorKind::Invalid, doing, format!("no section [{user_id}] for the user id; {there_are}"))
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("path", &self.path()).finish_non_exhaustive()
    }
}

/// Whether a section of this name belongs to a user.
fn is_user(section: &str) -> bool {
    ![CONNECTOR, OPCON_API].iter().any(|reserved| section.eq_ignore_ascii_case(reserved))
}

/// Parses a number of minutes, at least one.
fn minutes(setting: Setting<'_>) -> Result<Duration, Error> {
    match setting.value.parse::<u32>() {
        Ok(minutes) if minutes > 0 => Ok(Duration::from_secs(u64::from(minutes) * 60)),
        _ => Err(setting.invalid("the value must be a whole number of minutes, at least 1")),
    }
}

/// Decodes a setting.
fn decoded(setting: Setting<'_>) -> Result<SecretString, Error> {
    let text = encoded::decode(setting.value).map_err(|error| setting.invalid(error))?;
    if text.expose_secret().is_empty() || !text.expose_secret().chars().all(|c| c.is_ascii_graphic()) {
        return Err(setting.invalid("the decoded value is empty, or contains characters that are not valid in a key"));
    }
    Ok(text)
}

/// The token, which existing files may contain in clear text. A clear-text token is a UUID, whose hyphens are not
/// hexadecimal, so it cannot be mistaken for an encoded value.
fn token(setting: Setting<'_>) -> Result<SecretString, Error> {
    let token = encoded::decode(setting.value).unwrap_or_else(|_| setting.value.into());
    if !token.expose_secret().chars().all(|c| c.is_ascii_graphic()) {
        return Err(
            setting.invalid("a token contains only ASCII characters and no spaces (a comment needs its own line)")
        );
    }
    Ok(token)
}

#[cfg(test)]
mod tests;
