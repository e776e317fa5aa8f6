//! Parses INI files into sections of settings with line numbers.
//!
//! There are no escapes or trailing comments: a value such as a Windows path or a token is the text between `=` and the
//! end of the line, without surrounding blanks and quotes. A line that begins with `;` or `#` is a comment. What the
//! Java connector accepted beyond that is accepted, too, and noted.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

use super::lines::{self, Content};
use super::notes::{self, Note};
use crate::error::{Error, ErrorKind};

/// A parsed file. Names of sections and keys are case-insensitive and unique.
pub(super) struct IniFile {
    path: PathBuf,
    contents: Contents,
}

/// The sections of a file, and what is unusual in it.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) sections: Vec<Section>,
    pub(super) notes: Vec<Note>,
    /// The positions of the sections by their names in lower case.
    by_name: HashMap<String, usize>,
}

/// A section of the file. Not `Debug`, because values may be secrets.
pub(super) struct Section {
    pub(super) name: String,
    /// The line of its first header.
    pub(super) line: usize,
    pub(super) settings: Vec<Line>,
    /// The positions of the settings by their keys in lower case.
    by_key: HashMap<String, usize>,
}

/// One `KEY = value`.
pub(super) struct Line {
    pub(super) key: String,
    /// The value without blanks and quotes around it. It may not be UTF-8 text.
    pub(super) value: Vec<u8>,
    /// The lines that contain the setting.
    pub(super) lines: Vec<usize>,
}

impl IniFile {
    /// Parses the file: UTF-8, with or without a byte order mark, any line ends.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let contents = parse(&read_bytes(path)?).map_err(|wrong| invalid(path, wrong))?;
        Ok(IniFile { path: path.to_owned(), contents })
    }

    /// The path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The sections, in file order.
    pub(super) fn sections(&self) -> &[Section] {
        &self.contents.sections
    }

    /// What is unusual in the form of the file.
    pub(super) fn notes(&self) -> &[Note] {
        &self.contents.notes
    }

    /// The section with this name.
    pub(super) fn section(&self, name: &str) -> Option<SectionRef<'_>> {
        self.contents.section(name).map(|section| SectionRef { path: &self.path, section })
    }
}

impl Contents {
    /// The section with this name.
    pub(super) fn section(&self, name: &str) -> Option<&Section> {
        self.by_name.get(&name.to_lowercase()).map(|&at| &self.sections[at])
    }

    /// Adds a section, or returns to an earlier one of the same name. Returns its position.
    fn begin_section(&mut self, name: String, line: usize) -> usize {
        match self.by_name.entry(name.to_lowercase()) {
            Entry::Occupied(known) => {
                let (at, Section { line: first, .. }) = (*known.get(), &self.sections[*known.get()]);
                self.notes.push(Note::new(line, format!("section [{name}] continues the section of line {first}")));
                at
            }
            Entry::Vacant(new) => {
                let at = *new.insert(self.sections.len());
                self.sections.push(Section { name, line, settings: Vec::new(), by_key: HashMap::new() });
                at
            }
        }
    }
}

impl Section {
    /// The setting with this key.
    pub(super) fn setting(&self, key: &str) -> Option<&Line> {
        self.by_key.get(&key.to_lowercase()).map(|&at| &self.settings[at])
    }

    /// Adds a setting. Returns the line of an earlier one with the same key and value.
    ///
    /// # Errors
    /// When an earlier one has another value.
    fn add(&mut self, key: &str, value: &[u8], line: usize) -> Result<Option<usize>, String> {
        match self.by_key.entry(key.to_lowercase()) {
            Entry::Vacant(new) => {
                new.insert(self.settings.len());
                self.settings.push(Line { key: key.to_owned(), value: value.to_owned(), lines: vec![line] });
                Ok(None)
            }
            Entry::Occupied(known) => {
                let known = &mut self.settings[*known.get()];
                let first = known.lines[0];
                if known.value != value {
                    let Section { name, .. } = self;
                    return Err(format!("section [{name}]: {key} has different values in lines {first} and {line}"));
                }
                known.lines.push(line);
                Ok(Some(first))
            }
        }
    }
}

/// A section together with its file.
#[derive(Clone, Copy)]
pub(super) struct SectionRef<'a> {
    path: &'a Path,
    section: &'a Section,
}

