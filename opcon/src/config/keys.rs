//! The keys of each section of `Connector.config`.

use super::{CONNECTOR, OPCON_API};

/// The keys of `[CONNECTOR]`.
const OF_CONNECTOR: &[&str] = &["CONNECTOR_NAME", "MAX_WAIT_TIME_FOR_STARTUP", "DEBUG"];
/// The keys of `[OPCON API INFORMATION]`.
const OF_OPCON: &[&str] = &[
    "ADDRESS",
    "USING_TLS",
    "TOKEN",
    "CA_FILE",
    "VERIFY_TLS",
    "PROPERTY_CHANNEL",
    "MSGIN_FOLDER",
    "MSGIN_USER",
    "MSGIN_TOKEN",
];
/// The keys of the section of a user.
const OF_USER: &[&str] = &["CONNECTOR_USER_ACCESS_KEY", "CONNECTOR_USER_SECRET_KEY"];

/// The known keys of a section.
pub(super) fn of_section(name: &str) -> &'static [&'static str] {
    match name {
        name if name.eq_ignore_ascii_case(CONNECTOR) => OF_CONNECTOR,
        name if name.eq_ignore_ascii_case(OPCON_API) => OF_OPCON,
        _ => OF_USER,
    }
}

/// The section to which a key belongs, as messages name it, or `None` for an unknown key.
pub(super) fn owner(key: &str) -> Option<String> {
    let has = |keys: &[&str]| contains(keys, key);
    match () {
        () if has(OF_CONNECTOR) => Some(format!("[{CONNECTOR}]")),
        () if has(OF_OPCON) => Some(format!("[{OPCON_API}]")),
        () if has(OF_USER) => Some("the section of a user".into()),
        () => None,
    }
}

/// Whether the key is one of these, ignoring case.
pub(super) fn contains(keys: &[&str], key: &str) -> bool {
    keys.iter().any(|known| known.eq_ignore_ascii_case(key))
}
