//! A strict stand-in for the OpCon REST API, for tests, the demo and people who have no OpCon.
//!
//! It does what the OpCon documentation and OpCon's public clients say of the calls that the connector makes, and refuses
//! everything else, so that no client passes by luck. It listens on 127.0.0.1 only, plainly and with TLS. Its state is a
//! handful of properties in memory. Under `/stand-in/` tests can look into it and make it fail, without a token:
//!
//! | Call | Does |
//! |---|---|
//! | `GET /stand-in/properties` | the properties, `{"name": "value"}`, sorted |
//! | `GET /stand-in/requests` | the requests so far, `[{"method","path","status"}]`; the status is null where none was sent |
//! | `POST /stand-in/reset` | forgets properties, requests and faults |
//! | `POST /stand-in/behaviour` | changes how it behaves, see [`Behaviour`] |
//! | `POST /stand-in/faults` | makes later requests fail, see [`Fault`] |

mod api;
mod behaviour;
mod certificate;
pub mod expression;
mod fault;
mod server;
mod state;

pub use behaviour::Behaviour;
pub use certificate::Certificate;
pub use fault::{Answer, Fault};
pub use server::StandIn;

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
    pub behaviour: Behaviour,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            http_port: 0,
            https_port: 0,
            token: DEFAULT_TOKEN.to_owned(),
            certificate: Certificate::default(),
            behaviour: Behaviour::default(),
        }
    }
}