impl<'a> SectionRef<'a> {
    /// The setting with this key, or `None` if it is absent or empty. A value that is not UTF-8 text, or that the agent
    /// should have decrypted, is an error.
    pub(super) fn get(self, key: &'static str) -> Result<Option<Setting<'a>>, Error> {
        let Some(found) = self.section.setting(key) else { return Ok(None) };
        let setting = Setting { section: self, key, line: found.lines[0], value: "" };
        let value = std::str::from_utf8(&found.value).map_err(|_| {
            setting.invalid("the value is not UTF-8 text").with_hint("save the file with UTF-8 encoding")
        })?;
        if value.to_ascii_lowercase().contains("<smaencrypt>") {
            return Err(setting
                .invalid("the value is still encrypted (<SmaEncrypt>): neither OpCon nor its agent decrypted it"));
        }
        Ok(Some(Setting { value, ..setting }).filter(|setting| !setting.value.is_empty()))
    }

    /// A required setting.
    pub(super) fn require(self, key: &'static str) -> Result<Setting<'a>, Error> {
        self.get(key)?.ok_or_else(|| {
            let Section { name, line, .. } = self.section;
            let wrong = format!("line {line}, section [{name}]: {key} is missing or empty");
            invalid(self.path, wrong)
        })
    }
}

/// A setting with its position in the file, for error messages.
#[derive(Clone, Copy)]
pub(super) struct Setting<'a> {
    section: SectionRef<'a>,
    key: &'static str,
    line: usize,
    /// The text after the `=`.
    pub(super) value: &'a str,
}

impl Setting<'_> {
    /// An error with the position of the setting. `wrong` must not quote a secret.
    pub(super) fn invalid(self, wrong: impl std::fmt::Display) -> Error {
        let Setting { section: SectionRef { path, section }, key, line, .. } = self;
        let wrong = format!("line {line}, section [{}], {key}: {wrong}", section.name);
        self::invalid(path, wrong)
    }

    /// Parses a switch: `ON` or `True`, `OFF` or `False`.
    pub(super) fn switch(self) -> Result<bool, Error> {
        match self.value.to_ascii_lowercase().as_str() {
            "on" | "true" => Ok(true),
            "off" | "false" => Ok(false),
            _ => Err(self.invalid("the value must be `ON`, `OFF`, `True` or `False`")),
        }
    }
}

/// The bytes of the file, including a byte order mark.
pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, Error> {
    let bytes = bounded_files::read(path, bounded_files::MIB).map_err(|error| {
        invalid(path, error.to_string()).with_hint("check the path, and that the user of the job can read the file")
    })?;
    match bytes.as_slice() {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => {
            Err(invalid(path, "UTF-16 text".into()).with_hint("save the file with UTF-8 encoding"))
        }
        _ => Ok(bytes),
    }
}

/// The error for an invalid file.
pub(super) fn invalid(path: &Path, wrong: String) -> Error {
    Error::new(ErrorKind::Invalid, format!("reading {}", path.display()), wrong)
}

/// Parses the bytes of a file. A repeated section continues the first one, and a setting may be repeated with the same
/// value. An error contains the line number and never quotes a value.
pub(super) fn parse(bytes: &[u8]) -> Result<Contents, String> {
    let mut contents = Contents::default();
    let mut section = None;
    for (bytes, line) in lines::split(bytes).into_iter().zip(1..) {
        let content = lines::parse(bytes);
        contents.notes.extend(notes::of_form(bytes, &content, line));
        match content {
            Content::Empty | Content::Comment => {}
            Content::Section(name) => section = Some(contents.begin_section(self::name(name, line)?, line)),
            Content::Unclosed => return Err(format!("line {line}: the closing ] of the section name is missing")),
            Content::Other => return Err(format!("line {line}: expected [section] or KEY = value")),
            Content::Setting(setting) => {
                let section = section.map(|at: usize| &mut contents.sections[at]);
                let section = section.ok_or_else(|| format!("line {line}: a setting before the first [section]"))?;
                let (key, value) = (name(setting.key, line)?, &bytes[setting.value]);
                let repeated = section.add(&key, lines::unquoted(value).unwrap_or(value), line)?;
                let note = repeated.map(|first| Note::new(line, format!("`{key}` repeats line {first}")));
                contents.notes.extend(note);
            }
        }
    }
    Ok(contents)
}

/// A name of a section or key. UTF-16 text has NUL characters in its names.
fn name(bytes: &[u8], line: usize) -> Result<String, String> {
    let name = lines::name(bytes).0;
    if name.contains(|character: char| character.is_control() && character != '\t') {
        return Err(format!("line {line}: a name contains a control character"));
    }
    Ok(name.into_owned())
}
