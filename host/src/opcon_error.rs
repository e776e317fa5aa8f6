//! Converts OpCon errors to connector errors.

use connector_sdk::{Error, ErrorKind};

/// The connector error for an OpCon error, with its hint.
pub fn opcon_error(error: opcon::Error) -> Error {
    let kind = match error.kind() {
        opcon::ErrorKind::Invalid => ErrorKind::InvalidInput,
        opcon::ErrorKind::Refused => ErrorKind::PermissionDenied,
        opcon::ErrorKind::Unreachable | opcon::ErrorKind::Untrusted => ErrorKind::Unavailable,
        opcon::ErrorKind::Failed | opcon::ErrorKind::Unexpected => ErrorKind::Service,
    };
    let converted = Error::new(kind, error.to_string());
    match error.hint() {
        Some(hint) => converted.hint(hint),
        None => converted,
    }
}
