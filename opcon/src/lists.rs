//! The lists from which job forms offer images, instance types and regions.
//!
//! Each list is a global property of OpCon, `"...","..."`, for Enterprise Manager. The newer Solution Manager has all three
//! in one script, a line an entry. Both forms are those of OpCon's documentation of its AWS EC2 connector.

mod entry;

use std::path::Path;
use std::{fs, io};

use crate::error::{Error, ErrorKind};
use crate::file_drop;
use crate::plain_text::one_line;
use crate::property::{LONGEST_VALUE, PropertyValue};

pub use entry::{Entry, Image, InstanceType, Region};

/// One of the three lists, in the order in which forms offer its entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct List<T>(Vec<T>);

impl<T: Entry> List<T> {
    /// A list of these entries.
    pub fn new(entries: Vec<T>) -> Self {
        List(entries)
    }

    /// The entries.
    pub fn entries(&self) -> &[T] {
        &self.0
    }

    /// Reads the value of the property [`Entry::PROPERTY`]. Spaces between the entries do not matter.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`], with the number of the entry that is wrong.
    pub fn from_property(value: &str) -> Result<Self, Error> {
        let mut entries = Vec::new();
        let mut rest = value.trim();
        while !rest.is_empty() {
            let number = entries.len() + 1;
            let wrong = |wrong: &str| {
                let doing = format!("reading the list {}", T::PROPERTY);
                Error::new(ErrorKind::Invalid, doing, format!("entry {number}: {wrong}"))
            };
            let quoted = rest.strip_prefix('"').ok_or_else(|| wrong("it is not in double quotes"))?;
            let (text, behind) = quoted.split_once('"').ok_or_else(|| wrong("its closing quote is missing"))?;
            entries.push(T::parse(text).map_err(|reason| wrong(&format!("'{}': {reason}", one_line(text))))?);
            rest = match behind.trim_start().strip_prefix(',') {
                Some(next) if next.trim().is_empty() => return Err(wrong("a comma stands behind it, and no entry")),
                Some(next) => next.trim_start(),
                None if behind.trim().is_empty() => "",
                None => return Err(wrong("no comma stands behind it")),
            };
        }
        Ok(List(entries))
    }

    /// The value for the property [`Entry::PROPERTY`].
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when it would be longer than a property's value can be.
    pub fn to_property(&self) -> Result<PropertyValue, Error> {
        let text = self.0.iter().map(|entry| format!("\"{entry}\"")).collect::<Vec<_>>().join(",");
        let length = text.chars().count();
        if length > LONGEST_VALUE {
            let wrong = format!("its {} entries have {length} characters; OpCon allows {LONGEST_VALUE}", self.0.len());
            let error = Error::new(ErrorKind::Invalid, format!("writing the list {}", T::PROPERTY), wrong);
            return Err(error.with_hint("leave entries out"));
        }
        PropertyValue::new(text)
    }

    /// The list's lines for the script of Solution Manager, each with its line end.
    pub fn to_script(&self) -> String {
        self.0.iter().map(|entry| format!("{} {entry}\n", T::KEYWORD)).collect()
    }
}

/// The script of Solution Manager: the three lists in one text. A list of which it has no line is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataScript {
    /// The lines `IMAGE description : ami-...`.
    pub images: List<Image>,
    /// The lines `SIZE t3.micro`.
    pub instance_types: List<InstanceType>,
    /// The lines `REGION US_EAST_1`.
    pub regions: List<Region>,
}

impl DataScript {
    /// Reads a script. Empty lines and the order of the three kinds do not matter.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`], with the number of the line that is wrong.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut script = DataScript { images: List(vec![]), instance_types: List(vec![]), regions: List(vec![]) };
        for (line, number) in text.trim_start_matches('\u{feff}').lines().zip(1..) {
            script.read_line(line.trim()).map_err(|wrong| {
                Error::new(ErrorKind::Invalid, "reading the script of lists", format!("line {number}: {wrong}"))
            })?;
        }
        Ok(script)
    }

    /// Reads the script in a file; a missing file has no list.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when the file cannot be read, or a line of it is wrong.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let failed = |wrong: String| Error::new(ErrorKind::Invalid, format!("reading {}", path.display()), wrong);
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(&text).map_err(|error| failed(error.to_string())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::parse(""),
            Err(error) => Err(failed(error.to_string())),
        }
    }

    /// Writes the script into a file: beside it, and then in its place.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when it cannot be written; the file is as it was then.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        file_drop::replace(path, &self.to_text())
            .map_err(|error| Error::new(ErrorKind::Invalid, format!("writing {}", path.display()), error.to_string()))
    }

    fn read_line(&mut self, line: &str) -> Result<(), String> {
        let (keyword, text) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match keyword {
            "" => {}
            Image::KEYWORD => self.images.0.push(Image::parse(text.trim())?),
            InstanceType::KEYWORD => self.instance_types.0.push(InstanceType::parse(text.trim())?),
            Region::KEYWORD => self.regions.0.push(Region::parse(text.trim())?),
            _ => return Err("it begins with none of IMAGE, SIZE and REGION".into()),
        }
        Ok(())
    }

    /// The text of the script: images, instance types, regions.
    pub fn to_text(&self) -> String {
        [self.images.to_script(), self.instance_types.to_script(), self.regions.to_script()].concat()
    }
}

#[cfg(test)]
mod tests;
