//! In what OpCon installations differ.

use serde::{Deserialize, Serialize};

/// How a stand-in behaves where the documentation of OpCon contradicts itself. Sent as JSON to
/// `POST /stand-in/behavior`, for example `{"evaluate_only":true}`; what is left out is off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Behavior {
    /// Assignments are evaluated, and nothing is stored.
    pub evaluate_only: bool,
    /// The spaces around a value are removed before it is stored.
    pub trims: bool,
}
