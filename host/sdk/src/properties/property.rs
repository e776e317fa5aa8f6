//! One property and its value, whatever that is.

use crate::context::Context;
use crate::error::{Error, ErrorKind, Result};
use crate::journal::{Contents, PropertyEntry};
use crate::property_store::Delivery;

/// An OpCon property for one value of a job. A value that is not saved, also because the job is interrupted, ends as a
/// command that saves it; only an option list does not, since its job can be run again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    full_name: String,
    contents: Contents,
}

impl Property {
    /// A property whose full name is known to be one that OpCon accepts.
    pub(crate) fn new(full_name: impl Into<String>, contents: Contents) -> Self {
        Property { full_name: full_name.into(), contents }
    }

    /// Makes sure, before anything is changed in EC2, that a value can be saved under the name that the job gives.
    /// `contents` says what the value will be, as in `console output of i-0abc`. `None` when the job gives no name, and in
    /// a dry run.
    ///
    /// # Errors
    /// Those of [`PropertyStore::full_name`](super::PropertyStore::full_name) and
    /// [`PropertyStore::prepare`](super::PropertyStore::prepare).
    pub async fn prepare(cx: &Context, name: Option<&str>, contents: impl Into<String>) -> Result<Option<Self>> {
        let Some(name) = name else { return Ok(None) };
        let property = Property::new(cx.properties().full_name(name, None)?, Contents::Other(contents.into()));
        if cx.dry_run() {
            return Ok(None);
        }
        cx.properties().prepare().await?;
        Ok(Some(property))
    }

    /// Saves the value, and reports it.
    ///
    /// # Errors
    /// [`ErrorKind::PropertyNotSaved`] when OpCon, or the agent's folder, did not take it.
    pub async fn save(&self, cx: &Context, value: &str) -> Result<Delivery> {
        match self.deliver(cx, value).await {
            Ok(delivery) => {
                cx.event(delivery.describe(&self.full_name, value));
                Ok(delivery)
            }
            Err(error) => {
                let hint =
                    error.hint_text().unwrap_or("run the command at the end of this output, which saves the value");
                let message = format!("property {} is not saved: {error}", self.full_name);
                Err(Error::new(ErrorKind::PropertyNotSaved, message).hint(hint))
            }
        }
    }

    /// Saves the value, and records what becomes of it: before OpCon has answered, it is not saved.
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
