//! Saves properties, and reads each one back to verify that it is saved.

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;

use super::Client;
use super::patience::Patience;
use crate::error::{Error, ErrorKind};
use crate::property::{PropertyName, PropertyValue};

/// How a property was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// OpCon evaluated an assignment.
    ByExpression,
    /// With the calls for global properties, because this OpCon evaluates assignments without storing them.
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

/// The path of the calls for global properties.
const GLOBAL_PROPERTIES: &str = "globalproperties";

impl Client {
    /// Saves a property, and reads it back. OpCon creates the property if it does not exist.
    ///
    /// It first evaluates an assignment. If the value is not stored afterwards (some versions of OpCon evaluate
    /// assignments without storing them), a global property is saved with the calls for global properties; other
    /// properties have no second method. A value that OpCon changes, e.g. by removing surrounding spaces, is not saved.
    /// Several properties may be saved concurrently.
    ///
    /// # Errors
    /// [`ErrorKind::Failed`] if OpCon rejects the request, the value is not stored afterwards, or the property is
    /// encrypted as far as the user has access to that information, because the value would be stored in clear text.
    /// Any other except [`ErrorKind::Invalid`].
    pub async fn save_property(&self, name: &PropertyName, value: &PropertyValue) -> Result<Saved, Error> {
        let doing = format!("saving the OpCon property {name}");
        let patience = &mut self.connection.saving();
        if let Some(global) = name.as_global() {
            self.refuse_encrypted(patience, &doing, global).await?;
        }
        let refused = match (self.assign(patience, name, value).await, name.as_global()) {
            (Err(error), Some(_)) if error.kind() == ErrorKind::Failed => Some(error),
            (assigned, _) => {
                assigned?;
                None
            }
        };
        if self.has_value(patience, name, value).await? {
            return Ok(Saved::ByExpression);
        }
        let Some(global) = name.as_global() else {
            return Err(not_stored(&doing, value).with_hint(
                "use a global property: this version of OpCon may evaluate assignments without storing them",
            ));
        };
        // OpCon rejects the creation of an existing property, also for a retry of the same request. The stored value
        // counts.
        let called = self.call_for_global(patience, &doing, global, value).await;
        if self.has_value(patience, name, value).await? {
            return Ok(Saved::ByGlobalPropertyCalls);
        }
        let error = called.err().unwrap_or_else(|| not_stored(&doing, value));
        Err(match refused {
            Some(refused) => error.after(&refused, "then with the calls for global properties"),
            None => error,
        })
    }

    /// Whether the property exists and has that value.
    async fn has_value(
        &self,
        patience: &mut Patience,
        name: &PropertyName,
        value: &PropertyValue,
    ) -> Result<bool, Error> {
        let doing = format!("reading the OpCon property {name} back");
        match self.evaluate(patience, &doing, &name.to_token()).await {
            Ok(stored) => Ok(stored.as_deref() == Some(value.as_str())),
            Err(error) if error.kind() == ErrorKind::Failed => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Fails if an encrypted global property with this name exists, ignoring case, because case sensitivity depends on
    /// the database of OpCon.
    async fn refuse_encrypted(&self, patience: &mut Patience, doing: &str, name: &str) -> Result<(), Error> {
        match self.globals_like(patience, doing, name).await {
            Ok(found) if found.iter().any(|property| property.encrypted) => {
                let wrong = "the property is encrypted, and the value would be stored in plain text";
                Err(Error::new(ErrorKind::Failed, doing, wrong).with_hint("save the value in another property"))
            }
            // The user has no access to global properties, or this OpCon does not have the call.
            Err(error) if matches!(error.kind(), ErrorKind::Refused | ErrorKind::Unexpected) => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// Changes the global property with exactly this name, or creates it.
    async fn call_for_global(
        &self,
        patience: &mut Patience,
        doing: &str,
        name: &str,
        value: &PropertyValue,
    ) -> Result<(), Error> {
        let existing =
            self.globals_like(patience, doing, name).await?.into_iter().find(|property| property.name == name);
        let (method, call, body) = match existing {
            Some(GlobalProperty { id, .. }) => (
                Method::PUT,
                format!("{GLOBAL_PROPERTIES}/{id}"),
                json!({ "id": id, "name": name, "value": value.as_str() }),
            ),
            None => (Method::POST, GLOBAL_PROPERTIES.into(), json!({ "name": name, "value": value.as_str() })),
        };
        let request = || self.authorized(self.connection.request(method.clone(), &call)).json(&body);
        self.connection.send_for_text(doing, patience, request).await?;
        Ok(())
    }

    /// The global properties with this name, ignoring ASCII case.
    async fn globals_like(
        &self,
        patience: &mut Patience,
        doing: &str,
        name: &str,
    ) -> Result<Vec<GlobalProperty>, Error> {
        // The name is a pattern, which may match other properties.
        let request = || self.authorized(self.connection.request_named(GLOBAL_PROPERTIES, name));
        let found: Vec<GlobalProperty> = self.connection.send(doing, patience, request).await?;
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
