//! Contract tests for every registered function: the properties that host, command line, and forms rely on.

use std::collections::BTreeMap;

use connector_sdk::testing::check_meta;

use super::*;
use crate::settings::COMMON;

fn defect(registrations: Vec<&'static Registration>, linked: &[&str]) -> String {
    Registry::check(registrations, linked, Vec::new()).err().unwrap()
}

#[test]
fn every_linked_crate_has_registered_one_function() {
    let mut crates: Vec<_> = Registry::load().unwrap().all().iter().map(|found| found.crate_name).collect();
    crates.sort_unstable();
    assert_eq!(crates, LINKED);
}

#[test]
fn a_crate_that_has_registered_nothing_is_named() {
    for silent in ["silent-instance", "silent_instance"] {
        let message = defect(operations(), &[LINKED, &[silent]].concat());
        assert_eq!(message, format!("the crate {silent} is linked but has registered no function"));
    }
}

#[test]
fn a_function_that_is_registered_twice_is_named_with_both_places() {
    let first = operations()[0];
    let message = defect(vec![first, first], &[]);
    let place = format!("{}:{}", first.file, first.line);
    assert_eq!(message, format!("{} is registered twice: {place} and {place}", first.operation.meta().name));
}

#[test]
fn a_function_with_the_name_of_a_command_is_a_defect_of_the_build() {
    let name: &'static str = kebab_case(operations()[0].operation.meta().name).leak();
    let defect = Registry::check(operations(), &[], vec!["setup", name]).err().unwrap();
    assert_eq!(defect, format!("a function has the name of the administrator command {name}"));
}

#[test]
fn functions_are_found_only_by_the_two_forms_of_their_name() {
    let registry = Registry::load().unwrap();
    for found in registry.all() {
        let name = found.operation.meta().name;
        for form in [name.to_owned(), kebab_case(name)] {
            assert_eq!(registry.find(&form).map(|found| found.operation.meta().name), Some(name));
        }
        for form in [name.to_lowercase(), name.to_uppercase(), format!("{name} "), String::new()] {
            assert!(registry.find(&form).is_none(), "{form}");
        }
    }
}

#[test]
fn the_names_nearest_to_a_typo_come_first() {
    let registry = Registry::load().unwrap();
    for found in registry.all() {
        let name = found.operation.meta().name;
        assert_eq!(registry.nearest(&name.to_lowercase(), std::iter::empty()).first(), Some(&name));
        assert_eq!(registry.nearest(&name[..name.len() - 2], std::iter::empty()).first(), Some(&name));
    }
    assert!(registry.nearest("zzz", std::iter::empty()).is_empty());
    assert_eq!(registry.nearest("set-propertie", ["set-property"].into_iter()), ["set-property"]);
}

#[test]
fn the_metadata_of_every_function_keeps_the_contract() {
    Registry::load().unwrap().all().iter().for_each(|found| check_meta(found.operation));
}

#[test]
fn common_arguments_keep_the_contract_of_arguments() {
    for spec in COMMON {
        let is_sentence = spec.help.starts_with(|first: char| first.is_ascii_uppercase()) && spec.help.ends_with('.');
        assert!(is_sentence && spec.help.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{}", spec.help);
        assert!(spec.default.is_none_or(|text| spec.parse(text).is_ok()), "--{}", spec.name);
    }
}

#[test]
fn an_argument_that_every_function_has_already_is_a_defect_of_the_build() {
    for taken in ["region", "help", "list", "dry-run"] {
        let defect = format!("ShowThings has an argument {taken}, which is a common argument");
        assert_eq!(Options::common().add("ShowThings", taken, false), Err(defect));
    }
}

#[test]
fn an_option_takes_a_value_in_all_functions_or_in_none() {
    let mut options = Options::common();
    options.add("ShowThings", "name", false).unwrap();
    options.add("CountThings", "name", false).unwrap();
    let defect = "the argument name takes a value in one of ShowThings and StopThings, and none in the other";
    assert_eq!(options.add("StopThings", "name", true), Err(defect.to_owned()));
}

#[test]
fn an_optional_permission_has_one_purpose() {
    let mut purposes = BTreeMap::new();
    let metas = Registry::load().unwrap().all().iter().map(|found| found.operation.meta()).collect::<Vec<_>>();
    for only in metas.iter().flat_map(|meta| meta.iam_actions).filter_map(|action| action.optional) {
        assert_eq!(*purposes.entry(only.name).or_insert(only.purpose), only.purpose, "{}", only.name);
    }
}
