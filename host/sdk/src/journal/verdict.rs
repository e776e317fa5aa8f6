//! The verdict on all that a job acted on.

use super::entry::InstanceResult;
use super::state::Journal;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::count_of;
use crate::outcome::Outcome;

impl Journal {
    /// The verdict on all instances: success with counts, or the error that says how many failed.
    ///
    /// `changed` and `unchanged` say what became of an instance, as in `started` and `was running already`.
    ///
    /// # Errors
    /// When an instance failed. One failure alone, or an expired wait, keeps its kind; otherwise, when others
    /// succeeded, the kind is [`ErrorKind::Partial`].
    pub fn verdict(&self, doing: &str, changed: &str, unchanged: &str) -> Result<Outcome> {
        let state = self.state();
        let entries = &state.instances;
        let failures: Vec<&Error> = entries.values().filter_map(|entry| entry.error.as_ref()).collect();
        if failures.is_empty() {
            let count = |result| entries.values().filter(|entry| entry.result == Some(result)).count();
            let told = success(count(InstanceResult::Changed), changed, count(InstanceResult::Unchanged), unchanged);
            return Ok(Outcome::new(match count(InstanceResult::Unknown) {
                0 => told,
                count if count == entries.len() => format!("{} {changed} or {unchanged}", count_of(count)),
                count => format!("{told}, {} {changed} or {unchanged}", count_of(count)),
            }));
        }
        Err(failure(doing, &failures, entries.len()))
    }
}

fn success(changed_count: usize, changed: &str, unchanged_count: usize, unchanged: &str) -> String {
    match (changed_count, unchanged_count) {
        (0, 0) => "no instances".to_owned(),
        (count, 0) => format!("{} {changed}", count_of(count)),
        (0, count) => format!("{} {unchanged}", count_of(count)),
        (count, others) => format!("{} {changed}, {} {unchanged}", count_of(count), count_of(others)),
    }
}

fn failure(doing: &str, failures: &[&Error], total: usize) -> Error {
    if let ([only], 1) = (failures, total) {
        return (*only).clone();
    }
    let first = failures[0];
    // One failure of the whole request is one failure, whatever its number of instances.
    let text = first.to_string();
    if failures.len() == total && failures.iter().all(|error| error.to_string() == text) {
        return (*first).clone();
    }
    let unknown: Vec<_> = failures.iter().filter(|error| error.kind() == ErrorKind::Unknown).collect();
    if let Some(first) = unknown.first() {
        // Whatever else happened: whoever repeats the job must know that something of it may be done.
        let (number, others) = (unknown.len(), failures.len() - unknown.len());
        let others = if others == 0 { String::new() } else { format!(", {others} more failed") };
        let message = format!("unknown outcome of {number} of {}{others}; the first: {first}", count_of(total));
        return with_hint_of(first, Error::new(ErrorKind::Unknown, message).doing(doing));
    }
    let alike = failures.iter().all(|error| error.kind() == first.kind());
    let kind = match (alike, failures.len() == total) {
        (true, true) => first.kind(),
        (true, false) if first.kind() == ErrorKind::WaitExpired => ErrorKind::WaitExpired,
        (false, true) => ErrorKind::Service,
        _ => ErrorKind::Partial,
    };
    let message = format!("{} of {} failed; the first: {first}", failures.len(), count_of(total));
    with_hint_of(first, Error::new(kind, message).doing(doing))
}

fn with_hint_of(cause: &Error, error: Error) -> Error {
    match cause.hint_text() {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
