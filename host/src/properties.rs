//! Saves OpCon properties through the REST API, as `Connector.config` says.

use std::num::NonZeroU32;

use async_trait::async_trait;
use connector_sdk::properties::PropertyStore;
use connector_sdk::{Error, ErrorKind, Result};
use opcon::{ApiSettings, Client, Config, PropertyName, PropertyValue};
use tokio::sync::OnceCell;

use crate::opcon_error;

/// The properties of the OpCon that the configuration names. OpCon is contacted only when a job saves properties.
pub struct OpConProperties {
    settings: Option<ApiSettings>,
    client: OnceCell<Client>,
}

impl OpConProperties {
    /// Reads how to reach OpCon.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the configuration says it, but wrongly.
    pub fn new(config: Option<&Config>) -> Result<Self> {
        let settings = config.map(Config::opcon_api).transpose().map_err(opcon_error)?.flatten();
        Ok(OpConProperties { settings, client: OnceCell::new() })
    }

    /// What the administrator should know about these settings, in every job.
    pub fn warning(&self) -> Option<String> {
        let unverified = self.settings.as_ref().filter(|settings| !settings.verifies_the_server())?;
        Some(format!(
            "VERIFY_TLS=False: any server can pass for the OpCon API at {} and read the token; name its certificate in \
             CA_FILE instead",
            unverified.address()
        ))
    }

    async fn client(&self) -> Result<&Client> {
        let Some(settings) = &self.settings else {
            return Err(Error::new(ErrorKind::InvalidInput, "the configuration does not say how to reach OpCon")
                .doing("preparing to save properties")
                .hint("Connector.config needs a section [OPCON API INFORMATION] with ADDRESS and TOKEN"));
        };
        self.client.get_or_try_init(async || Client::new(settings).map_err(opcon_error)).await
    }
}

#[async_trait]
impl PropertyStore for OpConProperties {
    fn full_name(&self, name: &str, counter: Option<usize>) -> Result<String> {
        let name: PropertyName = name.parse().map_err(opcon_error)?;
        let counter = counter.and_then(|counter| NonZeroU32::new(counter.try_into().ok()?));
        let name = counter.map_or(Ok(name.clone()), |counter| name.with_counter(counter)).map_err(opcon_error)?;
        Ok(name.to_string())
    }

    async fn prepare(&self) -> Result<()> {
        let version = self.client().await?.check().await.map_err(opcon_error)?;
        tracing::debug!("OpCon API {version} accepts the token");
        Ok(())
    }

    async fn save(&self, full_name: &str, value: &str) -> Result<()> {
        let name = full_name.parse().map_err(opcon_error)?;
        let value = PropertyValue::new(value).map_err(opcon_error)?;
        self.client().await?.set_property(&name, &value).await.map_err(opcon_error)
    }
}
