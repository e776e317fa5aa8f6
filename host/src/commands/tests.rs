//! Tests how commands are distinguished from jobs, and which command names are valid.

use super::*;
use crate::settings::common_arguments;

fn found(args: &[&str]) -> Option<(&'static str, Vec<String>)> {
    let arguments = std::iter::once(&"awsec2").chain(args).map(OsString::from);
    find(&Registry::load().unwrap(), arguments).map(|(command, args)| (command.name, args.unwrap()))
}

#[test]
fn a_command_is_the_first_argument_that_is_not_an_option() {
    let args = |args: &[&str]| args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>();
    assert_eq!(found(&["check"]), Some(("check", vec![])));
    assert_eq!(
        found(&["--config", "c", "check", "--region", "r"]),
        Some(("check", args(&["--config", "c", "--region", "r"])))
    );
    assert_eq!(found(&["--config=c", "check"]), Some(("check", args(&["--config=c"]))));
    assert_eq!(found(&["set-property", "check", ""]), Some(("set-property", args(&["check", ""]))));
}

#[test]
fn a_command_name_in_a_value_is_not_a_command() {
    for job in [
        &[][..],
        &["--list"],
        &["StopInstance", "check"],
        &["--config", "check", "StopInstance"],
        &["--user-id", "check"],
    ] {
        assert_eq!(found(job), None, "{job:?}");
    }
}

#[test]
fn names_of_functions_commands_and_options_do_not_conflict() {
    let registry = Registry::load().unwrap();
    assert!(ALL.iter().all(|command| registry.find(command.name).is_none()));
    let own = job_definition::options();
    for found in registry.all() {
        let meta = found.operation.meta();
        for name in meta.all_arguments().chain(common_arguments(meta)).flat_map(|spec| spec.names()) {
            assert!(!own.contains(&format!("--{name}")), "{} --{name}", meta.name);
        }
    }
}

#[test]
fn every_command_is_described() {
    for command in ALL {
        assert!(command.summary.starts_with(|first: char| first.is_ascii_uppercase()), "{}", command.name);
        assert!(command.summary.ends_with('.'), "{}", command.name);
    }
}
