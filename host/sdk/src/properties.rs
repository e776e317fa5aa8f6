//! OpCon properties: the four that a job may name, and how instances are saved into them.

use async_trait::async_trait;

use crate::instances::InstanceId;
use crate::{Arg, ArgSpec, Context, Error, ErrorKind, Inputs, InstanceEntry, InstanceResult, PropertyEntry, Result};

/// `--id-property NAME`.
pub const ID_PROPERTY: Arg<String> = Arg::new(
    "id-property",
    "NAME",
    "The OpCon property that gets the instance id; with several instances NAME_1, NAME_2 and so on.",
);
/// `--public-dns-property NAME`.
pub const PUBLIC_DNS_PROPERTY: Arg<String> =
    Arg::new("public-dns-property", "NAME", "The OpCon property that gets the public DNS name.")
        .aliases(&["dns-property"]);
/// `--public-ip-property NAME`.
pub const PUBLIC_IP_PROPERTY: Arg<String> =
    Arg::new("public-ip-property", "NAME", "The OpCon property that gets the public IPv4 address.");
/// `--private-ip-property NAME`.
pub const PRIVATE_IP_PROPERTY: Arg<String> =
    Arg::new("private-ip-property", "NAME", "The OpCon property that gets the private IPv4 address.");

/// The arguments of a function that saves instances into properties.
pub const PROPERTIES: &[ArgSpec] =
    &[ID_PROPERTY.spec, PUBLIC_DNS_PROPERTY.spec, PUBLIC_IP_PROPERTY.spec, PRIVATE_IP_PROPERTY.spec];

/// Where properties are saved: OpCon, or a stand-in of a test.
#[async_trait]
pub trait PropertyStore: Send + Sync {
    /// The full name of a property: the counter, if any, goes on the name part, never on a schedule or job behind it.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when OpCon would not accept the name.
    fn full_name(&self, name: &str, counter: Option<usize>) -> Result<String>;

    /// Makes sure that properties can be saved: settings, address, token. Called before anything is changed in EC2.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`], [`ErrorKind::PermissionDenied`] or [`ErrorKind::Unavailable`].
    async fn prepare(&self) -> Result<()>;

    /// Saves a value under a full name.
    ///
    /// # Errors
    /// When OpCon did not confirm it.
    async fn save(&self, full_name: &str, value: &str) -> Result<()>;
}

/// The properties that a job names.
#[derive(Clone, Debug)]
pub struct PropertyNames {
    names: [Option<String>; 4],
}

impl PropertyNames {
    /// What the arguments say.
    pub fn from_inputs(inputs: &Inputs) -> Self {
        let arguments = [&ID_PROPERTY, &PUBLIC_DNS_PROPERTY, &PUBLIC_IP_PROPERTY, &PRIVATE_IP_PROPERTY];
        PropertyNames { names: arguments.map(|argument| inputs.get(argument)) }
    }

    /// Whether the job names none.
    pub fn is_empty(&self) -> bool {
        self.names.iter().all(Option::is_none)
    }

    /// Makes sure, before anything is changed in EC2, that the values of so many instances can be saved.
    ///
    /// # Errors
    /// Those of [`PropertyStore::full_name`] and [`PropertyStore::prepare`].
    pub async fn prepare(&self, cx: &Context, instances: usize) -> Result<()> {
        if self.is_empty() || cx.dry_run() {
            return Ok(());
        }
        for name in self.names.iter().flatten() {
            cx.properties().full_name(name, counter(instances, instances))?;
        }
        cx.properties().prepare().await
    }

    /// Saves what the journal knows of these instances, in their order. A single instance has the plain names, several
    /// have `_1`, `_2` and so on. `settled` says that the addresses are final: then a missing one (a private subnet has
    /// no public address) is saved as an empty value; otherwise it is left out with a warning. Instances of which EC2
    /// refused the change are left out, and keep their number.
    ///
    /// # Errors
    /// [`ErrorKind::PropertyNotSaved`] when one was not saved; the others are tried all the same.
    pub async fn save(&self, cx: &Context, ids: &[InstanceId], settled: bool) -> Result<()> {
        if cx.dry_run() {
            return Ok(());
        }
        let (mut wanted, mut failures) = (0, Vec::new());
        for (index, id) in ids.iter().enumerate() {
            let entry = cx.journal().instance(id);
            let failed = entry.result == Some(InstanceResult::Failed);
            if failed && !entry.accepted {
                continue; // nothing of it is news for a later job
            }
            for (name, value) in self.names.iter().zip(values(&entry)) {
                let Some(name) = name else { continue };
                let full_name = cx.properties().full_name(name, counter(index + 1, ids.len()))?;
                let Some(value) = value.or((settled && !failed).then_some("")) else {
                    let advice = if settled { "" } else { "; give --wait" };
                    cx.warning(format!(
                        "property {full_name} is not saved: {} has no such address yet{advice}",
                        entry.label()
                    ));
                    continue;
                };
                wanted += 1;
                failures.extend(save_one(cx, full_name, value).await.err());
            }
        }
        match failures.into_iter().next() {
            None => Ok(()),
            Some(first) => Err(not_saved(cx, wanted, &first)),
        }
    }
}

/// The values in the order of the names.
fn values(entry: &InstanceEntry) -> [Option<&str>; 4] {
    [Some(entry.id.as_str()), entry.public_dns.as_deref(), entry.public_ip.as_deref(), entry.private_ip.as_deref()]
}

fn counter(number: usize, instances: usize) -> Option<usize> {
    (instances > 1).then_some(number)
}

async fn save_one(cx: &Context, name: String, value: &str) -> Result<()> {
    let result = cx.properties().save(&name, value).await;
    match &result {
        Ok(()) => cx.event(format!("property {name} = {value}: saved")),
        Err(error) => cx.warning(format!("property {name} = {value}: not saved: {error}")),
    }
    cx.journal().property(PropertyEntry { name, value: value.to_owned(), saved: result.is_ok() });
    result
}

fn not_saved(cx: &Context, wanted: usize, first: &Error) -> Error {
    let failed = cx.journal().properties().iter().filter(|property| !property.saved).count();
    let message = format!("{failed} of {wanted} properties not saved; the first: {first}");
    let error = Error::new(ErrorKind::PropertyNotSaved, message).doing("saving properties in OpCon");
    error.hint(
        first.hint_text().unwrap_or("the values are in this output; do not run the job again, its instances are there"),
    )
}

#[cfg(test)]
mod tests;
