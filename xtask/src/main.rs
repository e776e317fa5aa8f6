//! `cargo xtask`: the development tasks of this repository.

mod bench;
mod busy;
mod ci;
mod codegen;
mod demo;
mod new_function;
mod process;
mod report;
mod test;
mod test_bed;
mod test_forms;
mod testbed;
mod tidy;
mod workspace;

use std::process::ExitCode;

use anyhow::Result;
use clap::{ArgMatches, Command};

use workspace::Workspace;

/// A command of `cargo xtask`.
struct Task {
    command: fn() -> Command,
    run: fn(&Workspace, &ArgMatches) -> Result<()>,
}

const TASKS: &[Task] = &[
    Task { command: testbed::command, run: testbed::run },
    Task { command: demo::command, run: demo::run },
    Task { command: test::command, run: test::run },
    Task { command: test_forms::command, run: test_forms::run },
    Task { command: new_function::command, run: new_function::run },
    Task { command: tidy::command, run: tidy::run },
    Task { command: codegen::command, run: codegen::run },
    Task { command: bench::command, run: bench::run },
    Task { command: ci::command, run: ci::run },
];

fn command_line() -> Command {
    Command::new("xtask")
        .bin_name("cargo xtask")
        .about("Development tasks of this repository.")
        .arg_required_else_help(true)
        .subcommand_required(true)
        .subcommands(TASKS.iter().map(|task| (task.command)()))
}

fn main() -> ExitCode {
    let matches = command_line().get_matches();
    match run(&matches) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            report::error(&error);
            process::exit_code_of(&error)
        }
    }
}

fn run(matches: &ArgMatches) -> Result<()> {
    let chosen = TASKS.iter().find_map(|task| {
        let arguments = matches.subcommand_matches((task.command)().get_name())?;
        Some((task, arguments))
    });
    match chosen {
        Some((task, arguments)) => (task.run)(&Workspace::load()?, arguments),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(arguments: &[&str]) -> String {
        let arguments = std::iter::once(&"xtask").chain(arguments);
        command_line().try_get_matches_from(arguments).unwrap_err().to_string()
    }

    #[test]
    fn the_command_line_is_well_formed() {
        command_line().debug_assert();
    }

    #[test]
    fn no_command_lists_the_commands() {
        let help = refusal(&[]);
        for task in TASKS {
            assert!(help.contains((task.command)().get_name()), "{help}");
        }
    }

    #[test]
    fn a_typo_names_the_nearest_command() {
        assert!(refusal(&["codegne"]).contains("'codegen'"));
    }
}
