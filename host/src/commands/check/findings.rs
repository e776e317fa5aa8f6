//! Collects the results of the checks, and prints each as soon as it is known.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use connector_sdk::{Error, Reporter as _};

use crate::console::Console;
use crate::exit;
use crate::report::{Finding, Status, check_document};
use crate::settings::Output;

/// The number of subjects that one line names.
const MAX_SUBJECTS: usize = 20;

/// The results so far, and the exit code of the first failure.
pub struct Findings {
    pub console: Arc<Console>,
    found: Vec<Finding>,
    /// Failures that may have a common cause, with their subjects.
    held: Vec<(Vec<String>, Error)>,
    /// The positions of the causes in `held`.
    causes: HashMap<Cause, usize>,
    code: u8,
}

impl Findings {
    pub fn new(output: Output) -> Self {
        let console = Arc::new(Console::new(output));
        Findings { console, found: Vec::new(), held: Vec::new(), causes: HashMap::new(), code: exit::SUCCESS }
    }

    pub fn ok(&mut self, subject: impl Into<String>, text: impl Into<String>) {
        self.add(Status::Ok, subject, text, None);
    }

    pub fn note(&mut self, subject: impl Into<String>, text: impl Into<String>) {
        self.add(Status::Note, subject, text, None);
    }

    pub fn note_with_hint(&mut self, subject: impl Into<String>, text: impl Into<String>, hint: Option<String>) {
        self.add(Status::Note, subject, text, hint);
    }

    pub fn failed(&mut self, subject: impl Into<String>, error: Error) {
        if self.code == exit::SUCCESS {
            self.code = exit::code_of(&error, false, false);
        }
        self.report(Finding::failed(subject.into(), error));
    }

    /// Holds a failure back until [`Findings::release`], so that one cause is one line, whatever it affects.
    pub fn hold(&mut self, subject: impl Into<String>, error: Error) {
        match self.causes.entry(Cause::of(&error)) {
            Entry::Occupied(known) => self.held[*known.get()].0.push(subject.into()),
            Entry::Vacant(new) => {
                new.insert(self.held.len());
                self.held.push((vec![subject.into()], error));
            }
        }
    }

    /// Reports the failures that were held back.
    pub fn release(&mut self) {
        self.causes.clear();
        for (mut subjects, error) in std::mem::take(&mut self.held) {
            let more = subjects.len().saturating_sub(MAX_SUBJECTS);
            subjects.truncate(MAX_SUBJECTS);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            self.failed(subjects.join(", ") + &more, error);
        }
    }

    /// Prints the verdict or the JSON document, and returns the exit code.
    pub fn finish(mut self) -> u8 {
        self.release();
        let document = check_document(&self.found, self.code);
        self.console.event(match self.code {
            exit::SUCCESS => "check succeeded: nothing failed",
            _ => "check failed",
        });
        if self.console.output() == Output::Json && !self.console.try_print(&document) {
            self.console.print_elsewhere(&document);
        }
        self.console.exit_code(self.code)
    }

    fn add(&mut self, status: Status, subject: impl Into<String>, text: impl Into<String>, hint: Option<String>) {
        let hints = hint.into_iter().collect();
        self.report(Finding { status, subject: subject.into(), text: text.into(), hints, error: None });
    }

    fn report(&mut self, finding: Finding) {
        finding.lines().for_each(|line| self.console.event(&line));
        self.found.push(finding);
    }
}

/// What is equal in errors with the same cause: all but the request ID.
#[derive(PartialEq, Eq, Hash)]
struct Cause {
    action: Option<String>,
    code: Option<String>,
    message: String,
}

impl Cause {
    fn of(error: &Error) -> Self {
        let text = |part: Option<&str>| part.map(str::to_owned);
        Cause { action: text(error.action()), code: text(error.code()), message: error.message().to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use connector_sdk::ErrorKind;

    use super::*;

    #[test]
    fn one_cause_is_one_finding_that_names_what_it_affects() {
        let mut findings = Findings::new(Output::Text);
        let error = |message: &str| Error::new(ErrorKind::Unavailable, message).doing("identifying");
        for subject in ["A", "B"] {
            findings.hold(subject, error("no connection"));
        }
        findings.hold("C", error("another cause"));
        findings.hold("D", error("no connection").with_code("Throttling"));
        (0..30).for_each(|number| findings.hold(format!("user {number}"), error("many")));
        findings.release();
        let lines: Vec<String> = findings.found.iter().flat_map(Finding::lines).collect();
        assert_eq!(
            lines[..3],
            [
                "FAILED  A, B: identifying: no connection",
                "FAILED  C: identifying: another cause",
                "FAILED  D: identifying: no connection (Throttling)",
            ]
        );
        assert!(lines[3].ends_with(", user 18, user 19 and 10 more: identifying: many"), "{lines:?}");
        assert_eq!(findings.code, 9);
    }
}
