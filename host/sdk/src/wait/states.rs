//! What the state of anything means for a wait.

use super::engine::Poll;

/// The states of something that is waited for, in AWS's words.
#[derive(Clone, Copy, Debug)]
pub struct States {
    /// The goal.
    pub target: &'static [&'static str],
    /// On the way to it.
    pub transient: &'static [&'static str],
    /// Final, so that the goal cannot be reached any more.
    pub failed: &'static [&'static str],
}

impl States {
    /// What a poll shows that finds this state; `reason` says why it is that, where AWS says so. A state in none of the lists
    /// is an error, too, unless a later poll shows that the answer was stale.
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
