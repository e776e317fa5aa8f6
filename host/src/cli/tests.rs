//! Tests of the argument parser.

use std::ffi::OsString;

use super::*;
use crate::arguments::{self, Files};

fn parse_args(args: &[&str]) -> Result<Request> {
    let registry = Registry::load().unwrap();
    let args = std::iter::once(&"awsec2").chain(args).map(OsString::from);
    parse(&registry, &[], &arguments::read(args, &registry, Files::Here).unwrap())
}

fn job(args: &[&str]) -> Box<Job> {
    match parse_args(args) {
        Ok(Request::Run(job)) => job,
        Ok(_) => panic!("{args:?} is no job"),
        Err(error) => panic!("{args:?}: {error}"),
    }
}

#[test]
fn the_parser_of_every_function_is_well_formed() {
    for found in Registry::load().unwrap().all() {
        parser::of_function(found.operation.meta()).debug_assert();
    }
}

#[test]
fn every_example_is_the_definition_of_a_job() {
    for found in Registry::load().unwrap().all() {
        let meta = found.operation.meta();
        assert!(!meta.examples.is_empty(), "{}", meta.name);
        for example in meta.examples {
            // Examples are for job definitions and contain references.
            let args = ["awsec2", meta.name].into_iter().chain(example.arguments.iter().copied()).map(OsString::from);
            let registry = Registry::load().unwrap();
            let defined = define(&registry, &[], &arguments::read(args, &registry, Files::Here).unwrap(), &[]);
            assert!(matches!(defined, Ok(Defined::Job(_))), "{} {:?}", meta.name, example.arguments);
        }
    }
}

#[test]
fn common_arguments_are_parsed_into_settings() {
    let args = ["StopInstance", "--instance-id", "i-0123abcd", "--user-id", "USER1", "--region", "EU_WEST_1"];
    let more = ["--config", "c", "--log-dir", "l", "--endpoint-url", "http://e", "--dry-run", "--debug"];
    let args: Vec<_> = args.into_iter().chain(more).chain(["--output", "json"]).collect();
    let job = job(&args);
    assert_eq!(job.settings.output, Output::Json);
    let Settings { user_id, region, config, log_dir, endpoint_url, dry_run, debug, status_text, output: _ } =
        job.settings;
    assert_eq!(user_id.as_deref(), Some("USER1"));
    assert_eq!(region.unwrap().as_str(), "eu-west-1");
    assert_eq!((config, log_dir), (Some("c".into()), Some("l".into())));
    assert_eq!(endpoint_url.as_ref().map(|url| url.as_str()), Some("http://e"));
    assert!(dry_run && debug && !status_text);
}

#[test]
fn without_common_arguments_a_job_has_the_defaults() {
    let job = job(&["StopInstance", "--instance-id", "i-0123abcd"]);
    assert_eq!(job.settings.output, Output::Text);
    assert!(!job.settings.dry_run && !job.settings.debug && job.settings.user_id.is_none());
}
