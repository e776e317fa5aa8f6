//! Failures on demand: which requests are to fail, and how.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Requests that are to fail. Sent as JSON to `POST /stand-in/faults`, for example
/// `{"path":"/api/propertyExpression","times":2,"answer":{"status":503,"body":"busy","content_type":"text/plain"}}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The path of the requests, whatever the case of its letters.
    pub path: String,
    /// How many such requests go well before.
    #[serde(default)]
    pub skip: u32,
    /// How many fail then.
    #[serde(default = "once")]
    pub times: u32,
    /// What they get.
    pub answer: Answer,
}

/// What a request gets in place of its answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// `"close"` or `"close_afterwards"`: the connection is cut without an answer.
    Close(Close),
    /// `{"delay_ms":500}`: the true answer, but only after that time.
    Delay {
        /// Milliseconds.
        delay_ms: u64,
    },
    /// `{"status":503,"body":"...","content_type":"text/html"}`: this answer.
    Respond {
        /// The HTTP status.
        status: u16,
        /// The body.
        #[serde(default)]
        body: String,
        /// The type of the body.
        #[serde(default = "plain_text")]
        content_type: String,
    },
}

/// When a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Close {
    /// Before anything is done.
    #[serde(rename = "close")]
    Before,
    /// After what was asked for is done: only the answer is lost.
    #[serde(rename = "close_afterwards")]
    Afterwards,
}

impl Answer {
    /// Cut the connection before anything is done.
    pub const CLOSE: Answer = Answer::Close(Close::Before);
    /// Do what was asked for, and cut the connection.
    pub const CLOSE_AFTERWARDS: Answer = Answer::Close(Close::Afterwards);

    /// The true answer after that time.
    pub fn delay(time: Duration) -> Self {
        Answer::Delay { delay_ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX) }
    }

    /// An answer of plain text.
    pub fn text(status: u16, body: &str) -> Self {
        Answer::Respond { status, body: body.to_owned(), content_type: plain_text() }
    }
}

fn once() -> u32 {
    1
}

fn plain_text() -> String {
    "text/plain".to_owned()
}
