//! Actions on instances, e.g. a stop: their properties, their requests, and the result for each instance.

mod answer;
mod batches;
mod description;
mod job;
mod record;
mod requests;
mod terminate;

pub use answer::Answer;
pub use description::InstanceAction;
pub use job::{InstanceArgs, InstanceJob};
pub use terminate::{TERMINATE_INSTANCES, TERMINATION, terminate};

#[cfg(test)]
mod tests;
