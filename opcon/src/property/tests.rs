//! Tests of property names and values, verified with the grammar of the stand-in.

use std::cell::Cell;

use opcon_stand_in::expression::{self, Expression};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::*;

fn parsed(text: &str) -> PropertyName {
    text.parse().unwrap()
}

#[test]
fn every_scope_is_written_in_opcons_syntax() {
    for (given, shown, token) in [
        ("MF_ID", "MF_ID", "[[MF_ID]]"),
        (" [[OI.MF_ID]] ", "MF_ID", "[[MF_ID]]"),
        ("My Property", "My Property", "[[My Property]]"),
        ("OI.\"MF.ID\"", "\"MF.ID\"", "[[\"MF.ID\"]]"),
        ("\"MF[1]\"", "\"MF[1]\"", "[[\"MF[1] \"]]"),
        ("mi.MF_ID.server.example.com", "MI.MF_ID.\"server.example.com\"", "[[MI.MF_ID.\"server.example.com\"]]"),
        ("SI.MF_ID.2026-01-31.Night", "SI.MF_ID.2026-01-31.Night", "[[SI.MF_ID.2026-01-31.Night]]"),
        ("SI.MF_ID.2026-01-31.Night 1.2", "SI.MF_ID.2026-01-31.\"Night 1.2\"", "[[SI.MF_ID.2026-01-31.\"Night 1.2\"]]"),
        ("SI.A.2026-01-31.Night[Sub]", "SI.A.2026-01-31.\"Night[Sub]\"", "[[SI.A.2026-01-31.\"Night[Sub] \"]]"),
        ("JI.A.2026-01-31.\"N.1\".\"J.2\"", "JI.A.2026-01-31.\"N.1\".\"J.2\"", "[[JI.A.2026-01-31.\"N.1\".\"J.2\"]]"),
        ("JI.A.2026-01-31.N.Job$0001", "JI.A.2026-01-31.N.Job$0001", "[[JI.A.2026-01-31.N.Job$0001]]"),
    ] {
        let name = parsed(given);
        assert_eq!((name.to_string().as_str(), name.to_token().as_str()), (shown, token), "{given}");
    }
}

#[test]
fn the_counter_is_appended_to_the_property_name() {
    let counted = |text: &str, n| parsed(text).with_counter(NonZeroU32::new(n).unwrap()).unwrap().to_string();
    assert_eq!(counted("MF_ID", 1), "MF_ID_1");
    assert_eq!(counted("OI.\"MF.ID\"", 12), "\"MF.ID_12\"");
    assert_eq!(counted("SI.MF_ID.2026-01-31.Night[Sub]", 2), "SI.MF_ID_2.2026-01-31.\"Night[Sub]\"");
    assert_eq!(counted("JI.MF_ID.2026-01-31.N.J", 3), "JI.MF_ID_3.2026-01-31.N.J");
}

#[test]
fn only_global_names_have_a_length_limit_and_the_counter_counts() {
    let two = NonZeroU32::new(2).unwrap();
    assert!(parsed(&"n".repeat(62)).with_counter(two).is_ok());
    let error = parsed(&"n".repeat(63)).with_counter(two).unwrap_err();
    assert!(error.to_string().ends_with("has at most 64 characters"), "{error}");
    assert!("n".repeat(65).parse::<PropertyName>().is_err());
    assert!(parsed(&format!("MI.{}.m", "n".repeat(65))).with_counter(two).is_ok());
}

