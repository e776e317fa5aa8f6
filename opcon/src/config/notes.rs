//! Notes about a `Connector.config` that jobs accept, for a person who checks it.

use super::ini::{Line, Section};
use super::keys;
use super::lines::{self, Content};

/// The similarity from which on a name is taken for a misspelled one, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.8;

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
        }
        Content::Empty | Content::Unclosed | Content::Other => {}
    }
    found.into_iter().map(move |text| Note::new(line, text))
}

/// The keys of a section that no job reads there.
pub(super) fn of_keys(section: &Section) -> impl Iterator<Item = Note> {
    let known = keys::of_section(&section.name);
    let unknown = section.settings.iter().filter(|setting| !keys::contains(known, &setting.key));
    unknown.map(|setting| unknown_key(section, known, setting))
}

fn unknown_key(section: &Section, known: &[&str], Line { key, lines, .. }: &Line) -> Note {
    let text = format!("unknown key `{key}` in section [{}], which is ignored", section.name);
    let hint = match keys::owner(key) {
        Some(owner) => Some(format!("move the key to {owner}")),
        None => nearest(key, known).map(|known| format!("did you mean `{known}`?")),
    };
    Note { line: lines[0], text, hint }
}

/// The most similar of the names, if it is similar enough.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let likeness = |known: &&'a str| (strsim::jaro_winkler(&name.to_uppercase(), known), *known);
    let similar = known.iter().map(likeness).filter(|(likeness, _)| *likeness > MIN_SIMILARITY);
    similar.max_by(|(a, _), (b, _)| a.total_cmp(b)).map(|(_, known)| known)
}
