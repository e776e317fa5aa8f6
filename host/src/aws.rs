//! The AWS account of a job: credentials, region, retries and time limits, and the client for EC2.

mod answer;
mod http;
mod request;
#[cfg(test)]
mod tests;

use std::env;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use connector_sdk::attempts::SentOnce;
use connector_sdk::ec2::{self, Client};
use connector_sdk::iam::IamAction;
use connector_sdk::names::RegionName;
use connector_sdk::{ArgValue as _, Doing as _, Error, ErrorKind, Result, retry_partition};
use opcon::AwsKeys;
use secrecy::ExposeSecret as _;

use self::http::Http;
use crate::settings::{EndpointUrl, Settings};

/// An AWS account as a job reaches it: with certain credentials, in one region.
pub struct Account {
    config: SdkConfig,
    /// What takes the place of AWS's address for EC2, and for no other service.
    ec2_endpoint: Option<EndpointUrl>,
    /// The region's name.
    pub region: String,
}

impl Account {
    /// The account of a user's keys, or else of what AWS's credential chain finds. Everything else that AWS tools read
    /// from environment and profile (retries, region, endpoints) holds as usual. `declared` are the IAM actions of the
    /// function, for its dry run.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when no region is known, or that of the environment or the profile is not one.
    pub async fn load(settings: &Settings, keys: Option<&AwsKeys>, declared: &'static [IamAction]) -> Result<Self> {
        let http = if settings.dry_run { Http::of_dry_run(declared) } else { Http::of_job() };
        let config = load(settings, keys).await?.into_builder().http_client(http).build();
        let region = region(&config)?;
        let config = config.into_builder().region(Region::new(region.clone())).build();
        Ok(Account { config, ec2_endpoint: settings.endpoint_url.clone(), region })
    }

    /// What all AWS services have in common: credentials, region, HTTP client and time limits.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// A client for EC2.
    pub fn ec2(&self) -> Client {
        let mut config =
            ec2::config::Builder::from(&self.config).retry_partition(retry_partition()).retry_classifier(SentOnce);
        if let Some(url) = &self.ec2_endpoint {
            config = config.endpoint_url(url.as_str());
        }
        Client::from_conf(config.build())
    }

    /// Whose the credentials are: the ARN that AWS knows them by.
    ///
    /// # Errors
    /// Those of the Security Token Service.
    pub async fn identity(&self) -> Result<String> {
        let answer = aws_sdk_sts::Client::new(&self.config).get_caller_identity().send().await;
        let answer = answer.doing(|| "identifying the AWS credentials".to_owned())?;
        Ok(answer.arn().unwrap_or("an identity without a name").to_owned())
    }
}

/// The region of the job, from its arguments, the environment or the profile, in the form of AWS.
fn region(config: &SdkConfig) -> Result<String> {
    const HINT: &str = "add `--region REGION`, such as `--region us-east-1`";
    let given = config.region().map(|region| region.as_ref().trim()).filter(|region| !region.is_empty());
    let Some(given) = given else {
        return Err(Error::new(ErrorKind::InvalidInput, "no region specified").hint(HINT));
    };
    let region = RegionName::parse(given).map_err(|wrong| {
        Error::new(
            ErrorKind::InvalidInput,
            format!("invalid region `{given}` in `AWS_REGION` or the AWS profile: {wrong}"),
        )
        .hint(HINT)
    })?;
    Ok(region.as_str().to_owned())
}

/// What tells the accounts of this machine's jobs apart, as far as that is known without asking AWS: the id of a lasting
/// access key, otherwise the profile.
pub fn account_label(keys: Option<&AwsKeys>) -> String {
    let lasting = |id: &String| id.starts_with("AKIA");
    let of_environment = || env::var("AWS_ACCESS_KEY_ID").ok().filter(lasting);
    let key = keys.map(|keys| keys.access_key_id.clone()).or_else(of_environment);
    key.unwrap_or_else(|| format!("profile {}", env::var("AWS_PROFILE").unwrap_or_default()))
}

/// What all services have in common but for the HTTP client, which is that of the credential chain.
async fn load(settings: &Settings, keys: Option<&AwsKeys>) -> Result<SdkConfig> {
    check_environment()?;
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(Http::of_credentials())
        // It watches bodies that flow, and takes one that is sent from memory for stalled: EC2 would have five seconds.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(keys) = keys {
        let secret = keys.secret_access_key.expose_secret();
        loader =
            loader.credentials_provider(Credentials::new(&keys.access_key_id, secret, None, None, "Connector.config"));
    }
    // Not the region of the machine that the job happens to run on, which AWS's default would ask for in the end.
    let region = settings.region.as_ref().map(|region| Region::new(region.as_str().to_owned()));
    loader = loader.region(
        RegionProviderChain::first_try(region)
            .or_else(EnvironmentVariableRegionProvider::new())
            .or_else(ProfileFileRegionProvider::new()),
    );
    Ok(loader.load().await)
}

/// The settings that AWS's own reader would answer with a panic.
fn check_environment() -> Result<()> {
    let wrong = |name: &str, must: &str| {
        Err(Error::new(ErrorKind::InvalidInput, format!("`{name}` must be {must}")).doing("reading the environment"))
    };
    let value = |name| env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
    if value("AWS_MAX_ATTEMPTS").is_some_and(|attempts| attempts.parse::<u32>().map_or(true, |attempts| attempts == 0))
    {
        return wrong("AWS_MAX_ATTEMPTS", "a whole number of at least 1");
    }
    if value("AWS_RETRY_MODE").is_some_and(|mode| !["standard", "adaptive"].contains(&mode.to_lowercase().as_str())) {
        return wrong("AWS_RETRY_MODE", "`standard` or `adaptive`");
    }
    Ok(())
}
