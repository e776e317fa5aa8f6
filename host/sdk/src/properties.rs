//! OpCon properties: the four that a job may name, and how instances are saved into them.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt as _};
use tokio::time::sleep;

use crate::instances::{InstanceId, find_by_ids};
use crate::wait::WAIT;
use crate::{Arg, ArgSpec, Context, Error, ErrorKind, Inputs, InstanceEntry, InstanceResult, PropertyEntry, Result};

/// `--id-property NAME`.
pub const ID_PROPERTY: Arg<String> = Arg::new(
    "id-property",
    "NAME",
    "The OpCon property that gets the instance id; with several instances NAME_1, NAME_2 and so on.",
)
.asked_with(WAIT.spec.name);
/// `--public-dns-property NAME`.
pub const PUBLIC_DNS_PROPERTY: Arg<String> =
    Arg::new("public-dns-property", "NAME", "The OpCon property that gets the public DNS name.")
        .aliases(&["dns-property"])
        .asked_with(WAIT.spec.name);
/// `--public-ip-property NAME`.
pub const PUBLIC_IP_PROPERTY: Arg<String> =
    Arg::new("public-ip-property", "NAME", "The OpCon property that gets the public IPv4 address.")
        .asked_with(WAIT.spec.name);
/// `--private-ip-property NAME`.
pub const PRIVATE_IP_PROPERTY: Arg<String> =
    Arg::new("private-ip-property", "NAME", "The OpCon property that gets the private IPv4 address.")
        .asked_with(WAIT.spec.name);

/// The arguments of a function that saves instances into properties.
pub const PROPERTIES: &[ArgSpec] =
    &[ID_PROPERTY.spec, PUBLIC_DNS_PROPERTY.spec, PUBLIC_IP_PROPERTY.spec, PRIVATE_IP_PROPERTY.spec];

/// How many properties are saved at the same time.
const SAVES_AT_ONCE: usize = 8;
/// How often a missing address is looked for again once an instance is where it should be.
const ADDRESS_LOOKS: usize = 5;
/// The time between two of these looks.
const ADDRESS_INTERVAL: Duration = Duration::from_secs(2);

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
    Seen,
    /// It was handed to an agent, which does not say what becomes of it.
    HandedOver,
}

impl Delivery {
    /// What became of the value of a property, in one line.
    pub fn told(self, name: &str, value: &str) -> String {
        match self {
            Delivery::Seen => format!("property {name} = {value}: saved"),
            Delivery::HandedOver => format!("property {name} = {value}: handed to the agent, not confirmed"),
        }
    }
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

    /// Whether the job names one for an address, not only for the id.
    pub fn want_addresses(&self) -> bool {
        self.names[1..].iter().any(Option::is_some)
    }

    /// Makes sure, before anything is changed in EC2, that the values of so many instances can be saved.
    ///
    /// # Errors
    /// Those of [`PropertyStore::full_name`] and [`PropertyStore::prepare`].
    pub async fn prepare(&self, cx: &Context, instances: usize) -> Result<()> {
        self.check(cx, instances)?;
        if self.is_empty() || cx.dry_run() {
            return Ok(());
        }
        cx.properties().prepare().await
    }

    /// Makes sure that OpCon would accept the names for so many instances.
    ///
    /// # Errors
    /// Those of [`PropertyStore::full_name`].
    pub fn check(&self, cx: &Context, instances: usize) -> Result<()> {
        let mut names = self.names.iter().flatten();
        names.try_for_each(|name| cx.properties().full_name(name, counter(instances, instances)).map(drop))
    }

    /// Saves what the journal knows of these instances, in their order. A single instance has the plain names, several
    /// have `_1`, `_2` and so on. `settled` says that the instances are where they should be: then an address that is
    /// missing is looked for again for a while, and if there is none (a private subnet has no public one) saved as an
    /// empty value; otherwise it is left out with a warning. Instances of which EC2 refused the change are left out, and
    /// keep their number.
    ///
    /// # Errors
    /// [`ErrorKind::PropertyNotSaved`] when one was not saved; the others are tried all the same.
    pub async fn save(&self, cx: &Context, ids: &[InstanceId], settled: bool) -> Result<()> {
        if cx.dry_run() {
            return Ok(());
        }
        if settled {
            self.look_for_addresses(cx, ids).await;
        }
        let (values, mut failures) = self.values_to_save(cx, ids, settled);
        let wanted = values.len() + failures.len();
        // An interruption must not lose what was not saved yet.
        values.iter().for_each(|(name, value)| cx.journal().property(PropertyEntry::pending(name, value)));
        let saves = values.into_iter().map(|(name, value)| async move {
            let result = cx.properties().save(&name, &value).await;
            (name, value, result)
        });
        let mut saves = stream::iter(saves).buffered(SAVES_AT_ONCE);
        while let Some((name, value, result)) = saves.next().await {
            failures.extend(enter(cx, name, value, result));
        }
        match failures.first() {
            None => Ok(()),
            Some(first) => Err(not_saved(failures.len(), wanted, first)),
        }
    }

