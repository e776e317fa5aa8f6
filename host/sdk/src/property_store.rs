//! Where OpCon properties are saved, and how sure it is that OpCon has a value.

use async_trait::async_trait;

use crate::error::Result;

/// Where properties are saved: OpCon, or a stand-in of a test.
#[async_trait]
pub trait PropertyStore: Send + Sync {
    /// The full name of a property: the counter, if any, goes on the name part, never on a schedule or job behind it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) when OpCon would not accept the name.
    fn full_name(&self, name: &str, counter: Option<usize>) -> Result<String>;

    /// Makes sure that properties can be saved: settings, address, token. Called before anything is changed in EC2.
    ///
    /// # Errors
    /// Of kind `InvalidInput`, `PermissionDenied` or `Unavailable`.
    async fn prepare(&self) -> Result<()>;

    /// Saves a value under a full name. Several may be saved at the same time.
    ///
    /// # Errors
    /// When OpCon, or the agent's folder, did not take it.
    async fn save(&self, full_name: &str, value: &str) -> Result<Delivery>;
}

/// How sure it is that OpCon holds a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// It was read back.
    Confirmed,
    /// It was handed to an agent, which does not say what becomes of it.
    Queued,
}

impl Delivery {
    /// What became of the value of a property, in one line.
    pub fn describe(self, name: &str, value: &str) -> String {
        match self {
            Delivery::Confirmed => format!("property {name} = {value}: saved"),
            Delivery::Queued => format!("property {name} = {value}: handed to the agent, not confirmed"),
        }
    }
}
