//! Parses the expressions that the stand-in evaluates: `[[Name]]` and `[[Name]]="literal"`.
//!
//! The grammar follows "Property expressions syntax", "Using properties" and "Defining properties" in the OpCon
//! documentation, and the output of OpCon's own command-line tool. It shares no code with the client on purpose.

use std::fmt;

/// The maximum length of a global property name, in characters.
const MAX_GLOBAL_NAME: usize = 64;
/// The maximum length of a value, in characters.
pub(crate) const MAX_VALUE: usize = 4000;

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// `[[Name]]`: the value of the property.
    Read(Name),
    /// `[[Name]]="literal"`: sets the property, and creates it if necessary.
    Assign(Name, String),
}

/// A property name. Its canonical form has no brackets, and quotes only where required.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    scope: Scope,
    parts: Vec<String>,
}

/// The owner of a property.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Global,
    Machine,
    Schedule,
    Job,
}

impl Name {
    /// The global property with this name, which is not quoted.
    pub fn global(name: &str) -> Result<Self, String> {
        Name { scope: Scope::Global, parts: vec![name.to_owned()] }.checked()
    }

    /// The plain name of a global property, or `None` for other properties.
    pub fn as_global(&self) -> Option<&str> {
        if self.scope == Scope::Global { self.parts.first().map(String::as_str) } else { None }
    }

    fn checked(self) -> Result<Self, String> {
        let Some(name) = self.parts.first() else { return Err("the name is missing".into()) };
        if self.parts.iter().any(String::is_empty) {
            return Err("a part of the name is empty, and there is no job to take it from".into());
        }
        if self.parts.iter().any(|part| part.trim() != part || part.contains(char::is_control)) {
            return Err("the name contains control characters, or has spaces around it".into());
        }
        if name.starts_with('$') {
            return Err("a system property cannot be set".into());
        }
        if name.contains(['\'', '"', '(', ')', '\\', ',', '=', ';', '|']) {
            return Err("the name contains a character that is not allowed".into());
        }
        if self.scope == Scope::Global && name.chars().count() > MAX_GLOBAL_NAME {
            return Err("the name is longer than 64 characters".into());
        }
        Ok(self)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.scope {
            Scope::Global => "",
            Scope::Machine => "MI.",
            Scope::Schedule => "SI.",
            Scope::Job => "JI.",
        })?;
        for (index, part) in self.parts.iter().enumerate() {
            let dot = if index == 0 { "" } else { "." };
            let quote = if part.contains(['.', '[', ']', '{', '}']) { "\"" } else { "" };
            write!(f, "{dot}{quote}{part}{quote}")?;
        }
        Ok(())
    }
}

/// Parses an expression. The error is the evaluation message.
pub fn parse(text: &str) -> Result<Expression, String> {
    let rest = text.strip_prefix("[[").ok_or("the expression does not begin with [[")?;
    let (parts, rest) = parts(rest)?;
    let name = name(parts)?;
    match rest.strip_prefix('=') {
        None if rest.is_empty() => Ok(Expression::Read(name)),
        None => Err("only an assignment is supported after ]]".into()),
        Some(literal) => Ok(Expression::Assign(name, value(literal)?)),
    }
}

/// A part of a name, and whether it is quoted.
type Part = (String, bool);

/// The parts up to `]]`, and the rest of the text.
fn parts(mut rest: &str) -> Result<(Vec<Part>, &str), String> {
    let mut parts = Vec::new();
    loop {
        let part;
        (part, rest) = match rest.strip_prefix('"') {
            Some(quoted) => {
                let (part, rest) = quoted.split_once('"').ok_or("a quote in the name is not closed")?;
                if part.ends_with(']') && rest.starts_with("]]") {
                    return Err("]\"]] cannot be distinguished from the end of the name".into());
                }
                ((part.trim_end().to_owned(), true), rest)
            }
            None => {
                let end = rest.find(['.', ']']).ok_or("the name is not closed with ]]")?;
                let (part, rest) = rest.split_at(end);
                if part.contains(['[', '{', '}', '\\', '"']) {
                    return Err("the name contains a character that must be quoted".into());
                }
                ((part.to_owned(), false), rest)
            }
        };
        parts.push(part);
        if let Some(behind) = rest.strip_prefix("]]") {
            return Ok((parts, behind));
        }
        rest = rest.strip_prefix('.').ok_or("a part of the name is followed by neither a dot nor ]]")?;
    }
}

/// Creates the name from its parts.
fn name(parts: Vec<Part>) -> Result<Name, String> {
    let prefix = match parts.as_slice() {
        [(prefix, false), _, ..] => prefix.as_str(),
        _ => "",
    };
    let (scope, count) = match prefix {
        "" => (Scope::Global, 1),
        "OI" => (Scope::Global, 2),
        "MI" => (Scope::Machine, 3),
        "SI" => (Scope::Schedule, 4),
        "JI" => (Scope::Job, 5),
        _ => return Err(format!("{prefix} is no kind of property")),
    };
    if parts.len() != count {
        return Err(format!(
            "the name has {} parts, {count} identify the property: there is no job to take the others from",
            parts.len()
        ));
    }
    let skipped = usize::from(!prefix.is_empty());
    let parts: Vec<String> = parts.into_iter().skip(skipped).map(|(part, _)| part).collect();
    if matches!(scope, Scope::Schedule | Scope::Job) && !parts.get(1).is_some_and(|date| is_date(date)) {
        return Err("the date does not have the form yyyy-mm-dd".into());
    }
    Name { scope, parts }.checked()
}

