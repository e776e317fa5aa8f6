//! The entries of the lists. What they hold can stand in either form of a list.

use std::fmt;

/// The entry of a list. [`fmt::Display`] writes it as a job form shows it, and as the job gets it.
pub trait Entry: fmt::Display + Sized {
    /// The global property that holds the list.
    const PROPERTY: &'static str;
    /// The word with which its lines in Solution Manager's script begin.
    const KEYWORD: &'static str;

    /// Reads an entry; the error says what is wrong with it.
    fn parse(text: &str) -> Result<Self, String>;
}

/// An image to start instances of: `description : ami-...`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Image {
    description: String,
    id: String,
}

impl Image {
    /// The image of that id, with a description of which what no list can hold is left out: double quotes, control
    /// characters, repeated and outer spaces, and a second bracket of `[[`, `]]`, `{{` and `}}`, which begin and end
    /// references to properties. Without a description the id stands there twice.
    ///
    /// # Errors
    /// The id has not the form `ami-...`.
    pub fn described(description: &str, id: &str) -> Result<Self, String> {
        let printable: String = description.chars().map(|c| if c.is_control() || c == '"' { ' ' } else { c }).collect();
        let mut kept = String::new();
        for character in printable.split_whitespace().collect::<Vec<_>>().join(" ").chars() {
            if !("[]{}".contains(character) && kept.ends_with(character)) {
                kept.push(character);
            }
        }
        let description = if kept.is_empty() { id } else { &kept };
        Image::parse(&format!("{description} : {id}"))
    }

    /// What the form shows before the id.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The image's id, `ami-...`.
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Entry for Image {
    const PROPERTY: &'static str = "AWS_IMAGES";
    const KEYWORD: &'static str = "IMAGE";

    fn parse(text: &str) -> Result<Self, String> {
        let (description, id) = text.rsplit_once(" : ").ok_or("it has not the form 'description : ami-...'")?;
        let digits = id.strip_prefix("ami-").ok_or("what stands behind the last ' : ' is not the id of an image")?;
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
            return Err("the id of the image has other characters than digits and small letters".into());
        }
        if description.is_empty() || description.trim() != description {
            return Err("the description is empty or has spaces around it".into());
        }
        if description.contains(char::is_control) || description.contains('"') {
            return Err("the description has a double quote or a control character".into());
        }
        if ["[[", "]]", "{{", "}}"].iter().any(|brackets| description.contains(brackets)) {
            return Err("the description has [[, ]], {{ or }}, which OpCon would take for a reference".into());
        }
        Ok(Image { description: description.to_owned(), id: id.to_owned() })
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} : {}", self.description, self.id)
    }
}

/// An instance type: `t3.micro`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct InstanceType(String);

impl InstanceType {
    /// The type's name in EC2.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Entry for InstanceType {
    const PROPERTY: &'static str = "AWS_SIZES";
    const KEYWORD: &'static str = "SIZE";

    fn parse(text: &str) -> Result<Self, String> {
        let is_word =
            |word: &str| !word.is_empty() && word.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        match text.split_once('.') {
            Some((family, size)) if is_word(family) && is_word(size) => Ok(InstanceType(text.to_owned())),
            _ => Err("it has not the form of an instance type, such as t3.micro".into()),
        }
    }
}

impl fmt::Display for InstanceType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A region, which lists call `US_EAST_1` and EC2 `us-east-1`. Both are read; the first is written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Region(String);

impl Region {
    /// The region's name in EC2, `us-east-1`.
    pub fn ec2_name(&self) -> &str {
        &self.0
    }
}

impl Entry for Region {
    const PROPERTY: &'static str = "AWS_REGIONS";
    const KEYWORD: &'static str = "REGION";

    fn parse(text: &str) -> Result<Self, String> {
        let name = text.to_ascii_lowercase().replace('_', "-");
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9'));
        if name.split('-').count() < 3 || !name.split('-').all(is_word) {
            return Err("it has not the form of a region, such as US_EAST_1".into());
        }
        Ok(Region(name))
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.to_ascii_uppercase().replace('-', "_"))
    }
}
