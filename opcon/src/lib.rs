//! The way to OpCon: `Connector.config`, encoded values, properties, events, option lists and job definitions.
//!
//! Nothing here calls EC2 or knows the command line. A job reads its [`Config`], parses the names of the properties that it
//! is to save into [`PropertyName`]s, completed by its [`JobIdentity`], and hands them with their [`PropertyValue`]s to a
//! [`Client`], or to [`msgin`] where the OpCon API cannot be reached. For the administrator there are [`setup`] and
//! [`ConfigEditor`], the [`option_lists`] of job forms, and [`smaddi`] for jobs. Whatever goes wrong is an [`Error`] whose
//! message is for the operator, and no message, `Debug` output or command line ever contains a secret.

mod address;
mod client;
mod config;
mod date;
pub mod encoded;
mod error;
mod excerpt;
mod file_drop;
mod job_identity;
pub mod msgin;
pub mod option_lists;
mod property;
pub mod setup;
pub mod smaddi;
pub mod tls;

pub use client::{ApiSettings, Client, Limits, Saved, Version};
pub use config::{AwsKeys, Config, ConfigEditor, OPCON_API, PropertyChannel};
pub use error::{Error, ErrorKind};
pub use job_identity::JobIdentity;
pub use msgin::MsginSettings;
pub use property::{PropertyName, PropertyValue};
pub use tls::Trust;
