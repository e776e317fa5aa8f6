//! Names and values of OpCon properties: parsing, completion, and the syntax of OpCon expressions.
//!
//! The syntax is documented in the OpCon documentation, "Using properties" and "Defining properties". A call of the
//! OpCon API has no current job from which OpCon could complete a name, so incomplete names are completed here or
//! rejected.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use crate::date::checked_date;
use crate::error::{Error, ErrorKind};
use crate::excerpt::excerpt;
use crate::job_identity::{JobIdentity, Known};

/// The maximum length of a global property name, in characters.
const MAX_GLOBAL_NAME: usize = 64;
/// The maximum length of a property value, in characters.
pub(crate) const MAX_VALUE: usize = 4000;
/// Characters that OpCon advises against in a property name, or that end it.
const NOT_IN_NAMES: &[char] = &['\'', '"', '(', ')', '\\', ',', '=', ';', '|'];
/// Characters that require quotes around a part of a name.
const QUOTED: &[char] = &['.', '[', ']', '{', '}'];

/// The full name of a property that can be saved through the OpCon API.
///
/// | Property of | Form |
/// |---|---|
/// | OpCon (global) | `NAME` or `OI.NAME` |
/// | a machine | `MI.NAME.MACHINE` |
/// | a schedule of one day | `SI.NAME.yyyy-mm-dd.SCHEDULE` |
/// | a job of one day | `JI.NAME.yyyy-mm-dd.SCHEDULE.JOB` |
///
/// A part may be in double quotes. Quotes are required if it contains a dot, except for the last part of a name that is
/// not a job's. The whole name may be enclosed in `[[` and `]]`. [`fmt::Display`] writes the name without brackets,
/// with quotes where required.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyName {
    name: String,
    owner: Owner,
}

/// The owner of a property.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Owner {
    OpCon,
    Machine(String),
    Schedule { date: String, schedule: String },
    Job { date: String, schedule: String, job: String },
}

impl PropertyName {
    /// Parses a name from a job. For a property of a schedule or job, date, schedule, and job may be omitted at the end
    /// or left empty (`SI.NAME`, `JI.NAME...JOB`). They default to those of the running job, `job`.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the name is invalid, or a part is omitted and the running job is not known.
    pub fn parse_for_job(text: &str, job: Option<&JobIdentity>) -> Result<Self, Error> {
        let name = parse(text, job).map_err(|wrong| invalid_name(text, wrong))?;
        name.check().map_err(|wrong| invalid_name(text, wrong))?;
        Ok(name)
    }

    /// The property for the `n`th of several instances: `_n` is appended to the property name.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if the result exceeds 64 characters for a global property.
    pub fn with_counter(&self, n: NonZeroU32) -> Result<Self, Error> {
        let counted = PropertyName { name: format!("{}_{n}", self.name), owner: self.owner.clone() };
        counted.check().map_err(|wrong| invalid_name(&counted.to_string(), wrong))?;
        Ok(counted)
    }

    /// The reference to the property in an expression: `[[...]]`.
    pub fn to_token(&self) -> String {
        // A quoted part must not end in ], because OpCon would read ]"]] as the end of the reference.
        let parts: Vec<String> = self.parts().into_iter().map(|part| quoted(part, "] ")).collect();
        format!("[[{}{}]]", self.prefix(), parts.join("."))
    }

    /// The plain name of a global property.
    pub(crate) fn as_global(&self) -> Option<&str> {
        (self.owner == Owner::OpCon).then_some(self.name.as_str())
    }

