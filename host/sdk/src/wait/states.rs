//! Classifies the state of a resource in a wait.

use super::engine::Poll;

/// The states of a resource, as AWS names them.
#[derive(Clone, Copy, Debug)]
pub struct States {
    /// The goal.
    pub target: &'static [&'static str],
    /// States that lead to the goal.
    pub transient: &'static [&'static str],
    /// Final states from which the goal cannot be reached.
    pub failed: &'static [&'static str],
}

impl States {
    /// The poll result for this state; `reason` is the one that AWS reports. A state in none of the lists is an error
    /// unless a later poll shows that the answer was stale.
    pub fn poll(&self, state: &str, reason: Option<&str>) -> Poll {
        let reason = reason.filter(|reason| !reason.is_empty()).unwrap_or("AWS gave no reason");
        let why = || format!("the state is `{state}`: {reason}");
        if self.target.contains(&state) {
            Poll::Reached(state.to_owned())
        } else if self.transient.contains(&state) {
            Poll::Pending(state.to_owned())
        } else if self.failed.contains(&state) {
            Poll::Impossible(why())
        } else {
            Poll::Unexpected { state: state.to_owned(), why: why() }
        }
    }
}
