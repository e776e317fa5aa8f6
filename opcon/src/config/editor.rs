//! Changes individual settings of a `Connector.config` and preserves the rest of the file.

use std::fs::Metadata;
use std::io::ErrorKind as IoErrorKind;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::ini::{self, Section};
use crate::error::{Error, ErrorKind};
use crate::file_drop::{self, Access};

/// A `Connector.config` to edit. Comments, order, line ends, and everything else are preserved.
pub struct ConfigEditor {
    path: PathBuf,
    text: String,
    /// The original contents, or `None` for a missing file.
    existing: Option<Metadata>,
}

impl ConfigEditor {
    /// Reads the file. [`ConfigEditor::save`] creates a missing one.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the file cannot be read, is not a regular file (e.g. a symbolic link), is
    /// write-protected, or contains an error for which [`Config::read`](super::Config::read) would reject it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let invalid = |wrong: String| ini::invalid(path, wrong);
        let existing = match path.symlink_metadata() {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == IoErrorKind::NotFound => None,
            Err(error) => return Err(invalid(error.to_string())),
        };
        let Some(metadata) = &existing else {
            return Ok(ConfigEditor { path: path.to_owned(), text: String::new(), existing });
        };
        if metadata.is_symlink() {
            return Err(invalid("the file is a symbolic link".into()).with_hint("use the file that the link points to"));
        }
        if !metadata.is_file() {
            return Err(invalid("not a regular file".into()));
        }
        if metadata.permissions().readonly() {
            return Err(invalid("the file is write-protected".into()).with_hint("allow its owner to write to the file"));
        }
        let text = ini::read_text(path)?;
        ini::sections(&text).map_err(invalid)?;
        Ok(ConfigEditor { path: path.to_owned(), text, existing })
    }

    /// Sets a value: on its line, after the last setting of its section, or in a new section at the end.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the section, the key, or the value is not valid in the file. The error does not quote
    /// the value.
    pub fn set(&mut self, section: &str, key: &str, value: &str) -> Result<(), Error> {
        let invalid =
            |wrong: String| Error::new(ErrorKind::Invalid, format!("changing {}", self.path.display()), wrong);
        for (what, text) in [("section", section), ("key", key), ("value", value)] {
            if text.contains(char::is_control) || text.trim() != text {
                return Err(invalid(format!("the {what} contains control characters, or has spaces around it")));
            }
        }
        if section.is_empty() || section.contains(['[', ']']) {
            return Err(invalid(format!("[{section}] is not a valid section name")));
        }
        if key.is_empty() || key.contains('=') || key.starts_with(['[', ';', '#']) {
            return Err(invalid(format!("{key} is not a valid key")));
        }
        let sections = ini::sections(&self.text).map_err(invalid)?;
        let mut lines = Lines::new(&self.text);
        match sections.iter().find(|other| ini::same_name(&other.name, section)) {
            None => lines.append_section(section, key, value),
            Some(Section { line, settings, .. }) => match settings.iter().find(|line| ini::same_name(&line.key, key)) {
                Some(setting) => lines.replace_value(setting.line, value),
                None => lines.insert(settings.last().map_or(*line, |last| last.line), &format!("{key}={value}")),
            },
        }
        self.text = lines.lines.concat();
        Ok(())
    }

    /// Writes a new file and renames it. Permissions and owner are preserved; a new file is accessible to its owner
    /// only. On Windows both are inherited from the folder, so the folder must be protected.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the file cannot be written. It is then unchanged.
    pub fn save(self) -> Result<(), Error> {
        let doing = format!("writing {}", self.path.display());
        let written = self.write_new_file().and_then(|file| file.persist(&self.path).map_err(|error| error.error));
        match written {
            Ok(_) => Ok(()),
            Err(error) => Err(Error::new(ErrorKind::Invalid, doing, error.to_string())),
        }
    }

    fn write_new_file(&self) -> std::io::Result<NamedTempFile> {
        let file = file_drop::write_in_same_folder(&self.path, &self.text, Access::Owner)?;
        if let Some(existing) = &self.existing {
            keep_owner(&file, existing)?;
            file.as_file().set_permissions(existing.permissions())?;
        }
        file.as_file().sync_all()?;
        Ok(file)
    }
}

/// Preserves the owner of the file, because an administrator may edit the file of another user.
#[cfg(unix)]
fn keep_owner(file: &NamedTempFile, old: &Metadata) -> std::io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, fchown};
    let new = file.as_file().metadata()?;
    if (new.uid(), new.gid()) == (old.uid(), old.gid()) {
        return Ok(());
    }
    fchown(file.as_file(), Some(old.uid()), Some(old.gid()))
}

#[cfg(not(unix))]
fn keep_owner(_file: &NamedTempFile, _old: &Metadata) -> std::io::Result<()> {
    Ok(())
}

/// Splits a text into lines with their line ends.
struct Lines {
    lines: Vec<String>,
    line_end: &'static str,
}

/// The line end: CR LF, CR, or LF.
const LINE_ENDS: [char; 2] = ['\r', '\n'];

impl Lines {
    fn new(text: &str) -> Self {
        let mut lines = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let end = rest.find(LINE_ENDS).unwrap_or(rest.len());
            let line_end = if rest[end..].starts_with("\r\n") { 2 } else { 1 };
            let (line, behind) = rest.split_at((end + line_end).min(rest.len()));
            lines.push(line.to_owned());
            rest = behind;
        }
        let line_end = match lines.first() {
            Some(line) if line.ends_with("\r\n") => "\r\n",
            Some(line) if line.ends_with('\n') => "\n",
            _ if cfg!(windows) => "\r\n",
            _ => "\n",
        };
        Lines { lines, line_end }
    }

    /// Replaces the value after the `=` of a line; lines are counted from 1.
    fn replace_value(&mut self, line: usize, value: &str) {
        let Some(text) = self.lines.get_mut(line - 1) else { return };
        let content = text.trim_end_matches(LINE_ENDS);
        let line_end = &text[content.len()..];
        let (key, old) = content.split_once('=').unwrap_or((content, ""));
        let space = &old[..old.len() - old.trim_start().len()];
        *text = format!("{key}={space}{value}{line_end}");
    }

    /// Inserts a line after another one.
    fn insert(&mut self, behind: usize, content: &str) {
        if let Some(last) = self.lines.get_mut(behind - 1).filter(|line| !line.ends_with(LINE_ENDS)) {
            last.push_str(self.line_end);
        }
        self.lines.insert(behind, format!("{content}{}", self.line_end));
    }

    /// Adds a section with one setting at the end.
    fn append_section(&mut self, section: &str, key: &str, value: &str) {
        if let Some(last) = self.lines.last_mut() {
            if !last.ends_with(LINE_ENDS) {
                last.push_str(self.line_end);
            }
            self.lines.push(self.line_end.into());
        }
        let line_end = self.line_end;
        self.lines.push(format!("[{section}]{line_end}{key}={value}{line_end}"));
    }
}

#[cfg(test)]
mod tests;
