//! The sections and keys of `Connector.config`, and notes about unknown ones.

use super::ini::{Line, Section};
use super::notes::{LABEL, Note};

/// The section of the connector.
pub(super) const CONNECTOR: &str = "CONNECTOR";
/// The section of the OpCon API.
pub const OPCON_API: &str = "OPCON API INFORMATION";

/// The similarity from which on a name is taken for a misspelled one, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.8;

/// The keys of `[CONNECTOR]`.
const OF_CONNECTOR: &[&str] = &[LABEL, "MAX_WAIT_TIME_FOR_STARTUP", "DEBUG"];
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

/// The keys of a section that no job reads there.
pub(super) fn notes(section: &Section) -> impl Iterator<Item = Note> {
    let known = of_section(&section.name);
    let unknown = section.settings.iter().filter(|setting| !contains(known, &setting.key));
    unknown.map(|setting| unknown_key(section, known, setting))
}

fn unknown_key(section: &Section, known: &[&str], Line { key, lines, .. }: &Line) -> Note {
    let text = format!("unknown key `{key}` in section [{}], which is ignored", section.name);
    let hint = match owner(key) {
        Some(owner) => Some(format!("move the key to {owner}")),
        None => nearest(key, known).map(|known| format!("did you mean `{known}`?")).or_else(|| elsewhere(key)),
    };
    Note { line: lines[0], text, hint }
}

/// The most similar key of another section.
fn elsewhere(key: &str) -> Option<String> {
    let known = nearest(key, &[OF_CONNECTOR, OF_OPCON, OF_USER].concat())?;
    owner(known).map(|owner| format!("did you mean `{known}`, a key of {owner}?"))
}

/// The most similar of the names, if it is similar enough.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = |known: &&'a str| (strsim::jaro_winkler(&name.to_uppercase(), known), *known);
    let similar = known.iter().map(likeness).filter(|(likeness, _)| *likeness > MIN_SIMILARITY);
    similar.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, known)| known)
}

/// The known keys of a section.
fn of_section(name: &str) -> &'static [&'static str] {
    match name {
        name if name.eq_ignore_ascii_case(CONNECTOR) => OF_CONNECTOR,
        name if name.eq_ignore_ascii_case(OPCON_API) => OF_OPCON,
        _ => OF_USER,
    }
}

/// The section to which a key belongs, as messages name it, or `None` for an unknown key.
fn owner(key: &str) -> Option<String> {
    let has = |keys: &[&str]| contains(keys, key);
    match () {
        () if has(OF_CONNECTOR) => Some(format!("[{CONNECTOR}]")),
        () if has(OF_OPCON) => Some(format!("[{OPCON_API}]")),
        () if has(OF_USER) => Some("the section of a user".into()),
        () => None,
    }
}

/// Whether the key is one of these, ignoring case.
fn contains(keys: &[&str], key: &str) -> bool {
    keys.iter().any(|known| known.eq_ignore_ascii_case(key))
}