    fn prefix(&self) -> &'static str {
        match self.owner {
            Owner::OpCon => "",
            Owner::Machine(_) => "MI.",
            Owner::Schedule { .. } => "SI.",
            Owner::Job { .. } => "JI.",
        }
    }

    /// The parts after the prefix, without quotes.
    fn parts(&self) -> Vec<&str> {
        let name = self.name.as_str();
        match &self.owner {
            Owner::OpCon => vec![name],
            Owner::Machine(machine) => vec![name, machine],
            Owner::Schedule { date, schedule } => vec![name, date, schedule],
            Owner::Job { date, schedule, job } => vec![name, date, schedule, job],
        }
    }

    fn check(&self) -> Result<(), String> {
        check_own_name(&self.name)?;
        if self.owner == Owner::OpCon && self.name.chars().count() > MAX_GLOBAL_NAME {
            return Err(format!("the name of a global property has at most {MAX_GLOBAL_NAME} characters"));
        }
        self.parts().into_iter().try_for_each(check_part)
    }
}

impl fmt::Display for PropertyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = self.parts().into_iter().map(|part| quoted(part, "]")).collect();
        write!(f, "{}{}", self.prefix(), parts.join("."))
    }
}

impl FromStr for PropertyName {
    type Err = Error;

    /// Parses a full name. Every error is [`ErrorKind::Invalid`].
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::parse_for_job(text, None)
    }
}

fn invalid_name(name: &str, wrong: String) -> Error {
    Error::new(ErrorKind::Invalid, format!("reading the property name `{}`", excerpt(name)), wrong)
}

/// Formats a part of a name, in quotes if required. `closing` replaces a `]` before the closing quote.
fn quoted(part: &str, closing: &str) -> String {
    match part.strip_suffix(']') {
        Some(start) => format!("\"{start}{closing}\""),
        None if part.contains(QUOTED) => format!("\"{part}\""),
        None => part.to_owned(),
    }
}

fn parse(text: &str, job: Option<&JobIdentity>) -> Result<PropertyName, String> {
    let text = text.trim();
    let text = text.strip_prefix("[[").and_then(|text| text.strip_suffix("]]")).unwrap_or(text);
    let (scope, rest) = split_scope(text)?;
    // Without quotes, a dot makes the boundary between schedule and job ambiguous.
    let (count, open_ended, form) = match scope {
        Scope::OpCon => (1, true, "NAME"),
        Scope::Machine => (2, true, "MI.NAME.MACHINE"),
        Scope::Schedule => (3, true, "SI.NAME.yyyy-mm-dd.SCHEDULE"),
        Scope::Job => (4, false, "JI.NAME.yyyy-mm-dd.SCHEDULE.JOB"),
    };
    let mut parts = split_parts(rest, count, open_ended)?.into_iter();
    let mut part = |what: &str| match parts.next() {
        Some(part) if !part.is_empty() => Ok(part),
        _ => Err(format!("the {what} is missing; the full form is {form}")),
    };
    let name = part("name")?;
    let completed = |given: Result<String, String>, of_job: fn(&JobIdentity) -> &Known| match (given, job) {
        (Ok(part), _) => Ok(part),
        (Err(missing), None) => Err(format!("{missing}, and is required outside of an OpCon job")),
        (Err(missing), Some(job)) => of_job(job)
            .clone()
            .map_err(|wrong| format!("{missing}, and cannot be completed from the running job: {wrong}")),
    };
    let owner = match scope {
        Scope::OpCon => Owner::OpCon,
        Scope::Machine => Owner::Machine(part("machine")?),
        Scope::Schedule => Owner::Schedule {
            date: checked_date(completed(part("date"), |job| &job.date)?)?,
            schedule: completed(part("schedule"), |job| &job.schedule)?,
        },
        Scope::Job => Owner::Job {
            date: checked_date(completed(part("date"), |job| &job.date)?)?,
            schedule: completed(part("schedule"), |job| &job.schedule)?,
            job: completed(part("job"), |job| &job.job)?,
        },
    };
    Ok(PropertyName { name, owner })
}

/// The meaning of a name prefix.
#[derive(Clone, Copy)]
enum Scope {
    OpCon,
    Machine,
    Schedule,
    Job,
}

