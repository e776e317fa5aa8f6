//! The set of known options, used to distinguish option names from values.

use connector_sdk::{ArgSpec, OperationMeta};

use crate::registry::Registry;
use crate::settings::{COMMON, common_arguments};

/// The common options of every command line.
const HELP: [&str; 4] = ["--help", "-h", "--version", "-V"];

/// The options that a command line can have.
pub struct Options(Vec<&'static ArgSpec>);

impl Options {
    /// The options of one function.
    pub fn of(meta: &'static OperationMeta) -> Self {
        Options(meta.all_arguments().chain(common_arguments(meta)).collect())
    }

    /// The options of a command line without a function.
    pub fn common() -> Self {
        Options(COMMON.iter().collect())
    }

    /// The options of all functions. An option with the same name has the same type in all of them.
    pub fn of_all(registry: &Registry) -> Self {
        let of_functions = registry.all().iter().flat_map(|found| found.operation.meta().all_arguments());
        Options(COMMON.iter().chain(of_functions).collect())
    }

    fn find(&self, arg: &str) -> Option<&'static ArgSpec> {
        let name = arg.strip_prefix("--")?;
        self.0.iter().find(|spec| spec.names().any(|known| known == name)).copied()
    }

    /// The option that the argument names, with or without a value.
    pub fn named(&self, arg: &str) -> Option<&'static ArgSpec> {
        self.find(arg.split_once('=').map_or(arg, |(name, _)| name))
    }

    /// The option that the argument names, if its value is the next argument.
    pub fn awaiting_value(&self, arg: &str) -> Option<&'static ArgSpec> {
        self.find(arg).filter(|spec| !spec.is_flag())
    }

    /// The option that the argument names, and its value: everything after the first `=`.
    pub fn with_value<'a>(&self, arg: &'a str) -> Option<(&'static ArgSpec, &'a str)> {
        let (name, value) = arg.split_once('=')?;
        self.awaiting_value(name).map(|spec| (spec, value))
    }

    /// Whether the argument is an option in any form.
    pub fn has(&self, arg: &str) -> bool {
        let name = arg.split_once('=').map_or(arg, |(name, _)| name);
        HELP.contains(&name) || self.find(name).is_some()
    }
}
