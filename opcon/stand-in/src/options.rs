//! How a stand-in is started.

use crate::behavior::Behavior;
use crate::certificate::Certificate;

/// The token that a stand-in accepts when none is chosen.
pub const DEFAULT_TOKEN: &str = "5ca1ab1e-0000-4000-8000-5eed0fc0ffee";

/// How a stand-in is to be started.
#[derive(Clone)]
pub struct Options {
    /// The port for plain HTTP; 0 for a free one.
    pub http_port: u16,
    /// The port for HTTPS; 0 for a free one.
    pub https_port: u16,
    /// The one token that is accepted.
    pub token: String,
    /// The self-signed certificate that is shown.
    pub certificate: Certificate,
    /// How it behaves.
    pub behavior: Behavior,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            http_port: 0,
            https_port: 0,
            token: DEFAULT_TOKEN.to_owned(),
            certificate: Certificate::default(),
            behavior: Behavior::default(),
        }
    }
}
