//! Saves OpCon properties over the channel from `Connector.config`: the OpCon API or event files for an agent.

use std::env;
use std::num::NonZeroU32;
use std::sync::Arc;

use async_trait::async_trait;
use connector_sdk::properties::{Delivery, PropertyStore};
use connector_sdk::{Error, ErrorKind, Reporter, Result};
use opcon::tls::Trust;
use opcon::{ApiSettings, Client, Config, JobIdentity, PropertyChannel, PropertyName, PropertyValue, msgin};
use tokio::sync::OnceCell;

use crate::opcon_error::opcon_error;

/// The properties of the configured OpCon. OpCon is contacted only when a job saves or reads properties.
pub struct OpConProperties {
    channel: Option<PropertyChannel>,
    job: Option<JobIdentity>,
    client: OnceCell<Client>,
    reporter: Arc<dyn Reporter>,
}

impl OpConProperties {
    /// Reads the connection settings and the identity of the running job. Before anything is done, an OpCon that does
    /// not respond properly is reported once.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the settings are invalid.
    pub fn new(config: Option<&Config>, reporter: Arc<dyn Reporter>) -> Result<Self> {
        let channel = config.map(Config::property_channel).transpose().map_err(opcon_error)?.flatten();
        let job = JobIdentity::from_environment(|name| env::var(name).ok());
        Ok(OpConProperties { channel, job, client: OnceCell::new(), reporter })
    }

    /// The warning about these settings that every job prints, also one that saves nothing.
    pub fn warning(&self) -> Option<String> {
        let Some(PropertyChannel::Api(api)) = &self.channel else { return None };
        match api.trust() {
            Trust::Unverified => Some(format!(
                "`VERIFY_TLS=False`: any server can impersonate the OpCon API at {} and read the token; set `CA_FILE` \
                 to its certificate instead",
                api.address()
            )),
            Trust::PlainHttp => Some(format!(
                "`USING_TLS=False`: the token and the values are sent to the OpCon API at {} without encryption",
                api.address()
            )),
            Trust::System | Trust::SystemAndFile(_) | Trust::File(_) => None,
        }
    }

    fn channel(&self) -> Result<&PropertyChannel> {
        self.channel.as_ref().ok_or_else(|| {
            Error::new(ErrorKind::InvalidInput, "the configuration has no OpCon API and no MSGIN folder")
                .doing("preparing to save properties")
                .hint("add the section `[OPCON API INFORMATION]` with `ADDRESS` and `TOKEN` to `Connector.config`")
        })
    }

    /// Rejects option lists, whose entries are separated by commas: an agent event cannot contain them.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] with `PROPERTY_CHANNEL=msgin`.
    pub fn refuse_events(&self, property: &str) -> Result<()> {
        match &self.channel {
            Some(PropertyChannel::Msgin(_)) => {
                Err(Error::new(ErrorKind::InvalidInput, "option lists cannot be saved with `PROPERTY_CHANNEL=msgin`")
                    .doing(format!("saving the option list {property}"))
                    .hint("run the job on a machine that can reach the OpCon API, or use `--data-script`"))
            }
            _ => Ok(()),
        }
    }

    /// The value of a property, or `None` if OpCon does not have it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if properties are sent as agent events, which cannot be read back, and those of
    /// [`PropertyStore::prepare`].
    pub async fn value(&self, full_name: &str) -> Result<Option<String>> {
        let PropertyChannel::Api(api) = self.channel()? else {
            return Err(Error::new(ErrorKind::InvalidInput, "properties cannot be read with `PROPERTY_CHANNEL=msgin`")
                .doing(format!("reading the OpCon property {full_name}")));
        };
        let name = full_name.parse().map_err(opcon_error)?;
        self.client(api).await?.find_property_value(&name).await.map_err(opcon_error)
    }

    async fn client(&self, api: &ApiSettings) -> Result<&Client> {
        let reporter = self.reporter.clone();
        let new = || Client::of_job(api, move |line| reporter.warning(line)).map_err(opcon_error);
        self.client.get_or_try_init(async || new()).await
    }
}

#[async_trait]
impl PropertyStore for OpConProperties {
    fn full_name(&self, name: &str, counter: Option<usize>) -> Result<String> {
        let name = PropertyName::parse_for_job(name, self.job.as_ref()).map_err(opcon_error)?;
        let counter = counter.and_then(|counter| NonZeroU32::new(counter.try_into().ok()?));
        let name = counter.map_or(Ok(name.clone()), |counter| name.with_counter(counter)).map_err(opcon_error)?;
        if let Some(PropertyChannel::Msgin(agent)) = &self.channel {
            agent.check_name(&name).map_err(opcon_error)?;
        }
        Ok(name.to_string())
    }

    async fn prepare(&self) -> Result<()> {
        match self.channel()? {
            PropertyChannel::Api(api) => {
                let version = self.client(api).await?.check().await.map_err(opcon_error)?;
                tracing::debug!("OpCon API {version} accepts the token");
            }
            PropertyChannel::Msgin(agent) => agent.check().map_err(opcon_error)?,
        }
        Ok(())
    }

    fn check_value(&self, full_name: &str, value: &str) -> Result<()> {
        let name = full_name.parse().map_err(opcon_error)?;
        let checked = PropertyValue::new(value).and_then(|value| match &self.channel {
            Some(PropertyChannel::Msgin(agent)) => agent.add_property(&name, &value).map(|_| ()),
            _ => Ok(()),
        });
        checked.map_err(|error| Error::new(ErrorKind::InvalidInput, error.cause()))
    }

    async fn save(&self, full_name: &str, value: &str) -> Result<Delivery> {
        let name = full_name.parse().map_err(opcon_error)?;
        let value = PropertyValue::new(value).map_err(opcon_error)?;
        match self.channel()? {
            PropertyChannel::Api(api) => {
                self.client(api).await?.save_property(&name, &value).await.map_err(opcon_error)?;
                Ok(Delivery::Confirmed)
            }
            PropertyChannel::Msgin(agent) => {
                let event = agent.add_property(&name, &value).map_err(opcon_error)?;
                msgin::write_events(agent.folder(), &[event]).map_err(opcon_error)?;
                Ok(Delivery::Queued)
            }
        }
    }
}
