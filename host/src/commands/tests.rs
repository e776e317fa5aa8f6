//! Tests how commands are distinguished from jobs, and which command names are valid.

use super::*;
use crate::settings::common_arguments;

fn found(words: &[&str]) -> Option<(&'static str, Vec<String>)> {
    let arguments = std::iter::once(&"awsec2").chain(words).map(OsString::from);
    find(&Registry::load().unwrap(), arguments).map(|(command, words)| (command.name, words.unwrap()))
}

#[test]
fn a_command_is_the_first_word_that_is_no_option() {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    assert_eq!(found(&["check"]), Some(("check", vec![])));
    assert_eq!(
        found(&["--config", "c", "check", "--region", "r"]),
        Some(("check", words(&["--config", "c", "--region", "r"])))
    );
    assert_eq!(found(&["--config=c", "check"]), Some(("check", words(&["--config=c"]))));
    assert_eq!(found(&["set-property", "check", ""]), Some(("set-property", words(&["check", ""]))));
}

#[test]
fn a_job_that_only_speaks_of_a_command_is_a_job() {
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
fn no_function_has_the_name_of_a_command_and_no_argument_that_of_a_definition() {
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
