//! Saving a property, which counts as saved only when it was read back.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::Client;
use crate::error::{Error, ErrorKind};
use crate::property::{PropertyName, PropertyValue};

/// By which way a property was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// OpCon evaluated an assignment.
    ByExpression,
    /// It took the calls for global properties, as this OpCon evaluates assignments without storing anything.
    ByGlobalPropertyCalls,
}

/// A global property as OpCon's API shows it.
#[derive(Deserialize)]
struct GlobalProperty {
    id: i64,
    name: String,
    #[serde(default)]
    encrypted: bool,
}

/// The call for global properties.
const GLOBAL_PROPERTIES: &str = "globalproperties";

impl Client {
    /// Gives the property that value, and reads it back; OpCon creates the property when there is none of that name.
    ///
    /// An assignment is tried first. When the value is not there afterwards (some versions of OpCon evaluate assignments
    /// without storing them), a global property is saved by the calls for global properties; for the others there is no
    /// second way. A value that OpCon changed, by removing the spaces around it for example, does not count as saved.
    /// Several properties may be saved at the same time.
    ///
    /// # Errors
    /// [`ErrorKind::Failed`] when OpCon refused, when the value is not there afterwards, or when the property is an
    /// encrypted one, as far as the user may see that: the value would be stored in clear. Any other but
    /// [`ErrorKind::Invalid`].
    pub async fn save_property(&self, name: &PropertyName, value: &PropertyValue) -> Result<Saved, Error> {
        let doing = format!("saving the OpCon property {name}");
        if let Some(global) = name.as_global() {
            self.refuse_encrypted(&doing, global).await?;
        }
        match (self.set_property(name, value).await, name.as_global()) {
            (Err(error), Some(_)) if error.kind() == ErrorKind::Failed => {}
            (assigned, _) => assigned?,
        }
        if self.has_value(name, value).await? {
            return Ok(Saved::ByExpression);
        }
        let Some(global) = name.as_global() else {
            return Err(not_stored(&doing, value).with_hint(
                "use a global property: this version of OpCon may evaluate assignments without storing them",
            ));
        };
        // OpCon refuses to create what exists, also when it is the same request made again. What is there counts.
        let called = self.call_for_global(&doing, global, value).await;
        if self.has_value(name, value).await? {
            return Ok(Saved::ByGlobalPropertyCalls);
        }
        called.and(Err(not_stored(&doing, value)))
    }

    /// Whether the property exists and has that value.
    async fn has_value(&self, name: &PropertyName, value: &PropertyValue) -> Result<bool, Error> {
        let doing = format!("reading the OpCon property {name} back");
        match self.evaluate(&doing, &name.to_token()).await {
            Ok(stored) => Ok(stored.as_deref() == Some(value.as_str())),
            Err(error) if error.kind() == ErrorKind::Failed => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Fails when there is an encrypted global property of that name, whatever the case of its letters: whether OpCon
    /// distinguishes that depends on its database.
    async fn refuse_encrypted(&self, doing: &str, name: &str) -> Result<(), Error> {
        match self.globals_like(doing, name).await {
            Ok(found) if found.iter().any(|property| property.encrypted) => {
                let wrong = "the property is encrypted, and the value would be stored in plain text";
                Err(Error::new(ErrorKind::Failed, doing, wrong).with_hint("save the value in another property"))
            }
            // The user may not see the global properties, or this OpCon has no such call.
            Err(error) if matches!(error.kind(), ErrorKind::Refused | ErrorKind::Unexpected) => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// Changes the global property of exactly that name, or creates it.
    async fn call_for_global(&self, doing: &str, name: &str, value: &PropertyValue) -> Result<(), Error> {
        let existing = self.globals_like(doing, name).await?.into_iter().find(|property| property.name == name);
        let (method, call, body) = match existing {
            Some(GlobalProperty { id, .. }) => (
                Method::PUT,
                format!("{GLOBAL_PROPERTIES}/{id}"),
                json!({ "id": id, "name": name, "value": value.as_str() }),
            ),
            None => (Method::POST, GLOBAL_PROPERTIES.into(), json!({ "name": name, "value": value.as_str() })),
        };
        let request = || self.authorized(self.connection.request(method.clone(), &call)).json(&body);
        self.connection.send_for_text(doing, request).await?;
        Ok(())
    }

    /// The global properties of that name, but for the case of ASCII letters.
    async fn globals_like(&self, doing: &str, name: &str) -> Result<Vec<GlobalProperty>, Error> {
        // The name filters by a pattern, which may fit others as well.
        let request = || self.authorized(self.connection.request_named(GLOBAL_PROPERTIES, name));
        let found: Vec<GlobalProperty> = self.connection.send(doing, request).await?;
        Ok(found.into_iter().filter(|property| property.name.eq_ignore_ascii_case(name)).collect())
    }
}

fn not_stored(doing: &str, value: &PropertyValue) -> Error {
    let error = Error::new(ErrorKind::Failed, doing, "the property does not have the value after saving");
    if value.as_str().trim() == value.as_str() {
        error
    } else {
        error.with_hint("use a value without spaces around it: OpCon may have removed them")
    }
}
