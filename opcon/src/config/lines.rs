//! Splits the bytes of a `Connector.config` into lines, and a line into its parts.

use std::borrow::Cow;
use std::ops::Range;

/// The byte order mark in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The parts of a line.
pub(super) enum Content<'a> {
    /// Nothing but blanks and control characters.
    Empty,
    Comment,
    /// `[name]`.
    Section(&'a [u8]),
    /// `[` without `]` at the end.
    Unclosed,
    /// `KEY = value` or `KEY : value`.
    Setting(Setting<'a>),
    Other,
}

/// The parts of a setting.
pub(super) struct Setting<'a> {
    pub(super) key: &'a [u8],
    /// `=` or `:`.
    pub(super) separator: u8,
    /// The position of the value in the line, including its quotes.
    pub(super) value: Range<usize>,
}

/// The lines with their line ends: CR LF, CR, or LF.
pub(super) fn split(mut rest: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    while !rest.is_empty() {
        let end = rest.iter().position(|&byte| is_line_end(byte)).unwrap_or(rest.len());
        let line_end = if rest[end..].starts_with(b"\r\n") { 2 } else { 1 };
        let (line, behind) = rest.split_at((end + line_end).min(rest.len()));
        lines.push(line);
        rest = behind;
    }
    lines
}

/// Parses a line. Blanks and control characters around its parts are ignored, as Java's `trim` ignores them, and so is
/// a byte order mark. The first `=` or `:` ends the key.
pub(super) fn parse(line: &[u8]) -> Content<'_> {
    let text = text(line);
    match &line[text.clone()] {
        [] => Content::Empty,
        [b';' | b'#', ..] => Content::Comment,
        [b'[', .., b']'] => Content::Section(&line[trim(line, text.start + 1..text.end - 1)]),
        [b'[', ..] => Content::Unclosed,
        bytes => match bytes.iter().position(|byte| matches!(byte, b'=' | b':')) {
            None => Content::Other,
            Some(length) => {
                let at = text.start + length;
                let key = &line[trim(line, text.start..at)];
                Content::Setting(Setting { key, separator: line[at], value: trim(line, at + 1..text.end) })
            }
        },
    }
}

/// The position of the text in a line: without a byte order mark, and without blanks and control characters around it.
pub(super) fn text(line: &[u8]) -> Range<usize> {
    trim(line, if is_marked(line) { BYTE_ORDER_MARK.len() } else { 0 }..line.len())
}

/// Whether the line begins with a byte order mark.
pub(super) fn is_marked(line: &[u8]) -> bool {
    line.starts_with(BYTE_ORDER_MARK)
}

/// Whether there are control characters around the text of a line, except tabs and line ends: Ctrl-Z (0x1A), with which
/// old editors end a file, or NUL.
pub(super) fn has_controls_around(line: &[u8]) -> bool {
    let text = text(line);
    let is_control = |byte: &u8| byte.is_ascii_control() && *byte != b'\t' && !is_line_end(*byte);
    line[..text.start].iter().chain(&line[text.end..]).any(is_control)
}

/// A value without the double or single quotes around it, or `None` if there are none.
pub(super) fn unquoted(value: &[u8]) -> Option<&[u8]> {
    match value {
        [first @ (b'"' | b'\''), inner @ .., last] if first == last => Some(inner),
        _ => None,
    }
}

/// A name, and whether it is UTF-8 text. Other names are read as Latin-1, in which every byte is a character.
pub(super) fn name(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    match std::str::from_utf8(bytes) {
        Ok(text) => (text.into(), true),
        Err(_) => (bytes.iter().map(|&byte| char::from(byte)).collect::<String>().into(), false),
    }
}

pub(super) fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n')
}

/// The range without blanks and control characters (0x00 to 0x20) at both ends.
fn trim(line: &[u8], range: Range<usize>) -> Range<usize> {
    let Range { mut start, mut end } = range;
    while start < end && line[start] <= b' ' {
        start += 1;
    }
    while start < end && line[end - 1] <= b' ' {
        end -= 1;
    }
    start..end
}