#[test]
fn invalid_names_are_rejected_with_the_reason() {
    for (text, reason) in [
        ("", "the name is missing; the full form is NAME"),
        ("[[]]", "the name is missing"),
        ("SI..2026-01-31.Night", "the name is missing; the full form is SI.NAME.yyyy-mm-dd.SCHEDULE"),
        ("SI.MF_ID", "the date is missing; the full form is SI.NAME.yyyy-mm-dd.SCHEDULE, and is required outside"),
        ("JI.MF_ID", "the full form is JI.NAME.yyyy-mm-dd.SCHEDULE.JOB"),
        ("JI.MF_ID.2026-01-31.Night", "the job is missing"),
        ("MI.MF_ID", "the machine is missing; the full form is MI.NAME.MACHINE"),
        ("SI.MF_ID..Night", "the date is missing"),
        ("SI.MF_ID.2026-01-31", "the schedule is missing"),
        ("JI.MF_ID.2026-01-31.N.J.2", "too many parts; a part that contains a dot must be in double quotes"),
        ("MI.MF_ID.\"m\".x", "too many parts"),
        ("SSI.MF_ID", "SSI properties cannot be set"),
        ("RI.other.MF_ID", "RI properties cannot be set"),
        ("MF.ID", "only OI, MI, SI and JI are valid before the first dot"),
        ("SI.MF_ID.01/31/2026.Night", "the form yyyy-mm-dd"),
        ("SI.MF_ID.2026-13-31.Night", "the date 2026-13-31 does not exist"),
        ("SI.MF_ID.2026-02-30.Night", "the date 2026-02-30 does not exist"),
        ("SI.MF_ID.20260230.Night", "the form yyyy-mm-dd"),
        ("SI.MF_ID.2026-1-31.Night", "the form yyyy-mm-dd"),
        ("SI.MF_ID.[[$DATE]].Night", "the form yyyy-mm-dd"),
        ("MI.MF_ID.[[$MACHINE NAME]]", "that OpCon did not replace"),
        ("MI.MF_ID.{{X}}", "that OpCon did not replace"),
        ("A]]=\"x\";[[B", "cannot contain the character"),
        ("A]].[[B", "only OI, MI, SI and JI"),
        ("MI.A.x]]+[[B", "that OpCon did not replace"),
        ("$NOW", "reserved by OpCon"),
        ("OI.$NOW", "reserved by OpCon"),
        ("A,B", "cannot contain the character ,"),
        ("A\\B", "cannot contain the character \\"),
        ("A\"B", "cannot contain the character \""),
        ("@A", "@"),
        ("A@@B", "@"),
        ("\"A", "a double quote is not closed"),
        ("\"A\"B", "only a dot can follow"),
        ("MI.A.m\"x", "a double quote or a backslash"),
        ("A\u{7}B", "a control character"),
        ("MI.A.m\u{b}x", "a control character"),
    ] {
        let error = text.parse::<PropertyName>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(reason), "{text}: {error}");
        assert!(!error.to_string().contains(['\n', '\r']), "{error:?}");
    }
}