/// The scope of the prefix, and the rest of the text.
fn split_scope(text: &str) -> Result<(Scope, &str), String> {
    let Some((prefix, rest)) = text.split_once('.').filter(|_| !text.starts_with('"')) else {
        return Ok((Scope::OpCon, text));
    };
    match prefix.to_ascii_uppercase().as_str() {
        "OI" => Ok((Scope::OpCon, rest)),
        "MI" => Ok((Scope::Machine, rest)),
        "SI" => Ok((Scope::Schedule, rest)),
        "JI" => Ok((Scope::Job, rest)),
        "SSI" | "SJI" | "RI" => Err(format!("{prefix} properties cannot be set through the OpCon API")),
        _ => {
            Err("only OI, MI, SI and JI are valid before the first dot; a name that contains a dot must be in double \
                 quotes"
                .into())
        }
    }
}

/// Splits at the dots outside quotes into at most `count` parts. If the last part is open-ended, it includes all
/// further dots.
fn split_parts(text: &str, count: usize, open_ended: bool) -> Result<Vec<String>, String> {
    let mut parts = Vec::new();
    let mut rest = Some(text);
    while let Some(text) = rest {
        let part;
        (part, rest) = match text.strip_prefix('"') {
            Some(text) => {
                let (part, behind) = text.split_once('"').ok_or("a double quote is not closed")?;
                match behind.strip_prefix('.') {
                    Some(behind) => (part, Some(behind)),
                    None if behind.is_empty() => (part, None),
                    None => return Err("only a dot can follow a part in double quotes".into()),
                }
            }
            None if open_ended && parts.len() + 1 == count => (text, None),
            None => text.split_once('.').map_or((text, None), |(part, behind)| (part, Some(behind))),
        };
        parts.push(part.trim().to_owned());
    }
    if parts.len() > count {
        return Err("too many parts; a part that contains a dot must be in double quotes".into());
    }
    Ok(parts)
}

/// Validates the property name.
fn check_own_name(name: &str) -> Result<(), String> {
    if name.starts_with('$') {
        return Err("names that begin with $ are reserved by OpCon".into());
    }
    if let Some(character) = name.chars().find(|c| NOT_IN_NAMES.contains(c)) {
        return Err(format!("a property name cannot contain the character {character}"));
    }
    if name.starts_with('@') || name.ends_with('@') || name.contains("@@") {
        return Err("a property name cannot begin or end with @, or contain @@".into());
    }
    Ok(())
}

/// Rejects characters that are invalid in every part.
fn check_part(part: &str) -> Result<(), String> {
    if part.contains(char::is_control) {
        return Err("a part contains a control character".into());
    }
    if ["[[", "]]", "{{", "}}"].iter().any(|bracket| part.contains(bracket)) {
        return Err("a part contains a reference ([[...]]) that OpCon did not replace before it started the job".into());
    }
    if part.contains(['"', '\\']) {
        return Err("a part contains a double quote or a backslash".into());
    }
    Ok(())
}

/// A property value: at most 4000 characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PropertyValue(String);

impl PropertyValue {
    /// Validates a value.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if it is too long or contains a control character.
    pub fn new(text: impl Into<String>) -> Result<Self, Error> {
        let text = text.into();
        let invalid = |wrong: String| Error::new(ErrorKind::Invalid, "checking the property value", wrong);
        if text.contains(char::is_control) {
            return Err(invalid("the value contains a control character, such as a line break".into()));
        }
        let length = text.chars().count();
        if length > MAX_VALUE {
            return Err(invalid(format!("the value has {length} characters; OpCon allows {MAX_VALUE}")));
        }
        Ok(PropertyValue(text))
    }

    /// The plain value.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value as a text literal of an OpCon expression: in double quotes, with `\` before each `"` and `\`
    /// ("Property expressions syntax", operand types).
    pub fn to_literal(&self) -> String {
        format!("\"{}\"", self.0.replace('\\', "\\\\").replace('"', "\\\""))
    }
}

#[cfg(test)]
mod tests;
