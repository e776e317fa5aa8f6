//! Implements `awsec2 set-property`: saves an OpCon property that a job could not save.

use std::sync::Arc;

use clap::Arg;
use connector_sdk::properties::PropertyStore as _;
use connector_sdk::{Error, ErrorKind, Reporter as _, Result};

use super::parts::{block_on, config_argument, config_path, parse, parser, text};
use crate::console::Console;
use crate::escaped::unescaped;
use crate::log::Begin;
use crate::properties::OpConProperties;
use crate::registry::Registry;
use crate::settings::Output;
use crate::{config, exit, log};

/// The name of the command.
pub const NAME: &str = "set-property";
/// Its summary.
pub const SUMMARY: &str = "Save a value in an OpCon property and read it back.";

fn command() -> clap::Command {
    parser(NAME, SUMMARY)
        .arg(Arg::new("NAME").required(true).help(
            "The property: NAME (global), MI.NAME.MACHINE, SI.NAME.yyyy-mm-dd.SCHEDULE or \
             JI.NAME.yyyy-mm-dd.SCHEDULE.JOB. A character may be written as in the output of jobs: `\\u{e9}`.",
        ))
        .arg(Arg::new("VALUE").required(true).allow_hyphen_values(true).help("The value; it can be empty."))
        .arg(config_argument())
}

/// Saves the given property.
pub fn run(_: &Registry, args: &[String]) -> Result<u8> {
    let Some(matches) = parse(command(), args)? else { return Ok(exit::SUCCESS) };
    let config = config::read(config_path(&matches).as_deref(), None)?;
    log::start(&Begin { debug: config.as_ref().is_some_and(|config| config.debug()), ..Begin::default() });
    let console = Arc::new(Console::new(Output::Text));
    let store = OpConProperties::new(config.as_ref(), console.clone())?;
    let of_config = config.as_ref().and_then(|config| config::warning(config.path()));
    of_config.iter().chain(&store.warning()).for_each(|warning| console.warning(warning));
    // Names have no backslashes, so the escape is unambiguous.
    let name = store.full_name(&unescaped(text(&matches, "NAME")), None)?;
    let value = text(&matches, "VALUE");
    let delivery = block_on(async {
        store.prepare().await?;
        store.save(&name, value).await.map_err(not_saved)
    })?;
    console.event(&delivery.describe(&name, value));
    Ok(console.exit_code(exit::SUCCESS))
}

/// The error if OpCon was reached but did not save the property.
fn not_saved(error: Error) -> Error {
    match error.kind() {
        ErrorKind::InvalidInput => error,
        _ => error.into_kind(ErrorKind::PropertyNotSaved),
    }
}
