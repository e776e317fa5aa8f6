//! The JSON document of a job, for programs that process its results.
//!
//! The keys are stable.

use connector_sdk::{
    Error, ErrorKind, InstanceEntry, Journal, PropertyEntry, ResourceEntry, Table, Text, TitledTable, WrittenFile,
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::commands::{command_of, look_up};
use super::end::{End, Report, UNKNOWN};
use crate::console::json_line;

/// The rows of a table, one object each.
type Rows = Vec<Map<String, Value>>;

#[derive(Serialize)]
struct Document<'a> {
    function: Option<&'a str>,
    region: Option<&'a str>,
    user_id: Option<&'a str>,
    status: &'static str,
    exit_code: u8,
    instances: Vec<Value>,
    properties: Vec<Value>,
    /// The results of a job that lists something other than instances, one object per row.
    #[serde(skip_serializing_if = "Option::is_none")]
    found: Option<Rows>,
    /// Resources other than instances.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    resources: Vec<Value>,
    /// The tables of a job that has several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tables: Vec<Value>,
    /// Machine output, e.g. of a console.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    texts: Vec<Value>,
    /// The files that the job wrote.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<Value>,
    error: Option<ErrorJson<'a>>,
    /// The client token of a launch with an unknown outcome, and the command that describes its instances.
    #[serde(flatten)]
    look_up: Option<LookUp>,
}

/// How to find the instances of a launch with an unknown outcome.
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
    /// Additional notes on the result.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    error: Option<ErrorJson<'a>>,
}

/// A resource other than an instance.
#[derive(Serialize)]
struct ResourceJson<'a> {
    kind: &'static str,
    id: &'a str,
    name: Option<&'a str>,
    state: Option<&'a str>,
    result: Option<&'static str>,
    error: Option<ErrorJson<'a>>,
}

/// One of several tables.
#[derive(Serialize)]
struct TableJson<'a> {
    title: &'a str,
    rows: Rows,
}

/// A text, and how much of its beginning is omitted.
#[derive(Serialize)]
struct TextJson<'a> {
    title: &'a str,
    text: &'a str,
    bytes_left_out: usize,
}

/// A file that the job wrote.
#[derive(Serialize)]
struct FileJson<'a> {
    path: String,
    contents: &'a str,
}

/// A property and whether it is saved in OpCon.
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

/// Creates the document of a finished job, in one line.
pub fn document(report: &Report<'_>, end: &End) -> String {
    let Report { function, region, user_id, journal, .. } = *report;
    let End { exit_code, status, ref error, .. } = *end;
    let mut instances = Vec::new();
    if let Some(journal) = journal {
        journal.for_each(|entry| instances.push(instance(entry)));
    }
    json_line(&Document {
        function,
        region,
        user_id,
        status,
        exit_code,
        instances,
        properties: values(journal.map(Journal::properties), property),
        found: journal.and_then(Journal::table).as_ref().map(objects),
        resources: values(journal.map(Journal::resources), resource),
        tables: values(journal.map(Journal::titled_tables), titled_table),
        texts: values(journal.map(Journal::texts), text),
        files: values(journal.map(Journal::files), file),
        error: error.as_ref().map(error_json),
        look_up: look_up(report)
            .filter(|_| status == UNKNOWN)
            .map(|(client_token, advice)| LookUp { client_token, look_up: command_of(report, &advice.arguments) }),
    })
}

/// The JSON form of one kind of journal entry.
fn values<T>(known: Option<Vec<T>>, to_json: impl Fn(&T) -> Value) -> Vec<Value> {
    known.unwrap_or_default().iter().map(to_json).collect()
}

fn value_of(part: &impl Serialize) -> Value {
    serde_json::to_value(part).unwrap_or_default()
}

fn instance(entry: &InstanceEntry) -> Value {
    value_of(&InstanceJson {
        id: entry.id.as_str(),
        name: entry.name.as_deref(),
        previous_state: entry.previous_state.as_deref(),
        state: entry.state.as_deref(),
        status_checks: entry.status_checks.as_deref(),
        public_dns: entry.public_dns.as_deref(),
        public_ip: entry.public_ip.as_deref(),
        private_ip: entry.private_ip.as_deref(),
        result: entry.result.map(|result| result.name()),
        note: entry.note.as_deref(),
        error: entry.error.as_ref().map(error_json),
    })
}

fn resource(ResourceEntry { resource, result, error, .. }: &ResourceEntry) -> Value {
    value_of(&ResourceJson {
        kind: resource.kind,
        id: &resource.id,
        name: resource.name.as_deref(),
        state: resource.state.as_deref(),
        result: result.map(|result| result.name()),
        error: error.as_ref().map(error_json),
    })
}

