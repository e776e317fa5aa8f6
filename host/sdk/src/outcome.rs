//! The outcome of a successful job.

/// The outcome of a successful job, as one sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What was done, e.g. `2 instances started`; without a period.
    pub message: String,
}

impl Outcome {
    /// Creates an outcome.
    pub fn new(message: impl Into<String>) -> Self {
        Outcome { message: message.into() }
    }
}
