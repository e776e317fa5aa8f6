//! Converts option lists between the names that functions use and the text formats of OpCon's job forms.

use std::collections::BTreeMap;
use std::path::Path;

use async_trait::async_trait;
use connector_sdk::names::{ImageId, InstanceTypeName, RegionName};
use connector_sdk::option_lists::{OptionEntry, OptionList, OptionListStore};
use connector_sdk::{ArgValue as _, Error, ErrorKind, Result};
use opcon::option_lists::{self, sanitize};

use crate::opcon_error::opcon_error;
use crate::properties::OpConProperties;

/// How an option list is stored in OpCon.
struct Row {
    /// The global property that contains the list.
    property: &'static str,
    /// The keyword of its lines in a data script.
    keyword: &'static str,
    /// Formats an entry as job forms display it. The error describes a valid entry.
    write: fn(&OptionEntry) -> Result<String, String>,
    /// Parses the text of an entry. The error describes a valid text.
    read: fn(&str) -> Result<OptionEntry, String>,
}

const fn row(list: OptionList) -> Row {
    match list {
        OptionList::Images => Row { property: "AWS_IMAGES", keyword: "IMAGE", write: write_image, read: read_image },
        OptionList::InstanceTypes => Row {
            property: "AWS_SIZES",
            keyword: "SIZE",
            write: |entry| InstanceTypeName::parse(&entry.id).map(|name| name.to_string()),
            read: |text| InstanceTypeName::parse(text).map(|name| bare(name.as_str())),
        },
        OptionList::Regions => Row {
            property: "AWS_REGIONS",
            keyword: "REGION",
            write: |entry| RegionName::parse(&entry.id).map(|name| name.in_option_list()),
            read: |text| RegionName::parse(text).map(|name| bare(name.as_str())),
        },
    }
}

/// An image without a description is described by its id.
fn write_image(entry: &OptionEntry) -> Result<String, String> {
    let id = ImageId::parse(&entry.id)?;
    let description = entry.description.as_deref().map(sanitize).filter(|description| !description.is_empty());
    Ok(format!("{} : {}", description.as_deref().unwrap_or(id.as_str()), id.as_str()))
}

fn read_image(text: &str) -> Result<OptionEntry, String> {
    let (description, id) = ImageId::parse_described(text)?;
    Ok(OptionEntry { id: id.as_str().to_owned(), description: description.map(str::to_owned) })
}

fn bare(id: &str) -> OptionEntry {
    OptionEntry { id: id.to_owned(), description: None }
}

/// The entries as job forms display them.
fn texts(list: OptionList, entries: &[OptionEntry]) -> Result<Vec<String>> {
    let row = row(list);
    let text = |entry| {
        (row.write)(entry).map_err(|wrong| {
            let error = Error::new(ErrorKind::Service, format!("`{}` {wrong}", entry.id));
            error.doing(format!("writing the option list {}", row.property))
        })
    };
    entries.iter().map(text).collect()
}

/// The entries of all option lists in a data script.
fn read_script(file: &Path) -> Result<Vec<(OptionList, OptionEntry)>> {
    let read = |keyword: &str, text: &str| {
        let list = OptionList::ALL.into_iter().find(|list| row(*list).keyword == keyword);
        let list = list.ok_or_else(|| {
            let keywords = OptionList::ALL.map(|list| row(list).keyword);
            format!("must begin with one of {}", keywords.join(", "))
        })?;
        Ok((list, (row(list).read)(text)?))
    };
    option_lists::read_script(file, read).map_err(opcon_error)
}

/// Reads a data script that must exist: only one that is written may be missing.
fn read_existing_script(file: &Path) -> Result<Vec<(OptionList, OptionEntry)>> {
    if !file.exists() {
        let error = Error::new(ErrorKind::InvalidInput, "file not found").doing(format!("reading {}", file.display()));
        return Err(error.hint("check the path of the data script"));
    }
    read_script(file)
}

/// The entries of each option list in a data script, as job forms display them. Empty lists are omitted.
///
/// # Errors
/// Those of [`OptionListStore::read_script`].
pub fn texts_in_script(file: &Path) -> Result<BTreeMap<OptionList, Vec<String>>> {
    let mut found: BTreeMap<OptionList, Vec<String>> = BTreeMap::new();
    for (list, entry) in read_existing_script(file)? {
        found.entry(list).or_default().extend(texts(list, &[entry])?);
    }
    Ok(found)
}

/// The entries of an option list in OpCon, as job forms display them. Empty if OpCon does not have the property.
///
/// # Errors
/// Those of [`OptionListStore::read`].
pub async fn texts_in_opcon(store: &OpConProperties, list: OptionList) -> Result<Vec<String>> {
    texts(list, &store.read(list).await?.unwrap_or_default())
}

#[async_trait]
impl OptionListStore for OpConProperties {
    fn to_property(&self, list: OptionList, entries: &[OptionEntry]) -> Result<(String, String)> {
        let property = row(list).property;
        self.refuse_events(property)?;
        let value = option_lists::to_property(property, &texts(list, entries)?).map_err(|error| {
            opcon_error(error).hint("limit the list with `--max N`, or filter it with the other arguments")
        })?;
        Ok((property.to_owned(), value.as_str().to_owned()))
    }

    async fn read(&self, list: OptionList) -> Result<Option<Vec<OptionEntry>>> {
        let Row { property, read, .. } = row(list);
        let Some(value) = self.value(property).await? else { return Ok(None) };
        option_lists::from_property(property, &value, read).map(Some).map_err(opcon_error)
    }

    fn write_script(&self, file: &Path, list: OptionList, entries: &[OptionEntry]) -> Result<()> {
        let mut script = read_script(file)?;
        script.retain(|(other, _)| *other != list);
        script.extend(entries.iter().map(|entry| (list, entry.clone())));
        script.sort_by_key(|(list, _)| *list);
        let lines = script.into_iter().map(|(list, entry)| Ok((row(list).keyword, texts(list, &[entry])?.concat())));
        option_lists::write_script(file, &lines.collect::<Result<Vec<_>>>()?).map_err(opcon_error)
    }

    fn read_script(&self, file: &Path, list: OptionList) -> Result<Vec<OptionEntry>> {
        let script = read_existing_script(file)?.into_iter();
        Ok(script.filter(|(other, _)| *other == list).map(|(_, entry)| entry).collect())
    }
}

#[cfg(test)]
mod tests;
