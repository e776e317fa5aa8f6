//! The results of the administrator command `check`, and their JSON document.
//!
//! The keys are stable.

use connector_sdk::Error;
use serde::Serialize;

use super::document::kind;
use crate::console::json_line;
use crate::exit;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nothing is wrong.
    Ok,
    /// A person should review it; jobs run.
    Note,
    /// Jobs fail.
    Failed,
}

impl Status {
    /// The beginning of a line in text form.
    pub const fn label(self) -> &'static str {
        match self {
            Status::Ok => "ok",
            Status::Note => "note",
            Status::Failed => "FAILED",
        }
    }
}

/// The result of one check.
#[derive(Clone, Debug)]
pub struct Finding {
    /// How it ended.
    pub status: Status,
    /// What was checked, e.g. `user USER1`.
    pub subject: String,
    /// The result, without the code of the error.
    pub text: String,
    /// What to do: one sentence each.
    pub hints: Vec<String>,
    /// The error of a failure.
    pub error: Option<Error>,
}

impl Finding {
    /// The failure of a check.
    pub fn failed(subject: String, error: Error) -> Self {
        let message = error.message();
        let text = error.action().map_or_else(|| message.to_owned(), |action| format!("{action}: {message}"));
        let hints = error.hints().map(str::to_owned).collect();
        Finding { status: Status::Failed, subject, text, hints, error: Some(error) }
    }

    /// The lines in text form.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let text = self.error.as_ref().map_or_else(|| self.text.clone(), Error::to_string);
        let first = format!("{:8}{}: {text}", self.status.label(), self.subject);
        [first].into_iter().chain(self.hints.iter().map(|hint| format!("        hint: {hint}")))
    }
}

#[derive(Serialize)]
struct Document<'a> {
    status: &'static str,
    exit_code: u8,
    findings: Vec<FindingJson<'a>>,
}

#[derive(Serialize)]
struct FindingJson<'a> {
    status: Status,
    subject: &'a str,
    text: &'a str,
    kind: Option<&'static str>,
    code: Option<&'a str>,
    request_id: Option<&'a str>,
    hints: &'a [String],
}

impl<'a> From<&'a Finding> for FindingJson<'a> {
    fn from(finding: &'a Finding) -> Self {
        let Finding { status, subject, text, hints, error } = finding;
        let error = error.as_ref();
        FindingJson {
            status: *status,
            subject,
            text,
            kind: error.map(|error| kind(error.kind())),
            code: error.and_then(Error::code),
            request_id: error.and_then(Error::request_id),
            hints,
        }
    }
}

/// Creates the document of all results, in one line.
pub fn check_document(findings: &[Finding], exit_code: u8) -> String {
    let status = if exit_code == exit::SUCCESS { "succeeded" } else { "failed" };
    json_line(&Document { status, exit_code, findings: findings.iter().map(FindingJson::from).collect() })
}

#[cfg(test)]
mod tests {
    use connector_sdk::ErrorKind;

    use super::*;

    #[test]
    fn a_finding_has_all_its_keys_in_both_forms() {
        let error = Error::new(ErrorKind::NotFound, "no").doing("looking").with_code("Gone").hint("look\nagain");
        let failed = Finding::failed("user U".to_owned(), error);
        let lines = ["FAILED  user U: looking: no (Gone)", "        hint: look", "        hint: again"];
        assert_eq!(failed.lines().collect::<Vec<_>>(), lines);
        let note = Finding { status: Status::Note, error: None, hints: Vec::new(), ..failed.clone() };
        assert_eq!(note.lines().collect::<Vec<_>>(), ["note    user U: looking: no"]);
        let expected = concat!(
            r#"{"status":"failed","exit_code":4,"findings":[{"status":"failed","subject":"user U","text":"looking: no","#,
            r#""kind":"not-found","code":"Gone","request_id":null,"hints":["look","again"]},{"status":"note","#,
            r#""subject":"user U","text":"looking: no","kind":null,"code":null,"request_id":null,"hints":[]}]}"#,
            "\n"
        );
        assert_eq!(check_document(&[failed, note], 4), expected);
    }
}
