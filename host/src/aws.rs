//! The client for EC2: credentials, region, retries and time limits.

mod answer;
mod http;

use std::env;

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use connector_sdk::ec2::config::retry::{RetryPartition, TokenBucket};
use connector_sdk::ec2::{self, Client};
use connector_sdk::{Doing as _, Error, ErrorKind, Result};
use opcon::AwsKeys;
use secrecy::ExposeSecret as _;

use self::http::{ATTEMPT_LIMIT, Http};
use crate::settings::Settings;

/// An AWS account as a job reaches it: with certain credentials, in one region.
pub struct Account {
    config: SdkConfig,
    /// The region's name.
    pub region: String,
}

impl Account {
    /// The account of a user's keys, or else of what AWS's credential chain finds. Everything else that AWS tools read
    /// from environment and profile (retries, region, endpoints) holds as usual.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when no region is known.
    pub async fn load(settings: &Settings, keys: Option<&AwsKeys>) -> Result<Self> {
        let config = load(settings, keys).await?;
        let Some(region) = config.region().map(ToString::to_string) else {
            return Err(Error::new(ErrorKind::InvalidInput, "no region is given")
                .hint("give --region REGION, as in --region us-east-1"));
        };
        Ok(Account { config, region })
    }

    /// A client for EC2.
    pub fn ec2(&self) -> Client {
        client(&self.config)
    }

    /// Whose the credentials are: the ARN that AWS knows them by.
    ///
    /// # Errors
    /// Those of the Security Token Service.
    pub async fn identity(&self) -> Result<String> {
        let answer = aws_sdk_sts::Client::new(&self.config).get_caller_identity().send().await;
        let answer = answer.doing(|| "asking AWS whose credentials these are".to_owned())?;
        Ok(answer.arn().unwrap_or("an identity without a name").to_owned())
    }
}

/// A client for EC2 with retries for every call. The SDK's own budget for retries is shared by all calls: the polls of a wait
/// that fail for minutes would leave none for the change that follows.
fn client(config: &SdkConfig) -> Client {
    let retries = RetryPartition::custom("jobs").token_bucket(TokenBucket::unlimited()).build();
    Client::from_conf(ec2::config::Builder::from(config).retry_partition(retries).build())
}

/// What tells the accounts of this machine's jobs apart, as far as that is known without asking AWS: the id of a lasting
/// access key, otherwise the profile.
pub fn account_label(keys: Option<&AwsKeys>) -> String {
    let lasting = |id: &String| id.starts_with("AKIA");
    let of_environment = || env::var("AWS_ACCESS_KEY_ID").ok().filter(lasting);
    let key = keys.map(|keys| keys.access_key_id.clone()).or_else(of_environment);
    key.unwrap_or_else(|| format!("profile {}", env::var("AWS_PROFILE").unwrap_or_default()))
}

async fn load(settings: &Settings, keys: Option<&AwsKeys>) -> Result<SdkConfig> {
    check_environment()?;
    let limits = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_LIMIT).build();
    let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12())
        .http_client(Http::of_credentials())
        .timeout_config(limits)
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
    if let Some(url) = &settings.endpoint_url {
        loader = loader.endpoint_url(url.as_str());
    }
    let config = loader.load().await;
    // The credential chain keeps its own: what it asks for is no change to anything.
    Ok(config.into_builder().http_client(Http::of_services()).build())
}

/// The settings that AWS's own reader would answer with a panic.
fn check_environment() -> Result<()> {
    let wrong = |name: &str, must: &str| {
        Err(Error::new(ErrorKind::InvalidInput, format!("{name} must be {must}")).doing("reading the environment"))
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_smithy_runtime_api::client::http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    };
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

    use super::*;

    /// A network that is always down, and counts.
    #[derive(Clone, Debug, Default)]
    struct Down(Arc<AtomicUsize>);

    impl HttpConnector for Down {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            self.0.fetch_add(1, Ordering::Relaxed);
            HttpConnectorFuture::ready(Err(ConnectorError::io("down".into())))
        }
    }

    impl HttpClient for Down {
        fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn many_failed_calls_leave_their_retries_to_the_next_one() {
        const CALLS: usize = 200;
        let down = Down::default();
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(aws_credential_types::provider::SharedCredentialsProvider::new(
                Credentials::for_tests(),
            ))
            .http_client(down.clone())
            .build();
        let ec2 = client(&config);
        for _ in 0..CALLS {
            ec2.describe_instances().send().await.unwrap_err();
        }
        assert_eq!(down.0.load(Ordering::Relaxed), 3 * CALLS);
    }
}
