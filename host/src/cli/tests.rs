//! The parser that is built from the metadata.

use std::ffi::OsString;

use super::*;
use crate::arguments;

fn parse_words(words: &[&str]) -> Result<Request> {
    let registry = Registry::load().unwrap();
    let words = std::iter::once(&"awsec2").chain(words).map(OsString::from);
    parse(&registry, &arguments::read(words, &registry).unwrap())
}

fn job(words: &[&str]) -> Box<Job> {
    match parse_words(words) {
        Ok(Request::Run(job)) => job,
        Ok(_) => panic!("{words:?} is no job"),
        Err(error) => panic!("{words:?}: {error}"),
    }
}

#[test]
fn the_parser_of_every_function_is_well_formed() {
    for found in Registry::load().unwrap().all() {
        function_command(found.operation.meta()).debug_assert();
    }
}

#[test]
fn every_example_is_the_definition_of_a_job() {
    for found in Registry::load().unwrap().all() {
        let meta = found.operation.meta();
        assert!(!meta.examples.is_empty(), "{}", meta.name);
        for example in meta.examples {
            // Examples are for job definitions: they hold references.
            let words = ["awsec2", meta.name].into_iter().chain(example.arguments.iter().copied()).map(OsString::from);
            let registry = Registry::load().unwrap();
            let defined = define(&registry, &arguments::read(words, &registry).unwrap());
            assert!(matches!(defined, Ok(Defined::Job(_))), "{} {:?}", meta.name, example.arguments);
        }
    }
}

#[test]
fn common_arguments_are_parsed_into_settings() {
    let words = ["StopInstance", "--instance-id", "i-0123abcd", "--user-id", "USER1", "--region", "EU_WEST_1"];
    let more = ["--config", "c", "--log-dir", "l", "--endpoint-url", "http://e", "--dry-run", "--debug"];
    let words: Vec<_> = words.into_iter().chain(more).chain(["--output", "json"]).collect();
    let job = job(&words);
    assert_eq!(job.output(), Output::Json);
    let Settings { user_id, region, config, log_dir, endpoint_url, dry_run, debug, status_text } = job.settings;
    assert_eq!(user_id.as_deref(), Some("USER1"));
    assert_eq!(region.unwrap().as_str(), "eu-west-1");
    assert_eq!((config, log_dir), (Some("c".into()), Some("l".into())));
    assert_eq!(endpoint_url.as_ref().map(|url| url.as_str()), Some("http://e"));
    assert!(dry_run && debug && !status_text);
}

#[test]
fn without_common_arguments_a_job_has_the_defaults() {
    let job = job(&["StopInstance", "--instance-id", "i-0123abcd"]);
    assert_eq!(job.output(), Output::Text);
    assert!(!job.settings.dry_run && !job.settings.debug && job.settings.user_id.is_none());
}

#[test]
fn the_form_of_the_output_is_known_even_of_a_wrong_command_line() {
    let form = |words: &[&str]| output_form(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
    assert_eq!(form(&["--wrong", "--output", "json"]), Output::Json);
    assert_eq!(form(&["--output=json", "--wrong"]), Output::Json);
    for text in [&["--output", "text", "json"][..], &["--output"], &["--output=xml"], &["--outputs", "json"], &[]] {
        assert_eq!(form(text), Output::Text, "{text:?}");
    }
}

mod secrets {
    //! No function has a secret argument yet; the host must not leak the first one.
    use connector_sdk::args::Always;
    use connector_sdk::{Arg, ArgValue, ValueKind};

    use super::*;

    #[derive(Clone)]
    struct Password;

    impl ArgValue for Password {
        const KIND: ValueKind = ValueKind::String;

        fn parse(text: &str) -> Result<Self, String> {
            Err(format!("`{text}` is too short"))
        }
    }

    const PASSWORD: Arg<Password, Always> =
        Arg::new("password", "TEXT", "A password.").required().aliases(&["pass"]).secret();

    #[test]
    fn a_wrong_secret_is_not_echoed() {
        for option in ["--password", "--pass"] {
            let command = Command::new("awsec2").arg(argument(&PASSWORD.spec, References::Replaced));
            let error = command.try_get_matches_from(["awsec2", option, "hush"]).unwrap_err();
            let error = help_or_error(&error, [&PASSWORD.spec].into_iter(), "awsec2").err().unwrap();
            assert_eq!(error.to_string(), "reading the command line: invalid value for '--password'");
            assert_eq!(error.hint_text(), None);
        }
    }
}
