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
//! | `POST /stand-in/behavior` | changes how it behaves, see [`Behavior`] |
//! | `POST /stand-in/faults` | makes later requests fail, see [`Fault`] |

mod api;
mod behavior;
mod certificate;
pub mod expression;
mod fault;
mod options;
mod server;
mod state;

pub use behavior::Behavior;
pub use certificate::Certificate;
pub use fault::{Answer, Fault};
pub use options::{DEFAULT_TOKEN, Options};
pub use server::StandIn;
