//! The journal of a job: what is known of each instance and property, so that nothing is lost however the job ends.

mod contents;
mod entry;
mod property;
mod results;
mod state;
mod verdict;

pub(crate) use contents::Value;
pub use contents::{Contents, Field};
pub use entry::{InstanceEntry, InstanceResult};
pub use property::PropertyEntry;
pub use results::{Advice, Table};
pub use state::Journal;

#[cfg(test)]
mod tests;
