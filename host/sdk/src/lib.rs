//! The API for function crates: everything that a function needs from the host.
//!
//! A function crate implements [`Operation`] with a constant [`OperationMeta`] and registers it with [`register!`]. The
//! host finds it at link time, builds its command line from the metadata, parses the arguments of a job into the function's
//! own type ([`Operation::parse`] gets the [`Inputs`]), and runs the function with them and a [`Context`] (EC2 client, OpCon
//! properties, the journal of the job). [`prelude`] has what most functions need; [`action`] performs actions on instances,
//! [`creation`] creates one resource, [`wait`] waits for anything that has a state.

pub mod action;
pub mod args;
pub mod attempts;
pub mod call;
pub mod catalog;
mod checked_text;
pub mod client_token;
pub mod codes;
mod context;
pub mod creation;
mod error;
pub mod files;
mod filter;
pub mod hints;
pub mod iam;
pub mod ids;
mod instance;
pub mod instances;
mod journal;
pub mod names;
pub mod no_answer;
mod operation;
mod option_list;
mod option_list_store;
pub mod option_lists;
mod outcome;
mod pages;
pub mod prelude;
pub mod properties;
mod property_store;
mod quoted;
pub mod records;
#[cfg(test)]
mod sample;
pub mod selection;
#[cfg(feature = "testing")]
pub mod testing;
pub mod wait;

pub use args::{Arg, ArgGroup, ArgSpec, ArgValue, Given, Inputs, ValueKind};
pub use async_trait::async_trait;
pub use aws_sdk_ec2 as ec2;
pub use aws_types::SdkConfig;
pub use call::Call;
pub use context::{Changed, Context, ContextBuilder, Reporter, retry_partition};
pub use error::{Doing, Error, ErrorKind, Result, excerpt};
pub use filter::{VALUES_PER_FILTER, filter};
pub use iam::IamAction;
pub use ids::{InstanceId, count_of, count_of_kind};
pub use journal::{
    INSTANCE, InstanceEntry, Journal, PropertyEntry, Resource, ResourceEntry, ResourceResult, SuggestedCommand, Table,
    Text, TitledTable, WrittenFile,
};
pub use operation::{AnyOperation, Example, Operation, OperationMeta, PreparedJob, Registration, operations};
pub use outcome::Outcome;
pub use pages::pages;

#[doc(hidden)]
pub use inventory;
