//! The AWS account of a job: credentials, region, retries, timeouts, and the EC2 client.

mod answer;
mod body;
mod echo;
mod exchange;
mod files;
mod http;
mod network;
mod patience;
mod profile;
mod record;
mod request;
mod retries;
#[cfg(test)]
mod tests;

use std::env;
use std::sync::Arc;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::identity::IdentityCache;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use connector_sdk::args::may_have_password;
use connector_sdk::attempts::SentOnce;
use connector_sdk::ec2::{self, Client};
use connector_sdk::iam::IamAction;
use connector_sdk::names::RegionName;
use connector_sdk::{ArgValue as _, Doing as _, Error, ErrorKind, Reporter, Result, retry_partition};
use opcon::AwsKeys;
use opcon::tls::{Trust, client_config};
use secrecy::ExposeSecret as _;

use self::http::Http;
use self::network::Network;
use self::patience::Patience;
use self::profile::Profile;
use self::retries::Retries;
use crate::opcon_error::opcon_error;
use crate::settings::{EndpointUrl, Settings};

/// The limit for fetching credentials: longer than a job bears a service that does not work.
const CREDENTIALS_LIMIT: Duration = Duration::from_secs(90);

/// Who uses an account.
pub struct User {
    /// The IAM actions of the function, for its dry run.
    pub declared: &'static [IamAction],
    /// Gets the warnings about the network.
    pub reporter: Arc<dyn Reporter>,
    /// Whether throttling and refused connections are borne, see [`Patience`].
    pub is_patient: bool,
}

/// An AWS account with the credentials and the region of a job.
pub struct Account {
    config: SdkConfig,
    /// Replaces the endpoint of EC2 only.
    ec2_endpoint: Option<EndpointUrl>,
    /// The name of the region.
    pub region: String,
}

impl Account {
    /// The account for the keys of a user, or for the default credential chain. All other AWS settings from environment
    /// and profile (retries, region, endpoints) apply as usual.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the region is not known, or if a setting of the environment or the profile is
    /// invalid.
    pub async fn load(settings: &Settings, keys: Option<&AwsKeys>, user: User) -> Result<Self> {
        profile::check_variables()?;
        files::check()?;
        let profile = Profile::read().await;
        files::check_token_file(&profile)?;
        let retries = Retries::of(&profile)?;
        let network = Arc::new(network(&profile, &retries, &user)?);
        let http = match settings.dry_run {
            true => Http::of_dry_run(&network, user.declared),
            false => Http::of_job(&network, user.declared),
        };
        let config = load(settings, keys, &profile, retries, &network).await.into_builder().http_client(http).build();
        let region = region(&config)?;
        let config = config.into_builder().region(Region::new(region.clone())).build();
        Ok(Account { config, ec2_endpoint: settings.endpoint_url.clone(), region })
    }

    /// The common configuration of all AWS services: credentials, region, HTTP client, and timeouts.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// Creates an EC2 client.
    pub fn ec2(&self) -> Client {
        let mut config =
            ec2::config::Builder::from(&self.config).retry_partition(retry_partition()).retry_classifier(SentOnce);
        if let Some(url) = &self.ec2_endpoint {
            config = config.endpoint_url(url.as_str());
        }
        Client::from_conf(config.build())
    }

    /// The ARN of the caller.
    ///
    /// # Errors
    /// Those of the Security Token Service.
    pub async fn identity(&self) -> Result<String> {
        let answer = aws_sdk_sts::Client::new(&self.config).get_caller_identity().send().await;
        let answer = answer.doing(|| "identifying the AWS credentials".to_owned())?;
        Ok(answer.arn().unwrap_or("an identity without a name").to_owned())
    }
}

/// The region that a job with these settings uses, or `None` if it is unknown or invalid.
pub async fn region_of(settings: &Settings) -> Option<String> {
    files::check().and_then(|()| profile::check_variables()).ok()?;
    let region = region_chain(settings, &Profile::read().await).region().await;
    self::region(&SdkConfig::builder().region(region).build()).ok()
}

/// The region of the job, from its arguments, the environment or the profile, in the form of AWS.
fn region(config: &SdkConfig) -> Result<String> {
    const HINT: &str = "add `--region REGION`, such as `--region us-east-1`";
    let given = config.region().map(|region| region.as_ref().trim()).filter(|region| !region.is_empty());
    let Some(given) = given else {
        return Err(Error::new(ErrorKind::InvalidInput, "no region specified").hint(HINT));
    };
    let region = RegionName::parse(given).map_err(|wrong| {
        let shown = if may_have_password(given) { String::new() } else { format!(" `{given}`") };
        Error::new(
            ErrorKind::InvalidInput,
            format!("invalid region{shown} in `AWS_REGION` or the AWS profile: {wrong}"),
        )
        .hint(HINT)
    })?;
    Ok(region.as_str().to_owned())
}

/// A label that distinguishes the accounts of jobs on this machine without a request to AWS: the ID of a long-term access
/// key, otherwise the profile.
pub fn account_label(keys: Option<&AwsKeys>) -> String {
    let lasting = |id: &String| id.starts_with("AKIA");
    let of_environment = || env::var("AWS_ACCESS_KEY_ID").ok().filter(lasting);
    let key = keys.map(|keys| keys.access_key_id.clone()).or_else(of_environment);
    key.unwrap_or_else(|| format!("profile {}", env::var("AWS_PROFILE").unwrap_or_default()))
}

/// The network of the job. A number of attempts that the user sets is the only patience then.
fn network(profile: &Profile, retries: &Retries, user: &User) -> Result<Network> {
    let trust = profile.ca_bundle().map_or(Trust::System, Trust::File);
    if matches!(trust, Trust::File(_)) {
        client_config(&trust).map_err(opcon_error)?; // an invalid file is an error also if only HTTP is used
    }
    let patience = match user.is_patient && !retries.limited_by_user {
        true => Patience::new(user.reporter.clone()),
        false => Patience::none(user.reporter.clone()),
    };
    Ok(Network::new(trust, patience, user.reporter.clone()))
}

/// The common configuration of all services, with the HTTP client of the credential chain.
async fn load(
    settings: &Settings,
    keys: Option<&AwsKeys>,
    profile: &Profile,
    retries: Retries,
    network: &Arc<Network>,
) -> SdkConfig {
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(Http::of_credentials(network))
        .retry_config(retries.config)
        .identity_cache(IdentityCache::lazy().load_timeout(CREDENTIALS_LIMIT).build())
        // Stalled-stream protection treats a body that is sent from memory as stalled, which would limit EC2 to five
        // seconds.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    if let Some(keys) = keys {
        let secret = keys.secret_access_key.expose_secret();
        loader =
            loader.credentials_provider(Credentials::new(&keys.access_key_id, secret, None, None, "Connector.config"));
    }
    if let Some(name) = profile.name {
        loader = loader.profile_name(name);
    }
    loader.region(region_chain(settings, profile)).load().await
}

/// The sources of the region. Never the machine on which the job runs, whose region AWS's default provider would read from
/// the instance metadata.
fn region_chain(settings: &Settings, profile: &Profile) -> RegionProviderChain {
    let mut of_profile = ProfileFileRegionProvider::builder();
    if let Some(name) = profile.name {
        of_profile = of_profile.profile_name(name);
    }
    let region = settings.region.as_ref().map(|region| Region::new(region.as_str().to_owned()));
    RegionProviderChain::first_try(region).or_else(EnvironmentVariableRegionProvider::new()).or_else(of_profile.build())
}
