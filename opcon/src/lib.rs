//! Everything that concerns OpCon: `Connector.config`, encoded values, properties, events, option lists, and job
//! definitions.
//!
//! This crate does not call EC2 and does not know the command line. A job reads its [`Config`], parses the names of the
//! properties to save into [`PropertyName`]s, completed by its [`JobIdentity`], and saves their [`PropertyValue`]s with
//! a [`Client`], or with [`msgin`] if the OpCon API is not reachable. Administrator commands use [`setup`],
//! [`ConfigEditor`], the [`option_lists`] of job forms, and [`smaddi`] for job definitions; they ask at the terminal with
//! [`prompt`], until [`signals`] interrupt them. Every failure is an [`Error`] with a message for the operator. No message, `Debug` output, or command line contains a secret.

mod address;
mod client;
mod config;
mod date;
pub mod decodings;
pub mod encoded;
mod error;
mod excerpt;
mod file_drop;
mod job_identity;
pub mod msgin;
pub mod option_lists;
pub mod prompt;
mod property;
pub mod secret_search;
pub mod setup;
pub mod signals;
pub mod smaddi;
pub mod tls;

pub use client::{ApiSettings, Client, Limits, Saved, Version, fetch_certificates, verify_certificate};
pub use config::{AwsKeys, Config, ConfigEditor, Note, OPCON_API, PropertyChannel};
pub use error::{Error, ErrorKind};
pub use job_identity::{JobIdentity, job_label};
pub use msgin::MsginSettings;
pub use property::{PropertyName, PropertyValue};
pub use tls::{Certificate, Trust};
