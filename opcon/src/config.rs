//! `Connector.config`: the connector's settings, the AWS keys of each user, and the way to the OpCon API.
//!
//! The sections and keys are those of OpCon's documentation of its AWS EC2 connector, page "Installation"; `CA_FILE`,
//! `VERIFY_TLS`, `PROPERTY_CHANNEL` and `MSGIN_...` are ours. Keys that are not known here are no error.

mod editor;
mod ini;

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
use ini::{IniFile, SectionOf, Setting};

/// The connector's own section.
const CONNECTOR: &str = "CONNECTOR";
/// The section of the OpCon API.
pub const OPCON_API: &str = "OPCON API INFORMATION";

/// How long a job waits for instances when neither the job nor the file says it.
const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(10 * 60);

/// The settings of one `Connector.config`.
///
/// What belongs to one user or to OpCon is looked at only when asked for, so that a broken section sinks no job which
/// does not need it.
pub struct Config {
    file: IniFile,
    connector_name: Option<String>,
    max_wait: Duration,
    debug: bool,
}

/// The AWS access key of one user.
#[derive(Debug, Clone)]
pub struct AwsKeys {
    /// The access key's id (`AKIA...`).
    pub access_key_id: String,
    /// The access key's secret.
    pub secret_access_key: SecretString,
}

/// The way by which properties get into OpCon.
#[derive(Debug, Clone)]
pub enum PropertyChannel {
    /// Calls of the OpCon API, which confirm whether a property was saved.
    Api(ApiSettings),
    /// Events in a folder of the OpCon agent, without confirmation.
    Msgin(MsginSettings),
}

impl Config {
    /// Reads the file (UTF-8, either kind of line ends).
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when the file cannot be read, is not an INI file, has a section or a key twice, or when a
    /// setting of `[CONNECTOR]` is wrong; with the line where that can be said.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = IniFile::read(path)?;
        let connector = |key| file.section(CONNECTOR).map_or(Ok(None), |section| section.get(key));
        let connector_name = connector("CONNECTOR_NAME")?.map(|name| name.value.to_owned());
        let max_wait = connector("MAX_WAIT_TIME_FOR_STARTUP")?.map_or(Ok(DEFAULT_MAX_WAIT), minutes)?;
        let debug = connector("DEBUG")?.map_or(Ok(false), Setting::switch)?;
        Ok(Config { file, connector_name, max_wait, debug })
    }

    /// The file's path, as it was given.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// `CONNECTOR_NAME`: a label.
    pub fn connector_name(&self) -> Option<&str> {
        self.connector_name.as_deref()
    }

    /// `MAX_WAIT_TIME_FOR_STARTUP`: how long a job waits for its instances; 10 minutes when it is not set.
    pub fn max_wait(&self) -> Duration {
        self.max_wait
    }

    /// `DEBUG`: whether the log contains all details; off when it is not set.
    pub fn debug(&self) -> bool {
        self.debug
    }

    /// The AWS keys in the section whose name is `user_id`, decoded.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when there is no such section (the message names those there are), when a key is missing,
    /// empty, still encrypted by OpCon, or not in the encoded form (see [`encoded`]).
    pub fn user(&self, user_id: &str) -> Result<AwsKeys, Error> {
        let section =
            self.file.section(user_id).filter(|_| is_user(user_id)).ok_or_else(|| self.no_such_user(user_id))?;
        Ok(AwsKeys {
            access_key_id: decoded(section.require("CONNECTOR_USER_ACCESS_KEY")?)?.expose_secret().to_owned(),
            secret_access_key: decoded(section.require("CONNECTOR_USER_SECRET_KEY")?)?,
        })
    }

    /// The way by which properties get into OpCon, as `PROPERTY_CHANNEL` says it, the API when it does not; `None` when the
    /// file has no section for OpCon.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when `PROPERTY_CHANNEL` is neither `api` nor `msgin`, or when one of the settings of that way
    /// is missing or wrong: those of [`Config::opcon_api`], or `MSGIN_FOLDER`, `MSGIN_USER` and `MSGIN_TOKEN`.
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

    /// How to reach the OpCon API; `None` when the file has no section for it.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when `ADDRESS` or `TOKEN` is missing, or a setting is wrong.
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

    /// Whom the settings of the OpCon API trust, also when they lack address or token.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when one of them is wrong.
    pub fn opcon_trust(&self) -> Result<Trust, Error> {
        let Some(section) = self.file.section(OPCON_API) else { return Ok(Trust::System) };
        if section.get("USING_TLS")?.map_or(Ok(true), Setting::switch)? {
            self.trust(section)
        } else {
            Ok(Trust::PlainHttp)
        }
    }

    /// The names of the users' sections, in the file's order.
    pub fn users(&self) -> impl Iterator<Item = &str> {
        self.file.section_names().filter(|name| is_user(name))
    }

    /// Where the agent takes events from.
    fn msgin(&self, section: SectionOf<'_>) -> Result<MsginSettings, Error> {
        let folder = self.folder().join(section.require("MSGIN_FOLDER")?.value);
        let (user, token_setting) = (section.require("MSGIN_USER")?, section.require("MSGIN_TOKEN")?);
        let token = token(token_setting)?;
        for (setting, part) in [(user, user.value), (token_setting, token.expose_secret())] {
            msgin::check_part(part).map_err(|wrong| setting.invalid(wrong))?;
        }
        Ok(MsginSettings::new(folder, user.value, token))
    }

    /// Which certificates the OpCon API may show.
    fn trust(&self, section: SectionOf<'_>) -> Result<Trust, Error> {
        if !section.get("VERIFY_TLS")?.map_or(Ok(true), Setting::switch)? {
            return Ok(Trust::Unverified);
        }
        Ok(match section.get("CA_FILE")? {
            Some(ca_file) => Trust::SystemAndFile(self.folder().join(ca_file.value)),
            None => Trust::System,
        })
    }

    /// The file's folder, from which the paths in it count.
    fn folder(&self) -> &Path {
        self.path().parent().unwrap_or(Path::new(""))
    }

    fn no_such_user(&self, user_id: &str) -> Error {
        let users: Vec<String> = self.users().map(|name| format!("[{name}]")).collect();
        let there_are = if users.is_empty() {
            "the file has no section of a user".into()
        } else {
            format!("the file has {}", users.join(", "))
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

/// A number of minutes, at least one.
fn minutes(setting: Setting<'_>) -> Result<Duration, Error> {
    match setting.value.parse::<u32>() {
        Ok(minutes) if minutes > 0 => Ok(Duration::from_secs(u64::from(minutes) * 60)),
        _ => Err(setting.invalid("the value must be a whole number of minutes, at least 1")),
    }
}

/// The decoded text of a setting.
fn decoded(setting: Setting<'_>) -> Result<SecretString, Error> {
    let text = encoded::decode(setting.value).map_err(|error| setting.invalid(error))?;
    if text.expose_secret().is_empty() || !text.expose_secret().chars().all(|c| c.is_ascii_graphic()) {
        return Err(setting.invalid("the decoded value is empty, or contains characters that are not valid in a key"));
    }
    Ok(text)
}

/// The token, which existing files hold in clear. A clear token is a UUID: its hyphens are no hexadecimal, so that it cannot
/// be taken for the encoded form.
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
