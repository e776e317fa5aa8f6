//! Changes individual settings of a `Connector.config` and preserves the rest of the file.

use std::fs::Metadata;
use std::io::{self, ErrorKind as IoErrorKind};
use std::path::{Path, PathBuf};

use super::ini::{self, Section};
use super::lines::{self, Content};
use super::new_file::NewFile;
use crate::error::{Error, ErrorKind};

/// A `Connector.config` to edit. Comments, order, line ends, and everything else are preserved, byte for byte.
pub struct ConfigEditor {
    path: PathBuf,
    content: Vec<u8>,
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
            return Ok(ConfigEditor { path: path.to_owned(), content: Vec::new(), existing });
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
        let content = ini::read_bytes(path)?;
        ini::parse(&content).map_err(invalid)?;
        Ok(ConfigEditor { path: path.to_owned(), content, existing })
    }

    /// Sets a value: on each of its lines, after the last setting of its section, or in a new section at the end.
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
        if key.is_empty() || key.contains(['=', ':']) || key.starts_with(['[', ';', '#']) {
            return Err(invalid(format!("{key} is not a valid key")));
        }
        // Quotes around a value are not part of it.
        let quote = if lines::unquoted(value.as_bytes()).is_some() { "\"" } else { "" };
        let value = &format!("{quote}{value}{quote}");
        let contents = ini::parse(&self.content).map_err(invalid)?;
        let mut lines = Lines::new(&self.content);
        match contents.section(section) {
            None => lines.append_section(section, key, value),
            Some(found) => match found.setting(key) {
                Some(setting) => setting.lines.iter().for_each(|&line| lines.replace_value(line, value)),
                None => lines.insert(last_line(found), &format!("{key}={value}")),
            },
        }
        self.content = lines.lines.concat();
        Ok(())
    }

    /// Whether [`ConfigEditor::save`] creates the file.
    pub fn is_new(&self) -> bool {
        self.existing.is_none()
    }

    /// Does everything that [`ConfigEditor::save`] does except the final renaming, and removes the new file again.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the file cannot be written.
    pub fn try_save(&self) -> Result<(), Error> {
        self.write_new_file().map(drop).map_err(|error| failed(&self.path, &error))
    }

    /// Writes a new file and renames it. Owner, group and permissions are kept; a new file is accessible to its owner
    /// only. On Windows, the new file inherits the permissions of its folder in the place of an existing one.
    ///
    /// Returns a warning if the group could not be kept: its members have then no access through it.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the file cannot be written. It is then unchanged.
    pub fn save(&self) -> Result<Option<String>, Error> {
        self.write_new_file().and_then(|file| file.replace(&self.path)).map_err(|error| failed(&self.path, &error))
    }

    /// Writes another file that the jobs read, such as the certificate in `CA_FILE`, with the owner, group and
    /// permissions of this one. A file that exists is an error unless `replace` is set. Returns a warning like
    /// [`ConfigEditor::save`].
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the file cannot be written. An existing one is then unchanged.
    pub fn save_companion(&self, path: &Path, text: &str, replace: bool) -> Result<Option<String>, Error> {
        NewFile::write(path, text.as_bytes(), self.existing.as_ref())
            .and_then(|file| if replace { file.replace(path) } else { file.create(path) })
            .map_err(|error| failed(path, &error))
    }

    fn write_new_file(&self) -> io::Result<NewFile> {
        NewFile::write(&self.path, &self.content, self.existing.as_ref())
    }
}

fn failed(path: &Path, error: &io::Error) -> Error {
    let failed = Error::new(ErrorKind::Invalid, format!("writing {}", path.display()), error.to_string());
    match error.kind() {
        IoErrorKind::PermissionDenied => failed.with_hint(
            "run the command as the owner of the file, and allow this user to create files in the folder of the file",
        ),
        _ => failed,
    }
}

/// The last line of a section with a setting, or its header.
fn last_line(section: &Section) -> usize {
    section.settings.iter().flat_map(|setting| &setting.lines).copied().max().unwrap_or(section.line)
}

/// The lines of a file with their line ends.
struct Lines {
    lines: Vec<Vec<u8>>,
    line_end: &'static str,
}

impl Lines {
    fn new(content: &[u8]) -> Self {
        let lines: Vec<_> = lines::split(content).into_iter().map(<[u8]>::to_vec).collect();
        let line_end = match lines.first() {
            Some(line) if line.ends_with(b"\r\n") => "\r\n",
            Some(line) if line.ends_with(b"\n") => "\n",
            Some(line) if line.ends_with(b"\r") => "\r",
            _ if cfg!(windows) => "\r\n",
            _ => "\n",
        };
        Lines { lines, line_end }
    }

    /// Replaces the value on a line with a setting; lines are counted from 1.
    fn replace_value(&mut self, line: usize, value: &str) {
        let Some(bytes) = self.lines.get_mut(line - 1) else { return };
        if let Content::Setting(lines::Setting { value: old, .. }) = lines::parse(bytes) {
            bytes.splice(old, value.bytes());
        }
    }

    /// Inserts a line after another one.
    fn insert(&mut self, behind: usize, content: &str) {
        self.end_line(behind);
        self.lines.insert(behind, format!("{content}{}", self.line_end).into_bytes());
    }

    /// Adds a section with one setting at the end, but before a Ctrl-Z or NUL that ends the file.
    fn append_section(&mut self, section: &str, key: &str, value: &str) {
        let is_end_mark = |line: &Vec<u8>| lines::text(line).is_empty() && lines::has_controls_around(line);
        let end = self.lines.len() - usize::from(self.lines.last().is_some_and(is_end_mark));
        self.end_line(end);
        let line_end = self.line_end;
        let blank = if end == 0 { "" } else { line_end };
        let section = format!("{blank}[{section}]{line_end}{key}={value}{line_end}");
        self.lines.insert(end, section.into_bytes());
    }

    /// Adds the missing line end of a line; lines are counted from 1.
    fn end_line(&mut self, line: usize) {
        let line = line.checked_sub(1).and_then(|at| self.lines.get_mut(at));
        if let Some(line) = line.filter(|line| !line.last().is_some_and(|&byte| lines::is_line_end(byte))) {
            line.extend(self.line_end.bytes());
        }
    }
}

#[cfg(test)]
mod tests;
