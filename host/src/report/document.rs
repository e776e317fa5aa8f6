//! The JSON document of a job: the form of everything that programs read. Its keys are stable.

use connector_sdk::{Error, ErrorKind, InstanceEntry, Journal, PropertyEntry, Table};
use serde::Serialize;
use serde_json::{Map, Value};

use super::commands::{command_of, look_up};
use super::end::{End, Report, UNKNOWN};
use crate::console::json_line;

#[derive(Serialize)]
struct Document<'a> {
    function: Option<&'a str>,
    region: Option<&'a str>,
    user_id: Option<&'a str>,
    status: &'static str,
    exit_code: u8,
    instances: Vec<Value>,
    properties: Vec<Value>,
    /// What a job that looks for something else than instances has found: an object a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Vec<Map<String, Value>>>,
    error: Option<ErrorJson<'a>>,
    /// The client token of a launch of unknown outcome, and the command that shows what was launched by it.
    #[serde(flatten)]
    look_up: Option<LookUp>,
}

/// How to find out what a launch of unknown outcome has launched.
#[derive(Serialize)]
struct LookUp {
    client_token: String,
    look_up: String,
}

/// An instance.
#[derive(Serialize)]
struct InstanceJson<'a> {
    id: &'a str,
    name: Option<&'a str>,
    previous_state: Option<&'a str>,
    state: Option<&'a str>,
    status_checks: Option<&'a str>,
    public_dns: Option<&'a str>,
    public_ip: Option<&'a str>,
    private_ip: Option<&'a str>,
    result: Option<&'static str>,
    error: Option<ErrorJson<'a>>,
}

/// A property and whether OpCon has it now.
#[derive(Serialize)]
struct PropertyJson<'a> {
    name: &'a str,
    value: Option<&'a str>,
    saved: bool,
}

/// An error. The action is part of the message.
#[derive(Serialize)]
struct ErrorJson<'a> {
    kind: &'static str,
    code: Option<&'a str>,
    message: String,
    request_id: Option<&'a str>,
    hint: Option<&'a str>,
}

/// The document of a job that ended so, in one line.
pub fn document(report: &Report<'_>, end: &End) -> String {
    let Report { function, region, user_id, journal, .. } = *report;
    let End { exit_code, status, ref error, .. } = *end;
    let mut instances = Vec::new();
    if let Some(journal) = journal {
        journal.each(|entry| instances.push(value_of(&instance(entry))));
    }
    let properties = journal.map(Journal::properties).unwrap_or_default();
    json_line(&Document {
        function,
        region,
        user_id,
        status,
        exit_code,
        instances,
        properties: properties.iter().map(|entry| value_of(&property(entry))).collect(),
        found: journal.and_then(Journal::table).as_ref().map(objects),
        error: error.as_ref().map(error_json),
        look_up: look_up(report)
            .filter(|_| status == UNKNOWN)
            .map(|(client_token, advice)| LookUp { client_token, look_up: command_of(report, &advice.words) }),
    })
}

fn value_of(part: &impl Serialize) -> Value {
    serde_json::to_value(part).unwrap_or_default()
}

fn instance(entry: &InstanceEntry) -> InstanceJson<'_> {
    InstanceJson {
        id: entry.id.as_str(),
        name: entry.name.as_deref(),
        previous_state: entry.previous_state.as_deref(),
        state: entry.state.as_deref(),
        status_checks: entry.status_checks.as_deref(),
        public_dns: entry.public_dns.as_deref(),
        public_ip: entry.public_ip.as_deref(),
        private_ip: entry.private_ip.as_deref(),
        result: entry.result.map(|result| result.name()),
        error: entry.error.as_ref().map(error_json),
    }
}

fn property(entry: &PropertyEntry) -> PropertyJson<'_> {
    PropertyJson { name: &entry.name, value: entry.value.as_deref(), saved: entry.saved }
}

fn error_json(error: &Error) -> ErrorJson<'_> {
    let message = error.message();
    ErrorJson {
        kind: kind(error.kind()),
        code: error.code(),
        message: error.action().map_or_else(|| message.to_owned(), |action| format!("{action}: {message}")),
        request_id: error.request_id(),
        hint: error.hint_text(),
    }
}

const fn kind(kind: ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidInput => "invalid-input",
        ErrorKind::PermissionDenied => "permission-denied",
        ErrorKind::NotFound => "not-found",
        ErrorKind::WaitExpired => "wait-expired",
        ErrorKind::Partial => "partial",
        ErrorKind::PropertyNotSaved => "property-not-saved",
        ErrorKind::Capacity => "capacity",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Unknown => "unknown",
        ErrorKind::Interrupted => "interrupted",
        ErrorKind::UnexpectedState => "unexpected-state",
        ErrorKind::Service => "service",
        ErrorKind::Bug => "bug",
    }
}

/// The rows as objects whose keys are the titles of the columns in JSON's spelling: `Image ID` as `image_id`.
fn objects(table: &Table) -> Vec<Map<String, Value>> {
    let keys: Vec<_> = table.columns.iter().map(|title| title.to_lowercase().replace(' ', "_")).collect();
    let cells = |row: &Vec<String>| row.iter().map(|cell| Value::from(cell.as_str())).collect::<Vec<_>>();
    table.rows.iter().map(|row| keys.iter().cloned().zip(cells(row)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use connector_sdk::InstanceResult;
    use connector_sdk::instances::InstanceId;
    use connector_sdk::properties::Contents;
    use serde_json::json;

    use super::*;

    #[test]
    fn an_instance_has_all_its_keys_in_their_order() {
        let (journal, id) = (Journal::default(), InstanceId::from_ec2("i-00000000"));
        journal.accepted(&id, Some("stopped"), Some("pending"), InstanceResult::Changed);
        journal.failed(&id, Error::new(ErrorKind::WaitExpired, "too late"));
        let error = r#"{"kind":"wait-expired","code":null,"message":"too late","request_id":null,"hint":null}"#;
        let expected =
            r#"{"id":"i-00000000","name":null,"previous_state":"stopped","state":"pending","status_checks":null,"#;
        let addresses = r#""public_dns":null,"public_ip":null,"private_ip":null,"result":"failed","error":"#;
        let json = journal.read(&id, |entry| serde_json::to_string(&instance(entry)).unwrap());
        assert_eq!(json, format!("{expected}{addresses}{error}}}"));
    }

    #[test]
    fn an_error_has_all_five_fields_and_the_action_in_the_message() {
        let error = Error::new(ErrorKind::NotFound, "no").doing("looking").with_code("Gone").hint("look elsewhere");
        let expected = json!({
            "kind": "not-found", "code": "Gone", "message": "looking: no", "request_id": null, "hint": "look elsewhere",
        });
        assert_eq!(value_of(&error_json(&error)), expected);
    }

    #[test]
    fn a_property_without_a_value_is_null() {
        let entry = PropertyEntry::pending("A", Contents::OptionList, None);
        assert_eq!(value_of(&property(&entry)), json!({"name": "A", "value": null, "saved": false}));
    }
}
