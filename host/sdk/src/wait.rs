//! Waits until a resource has the target state: only a poll that shows it is a success.
//!
//! [`wait_for`] waits for anything with an id and a state, [`wait_for_instances`] for instances. Both have the same
//! polling interval, timeout, and rules for failed polls.

mod arguments;
mod engine;
mod failures;
mod goal;
mod instances;
mod states;
mod status_checks;

pub use arguments::{
    POLL_INTERVAL, Readiness, UNTIL_DONE, UNTIL_READY, WAIT, WAIT_FOR, WAIT_TIMEOUT, WaitArgs, WaitPolicy,
};
pub use engine::{Poll, wait_for};
pub use goal::{Goal, OBSERVATION_LIMIT};
pub use instances::{not_at_goal, wait_for_instances, wait_if_requested};
pub use states::States;
pub use status_checks::{DESCRIBE_INSTANCE_STATUS, STATUS_IDS_PER_REQUEST, all_status_checks, status_checks};

#[cfg(test)]
mod tests;
