//! Tests of saving properties, judged by the values that OpCon returns afterwards.

use std::cell::Cell;

use opcon::{ErrorKind, PropertyName, Saved};
use opcon_stand_in::{Answer, Behavior};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::site::{EXPRESSION, Site, assert_error, name, value};

const GLOBALS: &str = "/api/globalproperties";

/// A site whose OpCon evaluates assignments without storing anything.
async fn evaluating_site() -> Site {
    let site = Site::start().await;
    site.opcon.set_behavior(Behavior { evaluate_only: true, ..Behavior::default() });
    site
}

#[tokio::test]
async fn an_assignment_that_is_seen_is_enough() {
    let site = Site::start().await;
    for (given, canonical) in [("MF_ID", "MF_ID"), ("SI.MF_ID.2026-01-31.Night", "SI.MF_ID.2026-01-31.Night")] {
        let saved = site.plain_client().save_property(&name(given), &value("i-1 \"x\"")).await.unwrap();
        assert_eq!(saved, Saved::ByExpression);
        assert_eq!(site.opcon.property(canonical).as_deref(), Some("i-1 \"x\""));
    }
    assert!(
        site.requests().iter().all(|request| !request.starts_with("PUT") && request != "POST /api/globalproperties")
    );
}

#[tokio::test]
async fn a_global_property_is_created_and_changed_where_assignments_store_nothing() {
    let site = evaluating_site().await;
    let client = site.plain_client();
    for text in ["i-1", "i-2 \" & \u{e9}", ""] {
        let saved = client.save_property(&name("OI.\"MF ID.1\""), &value(text)).await.unwrap();
        assert_eq!(saved, Saved::ByGlobalPropertyCalls);
        assert_eq!(site.opcon.property("\"MF ID.1\"").as_deref(), Some(text));
    }
    let calls: Vec<String> = site.requests().into_iter().filter(|request| request.contains(GLOBALS)).collect();
    assert_eq!(calls.iter().filter(|call| *call == "POST /api/globalproperties").count(), 1);
    assert_eq!(calls.iter().filter(|call| *call == "PUT /api/globalproperties/1").count(), 2);
}

#[tokio::test]
async fn a_pattern_does_not_hit_other_properties() {
    let site = evaluating_site().await;
    let client = site.plain_client();
    client.save_property(&name("MF_ID_1"), &value("i-1")).await.unwrap();
    client.save_property(&name("MF_*"), &value("i-2")).await.unwrap();
    assert_eq!(site.opcon.property("MF_ID_1").as_deref(), Some("i-1"));
    assert_eq!(site.opcon.property("MF_*").as_deref(), Some("i-2"));
}

