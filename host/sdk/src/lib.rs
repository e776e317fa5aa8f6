//! The contract between the connector host and its function crates: all that a function sees of the world.
//!
//! A function crate defines an [`Operation`], describes it by a constant [`OperationMeta`] and registers it with
//! [`register!`]. The host finds it at link time, builds its command line from the metadata, and calls it with a
//! [`Context`] (EC2, OpCon properties, the journal of the job) and the parsed [`Inputs`].

pub mod action;
pub mod args;
pub mod attempts;
pub mod client_token;
pub mod codes;
mod context;
mod error;
mod filter;
pub mod hints;
pub mod iam;
pub mod instances;
mod journal;
pub mod lists;
pub mod offers;
mod operation;
mod pages;
pub mod properties;
pub mod records;
#[cfg(test)]
mod sample;
#[cfg(feature = "testing")]
pub mod testing;
pub mod wait;

pub use args::{Arg, ArgGroup, ArgSpec, ArgValue, Inputs, ValueKind};
pub use async_trait::async_trait;
pub use aws_sdk_ec2 as ec2;
pub use context::{Changed, Context, ContextBuilder, Reporter};
pub use error::{Doing, Error, ErrorKind, Result, excerpt};
pub use filter::{VALUES_PER_FILTER, filter};
pub use iam::IamAction;
pub use journal::{Advice, InstanceEntry, InstanceResult, Journal, PropertyEntry, Table, count_of};
pub use operation::{Example, Operation, OperationMeta, Outcome, Registration, operations};
pub use pages::pages;

#[doc(hidden)]
pub use inventory;
