//! Which function a name means.

use connector_sdk::{Registration, Result};

use super::usage::wrong;
use crate::arguments::{self, Origin};
use crate::registry::Registry;

/// What helps where no function is known.
pub const LIST_SHOWS: &str = "`awsec2 --list` shows the functions";

/// The function of that name; `commands` are other names that may be meant.
///
/// # Errors
/// [`ErrorKind::InvalidInput`](connector_sdk::ErrorKind::InvalidInput) when there is none, with those that are most like it;
/// also for an administrator command, which nobody who names a function means.
pub fn function(registry: &Registry, commands: &[&'static str], name: &str) -> Result<&'static Registration> {
    if let Some(found) = registry.find(name) {
        return Ok(found);
    }
    if let Some(found) = arguments::reference(name) {
        return Err(arguments::not_replaced("the name of the function", found, Origin::CommandLine));
    }
    if registry.is_command(name) {
        return Err(wrong(format!("`{name}` is an administrator command, not a function")).hint(LIST_SHOWS));
    }
    let error = wrong(format!("unknown function `{name}`"));
    Err(match registry.nearest(name, commands.iter().copied()).as_slice() {
        [] => error.hint(LIST_SHOWS),
        names => error.hint(format!("did you mean {}?", names.join(" or "))),
    })
}
