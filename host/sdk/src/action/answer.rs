//! The answer of EC2 to a request for an action.

use aws_sdk_ec2::types::InstanceStateChange;

/// The answer of EC2 when it accepts an action.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The previous and current state of each instance.
    Named(Vec<InstanceStateChange>),
    /// No details: the answer applies to all instances.
    Unnamed,
}

impl From<Option<Vec<InstanceStateChange>>> for Answer {
    /// An answer without the list names no instance.
    fn from(changes: Option<Vec<InstanceStateChange>>) -> Self {
        Answer::Named(changes.unwrap_or_default())
    }
}

impl From<()> for Answer {
    fn from((): ()) -> Self {
        Answer::Unnamed
    }
}
