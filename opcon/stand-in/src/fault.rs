//! Fault injection: which requests fail, and how.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Requests to fail. Sent as JSON to `POST /stand-in/faults`, e.g.
/// `{"path":"/api/propertyExpression","times":2,"answer":{"status":503,"body":"busy","content_type":"text/plain"}}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The path of the requests, case-insensitive.
    pub path: String,
    /// The number of such requests that succeed first.
    #[serde(default)]
    pub skip: u32,
    /// The number of requests that fail then.
    #[serde(default = "once")]
    pub times: u32,
    /// The response to them.
    pub answer: Answer,
}

/// The response that replaces the real one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// `"close"` or `"close_afterwards"`: the connection is cut without an answer.
    Close(Close),
    /// `{"delay_ms":500}`: the real response after a delay.
    Delay {
        /// Milliseconds.
        delay_ms: u64,
    },
    /// `{"status":503,"body":"...","content_type":"text/html"}`: this response.
    Respond {
        /// The HTTP status.
        status: u16,
        /// The body.
        #[serde(default)]
        body: String,
        /// The content type of the body.
        #[serde(default = "plain_text")]
        content_type: String,
    },
}

/// When a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Close {
    /// Before the request is processed.
    #[serde(rename = "close")]
    Before,
    /// After the request is processed: only the response is lost.
    #[serde(rename = "close_afterwards")]
    Afterwards,
}

impl Answer {
    /// Cut the connection without processing the request.
    pub const CLOSE: Answer = Answer::Close(Close::Before);
    /// Process the request, and cut the connection.
    pub const CLOSE_AFTERWARDS: Answer = Answer::Close(Close::Afterwards);

    /// The real response after a delay.
    pub fn delay(time: Duration) -> Self {
        Answer::Delay { delay_ms: u64::try_from(time.as_millis()).unwrap_or(u64::MAX) }
    }

    /// A plain text response.
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
