//! The store of OpCon properties, which the host implements.

use async_trait::async_trait;

use crate::error::Result;

/// A store of properties: OpCon, or a test double.
#[async_trait]
pub trait PropertyStore: Send + Sync {
    /// The full name of a property. The counter, if any, is added to the name part, before a schedule or job.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when OpCon does not accept the name.
    fn full_name(&self, name: &str, counter: Option<usize>) -> Result<String>;

    /// Checks that properties can be saved: settings, address, token. Called before anything is changed in EC2.
    ///
    /// # Errors
    /// Of kind `InvalidInput`, `PermissionDenied` or `Unavailable`.
    async fn prepare(&self) -> Result<()>;

    /// Checks, without a request, whether the store can transport the value for a full name. One that it cannot transport
    /// leaves the old value in OpCon.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) with the reason.
    fn check_value(&self, _full_name: &str, _value: &str) -> Result<()> {
        Ok(())
    }

    /// Saves a value under a full name. Called concurrently.
    ///
    /// # Errors
    /// When OpCon, or the agent's folder, did not accept it.
    async fn save(&self, full_name: &str, value: &str) -> Result<Delivery>;
}

/// How a value was delivered to OpCon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// OpCon returned the value on a read.
    Confirmed,
    /// It was queued with an agent, which does not confirm it.
    Queued,
}

impl Delivery {
    /// Describes the delivery of a property in one line.
    pub fn describe(self, name: &str, value: &str) -> String {
        match self {
            Delivery::Confirmed => format!("property {name} = {value}: saved"),
            Delivery::Queued => format!("property {name} = {value}: queued with the agent, not confirmed"),
        }
    }
}
