//! Decides what messages may quote of a command line: nothing that could be a part of a secret value.
//!
//! A secret can be in any argument when its option is misspelled, when a quote is missing, or when a vertical tab or a
//! line break divides its value. A URL can contain a password.

use std::collections::BTreeSet;

use connector_sdk::args::may_have_password;
use connector_sdk::{ArgSpec, operations};

use crate::settings::COMMON;

/// Words in the names of options with secrets that other programs have and this one does not.
const SECRET_WORDS: [&str; 3] = ["password", "secret", "token"];
/// The minimum similarity of a mistyped option and a secret one, from 0 to 1.
const MIN_SIMILARITY: f64 = 0.8;
/// In the place of a text that is not quoted.
const WITHHELD: &str = ", not shown because it may be part of a secret";

/// What messages may quote of a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
    /// All of it.
    Allowed,
    /// Only names that the program knows: an argument seems to name a secret.
    Withheld,
}

impl Quoting {
    /// What may be quoted of these arguments, or of the field names of a completed form.
    pub fn of(args: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let known = Known::of_all();
        let withheld = args.into_iter().any(|arg| known.is_about_a_secret(arg.as_ref()));
        if withheld { Quoting::Withheld } else { Quoting::Allowed }
    }

    /// What may be quoted if both parts of a command line permit it.
    pub fn and(self, other: Self) -> Self {
        if self == Quoting::Allowed { other } else { self }
    }

    /// The end of a message about a text: the text in backticks, or that it is not shown.
    pub fn quoted(self, text: &str) -> String {
        match self {
            Quoting::Allowed => format!(" `{text}`"),
            Quoting::Withheld => WITHHELD.to_owned(),
        }
    }

    /// A reference to an OpCon property, for a message.
    pub fn reference(self, found: &str) -> String {
        match self {
            Quoting::Allowed => format!("`{found}`"),
            Quoting::Withheld => "a reference".to_owned(),
        }
    }
}

/// Whether the value of an option has swallowed an option with a secret value, as after `"C:\dir\" --option TEXT`, where
/// Windows takes `\"` for a quote inside the value.
pub fn swallows_a_secret(value: &str) -> bool {
    let known = Known::of_all();
    let options = value.split_whitespace().filter(|word| word.starts_with("--"));
    options.map(letters_of_name).any(|name| known.secret.iter().any(|secret| letters(secret) == name))
}

/// The names of all options.
struct Known {
    secret: BTreeSet<&'static str>,
    others: BTreeSet<&'static str>,
}

impl Known {
    fn of_all() -> Self {
        let of_functions = operations().into_iter().flat_map(|found| found.operation.meta().all_arguments());
        let names = |secret: bool, specs: &[&'static ArgSpec]| {
            specs.iter().filter(|spec| spec.secret == secret).flat_map(|spec| spec.names()).collect()
        };
        let specs: Vec<_> = of_functions.chain(COMMON).collect();
        Known { secret: names(true, &specs), others: names(false, &specs) }
    }

    /// Whether the argument names a secret, in any spelling, or may be a URL with a password.
    fn is_about_a_secret(&self, arg: &str) -> bool {
        if may_have_password(arg) {
            return true;
        }
        let (option, value) = arg.split_once('=').unwrap_or((arg, ""));
        if option.strip_prefix("--").is_some_and(|name| self.others.contains(name)) {
            return self.mentions_a_secret(value);
        }
        self.mentions_a_secret(arg)
    }

    fn mentions_a_secret(&self, text: &str) -> bool {
        if text.split_once("://").is_some_and(|(_, rest)| rest.contains('@')) {
            return true; // a URL with a password
        }
        let all = letters(text);
        let mut options = text.split_whitespace().filter(|word| word.starts_with('-')).map(letters_of_name);
        self.secret.iter().any(|secret| all.contains(&letters(secret)))
            || options.any(|name| self.is_like_a_secret(&name))
    }

    /// Whether a name is a mistyped secret option, or that of a secret in other programs.
    fn is_like_a_secret(&self, name: &str) -> bool {
        if self.others.iter().any(|other| letters(other) == name) {
            return false; // `--userid` is another option without its hyphen
        }
        let is_similar = |secret: &&str| strsim::jaro_winkler(&letters(secret), name) > MIN_SIMILARITY;
        self.secret.iter().any(is_similar) || SECRET_WORDS.iter().any(|word| name.contains(word))
    }
}

/// The letters and digits of a text, in lower case: all that different spellings of a name have in common.
fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// The letters of the option that the argument begins with.
fn letters_of_name(arg: &str) -> String {
    let name = arg.trim_start_matches('-');
    letters(&name[..name.find(|c: char| !(c.is_ascii_alphanumeric() || "-_".contains(c))).unwrap_or(name.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_spelling_of_a_secret_option_withholds_the_texts_of_the_line() {
        let secrets = Known::of_all().secret;
        assert!(!secrets.is_empty(), "a program without secrets proves nothing");
        for secret in secrets {
            for spelling in [
                format!("--{secret}"),
                format!("--{secret}=x"),
                format!("-{secret}"),
                format!("/{secret}:x"),
                format!("\u{2013}{secret}"),
                format!("--{}", secret.replace('-', "")),
                format!("--{}", secret.replace('-', "_")),
                format!("--{}", &secret[..secret.len() - 1]),
                format!("{}x\" --{secret} x", "--region="),
                secret.to_uppercase(),
            ] {
                assert_eq!(Quoting::of(["StopInstance", &spelling]), Quoting::Withheld, "{spelling}");
            }
        }
        for text in ["--secret-access-key", "http://user:hush@host", "--endpoint-url=http://user:hush@host"] {
            assert_eq!(Quoting::of([text, "x"]), Quoting::Withheld, "{text}");
        }
    }

    #[test]
    fn a_line_without_secrets_is_quoted() {
        for option in Known::of_all().others {
            assert_eq!(Quoting::of([format!("--{option}=x"), "--waitt".to_owned()]), Quoting::Allowed, "{option}");
        }
        assert_eq!(Quoting::of([""; 0]), Quoting::Allowed);
        assert_eq!(Quoting::of(["--userid=USER1", "--User_ID", "USER1"]), Quoting::Allowed);
    }

    #[test]
    fn an_option_inside_a_value_is_found() {
        for secret in Known::of_all().secret {
            assert!(swallows_a_secret(&format!("C:\\dir\" --{secret} x")));
            assert!(swallows_a_secret(&format!("web --{secret}=x")));
            assert!(!swallows_a_secret(&format!("my-{secret}")));
        }
    }
}
