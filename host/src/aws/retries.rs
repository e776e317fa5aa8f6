//! The retries of the AWS SDK, which panics on settings that it does not know.

use aws_config::retry::{RetryConfig, RetryMode};
use connector_sdk::Result;

use super::profile::{Profile, Setting};

/// The largest number of attempts. The pause before each is up to 20 seconds.
const MOST_ATTEMPTS: u32 = 20;

/// The retries of a job.
#[derive(Debug, PartialEq)]
pub struct Retries {
    /// The setting of the SDK.
    pub config: RetryConfig,
    /// Whether the user sets the number of attempts.
    pub limited_by_user: bool,
}

impl Retries {
    /// The retries in `AWS_MAX_ATTEMPTS` and `AWS_RETRY_MODE`, or in `max_attempts` and `retry_mode` of the profile.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](connector_sdk::ErrorKind::InvalidInput) for a value that is not one of them.
    pub fn of(profile: &Profile) -> Result<Self> {
        let attempts = profile.setting("AWS_MAX_ATTEMPTS", "max_attempts").map(|setting| attempts(&setting));
        let mode = profile.setting("AWS_RETRY_MODE", "retry_mode").map(|setting| mode(&setting)).transpose()?;
        let config = RetryConfig::standard().with_retry_mode(mode.unwrap_or(RetryMode::Standard));
        Ok(match attempts.transpose()? {
            Some(attempts) => Retries { config: config.with_max_attempts(attempts), limited_by_user: true },
            None => Retries { config, limited_by_user: false },
        })
    }
}

/// A number of attempts. More than the largest one count as that.
fn attempts(setting: &Setting) -> Result<u32> {
    let digits = setting.value.trim_start_matches('0');
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(setting.invalid("a whole number of at least 1"));
    }
    Ok(digits.parse().unwrap_or(MOST_ATTEMPTS).min(MOST_ATTEMPTS)) // a number that does not fit is larger
}

/// A retry mode. `legacy`, the mode of older tools, is `standard`.
fn mode(setting: &Setting) -> Result<RetryMode> {
    match setting.value.to_ascii_lowercase().as_str() {
        "standard" | "legacy" => Ok(RetryMode::Standard),
        "adaptive" => Ok(RetryMode::Adaptive),
        _ => Err(setting.invalid("`standard`, `adaptive` or `legacy`")),
    }
}
