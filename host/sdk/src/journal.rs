//! The journal of a job records resources, properties and findings, so that nothing is lost if the job is interrupted.

mod contents;
mod entry;
mod findings;
mod instances;
mod properties;
mod property;
mod resource;
mod resources;
mod results;
mod state;
mod verdict;

pub(crate) use contents::Value;
pub use contents::{Contents, Field};
pub use entry::{InstanceEntry, ResourceResult};
pub use property::PropertyEntry;
pub use resource::{INSTANCE, Resource, ResourceEntry};
pub use results::{SuggestedCommand, Table, Text, TitledTable, WrittenFile};
pub use state::Journal;

#[cfg(test)]
mod tests;
