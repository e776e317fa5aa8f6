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

#[test]
fn every_function_says_which_iam_actions_it_needs() {
    for meta in metas() {
        assert!(!meta.iam_actions.is_empty(), "{}", meta.name);
        for action in meta.iam_actions {
            let (service, name) = action.name.split_once(':').unwrap();
            let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            assert!(
                service == service.to_lowercase() && name.starts_with(|c: char| c.is_ascii_uppercase()),
                "{action:?}"
            );
            assert!(is_word(name), "{action:?}");
            let reads =
                ["BatchGet", "Describe", "Get", "List", "Lookup", "Search"].iter().any(|verb| name.starts_with(verb));
            assert_eq!(reads, !action.changes, "{}: {action:?}", meta.name);
            assert_eq!(service == "ec2", action.probe.is_some(), "{}: EC2 knows dry runs: {action:?}", meta.name);
        }
        assert_eq!(meta.iam_actions.iter().any(|action| action.changes), meta.changes_resources, "{}", meta.name);
    }
}

#[test]
fn what_is_optional_has_one_purpose_and_a_name_that_can_be_typed() {
    let mut purposes = BTreeMap::new();
    for only in metas().into_iter().flat_map(|meta| meta.iam_actions).filter_map(|action| action.optional) {
        assert!(only.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{only:?}");
        assert!(only.purpose.starts_with("to "), "{only:?}");
        assert_eq!(*purposes.entry(only.name).or_insert(only.purpose), only.purpose, "{}", only.name);
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
