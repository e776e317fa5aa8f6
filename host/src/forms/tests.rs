//! Tests that forms are valid for the tools that display them, and match the arguments of their functions.

use std::collections::BTreeSet;

use connector_sdk::option_lists::OptionList;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::arguments::{self, Quoting};
use crate::cli::{self, Request};
use crate::registry::Registry;

fn form(function: &str) -> Form {
    Form::of(cli::function(&Registry::load().unwrap(), &[], function, Quoting::Allowed).unwrap().operation.meta())
}

fn forms() -> Vec<Form> {
    Registry::load().unwrap().all().iter().map(|found| Form::of(found.operation.meta())).collect()
}

fn schema_of(form: &Form) -> Value {
    document(form, &Choices::new())["schema"].clone()
}

fn filled(fields: Value) -> Map<String, Value> {
    fields.as_object().unwrap().clone()
}

/// Whether react-jsonschema-form accepts the form data.
fn is_valid(function: &str, fields: Value) -> bool {
    let mut fields = filled(fields);
    fields.insert(FUNCTION.to_owned(), json!(function));
    jsonschema::draft7::new(&schema_of(&form(function))).unwrap().is_valid(&Value::Object(fields))
}

/// The arguments of the form data, if they are a valid job.
fn args_of(function: &str, fields: Value) -> Vec<String> {
    let args = args(&form(function), &filled(fields)).unwrap();
    let line = arguments::of_form(form(function).meta, args.clone(), Vec::new(), Quoting::Allowed).unwrap();
    match cli::parse(&Registry::load().unwrap(), &[], &line) {
        Ok(Request::Run(_)) => args,
        Ok(_) => panic!("{args:?} is no job"),
        Err(error) => panic!("{args:?}: {error}"),
    }
}

#[test]
fn every_schema_is_valid_draft_7() {
    for form in forms() {
        let schema = schema_of(&form);
        assert!(jsonschema::draft7::meta::is_valid(&schema), "{}", form.meta.name);
        jsonschema::draft7::new(&schema).unwrap();
    }
}

#[test]
fn every_argument_has_one_field_and_a_position() {
    for form in forms() {
        let keys: Vec<_> = form.fields.iter().map(|field| field.key.clone()).collect();
        let unique: BTreeSet<_> = keys.iter().collect();
        assert_eq!(unique.len(), keys.len(), "{}", form.meta.name);
        let order = &document(&form, &Choices::new())["uiSchema"]["ui:order"];
        let listed: Vec<_> = order.as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let expected: Vec<_> = [FUNCTION].into_iter().chain(keys.iter().map(String::as_str)).chain(["*"]).collect();
        assert_eq!(listed, expected, "{}", form.meta.name);
        let choices = form.fields.iter().filter_map(|field| match &field.kind {
            FieldKind::Choice(choice) => Some(choice),
            FieldKind::Argument(_) => None,
        });
        let chosen: Vec<_> = choices.flat_map(|choice| &choice.members).filter(|spec| spec.is_flag()).collect();
        for spec in form.meta.all_arguments().filter(|spec| !spec.hidden) {
            let has_field = keys.contains(&key(spec.name)) || chosen.iter().any(|flag| flag.name == spec.name);
            assert!(has_field, "{} --{}", form.meta.name, spec.name);
        }
    }
}

#[test]
fn names_become_keys_and_titles() {
    for (name, expected_key, expected_title) in [
        ("wait", "wait", "Wait"),
        ("image-id", "imageId", "Image ID"),
        ("public-dns-property", "publicDnsProperty", "Public DNS Property"),
        ("skip-os-shutdown", "skipOsShutdown", "Skip OS Shutdown"),
    ] {
        assert_eq!((key(name).as_str(), title(name).as_str()), (expected_key, expected_title));
    }
}

