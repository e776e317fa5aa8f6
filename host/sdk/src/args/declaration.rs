//! Declarations of arguments: typed constants, from which the command line, its help and the job forms are built.

use std::marker::PhantomData;

use super::values::{ArgValue, ParsedValue, ValueKind};
use crate::option_list::OptionList;

/// Presence of an optional argument: reads as `Option<T>`.
#[derive(Debug)]
pub struct Optional;
/// Presence of an argument that is required or has a default: reads as `T`.
#[derive(Debug)]
pub struct Always;
/// Presence of a repeatable argument: reads as `Vec<T>`.
#[derive(Debug)]
pub struct Repeated;

/// Maps the parsed values of an argument to the type that [`Inputs::get`](super::Inputs::get) returns.
pub trait Presence<T> {
    /// The type that [`Inputs::get`](super::Inputs::get) returns.
    type Output;
    /// Converts the parsed values; `None` when a mandatory value is missing.
    fn take(values: Vec<T>) -> Option<Self::Output>;
}

impl<T> Presence<T> for Optional {
    type Output = Option<T>;
    fn take(values: Vec<T>) -> Option<Option<T>> {
        Some(values.into_iter().next_back())
    }
}

impl<T> Presence<T> for Always {
    type Output = T;
    fn take(values: Vec<T>) -> Option<T> {
        values.into_iter().next_back()
    }
}

impl<T> Presence<T> for Repeated {
    type Output = Vec<T>;
    fn take(values: Vec<T>) -> Option<Vec<T>> {
        Some(values)
    }
}

/// An argument with values of type `T`. The same constant declares it (through [`Arg::spec`]) and reads it (through
/// [`Inputs::get`](super::Inputs::get)).
#[derive(Debug)]
pub struct Arg<T, P = Optional> {
    /// The declaration of the argument.
    pub spec: ArgSpec,
    marker: PhantomData<fn() -> (T, P)>,
}

/// The declaration of an argument, for the parser, the help and the job forms.
#[derive(Clone, Copy, Debug)]
pub struct ArgSpec {
    /// The long name without dashes, in kebab-case.
    pub name: &'static str,
    /// Further long names.
    pub aliases: &'static [&'static str],
    /// The placeholder of the value in the help, e.g. `ID`; empty for a flag.
    pub value_name: &'static str,
    /// The help text: one or more sentences with units, forms and limits.
    pub help: &'static str,
    /// The kind of its value.
    pub kind: ValueKind,
    /// Whether it is required.
    pub required: bool,
    /// The default, as a user would type it.
    pub default: Option<&'static str>,
    /// Whether it may be given several times.
    pub repeatable: bool,
    /// The delimiter of several values in one text, as in `i-1,i-2`.
    pub delimiter: Option<char>,
    /// The names of arguments that must be given with it.
    pub requires: &'static [&'static str],
    /// Whether its value must not appear in any output, log or message.
    pub secret: bool,
    /// Whether the value is passed on verbatim, e.g. a script: text that looks like a reference to an OpCon property is
    /// allowed in it.
    pub verbatim: bool,
    /// Whether it is left out of the help and of the list of functions.
    pub hidden: bool,
    /// The option list with its values, for job forms.
    pub option_list: Option<OptionList>,
    /// The flag that shows the argument in job forms; on the command line, the flag is not needed.
    pub form_flag: Option<&'static str>,
    parse: fn(&str) -> Result<ParsedValue, String>,
}

impl ArgSpec {
    /// An optional argument with no further properties.
    const fn of<T: ArgValue>(name: &'static str, value_name: &'static str, help: &'static str) -> Self {
        assert!(is_kebab_case(name), "the name of an argument is kebab-case");
        ArgSpec {
            name,
            aliases: &[],
            value_name,
            help,
            kind: T::KIND,
            required: false,
            default: None,
            repeatable: false,
            delimiter: None,
            requires: &[],
            secret: false,
            verbatim: false,
            hidden: false,
            option_list: None,
            form_flag: None,
            parse: ParsedValue::parse::<T>,
        }
    }

    /// The argument as users type it, with its dashes.
    pub fn option(&self) -> String {
        format!("--{}", self.name)
    }

    /// Whether the argument takes no value.
    pub fn is_flag(&self) -> bool {
        self.kind == ValueKind::Flag
    }

    /// All long names: the name, then the aliases.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// Splits a text at the delimiter, if there is one, and trims the parts.
    pub fn split<'a>(&self, text: &'a str) -> Vec<&'a str> {
        match self.delimiter {
            Some(delimiter) => text.split(delimiter).map(str::trim).filter(|part| !part.is_empty()).collect(),
            None => vec![text],
        }
    }

    /// Parses one value.
    ///
    /// # Errors
    /// A description of the expected form, see [`ArgValue::parse`].
    pub fn parse(&self, text: &str) -> Result<ParsedValue, String> {
        (self.parse)(text)
    }
}

impl<T: ArgValue> Arg<T> {
    /// Creates an optional argument with a value.
    pub const fn new(name: &'static str, value_name: &'static str, help: &'static str) -> Self {
        assert!(!matches!(T::KIND, ValueKind::Flag), "use Arg::flag for a flag");
        Self::from_spec(ArgSpec::of::<T>(name, value_name, help))
    }

    /// Makes it required.
    pub const fn required(self) -> Arg<T, Always> {
        Arg::from_spec(ArgSpec { required: true, ..self.spec })
    }

    /// Sets the default, as a user would type it.
    pub const fn default(self, text: &'static str) -> Arg<T, Always> {
        Arg::from_spec(ArgSpec { default: Some(text), ..self.spec })
    }