#[tokio::test]
async fn a_refused_assignment_leaves_the_calls_for_global_properties() {
    let site = Site::start().await;
    site.fail(1, Answer::text(200, r#"{"status":"Failed","message":"assignments are off"}"#));
    let saved = site.plain_client().save_property(&name("MF_ID"), &value("i-1")).await.unwrap();
    assert_eq!(saved, Saved::ByGlobalPropertyCalls);
    site.fail(1, Answer::text(200, r#"{"status":"Failed","message":"assignments are off"}"#));
    let refused = site.plain_client().save_property(&name("MI.MF_ID.m"), &value("i-1")).await;
    assert_error(
        refused,
        ErrorKind::Failed,
        "saving the OpCon property MI.MF_ID.m: OpCon reported a failure: assignments are off",
    );
}

#[tokio::test]
async fn both_reasons_are_shown_when_both_methods_fail() {
    let site = Site::start().await;
    let refused = Answer::text(200, r#"{"status":"Failed","message":"assignments are off"}"#);
    let both = "saving the OpCon property MF_ID: OpCon reported a failure: assignments are off; then with the calls for \
                global properties: ";
    site.fail(1, refused.clone());
    site.fail_at(GLOBALS, 2, 1, Answer::text(403, r#"[{"message":"No privilege"}]"#));
    let saved = site.plain_client().save_property(&name("MF_ID"), &value("i-1")).await;
    let error = assert_error(saved, ErrorKind::Refused, &format!("{both}OpCon returned HTTP 403: No privilege"));
    assert!(error.hint().unwrap().contains("privileges"));
    site.fail(1, refused);
    site.fail_at(GLOBALS, 2, 1, Answer::text(200, "{}"));
    let saved = site.plain_client().save_property(&name("MF_ID"), &value("i-1")).await;
    let text = format!("{both}the property does not have the value after saving");
    assert_error(saved, ErrorKind::Failed, &text);
}

#[tokio::test]
async fn one_failure_at_any_step_of_saving_is_borne() {
    for (path, steps) in [(EXPRESSION, 3), (GLOBALS, 3)] {
        for skip in 0..steps {
            for answer in [Answer::text(500, "chosen as the deadlock victim"), Answer::CLOSE, Answer::CLOSE_AFTERWARDS]
            {
                let site = evaluating_site().await;
                site.fail_at(path, skip, 1, answer);
                let saved = site.plain_client().save_property(&name("MF_ID"), &value("i-1")).await.unwrap();
                assert_eq!(saved, Saved::ByGlobalPropertyCalls, "{path} {skip}");
                assert_eq!(site.opcon.property("MF_ID").as_deref(), Some("i-1"));
            }
        }
    }
}

#[tokio::test]
async fn an_instance_property_that_is_not_stored_is_a_failure() {
    let site = evaluating_site().await;
    let saved = site.plain_client().save_property(&name("SI.MF_ID.2026-01-31.Night"), &value("i-1")).await;
    let text = "saving the OpCon property SI.MF_ID.2026-01-31.Night: the property does not have the value after saving";
    let error = assert_error(saved, ErrorKind::Failed, text);
    assert!(error.hint().unwrap().contains("use a global property"));
}

#[tokio::test]
async fn a_trimmed_value_is_not_saved() {
    let site = Site::start().await;
    site.opcon.set_behavior(Behavior { trims: true, ..Behavior::default() });
    let client = site.plain_client();
    assert_eq!(client.save_property(&name("MF_ID"), &value("i-1 i-2")).await.unwrap(), Saved::ByExpression);
    let error = assert_error(
        client.save_property(&name("MF_ID"), &value(" i-1")).await,
        ErrorKind::Failed,
        "the property does not have the value after saving",
    );
    assert_eq!(error.hint(), Some("use a value without spaces around it: OpCon may have removed them"));
}

#[tokio::test]
async fn an_encrypted_property_is_not_overwritten() {
    let site = Site::start().await;
    site.opcon.add_encrypted("MF_ID", "hidden").unwrap();
    for given in ["MF_ID", "OI.mf_id"] {
        let saved = site.plain_client().save_property(&name(given), &value("i-1")).await;
        assert_error(
            saved,
            ErrorKind::Failed,
            "the property is encrypted, and the value would be stored in plain text",
        );
    }
    assert_eq!(site.opcon.property("MF_ID").as_deref(), Some("hidden"));
    assert_eq!(site.attempts(), 0);
}

#[tokio::test]
async fn an_assignment_works_without_access_to_global_properties() {
    let site = Site::start().await;
    for answer in [Answer::text(403, ""), Answer::text(404, ""), Answer::text(200, "<html>")] {
        site.fail_at(GLOBALS, 0, 1, answer);
        assert_eq!(
            site.plain_client().save_property(&name("MF_ID"), &value("i-1")).await.unwrap(),
            Saved::ByExpression
        );
    }
    site.fail_at(GLOBALS, 0, 1, Answer::text(503, "busy"));
    let saved =
        site.impatient_client(site.opcon.http(), "USING_TLS=False").save_property(&name("MF_ID"), &value("i-2")).await;
    assert_error(saved, ErrorKind::Unreachable, "saving the OpCon property MF_ID: OpCon returned HTTP 503: busy");
    assert_eq!(site.opcon.property("MF_ID").as_deref(), Some("i-1"));
}

#[tokio::test]
async fn a_creation_whose_answer_is_lost_counts() {
    let site = evaluating_site().await;
    site.fail_at(GLOBALS, 2, 1, Answer::CLOSE_AFTERWARDS);
    let saved = site.plain_client().save_property(&name("MF_ID"), &value("i-1")).await.unwrap();
    assert_eq!(saved, Saved::ByGlobalPropertyCalls);
    assert_eq!(site.opcon.property("MF_ID").as_deref(), Some("i-1"));
}

#[tokio::test]
async fn the_calls_for_global_properties_may_fail_too() {
    let site = evaluating_site().await;
    site.fail_at(GLOBALS, 2, 1, Answer::text(403, r#"[{"message":"No privilege"}]"#));
    let saved = site.plain_client().save_property(&name("MF_ID"), &value("i-1")).await;
    assert_error(saved, ErrorKind::Refused, "saving the OpCon property MF_ID: OpCon returned HTTP 403: No privilege");
    site.fail_at(GLOBALS, 2, 1, Answer::text(200, "{}"));
    let saved = site.plain_client().save_property(&name("MF_ID"), &value("i-1")).await;
    assert_error(saved, ErrorKind::Failed, "the property does not have the value after saving");
}

#[tokio::test]
async fn a_failed_read_back_is_a_failure() {
    let site = Site::start().await;
    site.fail_at("/api/propertyExpression", 1, 1, Answer::text(503, "busy"));
    let saved =
        site.impatient_client(site.opcon.http(), "USING_TLS=False").save_property(&name("MF_ID"), &value("i-1")).await;
    assert_error(saved, ErrorKind::Unreachable, "reading the OpCon property MF_ID back: OpCon returned HTTP 503: busy");
}

#[tokio::test]
async fn several_properties_do_not_wait_for_one_another() {
    let site = evaluating_site().await;
    let client = site.plain_client();
    let (names, values) = ([name("A"), name("B"), name("C")], [value("1"), value("2"), value("3")]);
    let (a, b, c) = tokio::join!(
        client.save_property(&names[0], &values[0]),
        client.save_property(&names[1], &values[1]),
        client.save_property(&names[2], &values[2]),
    );
    assert_eq!([a.unwrap(), b.unwrap(), c.unwrap()], [Saved::ByGlobalPropertyCalls; 3]);
    for (name, value) in [("A", "1"), ("B", "2"), ("C", "3")] {
        assert_eq!(site.opcon.property(name).as_deref(), Some(value));
    }
}

/// Any value within the limits, often with characters that are special in OpCon.
fn values() -> impl Strategy<Value = String> {
    prop_oneof![r#"(["\\\[\]{}=;,|'$@%<>& ]|\[\[A\]\]="x"|[a-z0-9.]|[^\p{Cc}]){0,60}"#, r#"["\\a]{3990,4000}"#,]
}

/// Names in every scope, with dots and brackets in their parts.
fn any_names() -> impl Strategy<Value = String> {
    let part = r"[A-Za-z][A-Za-z0-9. \[\]{}]{0,12}[A-Za-z0-9\]]";
    (0..4, part, part, part).prop_map(|(scope, name, schedule, job)| match scope {
        0 => format!("OI.\"{name}\""),
        1 => format!("MI.\"{name}\".\"{schedule}\""),
        2 => format!("SI.\"{name}\".2026-01-31.\"{schedule}\""),
        _ => format!("JI.\"{name}\".2026-01-31.\"{schedule}\".\"{job}\""),
    })
}

#[test]
fn opcon_has_exactly_the_given_value() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let site = runtime.block_on(Site::start());
    let client = site.plain_client();
    let count = Cell::new(0);
    let mut runner = TestRunner::new(Config { cases: 100, ..Config::default() });
    let saved = runner.run(&(any_names(), values(), any::<bool>()), |(name, text, evaluate_only)| {
        let Ok(name) = name.parse::<PropertyName>() else { return Ok(()) };
        let global = name.to_string().matches('.').count() == 0;
        site.opcon.set_behavior(Behavior { evaluate_only: evaluate_only && global, ..Behavior::default() });
        runtime.block_on(client.save_property(&name, &value(&text))).map_err(|e| TestCaseError::fail(e.to_string()))?;
        prop_assert_eq!(site.opcon.property(&name.to_string()), Some(text));
        count.set(count.get() + 1);
        Ok(())
    });
    saved.unwrap();
    assert!(count.get() > 50, "only {} of the names were valid", count.get());
}
