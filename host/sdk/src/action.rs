//! Actions on instances, such as a stop: what they are, how EC2 is asked for them, and what becomes of each instance.

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
