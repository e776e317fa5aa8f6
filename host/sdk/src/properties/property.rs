//! One property and its value.

use super::names::report_dry_run;
use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{Contents, PropertyEntry};
use crate::property_store::Delivery;

/// An OpCon property for one value of a job. If the value is not saved, e.g. because of an interruption, the report
/// contains a command that saves it; for an option list, the job can be run again instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    full_name: String,
    contents: Contents,
}

impl Property {
    /// Creates a property with a full name that OpCon accepts.
    pub(crate) fn new(full_name: impl Into<String>, contents: Contents) -> Self {
        Property { full_name: full_name.into(), contents }
    }

    /// Checks that a value can be saved under this name, before anything is changed in EC2. `contents` describes the
    /// value, e.g. `console output of i-0abc`. `None` without a name, and in a dry run, which checks the same and reports
    /// it.
    ///
    /// # Errors
    /// Those of [`PropertyStore::full_name`](super::PropertyStore::full_name) and
    /// [`PropertyStore::prepare`](super::PropertyStore::prepare).
    pub async fn prepare(cx: &Context, name: Option<&str>, contents: impl Into<String>) -> Result<Option<Self>> {
        let Some(name) = name else { return Ok(None) };
        let property = Property::new(cx.properties().full_name(name, None)?, Contents::Other(contents.into()));
        cx.properties().prepare().await?;
        if cx.dry_run() {
            report_dry_run(cx, [property.full_name.as_str()].into_iter());
            return Ok(None);
        }
        Ok(Some(property))
    }

    /// Saves and reports the value.
    ///
    /// # Errors
    /// [`ErrorKind::PropertyNotSaved`] when OpCon, or the agent's folder, did not accept it.
    pub async fn save(&self, cx: &Context, value: &str) -> Result<Delivery> {
        match self.deliver(cx, value).await {
            Ok(delivery) => {
                cx.event(delivery.describe(&self.full_name, value));
                Ok(delivery)
            }
            Err(error) => {
                let advice = "run the command at the end of this output, which saves the value";
                let message = format!("property {} is not saved: {error}", self.full_name);
                Err(Error::new(ErrorKind::PropertyNotSaved, message).hint_before(advice, &error))
            }
        }
    }

    /// Saves the value and records its delivery; until OpCon has answered, it is recorded as not saved.
    ///
    /// # Errors
    /// Those of [`PropertyStore::save`](super::PropertyStore::save).
    pub(crate) async fn deliver(&self, cx: &Context, value: &str) -> Result<Delivery> {
        let entry = PropertyEntry::pending(&self.full_name, self.contents.clone(), Some(value.to_owned()));
        cx.journal().record_property(entry.clone());
        let attempt = cx.properties().save(&self.full_name, value).await;
        cx.journal().record_property(entry.after(&attempt));
        attempt
    }
}
