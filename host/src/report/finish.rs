//! Prints the report of a finished job in a fixed order.

use super::commands::{print_advice, print_missing_properties};
use super::document::document;
use super::end::{End, Report};
use super::findings::findings;
use crate::console::{Console, one_line};
use crate::exit;
use crate::settings::Output;

/// Prints the report of a job, and returns its exit code. The most important lines come last, because OpCon's viewer
/// shows the beginning and the end of a long output.
pub fn finish(console: &Console, report: &Report<'_>) -> u8 {
    if console.output() == Output::Text {
        report.journal.iter().flat_map(|journal| findings(journal)).for_each(|part| console.text(&part));
    }
    print_missing_properties(console, report);
    print_advice(console, report);
    let end = conclude(console, report);
    tracing::info!("{}", end.verdict);
    let failed = || format!("failed, code {}", end.exit_code);
    console.last_status(&if end.exit_code == exit::SUCCESS { end.status.to_owned() } else { failed() });
    end.exit_code
}

/// Prints the error, and then the verdict or the JSON document.
fn conclude(console: &Console, report: &Report<'_>) -> End {
    let end = End::of(report, console.lost());
    if let Some(error) = &end.error {
        console.failure(error);
    }
    let last = match console.output() {
        Output::Text => one_line(&end.verdict),
        Output::Json => document(report, &end),
    };
    if console.try_print(&last) {
        return end;
    }
    if end.error.is_none() {
        return conclude(console, report); // a success whose last line is lost is a failure
    }
    match console.output() {
        Output::Text => console.error_line(&end.verdict),
        Output::Json => console.print_elsewhere(&last),
    }
    end
}
