//! The lists of job forms, in the two forms that OpCon has for them.

use std::path::Path;

use async_trait::async_trait;
use connector_sdk::lists::{List, ListEntry, ListStore};
use connector_sdk::{Error, ErrorKind, Result};
use opcon::lists::{self, DataScript, Entry, Image, InstanceType, Region};

use crate::opcon_error;
use crate::properties::OpConProperties;

/// An entry between its two sides: EC2's names in functions, OpCon's forms in lists.
trait Convert: Entry {
    fn from_ec2(entry: &ListEntry) -> Result<Self, String>;
    fn to_ec2(&self) -> ListEntry;
}

impl Convert for Image {
    fn from_ec2(entry: &ListEntry) -> Result<Self, String> {
        Image::described(entry.description.as_deref().unwrap_or_default(), &entry.id)
    }

    fn to_ec2(&self) -> ListEntry {
        ListEntry { id: self.id().to_owned(), description: Some(self.description().to_owned()) }
    }
}

impl Convert for InstanceType {
    fn from_ec2(entry: &ListEntry) -> Result<Self, String> {
        InstanceType::parse(&entry.id)
    }

    fn to_ec2(&self) -> ListEntry {
        ListEntry { id: self.as_str().to_owned(), description: None }
    }
}

impl Convert for Region {
    fn from_ec2(entry: &ListEntry) -> Result<Self, String> {
        Region::parse(&entry.id)
    }

    fn to_ec2(&self) -> ListEntry {
        ListEntry { id: self.ec2_name().to_owned(), description: None }
    }
}

fn from_ec2<T: Convert>(entries: &[ListEntry]) -> Result<lists::List<T>> {
    let converted = entries.iter().map(|entry| {
        T::from_ec2(entry).map_err(|wrong| {
            Error::new(ErrorKind::Service, format!("{}: {wrong}", entry.id))
                .doing(format!("writing the list {}", T::PROPERTY))
        })
    });
    Ok(lists::List::new(converted.collect::<Result<_>>()?))
}

fn to_ec2<T: Convert>(list: &lists::List<T>) -> Vec<ListEntry> {
    list.entries().iter().map(Convert::to_ec2).collect()
}

fn property<T: Convert>(entries: &[ListEntry]) -> Result<(String, String)> {
    let value = from_ec2::<T>(entries)?.to_property().map_err(|error| {
        opcon_error(error).hint("cut the list with --max N, or leave entries out by the other arguments")
    })?;
    Ok((T::PROPERTY.to_owned(), value.as_str().to_owned()))
}

fn parsed<T: Convert>(value: &str) -> Result<Vec<ListEntry>> {
    let list = lists::List::<T>::from_property(value).map_err(opcon_error)?;
    Ok(to_ec2(&list))
}

fn property_of(list: List) -> &'static str {
    match list {
        List::Images => Image::PROPERTY,
        List::InstanceTypes => InstanceType::PROPERTY,
        List::Regions => Region::PROPERTY,
    }
}

/// The entries of a list in a script.
fn entries_of(script: &DataScript, list: List) -> Vec<ListEntry> {
    match list {
        List::Images => to_ec2(&script.images),
        List::InstanceTypes => to_ec2(&script.instance_types),
        List::Regions => to_ec2(&script.regions),
    }
}

/// The entries of a list in a script, as job forms show them.
pub fn texts(script: &DataScript, list: List) -> Vec<String> {
    match list {
        List::Images => shown(&script.images),
        List::InstanceTypes => shown(&script.instance_types),
        List::Regions => shown(&script.regions),
    }
}

/// The entries of a list in OpCon, as job forms show them; none when OpCon has no such property.
///
/// # Errors
/// Those of [`ListStore::read`].
pub async fn texts_in_opcon(store: &OpConProperties, list: List) -> Result<Vec<String>> {
    let value = store.value(property_of(list)).await?.unwrap_or_default();
    let list = match list {
        List::Images => lists::List::<Image>::from_property(&value).map(|list| shown(&list)),
        List::InstanceTypes => lists::List::<InstanceType>::from_property(&value).map(|list| shown(&list)),
        List::Regions => lists::List::<Region>::from_property(&value).map(|list| shown(&list)),
    };
    list.map_err(opcon_error)
}

fn shown<T: Entry>(list: &lists::List<T>) -> Vec<String> {
    list.entries().iter().map(ToString::to_string).collect()
}

#[async_trait]
impl ListStore for OpConProperties {
    fn to_property(&self, list: List, entries: &[ListEntry]) -> Result<(String, String)> {
        self.refuse_events(property_of(list))?;
        match list {
            List::Images => property::<Image>(entries),
            List::InstanceTypes => property::<InstanceType>(entries),
            List::Regions => property::<Region>(entries),
        }
    }

    async fn read(&self, list: List) -> Result<Option<Vec<ListEntry>>> {
        let Some(value) = self.value(property_of(list)).await? else { return Ok(None) };
        match list {
            List::Images => parsed::<Image>(&value),
            List::InstanceTypes => parsed::<InstanceType>(&value),
            List::Regions => parsed::<Region>(&value),
        }
        .map(Some)
    }

    fn write_script(&self, file: &Path, list: List, entries: &[ListEntry]) -> Result<()> {
        let mut script = DataScript::read(file).map_err(opcon_error)?;
        match list {
            List::Images => script.images = from_ec2(entries)?,
            List::InstanceTypes => script.instance_types = from_ec2(entries)?,
            List::Regions => script.regions = from_ec2(entries)?,
        }
        script.write(file).map_err(opcon_error)
    }

    fn read_script(&self, file: &Path, list: List) -> Result<Vec<ListEntry>> {
        Ok(entries_of(&DataScript::read(file).map_err(opcon_error)?, list))
    }
}