fn titled_table(TitledTable { title, table }: &TitledTable) -> Value {
    value_of(&TableJson { title, rows: objects(table) })
}

fn text(Text { title, text, left_out }: &Text) -> Value {
    value_of(&TextJson { title, text, bytes_left_out: *left_out })
}

fn file(WrittenFile { path, contents }: &WrittenFile) -> Value {
    value_of(&FileJson { path: path.display().to_string(), contents })
}

fn property(entry: &PropertyEntry) -> Value {
    value_of(&PropertyJson { name: &entry.name, value: entry.value.as_deref(), saved: entry.saved })
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

pub const fn kind(kind: ErrorKind) -> &'static str {
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
        ErrorKind::LocalFile => "local-file",
        ErrorKind::Service => "service",
        ErrorKind::Bug => "bug",
    }
}

/// The rows as objects. Their keys are the column titles in snake case: `Image ID` becomes `image_id`.
fn objects(table: &Table) -> Rows {
    let keys: Vec<_> = table.columns.iter().map(|title| title.to_lowercase().replace(' ', "_")).collect();
    let cells = |row: &Vec<String>| row.iter().map(|cell| Value::from(cell.as_str())).collect::<Vec<_>>();
    table.rows.iter().map(|row| keys.iter().cloned().zip(cells(row)).collect()).collect()
}

#[cfg(test)]
mod tests {
    use connector_sdk::InstanceId;
    use connector_sdk::properties::Contents;
    use connector_sdk::{Outcome, Resource, ResourceResult};
    use serde_json::json;

    use super::*;

    #[test]
    fn an_instance_has_all_its_keys_in_their_order() {
        let (journal, id) = (Journal::default(), InstanceId::from_ec2("i-00000000"));
        journal.record_accepted(&id, Some("stopped"), Some("pending"), ResourceResult::Changed);
        journal.record_failure(&id, Error::new(ErrorKind::WaitExpired, "too late"));
        let error = r#"{"kind":"wait-expired","code":null,"message":"too late","request_id":null,"hint":null}"#;
        let expected =
            r#"{"id":"i-00000000","name":null,"previous_state":"stopped","state":"pending","status_checks":null,"#;
        let addresses = r#""public_dns":null,"public_ip":null,"private_ip":null,"result":"failed","error":"#;
        let json = journal.read(&id, |entry| serde_json::to_string(&instance(entry)).unwrap());
        assert_eq!(json, format!("{expected}{addresses}{error}}}"));

        journal.record_note(&id, "restart accepted, not observed");
        let noted = journal.read(&id, instance);
        assert_eq!(noted["note"], "restart accepted, not observed");
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
        assert_eq!(property(&entry), json!({"name": "A", "value": null, "saved": false}));
    }

    #[test]
    fn a_document_has_a_key_for_each_kind_of_finding() {
        let journal = Journal::default();
        let result = Ok(Outcome::new("1 image created"));
        let report = |journal| Report {
            function: Some("CreateImage"),
            iam_actions: &[],
            region: None,
            user_id: None,
            journal: Some(journal),
            config: None,
            result: &result,
        };
        let read =
            |report: &Report<'_>| -> Value { serde_json::from_str(&document(report, &End::of(report, None))).unwrap() };
        let keys = ["function", "region", "user_id", "status", "exit_code", "instances", "properties", "error"];
        assert_eq!(read(&report(&journal)).as_object().unwrap().keys().collect::<Vec<_>>(), keys);

        let image = Resource::new("image", "ami-0abc").with_name("nightly").with_state("available");
        journal.record_resource_result(&image, Ok(ResourceResult::Changed));
        journal.record_titled_table("volumes", Table { columns: &["Volume ID"], rows: vec![vec!["vol-1".to_owned()]] });
        journal.record_text("console output", "it works\n");
        journal.record_file("keys/web.pem", "private key of key pair web");
        let document = read(&report(&journal));
        let resource = json!({
            "kind": "image", "id": "ami-0abc", "name": "nightly", "state": "available", "result": "changed", "error": null,
        });
        assert_eq!(document["resources"], json!([resource]));
        assert_eq!(document["tables"], json!([{"title": "volumes", "rows": [{"volume_id": "vol-1"}]}]));
        assert_eq!(document["texts"], json!([{"title": "console output", "text": "it works\n", "bytes_left_out": 0}]));
        assert_eq!(document["files"], json!([{"path": "keys/web.pem", "contents": "private key of key pair web"}]));
    }
}