    /// Allows it several times.
    pub const fn repeatable(self) -> Arg<T, Repeated> {
        Arg::from_spec(ArgSpec { repeatable: true, ..self.spec })
    }
}

impl Arg<bool, Always> {
    /// Creates an argument without a value: `true` when given.
    pub const fn flag(name: &'static str, help: &'static str) -> Self {
        Arg::from_spec(ArgSpec { default: Some("false"), ..ArgSpec::of::<bool>(name, "", help) })
    }
}

impl<T> Arg<T, Repeated> {
    /// Allows several values in one text, separated by this character.
    pub const fn separated_by(self, delimiter: char) -> Self {
        Arg::from_spec(ArgSpec { delimiter: Some(delimiter), ..self.spec })
    }
}

impl<T, P> Arg<T, P> {
    const fn from_spec(spec: ArgSpec) -> Self {
        Arg { spec, marker: PhantomData }
    }

    /// Adds further long names.
    pub const fn aliases(self, aliases: &'static [&'static str]) -> Self {
        Arg::from_spec(ArgSpec { aliases, ..self.spec })
    }

    /// Names the arguments that must be given with it.
    pub const fn requires(self, requires: &'static [&'static str]) -> Self {
        Arg::from_spec(ArgSpec { requires, ..self.spec })
    }

    /// Hides the value in all output, logs and messages.
    pub const fn secret(self) -> Self {
        Arg::from_spec(ArgSpec { secret: true, ..self.spec })
    }

    /// Passes the value on verbatim, see [`ArgSpec::verbatim`].
    pub const fn verbatim(self) -> Self {
        Arg::from_spec(ArgSpec { verbatim: true, ..self.spec })
    }

    /// Sets the option list with its values, for job forms.
    pub const fn option_list(self, list: OptionList) -> Self {
        Arg::from_spec(ArgSpec { option_list: Some(list), ..self.spec })
    }

    /// Shows the argument in job forms only together with a flag.
    pub const fn form_flag(self, flag: &'static str) -> Self {
        Arg::from_spec(ArgSpec { form_flag: Some(flag), ..self.spec })
    }

    /// Hides it in the help and in the list of functions.
    pub const fn hidden(self) -> Self {
        Arg::from_spec(ArgSpec { hidden: true, ..self.spec })
    }
}

const fn is_kebab_case(name: &str) -> bool {
    let bytes = name.as_bytes();
    let mut i = 0;
    while i < bytes.len() {
        let dash_inside = bytes[i] == b'-' && i > 0 && i + 1 < bytes.len() && bytes[i - 1] != b'-';
        if !(bytes[i].is_ascii_lowercase() || (bytes[i].is_ascii_digit() && i > 0) || dash_inside) {
            return false;
        }
        i += 1;
    }
    !bytes.is_empty()
}

/// A rule about several arguments: at least one, or at most one, must be given.
#[derive(Clone, Copy, Debug)]
pub struct ArgGroup {
    /// The names of the arguments.
    pub members: &'static [&'static str],
    /// Whether one of them must be given.
    pub required: bool,
    /// Whether only one of them may be given.
    pub exclusive: bool,
}

impl ArgGroup {
    /// At least one of the arguments must be given.
    pub const fn at_least_one(members: &'static [&'static str]) -> Self {
        ArgGroup { members, required: true, exclusive: false }
    }

    /// At most one of the arguments may be given.
    pub const fn at_most_one(members: &'static [&'static str]) -> Self {
        ArgGroup { members, required: false, exclusive: true }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn names_of_arguments_are_kebab_case() {
        for (name, good) in [
            ("tag-name", true),
            ("a1", true),
            ("", false),
            ("-a", false),
            ("a--b", false),
            ("a-", false),
            ("Tag", false),
        ] {
            assert_eq!(is_kebab_case(name), good, "{name}");
        }
    }

    #[test]
    fn a_spec_contains_all_that_was_declared() {
        const ID: Arg<String, Repeated> = Arg::new("id", "ID", "An id.")
            .aliases(&["ids"])
            .requires(&["name"])
            .secret()
            .hidden()
            .repeatable()
            .separated_by(',');
        let spec = &ID.spec;
        assert_eq!(spec.names().collect::<Vec<_>>(), ["id", "ids"]);
        assert_eq!((spec.requires, spec.value_name, spec.help), (&["name"][..], "ID", "An id."));
        assert!(spec.secret && spec.hidden && spec.repeatable && !spec.required && !spec.is_flag());
        assert_eq!(spec.split(" a, b,,c "), ["a", "b", "c"]);
        let required = Arg::<PathBuf>::new("file", "FILE", "A file.").required().spec;
        assert!(required.required && required.kind == ValueKind::Path);
        assert_eq!(required.split(" a, b "), [" a, b "], "no delimiter, no splitting");
        let flag = Arg::flag("all", "All.").spec;
        assert!(flag.is_flag());
        assert_eq!((flag.default, flag.value_name), (Some("false"), ""));
    }

    #[test]
    fn an_error_names_the_expected_form_of_a_value() {
        let number = Arg::<NonZeroU32>::new("number", "N", "A number.").spec;
        for text in ["0", "-1", "two", "4294967296"] {
            assert_eq!(number.parse(text).unwrap_err(), "must be a whole number of at least 1", "{text}");
        }
        let flag = Arg::flag("all", "All.").spec;
        assert_eq!(flag.parse("yes").unwrap_err(), "must be `true` or `false`");
    }
}
