//! The lists from which job forms offer images, instance types and regions: filled from EC2, kept in OpCon.
//!
//! What OpCon's forms of a list look like is the host's concern; a function hands over what it found, in the order in
//! which a form is to offer it.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use crate::args::Always;
use crate::properties::{Contents, Delivery, Property};
use crate::{Arg, ArgSpec, Context, Error, ErrorKind, Inputs, Outcome, Result};

/// `--save`: write the list into its OpCon property.
pub const SAVE: Arg<bool, Always> =
    Arg::flag("save", "Save the list into its OpCon property, for the job forms of Enterprise Manager.");

/// `--data-script FILE`: write the list into the text that Solution Manager takes.
pub const DATA_SCRIPT: Arg<PathBuf> = Arg::new(
    "data-script",
    "FILE",
    "Write the list into this file, the data script of Solution Manager; what the file holds of the other lists stays.",
);

/// `--max N`: cut the list.
pub const MAX: Arg<NonZeroU32> = Arg::new(
    "max",
    "N",
    "Keep only the first N entries. Without it, a list that is too long for an OpCon property is refused.",
);

/// The arguments of a function that fills a list.
pub const ARGUMENTS: &[ArgSpec] = &[MAX.spec, SAVE.spec, DATA_SCRIPT.spec];

/// One of the lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum List {
    /// Images to launch.
    Images,
    /// Instance types.
    InstanceTypes,
    /// Regions.
    Regions,
}

impl List {
    /// All of them, in the order in which they are told.
    pub const ALL: [List; 3] = [List::Images, List::InstanceTypes, List::Regions];

    /// What is in it, in the plural: `images`.
    pub const fn contents(self) -> &'static str {
        match self {
            List::Images => "images",
            List::InstanceTypes => "instance types",
            List::Regions => "regions",
        }
    }

    /// So many of its contents in words: `1 region`, `2 regions`.
    pub fn count_of(self, count: usize) -> String {
        let contents = self.contents();
        format!("{count} {}", if count == 1 { contents.trim_end_matches('s') } else { contents })
    }
}

/// An entry of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListEntry {
    /// What EC2 calls it: `ami-...`, `t3.micro`, `us-east-1`.
    pub id: String,
    /// What people read beside it; only images have it.
    pub description: Option<String>,
}

/// Where the lists are kept: OpCon's properties and files of Solution Manager's form, or a stand-in of a test.
#[async_trait]
pub trait ListStore: Send + Sync {
    /// The name of the list's property, and the value that these entries make.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the value would be longer than OpCon allows; the message has the count.
    fn to_property(&self, list: List, entries: &[ListEntry]) -> Result<(String, String)>;

    /// The entries in the list's property; `None` when OpCon has no such property.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the property holds something else than a list, and those of
    /// [`PropertyStore::prepare`](crate::properties::PropertyStore::prepare).
    async fn read(&self, list: List) -> Result<Option<Vec<ListEntry>>>;

    /// Replaces the list in the file, which is made if need be; the other lists in it stay.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the file cannot be read or written, or holds something else than lists.
    fn write_script(&self, file: &Path, list: List, entries: &[ListEntry]) -> Result<()>;

    /// The entries of the list in the file; none when it has no line of this list.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] when the file cannot be read, or holds something else than lists.
    fn read_script(&self, file: &Path, list: List) -> Result<Vec<ListEntry>>;
}

/// Where a job writes a list, and how long it may be, as its arguments say.
#[derive(Clone, Debug, Default)]
pub struct Destination {
    max: Option<usize>,
    save: bool,
    script: Option<PathBuf>,
}

impl Destination {
    /// What the arguments say.
    pub fn parse(inputs: &Inputs) -> Self {
        let max = inputs.get(&MAX).map(|max| usize::try_from(max.get()).unwrap_or(usize::MAX));
        Destination { max, save: inputs.get(&SAVE), script: inputs.get(&DATA_SCRIPT) }
    }

    /// Makes sure, before EC2 is asked, that the list can be saved where the job wants it.
    ///
    /// # Errors
    /// Those of [`PropertyStore::prepare`](crate::properties::PropertyStore::prepare).
    pub async fn prepare(&self, cx: &Context) -> Result<()> {
        if self.save { cx.properties().prepare().await } else { Ok(()) }
    }

    /// The entries that the job keeps: the first ones, as many as it wants at most. Reports when there are more.
    pub fn cut<T>(&self, cx: &Context, list: List, mut entries: Vec<T>) -> Vec<T> {
        if let Some(max) = self.max.filter(|max| entries.len() > *max) {
            cx.event(format!("{} found, the first {max} kept", list.count_of(entries.len())));
            entries.truncate(max);
        }
        entries
    }

    /// Writes the list where the job wants it. An empty list is written nowhere: a form without a choice serves nobody.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] when there is no entry, [`ErrorKind::PropertyNotSaved`] when OpCon did not take the list,
    /// and those of [`ListStore`].
    pub async fn write(&self, cx: &Context, list: List, entries: &[ListEntry]) -> Result<Outcome> {
        if entries.is_empty() {
            let error = Error::new(ErrorKind::NotFound, format!("EC2 has no {} that fit", list.contents()));
            return Err(error
                .doing(format!("reading the {}", list.contents()))
                .hint("check the region and the filters"));
        }
        let property = if self.save { Some(cx.lists().to_property(list, entries)?) } else { None };
        let mut done = vec![format!("{} found", list.count_of(entries.len()))];
        if let Some(file) = &self.script {
            cx.lists().write_script(file, list, entries)?;
            done.push(format!("written into {}", file.display()));
        }
        if let Some((name, value)) = property {
            done.push(save(cx, &name, &value).await?);
        }
        Ok(Outcome::new(done.join(", ")))
    }
}

async fn save(cx: &Context, name: &str, value: &str) -> Result<String> {
    match Property::new(name, Contents::OptionList).deliver(cx, value).await {
        Ok(Delivery::Seen) => Ok(format!("saved into {name}")),
        Ok(Delivery::HandedOver) => Ok(format!("handed to the agent for {name}, not confirmed")),
        Err(error) => Err(Error::new(ErrorKind::PropertyNotSaved, error.to_string())
            .doing(format!("saving the list into {name}"))
            .hint(error.hint_text().unwrap_or("the job can be run again: it changes nothing in EC2"))),
    }
}

#[cfg(test)]
mod tests;
