//! The differences between OpCon installations that a stand-in can simulate.

use serde::{Deserialize, Serialize};

/// The behavior of a stand-in where the documentation of OpCon is contradictory.
///
/// Sent as JSON to `POST /stand-in/behavior`, e.g. `{"evaluate_only":true}`. Omitted fields are off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Behavior {
    /// Assignments are evaluated, and nothing is stored.
    pub evaluate_only: bool,
    /// Spaces around a value are removed before it is stored.
    pub trims: bool,
}
