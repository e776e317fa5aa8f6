//! Reads and writes the text formats of option lists, from which job forms offer values.
//!
//! Each option list is a global property of OpCon, `"...","..."`, for Enterprise Manager. The newer Solution Manager
//! has all of them in one data script, one entry per line, which begins with the keyword of its list. Both formats are
//! documented with OpCon's own AWS EC2 connector. The caller parses the entries.

use std::io;
use std::path::Path;

use bounded_files::{MIB, read_text};

use crate::error::{Error, ErrorKind};
use crate::excerpt::excerpt;
use crate::file_drop;
use crate::property::{MAX_VALUE, PropertyValue};

/// The maximum size of a data script, in bytes.
const MAX_SCRIPT: u64 = MIB;
/// The delimiters of property references.
const BRACKETS: [&str; 4] = ["[[", "]]", "{{", "}}"];

/// Parses the value of the named property. `read` parses each entry; its error describes a valid entry. Spaces between
/// entries are ignored.
///
/// # Errors
/// [`ErrorKind::Invalid`] with the number of the invalid entry.
pub fn from_property<T>(
    property: &str,
    value: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, Error> {
    let mut entries = Vec::new();
    let mut rest = value.trim();
    while !rest.is_empty() {
        let number = entries.len() + 1;
        let wrong = |wrong: &str| {
            let doing = format!("reading the option list {property}");
            Error::new(ErrorKind::Invalid, doing, format!("entry {number}: {wrong}"))
        };
        let quoted = rest.strip_prefix('"').ok_or_else(|| wrong("not in double quotes"))?;
        let (text, after) = quoted.split_once('"').ok_or_else(|| wrong("the closing quote is missing"))?;
        entries.push(checked(text).and_then(|()| read(text)).map_err(|reason| wrong(&named(text, &reason)))?);
        rest = match after.trim_start().strip_prefix(',') {
            Some(next) if next.trim().is_empty() => return Err(wrong("no entry after the comma")),
            Some(next) => next.trim_start(),
            None if after.trim().is_empty() => "",
            None => return Err(wrong("no comma after the entry")),
        };
    }
    Ok(entries)
}

/// Formats the entries as the value of the named property.
///
/// # Errors
/// [`ErrorKind::Invalid`] if the value exceeds the maximum length of a property, or an entry contains an invalid
/// character.
pub fn to_property(property: &str, texts: &[String]) -> Result<PropertyValue, Error> {
    let doing = || format!("writing the option list {property}");
    for text in texts {
        checked(text).map_err(|wrong| Error::new(ErrorKind::Invalid, doing(), named(text, &wrong)))?;
    }
    let value = texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(",");
    let length = value.chars().count();
    if length > MAX_VALUE {
        let wrong = format!("the {} entries have {length} characters; OpCon allows {MAX_VALUE}", texts.len());
        return Err(Error::new(ErrorKind::Invalid, doing(), wrong).with_hint("leave out some entries"));
    }
    PropertyValue::new(value)
}

/// Reads a data script from a file. `read` parses the keyword and the text of each line. A missing file has no lines,
/// and empty lines are ignored.
///
/// # Errors
/// [`ErrorKind::Invalid`] if the file cannot be read, or with the number of an invalid line.
pub fn read_script<T>(path: &Path, read: impl Fn(&str, &str) -> Result<T, String>) -> Result<Vec<T>, Error> {
    let failed = |wrong: String| Error::new(ErrorKind::Invalid, format!("reading {}", path.display()), wrong);
    let script = match read_text(path, MAX_SCRIPT) {
        Ok(script) => script,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error.to_string())),
    };
    let lines = script.trim_start_matches('\u{feff}').lines().map(str::trim).zip(1..);
    let entries = lines.filter(|(line, _)| !line.is_empty()).map(|(line, number)| {
        let (keyword, text) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let entry = checked(text.trim()).and_then(|()| read(keyword, text.trim()));
        entry.map_err(|wrong| failed(format!("line {number}: {}", named(line, &wrong))))
    });
    entries.collect()
}

/// Writes a data script of these keywords and texts to a file, which is replaced atomically.
///
/// # Errors
/// [`ErrorKind::Invalid`] if the file cannot be written, or a text contains an invalid character. The file is then
/// unchanged.
pub fn write_script(path: &Path, lines: &[(&str, String)]) -> Result<(), Error> {
    let failed = |wrong: String| Error::new(ErrorKind::Invalid, format!("writing {}", path.display()), wrong);
    for (_, text) in lines {
        checked(text).map_err(|wrong| failed(named(text, &wrong)))?;
    }
    let script: String = lines.iter().map(|(keyword, text)| format!("{keyword} {text}\n")).collect();
    file_drop::replace(path, &script).map_err(|error| failed(error.to_string()))
}

/// The text without the characters that are invalid in an entry: double quotes, control characters, repeated and
/// surrounding spaces, and the second bracket of `[[`, `]]`, `{{` and `}}`.
pub fn sanitize(text: &str) -> String {
    let printable: String = text.chars().map(|c| if c.is_control() || c == '"' { ' ' } else { c }).collect();
    let mut kept = String::new();
    for character in printable.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
        if !("[]{}".contains(character) && kept.ends_with(character)) {
            kept.push(character);
        }
    }
    kept
}

/// Rejects characters that have a special meaning in a list format or in OpCon.
fn checked(text: &str) -> Result<(), String> {
    if text.contains(char::is_control) || text.contains('"') {
        return Err("must not contain a double quote or a control character".into());
    }
    if BRACKETS.iter().any(|brackets| text.contains(brackets)) {
        return Err("must not contain `[[`, `]]`, `{{` or `}}`, which mark a reference in OpCon".into());
    }
    Ok(())
}

fn named(text: &str, wrong: &str) -> String {
    format!("`{}` {wrong}", excerpt(text))
}

#[cfg(test)]
mod tests;