#[test]
fn a_form_requires_what_the_job_requires() {
    let by_name = json!({ "region": "us-east-1", "tagName": "web" });
    assert!(is_valid("StartInstance", by_name));
    assert!(is_valid("StartInstance", json!({ "region": "us-east-1", "instanceId": ["i-0123abcd"] })));
    assert!(!is_valid("StartInstance", json!({ "region": "us-east-1" })), "neither name nor ids");
    assert!(!is_valid("StartInstance", json!({ "region": "us-east-1", "instanceId": [] })), "no id in the list");
    assert!(!is_valid("StartInstance", json!({ "tagName": "web" })), "no region");
    let late = |limit| json!({ "region": "us-east-1", "tagName": "web", "wait": true, "waitTimeout": limit });
    assert!(is_valid("StartInstance", late("[[LIMIT]]")) && is_valid("StartInstance", late("90s")));
    assert!(!is_valid("StartInstance", late("soon")));
}

#[test]
fn a_launch_can_be_described_or_left_to_a_template() {
    let none = json!({
        "region": "us-east-1", "subnetIdOrAvailabilityZone": "None", "userDataOrUserDataFile": "None",
        "terminationProtectionOrSpot": "None",
    });
    let with = |more: Value| {
        let mut fields = none.clone();
        fields.as_object_mut().unwrap().extend(filled(more));
        is_valid("CreateInstance", fields)
    };
    let described = json!({
        "number": 2, "imageId": "ami-0123abcd", "instanceType": ["t3.micro"], "securityGroup": ["web"], "keyName": "k",
    });
    assert!(with(described.clone()));
    assert!(with(json!({ "launchTemplate": "nightly" })));
    assert!(!with(json!({ "imageId": "ami-0123abcd", "instanceType": ["t3.micro"], "keyName": "k" })), "no network");
    let mut none_at_all = described;
    none_at_all["number"] = json!(0);
    assert!(!with(none_at_all));
}

#[test]
fn a_completed_form_becomes_its_command_line() {
    let fields = json!({
        "function": "StartInstance", "userId": "USER1", "region": "US_EAST_1", "tagName": "-we b", "instanceId": [],
        "wait": true, "waitFor": "running", "idProperty": "WEB_ID", "allowNone": false, "publicIpProperty": "",
    });
    let expected = [
        "--user-id=USER1",
        "--region=US_EAST_1",
        "--tag-name=-we b",
        "--wait",
        "--wait-for=running",
        "--id-property=WEB_ID",
    ];
    assert_eq!(args_of("StartInstance", fields), expected);
    let fields = json!({ "instanceId": ["i-0123abcd", null, "i-0123abce"], "region": "us-east-1" });
    let expected = ["--region=us-east-1", "--instance-id=i-0123abcd", "--instance-id=i-0123abce"];
    assert_eq!(args_of("StopInstance", fields), expected);
    let fields = json!({ "number": 3, "launchTemplate": "nightly", "region": "us-east-1" });
    assert_eq!(args_of("CreateInstance", fields), ["--region=us-east-1", "--number=3", "--launch-template=nightly"]);
}

#[test]
fn hidden_fields_are_ignored() {
    let fields = json!({
        "region": "us-east-1", "tagName": "web", "wait": false, "waitTimeout": "5m", "hibernateFallback": "stop",
        "forceOrSkipOsShutdownOrHibernate": "Force",
    });
    assert_eq!(args_of("StopInstance", fields), ["--region=us-east-1", "--tag-name=web", "--force"]);
    let fields = json!({
        "region": "us-east-1", "launchTemplate": "nightly", "subnetIdOrAvailabilityZone": "Availability Zone",
        "subnetId": ["subnet-0123abcd"], "availabilityZone": "us-east-1a",
    });
    let expected = ["--region=us-east-1", "--launch-template=nightly", "--availability-zone=us-east-1a"];
    assert_eq!(args_of("CreateInstance", fields), expected);
}

#[test]
fn invalid_form_data_is_rejected() {
    for (fields, reason) in [
        (json!({ "tagname": "web" }), "the form has no field `tagname`"),
        (json!({ "tagName": { "a": 1 } }), "the field `tagName` cannot contain an object"),
        (json!({ "tagName": ["web"] }), "the field `tagName` cannot contain a list"),
        (json!({ "instanceId": [["i-0123abcd"]] }), "the field `instanceId` contains a nested list"),
        (json!({ "wait": "yes" }), "the field `wait` cannot contain text"),
        (json!({ "tagName": true }), "the field `tagName` cannot contain `true` or `false`"),
    ] {
        let error = args(&form("StopInstance"), &filled(fields)).unwrap_err().to_string();
        assert!(error.starts_with("reading the form of StopInstance: "), "{error}");
        assert!(error.contains(reason), "{error}");
    }
    let error = args(&form("StopInstance"), &filled(json!({ "tagname": "web" }))).unwrap_err();
    assert_eq!(error.hint_text(), Some("did you mean `tagName`?"));
}

