//! The lists of job forms, in the two forms that OpCon has for them.

use std::marker::PhantomData;
use std::path::Path;

use async_trait::async_trait;
use connector_sdk::lists::{List, ListEntry, ListStore};
use connector_sdk::{Error, ErrorKind, Result};
use opcon::lists::{self, DataScript, Entry, Image, InstanceType, Region};

use crate::opcon_error::opcon_error;
use crate::properties::OpConProperties;

/// An entry between its two sides: EC2's names in functions, OpCon's forms in lists.
trait Convert: Entry {
    fn from_ec2(entry: &ListEntry) -> Result<Self, String>;
    fn to_ec2(&self) -> ListEntry;
    /// Where a script has the list of these entries.
    fn place_in(script: &mut DataScript) -> &mut lists::List<Self>;
}

impl Convert for Image {
    fn from_ec2(entry: &ListEntry) -> Result<Self, String> {
        Image::described(entry.description.as_deref().unwrap_or_default(), &entry.id)
    }

    fn to_ec2(&self) -> ListEntry {
        ListEntry { id: self.id().to_owned(), description: Some(self.description().to_owned()) }
    }

    fn place_in(script: &mut DataScript) -> &mut lists::List<Self> {
        &mut script.images
    }
}

impl Convert for InstanceType {
    fn from_ec2(entry: &ListEntry) -> Result<Self, String> {
        InstanceType::parse(&entry.id)
    }

    fn to_ec2(&self) -> ListEntry {
        ListEntry { id: self.as_str().to_owned(), description: None }
    }

    fn place_in(script: &mut DataScript) -> &mut lists::List<Self> {
        &mut script.instance_types
    }
}

impl Convert for Region {
    fn from_ec2(entry: &ListEntry) -> Result<Self, String> {
        Region::parse(&entry.id)
    }

    fn to_ec2(&self) -> ListEntry {
        ListEntry { id: self.ec2_name().to_owned(), description: None }
    }

    fn place_in(script: &mut DataScript) -> &mut lists::List<Self> {
        &mut script.regions
    }
}

/// An entry as functions and as job forms see it.
struct Shown {
    entry: ListEntry,
    text: String,
}

fn shown<T: Convert>(list: &lists::List<T>) -> Vec<Shown> {
    list.entries().iter().map(|entry| Shown { entry: entry.to_ec2(), text: entry.to_string() }).collect()
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

/// What can be done with a list, whatever its entries are.
trait AnyList: Sync {
    fn property(&self) -> &'static str;
    fn to_value(&self, entries: &[ListEntry]) -> Result<String>;
    fn read_value(&self, value: &str) -> Result<Vec<Shown>>;
    fn in_script(&self, script: &mut DataScript) -> Vec<Shown>;
    fn put_into(&self, script: &mut DataScript, entries: &[ListEntry]) -> Result<()>;
}

impl<T: Convert + Sync> AnyList for PhantomData<T> {
    fn property(&self) -> &'static str {
        T::PROPERTY
    }

    fn to_value(&self, entries: &[ListEntry]) -> Result<String> {
        let value = from_ec2::<T>(entries)?.to_property().map_err(|error| {
            opcon_error(error).hint("cut the list with --max N, or leave entries out by the other arguments")
        })?;
        Ok(value.as_str().to_owned())
    }

    fn read_value(&self, value: &str) -> Result<Vec<Shown>> {
        lists::List::<T>::from_property(value).map(|list| shown(&list)).map_err(opcon_error)
    }

    fn in_script(&self, script: &mut DataScript) -> Vec<Shown> {
        shown(T::place_in(script))
    }

    fn put_into(&self, script: &mut DataScript, entries: &[ListEntry]) -> Result<()> {
        *T::place_in(script) = from_ec2(entries)?;
        Ok(())
    }
}

fn any(list: List) -> &'static dyn AnyList {
    match list {
        List::Images => &PhantomData::<Image>,
        List::InstanceTypes => &PhantomData::<InstanceType>,
        List::Regions => &PhantomData::<Region>,
    }
}

fn texts(shown: Vec<Shown>) -> Vec<String> {
    shown.into_iter().map(|entry| entry.text).collect()
}

fn entries(shown: Vec<Shown>) -> Vec<ListEntry> {
    shown.into_iter().map(|entry| entry.entry).collect()
}

/// The entries of a list in a script, as job forms show them.
pub fn texts_in_script(script: &mut DataScript, list: List) -> Vec<String> {
    texts(any(list).in_script(script))
}

/// The entries of a list in OpCon, as job forms show them; none when OpCon has no such property.
///
/// # Errors
/// Those of [`ListStore::read`].
pub async fn texts_in_opcon(store: &OpConProperties, list: List) -> Result<Vec<String>> {
    let value = store.value(any(list).property()).await?.unwrap_or_default();
    any(list).read_value(&value).map(texts)
}

#[async_trait]
impl ListStore for OpConProperties {
    fn to_property(&self, list: List, entries: &[ListEntry]) -> Result<(String, String)> {
        let property = any(list).property();
        self.refuse_events(property)?;
        Ok((property.to_owned(), any(list).to_value(entries)?))
    }

    async fn read(&self, list: List) -> Result<Option<Vec<ListEntry>>> {
        let value = self.value(any(list).property()).await?;
        value.map(|value| any(list).read_value(&value).map(entries)).transpose()
    }

    fn write_script(&self, file: &Path, list: List, entries: &[ListEntry]) -> Result<()> {
        let mut script = DataScript::read(file).map_err(opcon_error)?;
        any(list).put_into(&mut script, entries)?;
        script.write(file).map_err(opcon_error)
    }

    fn read_script(&self, file: &Path, list: List) -> Result<Vec<ListEntry>> {
        let mut script = DataScript::read(file).map_err(opcon_error)?;
        Ok(entries(any(list).in_script(&mut script)))
    }
}
