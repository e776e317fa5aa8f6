//! The goals of a wait for instances, and the progress of a state towards them.

use std::time::Duration;

use aws_sdk_ec2::types::{InstanceStateName, SummaryStatus};

use super::arguments::Readiness;
use crate::Context;
use crate::ids::InstanceId;

/// How long a wait observes status checks, which EC2 runs every minute, for a change from `ok`. A change that they do
/// not show by then is not expected (EC2 user guide, "Status checks for Amazon EC2 instances").
pub const OBSERVATION_LIMIT: Duration = Duration::from_mins(5);

/// The goal of a wait for instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Ready for use.
    Ready(Readiness),
    /// Ready again after a restart: the state is `running`, and the status checks have left `ok` and returned to it.
    ReadyAgain {
        /// How long the status checks are observed for leaving `ok`, from the start of the wait. The job's timeout may
        /// end it earlier.
        within: Duration,
        /// The note for an instance whose status checks never left `ok`: the action is accepted but was not observed.
        /// This is not a failure.
        unobserved_note: &'static str,
    },
    /// `stopped`.
    Stopped,
    /// `terminated`.
    Terminated,
    /// In none of these transient states.
    Left(&'static [InstanceStateName]),
}

/// The status of an instance relative to a goal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum GoalStatus {
    /// The goal is reached.
    Reached,
    /// The state is that of the goal, but a change was not observed.
    Unobserved,
    /// The state leads to the goal.
    InProgress,
    /// The instance is terminated and will not come back.
    Unreachable,
    /// Any other state, including new ones.
    Unexpected,
}

impl Goal {
    /// The goal in a sentence, e.g. `to be running with both status checks ok`.
    pub(super) fn description(self) -> String {
        match self {
            Goal::Ready(Readiness::Running) => "to be running".to_owned(),
            Goal::Ready(Readiness::StatusOk) => "to be running with both status checks ok".to_owned(),
            Goal::ReadyAgain { .. } => "to be running with both status checks ok again".to_owned(),
            Goal::Stopped => "to be stopped".to_owned(),
            Goal::Terminated => "to be terminated".to_owned(),
            Goal::Left(states) => {
                let states: Vec<_> = states.iter().map(InstanceStateName::as_str).collect();
                format!("to no longer be {}", states.join(" or "))
            }
        }
    }

    /// The goal as one word, for progress in twenty characters.
    pub(super) fn short_name(self) -> &'static str {
        match self {
            Goal::Ready(_) | Goal::ReadyAgain { .. } => "ready",
            Goal::Stopped => "stopped",
            Goal::Terminated => "terminated",
            Goal::Left(_) => "settled",
        }
    }

    /// A note for an instance of a wait that timed out.
    pub(super) fn timeout_note(self) -> &'static str {
        match self {
            Goal::Left(_) => "; the action was not requested for this instance",
            _ => "",
        }
    }

    /// The hint after a timeout.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Goal::Left(_) => "run the job again, or allow a longer wait",
            _ => "check the instance later, or allow a longer wait: the action was accepted and may still complete",
        }
    }

    /// Whether status checks are part of the goal.
    pub(super) fn needs_status_checks(self) -> bool {
        matches!(self, Goal::Ready(Readiness::StatusOk) | Goal::ReadyAgain { .. })
    }

    /// Whether status checks may still leave `ok` after this time.
    pub(super) fn may_change(self, waited: Duration) -> bool {
        matches!(self, Goal::ReadyAgain { within, .. } if waited < within)
    }

    /// The status of a state relative to the goal.
    pub(super) fn status(self, state: &InstanceStateName, status_checks: Option<&SummaryStatus>) -> GoalStatus {
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

    /// The states that the instance may have had before the request: the recorded one, otherwise the usual ones for the
    /// goal.
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
