//! The answer of EC2 to a request for an action.

use aws_sdk_ec2::types::InstanceStateChange;

/// What EC2 answers when it accepts an action.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The state before and after of each instance.
    Named(Vec<InstanceStateChange>),
    /// Nothing of any instance: the answer stands for all of them.
    Unnamed,
}

impl From<Option<Vec<InstanceStateChange>>> for Answer {
    /// An answer that leaves out the list names no instance.
    fn from(changes: Option<Vec<InstanceStateChange>>) -> Self {
        Answer::Named(changes.unwrap_or_default())
    }
}

impl From<()> for Answer {
    fn from((): ()) -> Self {
        Answer::Unnamed
    }
}