#[test]
fn lists_become_choices() {
    let offered = |list, texts: &[&str]| (list, texts.iter().map(|text| (*text).to_owned()).collect());
    let choices = Choices::from([
        offered(OptionList::Images, &["Linux : ami-0123abcd"]),
        offered(OptionList::InstanceTypes, &["t3.micro", "m5.large"]),
    ]);
    let schema = document(&form("CreateInstance"), &choices)["schema"].clone();
    let image = &schema["properties"]["imageId"];
    assert_eq!(
        image["anyOf"],
        json!([{ "type": "string", "title": "Linux : ami-0123abcd", "enum": ["Linux : ami-0123abcd"] }])
    );
    assert_eq!(image.get("default"), None, "an image is chosen, not fallen into");
    let types = &schema["properties"]["instanceType"];
    assert_eq!((&types["type"], types["items"]["anyOf"].as_array().unwrap().len()), (&json!("array"), 2));
    assert_eq!(schema["properties"]["region"]["type"], "string", "there is no list of regions");
    assert!(schema["properties"]["region"].get("anyOf").is_none());
}

proptest! {
    #[test]
    fn any_field_content_remains_one_value(text in "[^\\p{Cc}]{1,40}") {
        prop_assume!(!text.trim().is_empty());
        let fields = filled(json!({ "tagName": text }));
        prop_assert_eq!(args(&form("StopInstance"), &fields).unwrap(), [format!("--tag-name={text}")]);
    }
}

/// All properties of a schema, also those below conditions, with whether they are required there.
fn properties(schema: &Value) -> Vec<(String, Value, bool)> {
    let required: Vec<_> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let own = schema["properties"].as_object().into_iter().flatten();
    let own = own.map(|(key, property)| (key.clone(), property.clone(), required.contains(&key.as_str())));
    let rules = schema["allOf"].as_array().into_iter().flatten();
    own.chain(rules.flat_map(|rule| properties(&rule["then"]))).collect()
}

#[test]
fn every_choice_has_its_values_in_the_form() {
    let mut count = 0;
    for found in Registry::load().unwrap().all() {
        let meta = found.operation.meta();
        let document = document(&Form::of(meta), &Choices::new());
        let properties = properties(&document["schema"]);
        for spec in meta.all_arguments().filter(|spec| !spec.hidden && !spec.kind.choices().is_empty()) {
            let (_, property, _) = properties.iter().find(|(name, ..)| *name == key(spec.name)).unwrap();
            let choices = property.get("items").unwrap_or(property)["anyOf"].as_array().unwrap();
            let values: Vec<_> = choices.iter().map(|choice| choice["enum"][0].as_str().unwrap()).collect();
            assert_eq!(values, spec.kind.choices(), "{} --{}", meta.name, spec.name);
            count += 1;
        }
    }
    assert!(count > 5, "{count}");
}

#[test]
fn a_required_field_promises_no_default_in_its_text() {
    for found in Registry::load().unwrap().all() {
        let meta = found.operation.meta();
        let document = document(&Form::of(meta), &Choices::new());
        for (name, property, _) in properties(&document["schema"]).iter().filter(|(_, _, required)| *required) {
            let text = property["description"].as_str().unwrap_or_default();
            for promise in ["Default:", "Without it", "without it", "by default"] {
                assert!(!text.contains(promise), "{} {name}: {text}", meta.name);
            }
        }
    }
}

#[test]
fn only_the_sentence_about_the_default_is_left_out() {
    for (text, kept) in [
        ("The region. Default: the AWS settings, such as `AWS_REGION`.", "The region."),
        ("The owner. Default: `self`. Others need an id.", "The owner. Others need an id."),
        ("The zone.", "The zone."),
    ] {
        assert_eq!(schema::without_default(text), kept);
    }
}
