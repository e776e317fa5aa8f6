//! The start options of a stand-in.

use crate::behavior::Behavior;
use crate::certificate::Certificate;

/// The default token.
pub const DEFAULT_TOKEN: &str = "5ca1ab1e-0000-4000-8000-5eed0fc0ffee";

/// The start options of a stand-in.
#[derive(Clone)]
pub struct Options {
    /// The port for plain HTTP, or 0 for a free one.
    pub http_port: u16,
    /// The port for HTTPS, or 0 for a free one.
    pub https_port: u16,
    /// The accepted token.
    pub token: String,
    /// The self-signed certificate.
    pub certificate: Certificate,
    /// The initial behavior.
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
