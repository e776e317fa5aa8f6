//! Errors of OpCon's side in the terms of the connector.

use connector_sdk::{Error, ErrorKind};

/// An error of OpCon's side in the terms of the connector.
pub fn opcon_error(error: opcon::Error) -> Error {
    let kind = match error.kind() {
        opcon::ErrorKind::Invalid => ErrorKind::InvalidInput,
        opcon::ErrorKind::Refused => ErrorKind::PermissionDenied,
        opcon::ErrorKind::Unreachable => ErrorKind::Unavailable,
        opcon::ErrorKind::Failed | opcon::ErrorKind::Unexpected => ErrorKind::Service,
    };
    match error.hint() {
        Some(hint) => Error::new(kind, error.to_string()).hint(hint),
        None => Error::new(kind, error.to_string()),
    }
}
