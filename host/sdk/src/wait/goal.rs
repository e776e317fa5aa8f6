//! What instances are waited for, and where a state is on the way to it.

use std::time::Duration;

use aws_sdk_ec2::types::{InstanceStateName, SummaryStatus};

use super::arguments::Readiness;
use crate::Context;
use crate::ids::InstanceId;

/// For how long status checks, which EC2 makes every minute, are given to leave `ok`: what they do not show by then, they do
/// not show any more (EC2 user guide, "Status checks for Amazon EC2 instances").
pub const OBSERVATION_LIMIT: Duration = Duration::from_mins(5);

/// What instances are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Ready for use.
    Ready(Readiness),
    /// Ready for use after a time in which it was not: its state is `running`, and its status checks were seen to leave `ok`
    /// and to come back to it.
    ReadyAgain {
        /// For how long they are given to leave `ok`, from the begin of the wait. The limit of the job may end it earlier.
        within: Duration,
        /// The note in the journal of an instance whose status checks never left it, which is no failure: what the action
        /// has done was not seen.
        unobserved_note: &'static str,
    },
    /// `stopped`.
    Stopped,
    /// `terminated`.
    Terminated,
    /// No longer in one of these transient states.
    Left(&'static [InstanceStateName]),
}

/// Where an instance is on the way to a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GoalStatus {
    /// At the goal.
    Reached,
    /// Where the goal is, but never seen away from it.
    Unobserved,
    /// In a state that leads to it.
    InProgress,
    /// Beyond return: such an instance never comes back.
    Unreachable,
    /// Anywhere else, also in a state whose name is new.
    Unexpected,
}

impl Goal {
    /// What is waited for, as in `to be running with both status checks ok`.
    pub(super) fn description(self) -> String {
        match self {
            Goal::Ready(Readiness::Running) => "to be running".to_owned(),
            Goal::Ready(Readiness::StatusOk) => "to be running with both status checks ok".to_owned(),
            Goal::ReadyAgain { .. } => "to be running with both status checks ok again".to_owned(),
            Goal::Stopped => "to be stopped".to_owned(),
            Goal::Terminated => "to be terminated".to_owned(),
            Goal::Left(states) => {
                let states: Vec<_> = states.iter().map(InstanceStateName::as_str).collect();
                format!("to be no longer {}", states.join(" or "))
            }
        }
    }

    /// The goal in one word, for a place of twenty characters.
    pub(super) fn short_name(self) -> &'static str {
        match self {
            Goal::Ready(_) | Goal::ReadyAgain { .. } => "ready",
            Goal::Stopped => "stopped",
            Goal::Terminated => "terminated",
            Goal::Left(_) => "settled",
        }
    }

    /// What became of the action for an instance for which the time is over, where that is not plain.
    pub(super) fn timeout_note(self) -> &'static str {
        match self {
            Goal::Left(_) => "; the action was not requested for it",
            _ => "",
        }
    }

    /// What the operator can do when the time is over.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Goal::Left(_) => "run the job again, or allow a longer wait",
            _ => "the action was accepted and may still complete: check the instance again, or allow a longer wait",
        }
    }

    /// Whether status checks are part of the goal.
    pub(super) fn needs_status_checks(self) -> bool {
        matches!(self, Goal::Ready(Readiness::StatusOk) | Goal::ReadyAgain { .. })
    }

    /// Whether an instance that is where the goal is may still be seen to leave it, after so long a wait.
    pub(super) fn may_change(self, waited: Duration) -> bool {
        matches!(self, Goal::ReadyAgain { within, .. } if waited < within)
    }

    /// Where a state is on the way to the goal.
    pub(super) fn goal_status(self, state: &InstanceStateName, status_checks: Option<&SummaryStatus>) -> GoalStatus {
        use InstanceStateName::{Pending, Running, ShuttingDown, Stopped, Stopping, Terminated};
        match (self, state) {
            (Goal::Left(states), state) if states.contains(state) => GoalStatus::InProgress,
            (Goal::Left(_), _) | (Goal::Ready(Readiness::Running), Running) => GoalStatus::Reached,
            (Goal::Ready(Readiness::StatusOk), Running) if status_checks == Some(&SummaryStatus::Ok) => {
                GoalStatus::Reached
            }
            (Goal::ReadyAgain { .. }, Running) if status_checks == Some(&SummaryStatus::Ok) => GoalStatus::Unobserved,
            (Goal::Ready(_), Pending | Running) | (Goal::ReadyAgain { .. }, Running) => GoalStatus::InProgress,
            (Goal::Stopped, Stopped) | (Goal::Terminated, Terminated) => GoalStatus::Reached,
            (Goal::Stopped, Stopping) | (Goal::Terminated, ShuttingDown) => GoalStatus::InProgress,
            (_, ShuttingDown | Terminated) => GoalStatus::Unreachable,
            _ => GoalStatus::Unexpected,
        }
    }

    /// The states that the instance may have had before the request: that of the journal, otherwise those from which such
    /// a request usually comes.
    pub(super) fn previous_states(self, cx: &Context, id: &InstanceId) -> Vec<InstanceStateName> {
        use InstanceStateName::{Running, Stopped};
        let previous = cx.journal().read(id, |entry| entry.previous_state.as_deref().map(InstanceStateName::from));
        match (previous, self) {
            (Some(state), _) => vec![state],
            (None, Goal::Ready(_)) => vec![Stopped],
            (None, Goal::Stopped) => vec![Running],
            (None, Goal::Terminated) => vec![Running, Stopped],
            (None, Goal::ReadyAgain { .. } | Goal::Left(_)) => Vec::new(),
        }
    }
}
