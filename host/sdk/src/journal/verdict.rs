//! The verdict on all resources of a job.

use std::fmt;

use super::entry::ResourceResult;
use super::state::Journal;
use crate::error::{Error, ErrorKind, Result};
use crate::ids::{count_of_kind, plural};
use crate::outcome::Outcome;

impl Journal {
    /// The verdict on all instances and other resources: success with counts, or an error with the number of failures.
    ///
    /// `changed` and `unchanged` describe the result of one, e.g. `started` and `was running already`.
    ///
    /// # Errors
    /// When one failed. A single failure, or a timeout, keeps its kind; otherwise, if others succeeded, the kind is
    /// [`ErrorKind::Partial`].
    pub fn verdict(&self, doing: &str, changed: &str, unchanged: &str) -> Result<Outcome> {
        let state = self.state();
        let total = Count { kind: state.kind(), number: state.number() };
        let failures: Vec<&Error> = state.errors().collect();
        if !failures.is_empty() {
            return Err(failure(doing, &failures, &total));
        }
        let count = |result| Count { number: state.results().filter(|known| *known == result).count(), ..total };
        let [changed_ones, unchanged_ones, unknown] =
            [ResourceResult::Changed, ResourceResult::Unchanged, ResourceResult::Unknown].map(count);
        let mut parts = Vec::new();
        let mut add = |count: Count, text: String| {
            if count.number > 0 {
                parts.push(format!("{count}{text}"));
            }
        };
        add(changed_ones, format!(" {changed}"));
        add(unchanged_ones, format!(" {unchanged}"));
        add(unknown, format!(" {changed} or {unchanged}"));
        state.notes().into_iter().for_each(|(note, number)| add(Count { number, ..total }, format!(": {note}")));
        if parts.is_empty() {
            parts.push(format!("no {}", plural(total.kind)));
        }
        Ok(Outcome::new(parts.join(", ")))
    }
}

/// A number of resources of a kind.
#[derive(Clone, Copy)]
struct Count {
    kind: &'static str,
    number: usize,
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&count_of_kind(self.kind, self.number))
    }
}

fn failure(doing: &str, failures: &[&Error], total: &Count) -> Error {
    if let ([only], 1) = (failures, total.number) {
        return (*only).clone();
    }
    let first = failures[0];
    // A failure of the whole request is one failure, for any number of instances.
    let text = first.to_string();
    if failures.len() == total.number && failures.iter().all(|error| error.to_string() == text) {
        return (*first).clone();
    }
    let unknown: Vec<_> = failures.iter().filter(|error| error.kind() == ErrorKind::Unknown).collect();
    if let Some(first) = unknown.first() {
        // An unknown outcome takes precedence: whoever repeats the job must know that a part of it may be done.
        let (number, others) = (unknown.len(), failures.len() - unknown.len());
        let others = if others == 0 { String::new() } else { format!(", {others} more failed") };
        let message = format!("unknown outcome of {number} of {}{others}; the first: {first}", total);
        return with_hint_of(first, Error::new(ErrorKind::Unknown, message).doing(doing));
    }
    let alike = failures.iter().all(|error| error.kind() == first.kind());
    let kind = match (alike, failures.len() == total.number) {
        (true, true) => first.kind(),
        (true, false) if first.kind() == ErrorKind::WaitExpired => ErrorKind::WaitExpired,
        (false, true) => ErrorKind::Service,
        _ => ErrorKind::Partial,
    };
    let message = format!("{} of {} failed; the first: {first}", failures.len(), total);
    with_hint_of(first, Error::new(kind, message).doing(doing))
}

fn with_hint_of(cause: &Error, error: Error) -> Error {
    match cause.hint_text() {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
