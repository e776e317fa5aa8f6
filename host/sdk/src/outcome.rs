//! How a job that succeeded ends.

/// The success of a job, in one sentence for its last line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What was done, as in `2 instances started`; without a period.
    pub message: String,
}

impl Outcome {
    /// The outcome with that message.
    pub fn new(message: impl Into<String>) -> Self {
        Outcome { message: message.into() }
    }
}
