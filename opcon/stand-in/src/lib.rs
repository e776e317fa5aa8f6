//! A strict stand-in for the OpCon REST API, for tests, the demo, and users without OpCon.
//!
//! It implements the calls that the connector uses, as documented by OpCon and used by OpCon's public clients, and
//! rejects everything else. It listens on 127.0.0.1 only, with and without TLS, and keeps a few properties in memory.
//! Tests inspect and control it with calls under `/stand-in/`, which need no token:
//!
//! | Call | Does |
//! |---|---|
//! | `GET /stand-in/properties` | the properties, `{"name": "value"}`, sorted |
//! | `GET /stand-in/requests` | the requests so far, `[{"method","path","status"}]`; the status is null where none was sent |
//! | `POST /stand-in/reset` | clears properties, requests and faults |
//! | `POST /stand-in/behavior` | changes its behavior, see [`Behavior`] |
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