    /// Full names and values in the order of the instances, and the errors of names that have none.
    fn values_to_save(&self, cx: &Context, ids: &[InstanceId], settled: bool) -> (Vec<(String, String)>, Vec<Error>) {
        let (mut found, mut failures) = (Vec::new(), Vec::new());
        for (index, id) in ids.iter().enumerate() {
            let entry = cx.journal().instance(id);
            let failed = entry.result == Some(InstanceResult::Failed);
            if failed && !entry.accepted {
                continue; // nothing of it is news for a later job
            }
            let missing = if failed {
                Missing::Unknown
            } else if settled {
                Missing::None
            } else {
                Missing::TooEarly
            };
            for (name, value) in self.names.iter().zip(values(&entry)) {
                let Some(name) = name else { continue };
                match cx.properties().full_name(name, counter(index + 1, ids.len())) {
                    Ok(name) => found.extend(missing.or_value(cx, &name, value).map(|value| (name, value))),
                    Err(error) => failures.push(error),
                }
            }
        }
        (found, failures)
    }

    /// Looks again at instances that lack an address which the job wants: it can come later than the state.
    async fn look_for_addresses(&self, cx: &Context, ids: &[InstanceId]) {
        for _ in 0..ADDRESS_LOOKS {
            let lacks = |entry: &InstanceEntry| {
                let mut wanted = self.names.iter().zip(values(entry));
                entry.error.is_none() && wanted.any(|(name, value)| name.is_some() && value.is_none())
            };
            let lacking: Vec<_> = ids.iter().filter(|id| lacks(&cx.journal().instance(id))).cloned().collect();
            if lacking.is_empty() {
                return;
            }
            sleep(ADDRESS_INTERVAL).await;
            match find_by_ids(cx, &lacking).await {
                Ok(found) => found.iter().for_each(|instance| cx.journal().see(instance)),
                Err(error) => return cx.warning(error.to_string()),
            }
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

/// What it means that a value is missing.
#[derive(Clone, Copy)]
enum Missing {
    /// There is none.
    None,
    /// There may be one later.
    TooEarly,
    /// There may be one, but the instance is not where it should be.
    Unknown,
}

impl Missing {
    /// The value, or an empty one where there is none. `None` when it is left out, which is said.
    fn or_value(self, cx: &Context, name: &str, value: Option<&str>) -> Option<String> {
        match (value, self) {
            (Some(value), _) => return Some(value.to_owned()),
            (None, Missing::None) => return Some(String::new()),
            (None, Missing::TooEarly) => {
                cx.warning(format!("property {name} is not saved: there is no such address yet; give --wait"));
            }
            (None, Missing::Unknown) => {
                cx.warning(format!("property {name} is not saved: there is no such address yet"));
            }
        }
        None
    }
}

/// Reports what became of a value, and enters it into the journal. Returns the error, if there was one.
fn enter(cx: &Context, name: String, value: String, result: Result<Delivery>) -> Option<Error> {
    match &result {
        Ok(delivery) => cx.event(delivery.told(&name, &value)),
        Err(error) => cx.warning(format!("property {name} = {value}: not saved: {error}")),
    }
    cx.journal().property(PropertyEntry::after(name, value, &result));
    result.err()
}

fn not_saved(failed: usize, wanted: usize, first: &Error) -> Error {
    let message = format!("{failed} of {wanted} properties not saved; the first: {first}");
    let advice =
        "this output has the values, and commands that save them; do not run the job again, its instances are there";
    let hint = first.hint_text().map_or(advice.to_owned(), |hint| format!("{advice}; {hint}"));
    Error::new(ErrorKind::PropertyNotSaved, message).doing("saving properties in OpCon").hint(hint)
}

#[cfg(test)]
mod tests;