/// Whether the text has the format yyyy-mm-dd.
fn is_date(text: &str) -> bool {
    let form = |(index, byte): (usize, u8)| if matches!(index, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() };
    text.len() == 10 && text.bytes().enumerate().all(form)
}

/// The value of a literal, which must be the rest of the expression.
fn value(literal: &str) -> Result<String, String> {
    let mut characters = literal.strip_prefix('"').ok_or("the value is not a text in double quotes")?.chars();
    let mut value = String::new();
    loop {
        match characters.next().ok_or("the value's closing quote is missing")? {
            '"' => break,
            '\\' => match characters.next() {
                Some(escaped @ ('"' | '\\')) => value.push(escaped),
                _ => return Err("neither a quote nor a backslash follows a backslash".into()),
            },
            control if control.is_control() => return Err("the value contains a control character".into()),
            character => value.push(character),
        }
    }
    if characters.next().is_some() {
        return Err("unexpected text after the closing quote of the value".into());
    }
    if value.chars().count() > MAX_VALUE {
        return Err("the value is longer than 4000 characters".into());
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> String {
        match parse(text) {
            Ok(Expression::Read(name)) => name.to_string(),
            other => panic!("{text}: {other:?}"),
        }
    }

    fn assigned(text: &str) -> (String, String) {
        match parse(text) {
            Ok(Expression::Assign(name, value)) => (name.to_string(), value),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn names_have_one_canonical_form() {
        for (text, canonical) in [
            ("[[A]]", "A"),
            ("[[OI.A]]", "A"),
            ("[[\"A\"]]", "A"),
            ("[[OI.\"A.B\"]]", "\"A.B\""),
            ("[[MI.A.server]]", "MI.A.server"),
            ("[[SI.A.2026-01-31.\"Night\"]]", "SI.A.2026-01-31.Night"),
            ("[[SI.A.2026-01-31.\"Night[Sub] \"]]", "SI.A.2026-01-31.\"Night[Sub]\""),
            ("[[JI.A.2026-01-31.\"Night[Sub]\".Job$0001]]", "JI.A.2026-01-31.\"Night[Sub]\".Job$0001"),
        ] {
            assert_eq!(read(text), canonical, "{text}");
        }
    }

    #[test]
    fn values_may_have_escaped_quotes_and_backslashes() {
        assert_eq!(assigned(r#"[[A]]="""#), ("A".into(), String::new()));
        assert_eq!(assigned(r#"[[A]]="say \"C:\\x\"""#), ("A".into(), r#"say "C:\x""#.into()));
    }

    #[test]
    fn undocumented_syntax_is_rejected() {
        for (text, reason) in [
            ("A", "does not begin"),
            ("[[A]", "neither a dot nor ]]"),
            ("[[A", "not closed"),
            ("[[\"A]]", "quote in the name is not closed"),
            ("[[]]", "empty"),
            ("[[=1+1]]", "is not allowed"),
            ("[[$NOW]]", "system property"),
            ("[[A,B]]", "is not allowed"),
            ("[[A{B]]", "must be quoted"),
            ("[[ A]]", "spaces around it"),
            ("[[A.B]]", "no kind of property"),
            ("[[RI.X.A]]", "no kind of property"),
            ("[[SI.A]]", "2 parts"),
            ("[[SI.A..Night]]", "date"),
            ("[[JI.A.2026-01-31.Night]]", "4 parts"),
            ("[[JI.A.2026-01-31..Job]]", "empty"),
            ("[[SI.A.01/31/2026.Night]]", "date"),
            ("[[SI.A.2026-01-31.\"Night[Sub]\"]]", "cannot be distinguished"),
            ("[[SI.A.2026-01-31.Night[Sub]]]", "must be quoted"),
            ("[[A]] = \"v\"", "only an assignment"),
            ("[[A]]=v", "not a text in double quotes"),
            ("[[A]]=\"v", "closing quote is missing"),
            ("[[A]]=\"v\\\"", "closing quote is missing"),
            ("[[A]]=\"C:\\x\"", "a backslash"),
            ("[[A]]=\"a\"b\"", "unexpected text"),
            ("[[A]]=\"a\";[[B]]=\"b\"", "unexpected text"),
            ("[[A]]=\"a\nb\"", "control character"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn lengths_are_limited() {
        assert!(parse(&format!("[[{}]]", "n".repeat(64))).is_ok());
        assert!(parse(&format!("[[{}]]", "n".repeat(65))).unwrap_err().contains("64"));
        assert!(parse(&format!("[[A]]=\"{}\"", "v".repeat(4000))).is_ok());
        assert!(parse(&format!("[[A]]=\"{}\"", "v".repeat(4001))).unwrap_err().contains("4000"));
    }
}
