//! Parses INI files into sections of settings with line numbers.
//!
//! There are no quotes, escapes, or trailing comments: a value such as a Windows path or a token is the text between
//! `=` and the end of the line, without surrounding spaces. A line that begins with `;` or `#` is a comment.

use std::path::{Path, PathBuf};

use ini_roundtrip::{Item, Parser};

use crate::error::{Error, ErrorKind};

/// A parsed file. Names of sections and keys are case-insensitive and unique.
pub(super) struct IniFile {
    path: PathBuf,
    sections: Vec<Section>,
}

/// A section of the file. Not `Debug`, because values may be secrets.
pub(super) struct Section {
    pub(super) name: String,
    pub(super) line: usize,
    pub(super) settings: Vec<Line>,
}

/// One `KEY = value`.
pub(super) struct Line {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) line: usize,
}

impl IniFile {
    /// Parses the file: UTF-8, with or without a byte order mark, any line ends.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let sections = sections(&read_text(path)?).map_err(|wrong| invalid(path, wrong))?;
        Ok(IniFile { path: path.to_owned(), sections })
    }

    /// The path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the sections, in file order.
    pub(super) fn section_names(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().map(|section| section.name.as_str())
    }

    /// The section with this name.
    pub(super) fn section(&self, name: &str) -> Option<SectionRef<'_>> {
        let section = self.sections.iter().find(|section| same_name(&section.name, name))?;
        Some(SectionRef { path: &self.path, section })
    }
}

/// A section together with its file.
#[derive(Clone, Copy)]
pub(super) struct SectionRef<'a> {
    path: &'a Path,
    section: &'a Section,
}

impl<'a> SectionRef<'a> {
    /// The setting with this key, or `None` if it is absent or empty. A value that the agent should have decrypted is
    /// an error.
    pub(super) fn get(self, key: &'static str) -> Result<Option<Setting<'a>>, Error> {
        let Some(line) = self.section.settings.iter().find(|line| same_name(&line.key, key)) else { return Ok(None) };
        let setting = Setting { section: self, key, line: line.line, value: &line.value };
        if line.value.to_ascii_lowercase().contains("<smaencrypt>") {
            return Err(setting
                .invalid("the value is still encrypted (<SmaEncrypt>): neither OpCon nor its agent decrypted it"));
        }
        Ok(Some(setting).filter(|setting| !setting.value.is_empty()))
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

/// The text of the file, including a byte order mark.
pub(super) fn read_text(path: &Path) -> Result<String, Error> {
    let bytes = bounded_files::read(path, bounded_files::MIB).map_err(|error| {
        invalid(path, error.to_string()).with_hint("check the path, and that the user of the job can read the file")
    })?;
    String::from_utf8(bytes)
        .map_err(|_| invalid(path, "not UTF-8 text".into()).with_hint("save the file with UTF-8 encoding"))
}

/// The error for an invalid file.
pub(super) fn invalid(path: &Path, wrong: String) -> Error {
    Error::new(ErrorKind::Invalid, format!("reading {}", path.display()), wrong)
}

/// Whether two names are equal, ignoring case.
pub(super) fn same_name(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

/// Splits the text into sections. An error contains the line number and never quotes the line.
pub(super) fn sections(text: &str) -> Result<Vec<Section>, String> {
    let mut sections: Vec<Section> = Vec::new();
    let items = Parser::new(text.trim_start_matches('\u{feff}')).filter(|item| !matches!(item, Item::SectionEnd));
    for (item, line) in items.zip(1..) {
        match item {
            Item::Section { name, .. } => {
                if let Some(first) = sections.iter().find(|section| same_name(&section.name, name)) {
                    return Err(format!("duplicate section [{name}] in lines {} and {line}", first.line));
                }
                sections.push(Section { name: name.to_owned(), line, settings: Vec::new() });
            }
            Item::Property { key, val: Some(value), .. } => {
                let Some(section) = sections.last_mut() else {
                    return Err(format!("line {line}: a setting before the first [section]"));
                };
                if let Some(first) = section.settings.iter().find(|line| same_name(&line.key, key)) {
                    let Section { name, .. } = &section;
                    return Err(format!("section [{name}]: duplicate key {key} in lines {} and {line}", first.line));
                }
                section.settings.push(Line { key: key.to_owned(), value: value.to_owned(), line });
            }
            Item::Property { val: None, .. } => {
                return Err(format!("line {line}: expected [section] or KEY = value"));
            }
            Item::Error(_) => return Err(format!("line {line}: the closing ] of the section name is missing")),
            Item::Blank { .. } | Item::Comment { .. } | Item::SectionEnd => {}
        }
    }
    Ok(sections)
}
