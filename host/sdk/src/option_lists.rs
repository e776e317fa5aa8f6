//! Filling option lists: what a function has found in EC2, in the order in which job forms offer it, goes into OpCon and files.

use std::num::NonZeroU32;
use std::path::PathBuf;

use crate::args::Always;
use crate::properties::{Contents, Delivery, Property};
use crate::{Arg, ArgSpec, Context, Error, ErrorKind, Inputs, Outcome, Result, Table};

pub use crate::option_list::{OptionEntry, OptionList};
pub use crate::option_list_store::OptionListStore;

/// Write the option list into its OpCon property.
pub const SAVE: Arg<bool, Always> =
    Arg::flag("save", "Save the option list into its OpCon property, for the job forms of Enterprise Manager.");

/// Write the option list into the text that Solution Manager takes.
pub const DATA_SCRIPT: Arg<PathBuf> = Arg::new(
    "data-script",
    "FILE",
    "Write the option list into this file, the data script of Solution Manager; the other lists in the file stay.",
);

/// Cut the option list after so many entries.
pub const MAX: Arg<NonZeroU32> = Arg::new(
    "max",
    "N",
    "Keep only the first N entries. Without it, an option list that is too long for an OpCon property is refused.",
);

/// The arguments of a function that fills an option list.
pub const ARGUMENTS: &[ArgSpec] = &[MAX.spec, SAVE.spec, DATA_SCRIPT.spec];

/// What a function finds in EC2: how it is shown, and how job forms offer it.
pub struct Listing<T> {
    /// The option list that it goes into.
    pub list: OptionList,
    /// The titles of the table.
    pub columns: &'static [&'static str],
    /// The cells of one row, as many as there are titles.
    pub row: fn(&T) -> Vec<String>,
    /// The entry of the option list; `None` where there is nothing to offer.
    pub entry: fn(&T) -> Option<OptionEntry>,
}

impl<T> Listing<T> {
    /// Performs the whole job: shows what `find` finds, in its order, and writes it where the job wants it. EC2 is asked
    /// after it is certain that OpCon can be reached, if the job needs it.
    ///
    /// # Errors
    /// Those of `find`; [`ErrorKind::NotFound`] when it finds nothing, [`ErrorKind::PropertyNotSaved`] when OpCon did not
    /// take the list, and those of [`OptionListStore`] and [`PropertyStore::prepare`](crate::properties::PropertyStore::prepare).
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

/// Where a job writes an option list, and how many entries it keeps.
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

    /// Makes sure, before EC2 is asked, that the option list can be saved where the job wants it.
    async fn prepare(&self, cx: &Context) -> Result<()> {
        if self.save { cx.properties().prepare().await } else { Ok(()) }
    }

    /// The entries that the job keeps, the first ones. Reports when there are more.
    fn truncate<T>(&self, cx: &Context, list: OptionList, mut entries: Vec<T>) -> Vec<T> {
        if let Some(max) = self.max.filter(|max| entries.len() > *max) {
            cx.event(format!("{} found, the first {max} kept", list.count_of(entries.len())));
            entries.truncate(max);
        }
        entries
    }

    /// Writes the option list where the job wants it. An empty one is written nowhere: a form without a choice serves nobody.
    async fn write(&self, cx: &Context, list: OptionList, entries: &[OptionEntry]) -> Result<Outcome> {
        if entries.is_empty() {
            let error = Error::new(ErrorKind::NotFound, format!("no {} match", list.contents()));
            return Err(error
                .doing(format!("reading the {}", list.contents()))
                .hint("check the region and the filters"));
        }
        let property = if self.save { Some(cx.option_lists().to_property(list, entries)?) } else { None };
        let mut done = vec![format!("{} found", list.count_of(entries.len()))];
        if let Some(file) = &self.script {
            cx.option_lists().write_script(file, list, entries)?;
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
        Ok(Delivery::Confirmed) => Ok(format!("saved into {name}")),
        Ok(Delivery::Queued) => Ok(format!("handed to the agent for {name}, not confirmed")),
        Err(error) => {
            let doing = format!("saving the option list into {name}");
            let error = error.into_kind(ErrorKind::PropertyNotSaved).doing(doing);
            Err(error.or_hint("run the job again: it changes nothing in EC2"))
        }
    }
}

#[cfg(test)]
mod tests;
