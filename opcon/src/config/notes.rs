//! Notes about a `Connector.config` that jobs accept, for a person who checks it.

use super::lines::{self, Content};

/// The key with a label, which no job reads: whatever it contains must not fail one.
pub(super) const LABEL: &str = "CONNECTOR_NAME";

/// A note about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is noted. Never contains a value.
    pub text: String,
    /// What to do, without a final period.
    pub hint: Option<String>,
}

impl Note {
    pub(super) fn new(line: usize, text: impl Into<String>) -> Self {
        Note { line, text: text.into(), hint: None }
    }
}

/// What is unusual in the form of a line.
pub(super) fn of_form(bytes: &[u8], content: &Content<'_>, line: usize) -> impl Iterator<Item = Note> {
    let mut found = Vec::new();
    let mut note = |is_so: bool, text| found.extend(is_so.then_some(text));
    let text = lines::text(bytes);
    let is_utf8 = |name| lines::name(name).1;
    const LATIN_1: &str = "the name is not UTF-8 text, and is read as Latin-1";
    note(line > 1 && lines::is_marked(bytes), "a byte order mark inside the file is ignored");
    note(lines::has_controls_around(bytes), "a control character, such as Ctrl-Z or NUL, is ignored");
    match content {
        Content::Comment => note(!is_utf8(&bytes[text]), "the comment is not UTF-8 text"),
        Content::Section(name) => {
            let has_blanks = |part: &[u8]| part.iter().any(|byte| matches!(byte, b' ' | b'\t'));
            note(has_blanks(&bytes[..text.start]), "blanks before the section name are ignored");
            note(has_blanks(&bytes[text.end..]), "blanks after the section name are ignored");
            note(!is_utf8(name), LATIN_1);
        }
        Content::Setting(setting) => {
            note(setting.separator == b':', "`:` after the key is read as `=`");
            note(lines::unquoted(&bytes[setting.value.clone()]).is_some(), "the quotes around the value are ignored");
            note(!is_utf8(setting.key), LATIN_1);
            let is_label = setting.key.eq_ignore_ascii_case(LABEL.as_bytes());
            note(
                is_label && !is_utf8(&bytes[setting.value.clone()]),
                "the value is not UTF-8 text, and no job reads it",
            );
        }
        Content::Empty | Content::Unclosed | Content::Other => {}
    }
    found.into_iter().map(move |text| Note::new(line, text))
}