#[test]
fn values_are_limited_and_escaped() {
    assert_eq!(PropertyValue::new(r#"a "b" \c"#).unwrap().to_literal(), r#""a \"b\" \\c""#);
    assert_eq!(PropertyValue::new("v".repeat(4000)).unwrap().as_str().len(), 4000);
    let long = PropertyValue::new("\u{e9}".repeat(4001)).unwrap_err();
    assert_eq!(long.to_string(), "checking the property value: the value has 4001 characters; OpCon allows 4000");
    let line_end = PropertyValue::new("a\nb").unwrap_err();
    assert_eq!(
        line_end.to_string(),
        "checking the property value: the value contains a control character, such as a line break"
    );
}

/// The job "Job 1.2" of the schedule "Night[Sub]" on the last day of January 2026.
fn running_job() -> JobIdentity {
    JobIdentity { date: Ok("2026-01-31".into()), schedule: Ok("Night[Sub]".into()), job: Ok("Job 1.2".into()) }
}

#[test]
fn omitted_parts_are_those_of_the_running_job() {
    for (short, full) in [
        ("SI.A", "SI.A.2026-01-31.\"Night[Sub]\""),
        ("[[SI.A]]", "SI.A.2026-01-31.\"Night[Sub]\""),
        ("SI.A..Day 1.2", "SI.A.2026-01-31.\"Day 1.2\""),
        ("SI.A.2025-12-24", "SI.A.2025-12-24.\"Night[Sub]\""),
        ("JI.\"A.B\"", "JI.\"A.B\".2026-01-31.\"Night[Sub]\".\"Job 1.2\""),
        ("JI.A...Job", "JI.A.2026-01-31.\"Night[Sub]\".Job"),
        ("JI.A..Day.Job", "JI.A.2026-01-31.Day.Job"),
        ("JI.A..Day", "JI.A.2026-01-31.Day.\"Job 1.2\""),
        ("JI.A.2025-12-24", "JI.A.2025-12-24.\"Night[Sub]\".\"Job 1.2\""),
    ] {
        let name = PropertyName::parse_for_job(short, Some(&running_job())).unwrap();
        assert_eq!((name.to_string().as_str(), &name), (full, &parsed(full)), "{short}");
    }
}

#[test]
fn a_part_of_the_running_job_that_is_not_known_is_refused_with_the_reason() {
    let job = JobIdentity { job: Err("it may be short".into()), ..running_job() };
    assert!(PropertyName::parse_for_job("SI.A", Some(&job)).is_ok());
    for (text, reason) in [
        (
            "JI.A",
            "the job is missing; the full form is JI.NAME.yyyy-mm-dd.SCHEDULE.JOB, and cannot be completed from the \
             running job: it may be short",
        ),
        ("MI.A", "the machine is missing"),
        ("SI.", "the name is missing"),
    ] {
        let error = PropertyName::parse_for_job(text, Some(&job)).unwrap_err();
        assert!(error.to_string().contains(reason), "{text}: {error}");
    }
    let job = JobIdentity { schedule: Ok("Ni\"ght".into()), ..running_job() };
    let error = PropertyName::parse_for_job("SI.A", Some(&job)).unwrap_err();
    assert!(error.to_string().contains("a double quote"), "{error}");
}

/// Property names in every scope whose parts may need quotes.
fn names() -> impl Strategy<Value = PropertyName> {
    let name = "[A-Za-z_][A-Za-z0-9_. \\[\\]{}$<>-]{0,20}[A-Za-z0-9_\\]}]";
    let part = "[A-Za-z_$][A-Za-z0-9_. \\[\\]{}$<>'();,=|@-]{0,20}[A-Za-z0-9_\\]}]";
    let date =
        (1000..=9999_u32, 1..=12_u32, 1..=28_u32).prop_map(|(year, month, day)| format!("{year}-{month:02}-{day:02}"));
    let owner = prop_oneof![
        Just(Owner::OpCon),
        part.prop_map(Owner::Machine),
        (date.clone(), part).prop_map(|(date, schedule)| Owner::Schedule { date, schedule }),
        (date, part, part).prop_map(|(date, schedule, job)| Owner::Job { date, schedule, job }),
    ];
    (name, owner)
        .prop_map(|(name, owner)| PropertyName { name, owner })
        .prop_filter("it is a valid name", |name| name.check().is_ok())
}

proptest! {
    #[test]
    fn displayed_and_sent_names_are_read_back(name in names()) {
        prop_assert_eq!(&parsed(&name.to_string()), &name);
        prop_assert_eq!(&parsed(&name.to_token()), &name);
    }

    #[test]
    fn opcon_reads_the_same_name_and_value(name in names(), value in "[^\\p{Cc}]{0,50}") {
        let text = format!("{}={}", name.to_token(), PropertyValue::new(value.clone()).unwrap().to_literal());
        let Ok(Expression::Assign(read_name, read_value)) = expression::parse(&text) else {
            return Err(TestCaseError::fail(format!("{text}: {:?}", expression::parse(&text))));
        };
        prop_assert_eq!(read_name.to_string(), name.to_string());
        prop_assert_eq!(read_value, value);
    }
}

/// Invalid names: one character of a name is missing, replaced, or preceded by another one.
fn nearly_names() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), 0..3, "[.\"\\[\\]={}$ ',@A-Z\u{e9}\\\\]");
    (names(), edit).prop_map(|(name, (place, kind, character))| {
        let text = name.to_string();
        let places: Vec<usize> = text.char_indices().map(|(place, _)| place).collect();
        let place = places[place.index(places.len())];
        let after = text[place..].chars().next().map_or(place, |removed| place + removed.len_utf8());
        match kind {
            0 => [&text[..place], &text[after..]].concat(),
            1 => [&text[..place], &character, &text[after..]].concat(),
            _ => [&text[..place], &character, &text[place..]].concat(),
        }
    })
}

#[test]
fn any_name_is_rejected_or_a_single_reference() {
    const CASES: u32 = 2000;
    let accepted = Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
    let judged = runner.run(&nearly_names(), |text| {
        let Ok(name) = text.parse::<PropertyName>() else { return Ok(()) };
        accepted.set(accepted.get() + 1);
        let read = expression::parse(&name.to_token());
        prop_assert!(matches!(read, Ok(Expression::Read(_))), "{text}: {read:?}");
        Ok(())
    });
    judged.unwrap();
    let accepted = accepted.get();
    assert!(accepted > CASES / 4 && accepted < CASES * 3 / 4, "{accepted} of {CASES} were names");
}
