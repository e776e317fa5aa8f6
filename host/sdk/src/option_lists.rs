//! Writes option lists into OpCon properties and data scripts.

use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::args::Always;
use crate::properties::{Contents, Delivery, Property};
use crate::{Arg, ArgSpec, Context, Error, ErrorKind, Inputs, Outcome, Result, Table};

pub use crate::option_list::{OptionEntry, OptionList};
pub use crate::option_list_store::OptionListStore;

/// Saves the option list into its OpCon property.
pub const SAVE: Arg<bool, Always> =
    Arg::flag("save", "Save the option list in its OpCon property, for the job forms of Enterprise Manager.");

/// Writes the option list into a data script of Solution Manager.
pub const DATA_SCRIPT: Arg<PathBuf> = Arg::new(
    "data-script",
    "FILE",
    "Write the option list to this file, the data script of Solution Manager. Other option lists in the file are kept.",
);

/// Limits the number of entries.
pub const MAX: Arg<NonZeroU32> = Arg::new(
    "max",
    "N",
    "Keep only the first N entries. Default: all; an option list that is too long for an OpCon property is refused.",
);

/// The arguments of a function that fills an option list.
pub const ARGUMENTS: &[ArgSpec] = &[MAX.spec, SAVE.spec, DATA_SCRIPT.spec];

/// How the items that a function finds in EC2 are displayed and written to an option list.
pub struct Listing<T> {
    /// The option list.
    pub list: OptionList,
    /// The column titles of the table.
    pub columns: &'static [&'static str],
    /// The cells of an item, one for each column.
    pub row: fn(&T) -> Vec<String>,
    /// The option list entry of an item; `None` leaves the item out.
    pub entry: fn(&T) -> Option<OptionEntry>,
}

impl<T> Listing<T> {
    /// Runs the complete job: displays the items that `find` returns, in order, and writes them to the destination.
    /// `find` is polled after the check that the option list can be saved.
    ///
    /// # Errors
    /// Those of `find`, of [`OptionListStore`] and of [`PropertyStore::prepare`](crate::properties::PropertyStore::prepare);
    /// [`ErrorKind::NotFound`] when there is no entry; [`ErrorKind::PropertyNotSaved`] when OpCon did not accept the list.
    pub async fn run<F>(&self, cx: &Context, destination: &Destination, find: F) -> Result<Outcome>
    where
        F: Future<Output = Result<Vec<T>>>,
    {
        destination.prepare(cx).await?;
        let kept = destination.truncate(cx, self.list, find.await?);
        cx.journal().record_table(Table { columns: self.columns, rows: kept.iter().map(self.row).collect() });
        let entries: Vec<_> = kept.iter().filter_map(self.entry).collect();
        destination.write(cx, self.list, &entries).await
    }
}

/// The destination of an option list, and the number of entries to keep.
#[derive(Clone, Debug, Default)]
pub struct Destination {
    max: Option<usize>,
    save: bool,
    script: Option<PathBuf>,
}

impl Destination {
    /// Reads the arguments.
    pub fn parse(inputs: &Inputs) -> Self {
        let max = inputs.get(&MAX).map(|max| usize::try_from(max.get()).unwrap_or(usize::MAX));
        Destination { max, save: inputs.get(&SAVE), script: inputs.get(&DATA_SCRIPT) }
    }

    /// Checks that the option list can be saved, before any call to EC2.
    async fn prepare(&self, cx: &Context) -> Result<()> {
        if self.save { cx.properties().prepare().await } else { Ok(()) }
    }

    /// Keeps the first entries, up to the limit. Reports omitted entries.
    fn truncate<T>(&self, cx: &Context, list: OptionList, mut entries: Vec<T>) -> Vec<T> {
        if let Some(max) = self.max.filter(|max| entries.len() > *max) {
            cx.event(format!("{} found, the first {max} kept", list.count_of(entries.len())));
            entries.truncate(max);
        }
        entries
    }

    /// Writes the option list to its destination. An empty list is not written: a form needs at least one choice.
    async fn write(&self, cx: &Context, list: OptionList, entries: &[OptionEntry]) -> Result<Outcome> {
        if entries.is_empty() {
            let error = Error::new(ErrorKind::NotFound, format!("no {} match", list.contents()));
            return Err(error
                .doing(format!("describing {}", list.contents()))
                .hint("check the region and the filters"));
        }
        let property = if self.save { Some(cx.option_lists().to_property(list, entries)?) } else { None };
        let mut done = vec![format!("{} found", list.count_of(entries.len()))];
        if let Some(file) = &self.script {
            cx.option_lists().write_script(file, list, entries)?;
            done.push(format!("written to {}", file.display()));
        }
        if let Some((name, value)) = property {
            done.push(save(cx, &name, &value).await?);
        }
        Ok(Outcome::new(done.join(", ")))
    }
}

async fn save(cx: &Context, name: &str, value: &str) -> Result<String> {
    match Property::new(name, Contents::OptionList).deliver(cx, value).await {
        Ok(Delivery::Confirmed) => Ok(format!("saved in {name}")),
        Ok(Delivery::Queued) => Ok(format!("queued for {name} with the agent, not confirmed")),
        Err(error) => {
            let doing = format!("saving the option list in {name}");
            let error = error.into_kind(ErrorKind::PropertyNotSaved).doing(doing);
            Err(error.or_hint("run the job again: it changes nothing in EC2"))
        }
    }
}

#[cfg(test)]
mod tests;
