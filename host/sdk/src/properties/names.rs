//! The property names that a job gives, and the checks that they are valid and distinct.

use std::collections::HashMap;

use super::arguments::{ID_PROPERTY, PRIVATE_IP_PROPERTY, PUBLIC_DNS_PROPERTY, PUBLIC_IP_PROPERTY};
use crate::ids::InstanceId;
use crate::journal::{Contents, Field};
use crate::{Arg, Context, Error, ErrorKind, Inputs, PropertyEntry, ResourceResult, Result};

/// The property names of a job.
#[derive(Clone, Debug, Default)]
pub struct PropertyNames {
    names: [Option<String>; 4],
}

impl PropertyNames {
    /// Reads the arguments: up to four distinct names. [`PropertyNames::check`] compares them by the rules of OpCon.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when two are the same.
    pub fn parse(inputs: &Inputs) -> Result<Self> {
        let names = PropertyNames { names: Field::ALL.map(|field| inputs.get(argument(field))) };
        let mut taken = Taken::default();
        names.given().try_for_each(|(field, name)| taken.add(field, name.trim()))?;
        Ok(names)
    }

    /// Whether the job names no property.
    pub fn is_empty(&self) -> bool {
        self.names.iter().all(Option::is_none)
    }

    /// Whether the job names a property for an address.
    pub fn wants_addresses(&self) -> bool {
        self.given().any(|(field, _)| field != Field::Id)
    }

    /// Checks that the values of this many instances can be saved, before anything is changed in EC2. A dry run checks
    /// the same, and reports it. Warns of addresses that could not be saved if they do not exist.
    ///
    /// # Errors
    /// Those of [`PropertyNames::check`] and [`PropertyStore::prepare`](super::PropertyStore::prepare).
    pub async fn prepare(&self, cx: &Context, instances: usize) -> Result<()> {
        self.check(cx, instances)?;
        if self.is_empty() {
            return Ok(());
        }
        cx.properties().prepare().await?;
        let full_name = |(field, name)| Ok((field, cx.properties().full_name(name, None)?));
        let names: Vec<(Field, String)> = self.given().map(full_name).collect::<Result<_>>()?;
        warn_of_lasting_values(cx, &names);
        if cx.dry_run() {
            report_dry_run(cx, names.iter().map(|(_, name)| name.as_str()));
        }
        Ok(())
    }

    /// Checks that OpCon accepts the names for this many instances, and that they are distinct. Case is ignored, since
    /// OpCon's database may ignore it. For several instances, a name must also differ from the numbered names of the
    /// others.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when two are the same, and those of [`PropertyStore::full_name`](super::PropertyStore::full_name).
    pub fn check(&self, cx: &Context, instances: usize) -> Result<()> {
        let mut taken = Taken::default();
        for (field, name) in self.given() {
            let counters = (1..=instances).filter_map(|number| counter(number, instances));
            for counter in [None].into_iter().chain(counters.map(Some)) {
                taken.add(field, &cx.properties().full_name(name, counter)?)?;
            }
        }
        Ok(())
    }

    /// The properties for these instances, in order, addresses without a value, and the errors of invalid names. A
    /// single instance has plain names, several have `_1`, `_2` and so on. Instances that are not known to be accepted
    /// (refused, unknown, not requested yet) are left out but keep their number.
    pub(super) fn plan(&self, cx: &Context, ids: &[InstanceId]) -> (Vec<PropertyEntry>, Vec<Error>) {
        let (mut planned, mut failures) = (Vec::new(), Vec::new());
        for (index, id) in ids.iter().enumerate().filter(|(_, id)| is_affected(cx, id)) {
            for (field, name) in self.given() {
                match cx.properties().full_name(name, counter(index + 1, ids.len())) {
                    Ok(name) => {
                        let value = (field == Field::Id).then(|| id.to_string());
                        planned.push(PropertyEntry::pending(name, Contents::Of(field, id.clone()), value));
                    }
                    Err(error) => failures.push(error),
                }
            }
        }
        (planned, failures)
    }

    /// The fields with a property.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> {
        self.given().map(|(field, _)| field)
    }

    fn given(&self) -> impl Iterator<Item = (Field, &str)> {
        Field::ALL.into_iter().zip(&self.names).filter_map(|(field, name)| Some((field, name.as_deref()?)))
    }
}

/// Reports that these properties could be saved.
pub(super) fn report_dry_run<'a>(cx: &Context, names: impl Iterator<Item = &'a str>) {
    let names = names.collect::<Vec<_>>().join(", ");
    cx.event(format!("OpCon properties can be saved: {names}; none is saved (dry run)"));
}

/// Warns of properties that keep their old value if an instance has no such address.
fn warn_of_lasting_values(cx: &Context, names: &[(Field, String)]) {
    let refusal = |name: &str| cx.properties().check_value(name, "").err();
    let may_be_empty = |(field, _): &&(Field, String)| matches!(field, Field::PublicDns | Field::PublicIp);
    let refused = names.iter().filter(may_be_empty).filter_map(|(_, name)| Some((name.as_str(), refusal(name)?)));
    let (refused, reasons): (Vec<_>, Vec<_>) = refused.unzip();
    if let Some(reason) = reasons.first() {
        let names = refused.join(", ");
        cx.warning(format!("{reason}: without such an address, these properties keep their old values: {names}"));
    }
}

/// Whether a later job can use the instance because of this one.
fn is_affected(cx: &Context, id: &InstanceId) -> bool {
    cx.journal().read(id, |entry| entry.accepted || entry.result == Some(ResourceResult::Unchanged))
}

fn counter(number: usize, instances: usize) -> Option<usize> {
    (instances > 1).then_some(number)
}

fn argument(field: Field) -> &'static Arg<String> {
    match field {
        Field::Id => &ID_PROPERTY,
        Field::PublicDns => &PUBLIC_DNS_PROPERTY,
        Field::PublicIp => &PUBLIC_IP_PROPERTY,
        Field::PrivateIp => &PRIVATE_IP_PROPERTY,
    }
}

/// The names in use, in lower case, with their fields.
#[derive(Default)]
struct Taken(HashMap<String, Field>);

impl Taken {
    fn add(&mut self, field: Field, name: &str) -> Result<()> {
        match self.0.insert(name.to_lowercase(), field) {
            Some(other) if other != field => {
                let [first, second] = [other, field].map(|field| argument(field).spec.option());
                let message = format!("`{first}` and `{second}` name the same OpCon property: `{name}`");
                Err(Error::new(ErrorKind::InvalidInput, message).hint("use a different property for each of them"))
            }
            _ => Ok(()),
        }
    }
}
