//! The end of a job: exit code, status, and last line.

use std::path::PathBuf;

use connector_sdk::iam::{IamAction, changed_services};
use connector_sdk::{Error, Journal, Outcome, Result};

use crate::{exit, program};

/// A finished or failed job.
pub struct Report<'a> {
    /// The function, or `None` if the command line has none.
    pub function: Option<&'a str>,
    /// Its IAM actions.
    pub iam_actions: &'a [IamAction],
    /// The region, or `None` if it is not known.
    pub region: Option<&'a str>,
    /// The user ID, if given.
    pub user_id: Option<&'a str>,
    /// The journal, or `None` if the job did not start.
    pub journal: Option<&'a Journal>,
    /// The configuration file that the job names, or `None` for the default.
    pub config: Option<&'a PathBuf>,
    /// How the job ended.
    pub result: &'a Result<Outcome>,
}

/// The exit code of a job that succeeded, but whose output was lost.
const NOT_DELIVERED: u8 = 7;

/// The status of a job with an unknown outcome in EC2.
pub const UNKNOWN: &str = "unknown";

/// The result of a job.
pub struct End {
    pub exit_code: u8,
    pub status: &'static str,
    /// The error, or `None` for a success.
    pub error: Option<Error>,
    /// The last line.
    pub verdict: String,
}

impl End {
    /// The result of the job if its output was lost for the given reason.
    pub fn of(report: &Report<'_>, lost: Option<&Error>) -> Self {
        let changed = report.journal.is_some_and(Journal::anything_changed);
        let unknown = report.journal.is_some_and(Journal::anything_unknown);
        let (exit_code, error) = match (report.result, lost) {
            (Err(error), _) => (exit::code_of(error, changed, unknown), Some(error.clone())),
            (Ok(_), Some(lost)) => (NOT_DELIVERED, Some(lost.clone().hint(hint_of_lost_output(report.journal)))),
            (Ok(_), None) => (exit::SUCCESS, None),
        };
        let status = match (&error, unknown, changed) {
            (None, _, _) => "succeeded",
            (Some(_), true, _) => UNKNOWN,
            (Some(_), false, true) => "partial",
            (Some(_), false, false) => "failed",
        };
        let verdict = verdict(report, status, exit_code);
        End { exit_code, status, error, verdict }
    }
}

fn hint_of_lost_output(journal: Option<&Journal>) -> &'static str {
    match journal.is_none_or(Journal::may_be_repeated) {
        true => "see stderr and the log for the rest of the output, or run the job again: repeating it is safe",
        false => "see stderr and the log for the rest of the output, and do not run the job again",
    }
}

/// The last line of a job.
fn verdict(report: &Report<'_>, status: &str, exit_code: u8) -> String {
    let function = report.function.unwrap_or_else(|| program::name());
    match (report.result, status) {
        (Ok(outcome), "succeeded") => format!("{function} succeeded: {}", outcome.message),
        (_, UNKNOWN) => format!("{function} ended with an unknown outcome, exit code {exit_code}"),
        (_, "partial") => {
            let services = changed_services(report.iam_actions);
            format!("{function} failed after changing something in {services}, exit code {exit_code}")
        }
        _ => format!("{function} failed, exit code {exit_code}"),
    }
}

#[cfg(test)]
mod tests {
    use connector_sdk::{ErrorKind, Resource, ResourceResult};

    use super::*;

    #[test]
    fn the_hint_of_lost_output_depends_on_what_a_second_run_does() {
        let (harmless, harmful, unknown) = (Journal::default(), Journal::default(), Journal::default());
        for journal in [&harmless, &harmful, &unknown] {
            journal.record_other_change();
        }
        harmless.record_repeatable(true);
        [true, false, true].into_iter().for_each(|repeatable| harmful.record_repeatable(repeatable));
        let hint = |journal: &Journal| hint_of_lost_output(Some(journal));
        assert!(hint(&harmless).ends_with("or run the job again: repeating it is safe"));
        assert!(hint(&Journal::default()).ends_with("or run the job again: repeating it is safe"));
        assert!(hint(&harmful).ends_with("and do not run the job again"));
        assert!(hint(&unknown).ends_with("and do not run the job again"), "a change that nothing describes");
    }

    #[test]
    fn a_verdict_names_the_service_that_was_changed() {
        let (journal, result) = (Journal::default(), Err(Error::new(ErrorKind::Service, "no")));
        journal.record_resource_result(&Resource::new("message", "1-2"), Ok(ResourceResult::Changed));
        let iam_actions = &[IamAction::change("sns:Publish")];
        let (function, journal) = (Some("PublishMessage"), Some(&journal));
        let report =
            Report { function, iam_actions, region: None, user_id: None, journal, config: None, result: &result };
        let end = End::of(&report, None);
        assert_eq!(end.verdict, "PublishMessage failed after changing something in SNS, exit code 1");
    }
}
