//! Implements `awsec2 forms`: prints the job forms of the functions.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Arg, ArgMatches};
use connector_sdk::option_lists::OptionList;
use connector_sdk::properties::PropertyStore as _;
use connector_sdk::{Reporter as _, Result};

use super::parts::{block_on, config_argument, config_path, flag, parse, parser, path_option};
use crate::arguments::Quoting;
use crate::console::{Console, print_pretty_json};
use crate::forms::{Choices, Form, document};
use crate::properties::OpConProperties;
use crate::registry::Registry;
use crate::settings::Output;
use crate::{cli, config, exit, option_lists, program};

/// The name of the command.
pub const NAME: &str = "forms";
/// Its summary.
pub const SUMMARY: &str = "Print the forms of functions as JSON Schema and UI schema.";

fn command() -> clap::Command {
    parser(NAME, SUMMARY)
        .after_help(format!(
            "Without a function, prints a list of all forms. The forms are for react-jsonschema-form; `{} \
             run-form` runs the job of a completed form. With option lists, image, instance type and region are \
             selected from them.",
            program::name()
        ))
        .arg(Arg::new("FUNCTION").help("The function. Default: all functions."))
        .arg(path_option(
            "data-script",
            "FILE",
            "Read the option lists from this file, the data script of Solution Manager.",
        ))
        .arg(
            flag(
                "from-opcon",
                "Read the option lists from the OpCon properties `AWS_IMAGES`, `AWS_SIZES` and `AWS_REGIONS`.",
            )
            .conflicts_with("data-script"),
        )
        .arg(config_argument())
}

/// Prints the requested forms.
pub fn run(registry: &Registry, args: &[String]) -> Result<u8> {
    let Some(matches) = parse(command(), args)? else { return Ok(exit::SUCCESS) };
    let choices = choices(&matches)?;
    let form = |meta| document(&Form::of(meta), &choices);
    match matches.get_one::<String>("FUNCTION") {
        Some(name) => print_pretty_json(&form(cli::function(registry, &[], name, Quoting::of(args))?.operation.meta())),
        None => {
            let forms: Vec<_> = registry.all().iter().map(|found| form(found.operation.meta())).collect();
            print_pretty_json(&forms)
        }
    }
}

/// The option list entries for the forms.
fn choices(matches: &ArgMatches) -> Result<Choices> {
    if let Some(file) = matches.get_one::<PathBuf>("data-script") {
        return option_lists::texts_in_script(file);
    }
    if matches.get_flag("from-opcon") { from_opcon(config_path(matches).as_deref()) } else { Ok(Choices::new()) }
}

fn from_opcon(named: Option<&Path>) -> Result<Choices> {
    let console = Arc::new(Console::new(Output::Text));
    let store = OpConProperties::new(config::read(named, None)?.as_ref(), console.clone())?;
    store.warning().iter().for_each(|warning| console.warning(warning));
    block_on(async {
        store.prepare().await?;
        let mut choices = Choices::new();
        for list in OptionList::ALL {
            let texts = option_lists::texts_in_opcon(&store, list).await?;
            if !texts.is_empty() {
                choices.insert(list, texts);
            }
        }
        Ok(choices)
    })
}
