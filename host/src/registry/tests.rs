//! The contract of every registered function: what the host, the command line and the forms rely on.

use std::collections::{BTreeMap, BTreeSet};

use connector_sdk::{ArgSpec, OperationMeta};

use super::*;
use crate::settings::COMMON;

fn metas() -> Vec<&'static OperationMeta> {
    Registry::load().unwrap().all().iter().map(|found| found.operation.meta()).collect()
}

fn defect(registrations: Vec<&'static Registration>, linked: &[&str]) -> String {
    Registry::check(registrations, linked).err().unwrap()
}

fn is_sentence(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_uppercase()) && text.ends_with('.') && !text.contains('\n')
}

#[test]
fn every_linked_crate_has_registered_one_function() {
    let mut crates: Vec<_> = Registry::load().unwrap().all().iter().map(|found| found.crate_name).collect();
    crates.sort_unstable();
    assert_eq!(crates, LINKED);
}

#[test]
fn a_crate_that_has_registered_nothing_is_named() {
    let message = defect(operations(), &[LINKED, &["silent-instance"]].concat());
    assert_eq!(message, "the crate silent-instance is linked but has registered no function");
}

#[test]
fn a_function_that_is_registered_twice_is_named_with_both_places() {
    let first = operations()[0];
    let message = defect(vec![first, first], &[]);
    let place = format!("{}:{}", first.file, first.line);
    assert_eq!(message, format!("{} is registered twice: {place} and {place}", first.operation.meta().name));
}

#[test]
fn functions_are_found_by_both_forms_of_their_name_alone() {
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
fn names_of_functions_are_pascal_case_and_distinct() {
    let names: Vec<_> = metas().iter().map(|meta| meta.name).collect();
    for name in &names {
        assert!(name.starts_with(|first: char| first.is_ascii_uppercase()), "{name}");
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{name}");
    }
    assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
}

#[test]
fn summaries_and_helps_are_sentences() {
    for meta in metas() {
        assert!(is_sentence(meta.summary), "{}: {}", meta.name, meta.summary);
        assert!(meta.description.is_empty() || is_sentence(meta.description), "{}", meta.name);
        for spec in meta.all_arguments().chain(COMMON) {
            assert!(is_sentence(spec.help), "{} --{}: {}", meta.name, spec.name, spec.help);
        }
        for example in meta.examples {
            assert!(is_sentence(example.about), "{}: {}", meta.name, example.about);
        }
    }
}

#[test]
fn metadata_is_printable_ascii() {
    let printable = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    for meta in metas() {
        assert!(printable(meta.summary) && printable(meta.description), "{}", meta.name);
        assert!(meta.all_arguments().chain(COMMON).all(|spec| printable(spec.help)), "{}", meta.name);
    }
}

#[test]
fn names_of_arguments_are_distinct_within_a_function_and_from_the_common_ones() {
    for meta in metas() {
        let mut seen = BTreeSet::from(["help", "list", "version"]);
        for name in meta.all_arguments().chain(COMMON).flat_map(ArgSpec::names) {
            assert!(seen.insert(name), "{} --{name}", meta.name);
        }
    }
}

#[test]
fn options_of_one_name_take_a_value_everywhere_or_nowhere() {
    let mut flags: BTreeMap<&str, bool> = BTreeMap::new();
    for spec in metas().into_iter().flat_map(OperationMeta::all_arguments).chain(COMMON) {
        for name in spec.names() {
            assert_eq!(*flags.entry(name).or_insert(spec.is_flag()), spec.is_flag(), "--{name}");
        }
    }
}

#[test]
fn rules_about_arguments_name_arguments_of_the_function() {
    for meta in metas() {
        let names: Vec<_> = meta.all_arguments().map(|spec| spec.name).collect();
        let required = meta.all_arguments().flat_map(|spec| spec.requires);
        for name in required.chain(meta.groups.iter().flat_map(|group| group.members)) {
            assert!(names.contains(name), "{} speaks of --{name}", meta.name);
        }
    }
}

#[test]
fn defaults_are_values_that_a_user_could_type() {
    for meta in metas() {
        for spec in meta.all_arguments().chain(COMMON) {
            assert!(spec.default.is_none_or(|text| spec.parse(text).is_ok()), "{} --{}", meta.name, spec.name);
        }
    }
}

/// What AWS's actions that change nothing begin with, in every service.
const READS: [&str; 6] = ["BatchGet", "Describe", "Get", "List", "Lookup", "Search"];

/// The name of the operation in an IAM action, as in `ec2:StartInstances`.
fn operation_of(action: &'static str) -> Option<&'static str> {
    let (service, operation) = action.split_once(':')?;
    let is_service = !service.is_empty()
        && service.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-' || byte.is_ascii_digit());
    let is_operation = operation.starts_with(|first: char| first.is_ascii_uppercase());
    (is_service && is_operation && operation.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(operation)
}

#[test]
fn every_function_says_which_iam_actions_it_needs() {
    for meta in metas() {
        let operations: Option<Vec<_>> = meta.iam_actions.iter().map(|action| operation_of(action)).collect();
        let operations = operations.unwrap_or_else(|| panic!("{}: {:?}", meta.name, meta.iam_actions));
        let changes = |operation: &&str| !READS.iter().any(|verb| operation.starts_with(verb));
        assert_eq!(operations.iter().any(changes), meta.changes_resources, "{}: {operations:?}", meta.name);
    }
}

/// Whether a text is an id of AWS with a long number, as in `i-0123456789abcdef0`.
fn is_long_id(text: &str) -> bool {
    let number = text.rsplit_once('-').map(|(_, number)| number).unwrap_or_default();
    number.len() == 17 && number.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[test]
fn ids_in_examples_are_placeholders() {
    for meta in metas() {
        let arguments = meta.examples.iter().flat_map(|example| example.arguments);
        for id in arguments.flat_map(|argument| argument.split(',')).filter(|text| is_long_id(text)) {
            assert!(id.contains("-0123456789abcdef"), "{}: {id} could be somebody's", meta.name);
        }
    }
}
