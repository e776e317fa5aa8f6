//! Finds a function by name.

use connector_sdk::{Registration, Result};

use super::usage::usage_error;
use crate::arguments::{self, Origin};
use crate::program;
use crate::registry::Registry;

/// The hint if the function is not found.
pub fn run_list() -> String {
    format!("run `{} --list` for the functions", program::name())
}

/// The function with this name. `commands` contains further names for suggestions.
///
/// # Errors
/// [`ErrorKind::InvalidInput`](connector_sdk::ErrorKind::InvalidInput) with the most similar names if the function does
/// not exist, and for the name of an administrator command.
pub fn function(registry: &Registry, commands: &[&'static str], name: &str) -> Result<&'static Registration> {
    if let Some(found) = registry.find(name) {
        return Ok(found);
    }
    if let Some(found) = arguments::reference(name) {
        return Err(arguments::not_replaced("the name of the function", &format!("`{found}`"), Origin::CommandLine));
    }
    if registry.is_command(name) {
        return Err(usage_error(format!("`{name}` is an administrator command, not a function")).hint(run_list()));
    }
    let error = usage_error(format!("unknown function `{name}`"));
    Err(match registry.nearest(name, commands.iter().copied()).as_slice() {
        [] => error.hint(run_list()),
        names => error.hint(format!("did you mean `{}`?", names.join("` or `"))),
    })
}
