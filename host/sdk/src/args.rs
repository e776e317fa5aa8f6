//! Arguments of functions: typed constants that declare an argument and read it.
//!
//! The presence of an argument is in its type: [`Optional`] reads as `Option<T>`, [`Always`] (required, or with a
//! default) as `T`, [`Repeated`] as `Vec<T>`. So a function has no branch for a missing or malformed argument.

use std::any::Any;
use std::collections::HashMap;
use std::marker::PhantomData;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::option_list::OptionList;

/// A type that an argument's text is parsed into, once, by the host.
pub trait ArgValue: Clone + Send + Sync + 'static {
    /// How the value is described to people and to forms.
    const KIND: ValueKind;

    /// Parses the text, which is never empty.
    ///
    /// # Errors
    /// Says what the text should be, as in `must be a whole number of at least 1`; the host adds argument and text.
    fn parse(text: &str) -> Result<Self, String>;
}

/// What kind of value an argument takes, for help, `--list` and forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Any text.
    String,
    /// A whole number of at least `minimum`.
    Integer {
        /// The smallest number that is accepted.
        minimum: u32,
    },
    /// No value: given or not given.
    Flag,
    /// A length of time: `90s`, `10m`, `1h`; a bare number is minutes.
    Duration,
    /// A file or folder.
    Path,
    /// One of the texts listed.
    Choice(&'static [&'static str]),
}

impl ValueKind {
    /// The name of the kind in `--list --output json`.
    pub const fn name(self) -> &'static str {
        match self {
            ValueKind::String => "string",
            ValueKind::Integer { .. } => "integer",
            ValueKind::Flag => "flag",
            ValueKind::Duration => "duration",
            ValueKind::Path => "path",
            ValueKind::Choice(_) => "choice",
        }
    }

    /// The texts to choose from; empty for every other kind.
    pub const fn choices(self) -> &'static [&'static str] {
        match self {
            ValueKind::Choice(choices) => choices,
            _ => &[],
        }
    }

    /// The one of its choices that the text is.
    ///
    /// # Errors
    /// Says which there are, when it is none of them.
    pub fn choose(self, text: &str) -> Result<&'static str, String> {
        let known = self.choices().iter().find(|choice| **choice == text);
        known.copied().ok_or_else(|| self.no_choice())
    }

    /// What is wrong with a text that is none of its choices.
    pub fn no_choice(self) -> String {
        format!("must be one of {}", self.choices().join(", "))
    }
}

/// Declares the choices of an argument, each with the text that people type, in the order in which they are shown.
///
/// ```
/// use connector_sdk::{ArgValue as _, choices};
///
/// choices! {
///     /// What becomes of it.
///     pub enum Fate {
///         /// It stays.
///         Keep = "keep",
///         /// It goes.
///         Drop = "drop",
///     }
/// }
/// assert_eq!(Fate::parse("drop"), Ok(Fate::Drop));
/// ```
#[macro_export]
macro_rules! choices {
    ($(#[$doc:meta])* $visible:vis enum $name:ident { $($(#[$choice_doc:meta])* $choice:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $visible enum $name {
            $($(#[$choice_doc])* $choice,)+
        }

        impl $crate::ArgValue for $name {
            const KIND: $crate::ValueKind = $crate::ValueKind::Choice(&[$($text),+]);

            fn parse(text: &str) -> ::std::result::Result<Self, ::std::string::String> {
                match text {
                    $($text => Ok($name::$choice),)+
                    _ => Err(Self::KIND.no_choice()),
                }
            }
        }
    };
}

impl ArgValue for String {
    const KIND: ValueKind = ValueKind::String;

    fn parse(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl ArgValue for bool {
    const KIND: ValueKind = ValueKind::Flag;

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "must be `true` or `false`".to_owned())
    }
}

impl ArgValue for NonZeroU32 {
    const KIND: ValueKind = ValueKind::Integer { minimum: 1 };

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|_| "must be a whole number of at least 1".to_owned())
    }
}

impl ArgValue for PathBuf {
    const KIND: ValueKind = ValueKind::Path;

    fn parse(text: &str) -> Result<Self, String> {
        Ok(PathBuf::from(text))
    }
}

impl ArgValue for Duration {
    const KIND: ValueKind = ValueKind::Duration;

    fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || "must be a length of time above zero, as in `90s`, `10m` or `2h`; a bare number is minutes".to_owned();
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let unit = match &text[digits.len()..] {
            "s" => 1,
            "" | "m" => 60,
            "h" => 3600,
            _ => return Err(wrong()),
        };
        let seconds =
            digits.parse::<u32>().ok().and_then(|count| count.checked_mul(unit)).filter(|seconds| *seconds > 0);
        seconds.map(|seconds| Duration::from_secs(seconds.into())).ok_or_else(wrong)
    }
}

/// The presence of an argument that may be missing: reads as `Option<T>`.
#[derive(Debug)]
pub struct Optional;
/// The presence of an argument that is required or has a default: reads as `T`.
#[derive(Debug)]
pub struct Always;
/// The presence of an argument that may be given several times: reads as `Vec<T>`.
#[derive(Debug)]
pub struct Repeated;

/// How the values of an argument are handed out, by its presence.
pub trait Presence<T> {
    /// What [`Inputs::get`] returns.
    type Output;
    /// Takes the output from the parsed values; `None` where a value must be there and is not.
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

/// An argument whose value is a `T`. The same constant declares it (through [`Arg::spec`]) and reads it
/// (through [`Inputs::get`]), so there is no name to mistype.
#[derive(Debug)]
pub struct Arg<T, P = Optional> {
    /// What the host needs to know of the argument.
    pub spec: ArgSpec,
    marker: PhantomData<fn() -> (T, P)>,
}

/// What the host knows of an argument: enough to parse it, to document it and to offer it in a form.
#[derive(Clone, Copy, Debug)]
pub struct ArgSpec {
    /// The long name without dashes, in kebab-case.
    pub name: &'static str,
    /// Further long names.
    pub aliases: &'static [&'static str],
    /// What stands for the value in the help, as in `ID`; empty for a flag.
    pub value_name: &'static str,
    /// What the argument does: one or more sentences with units, forms and limits.
    pub help: &'static str,
    /// The kind of its value.
    pub kind: ValueKind,
    /// Whether the function cannot do without it.
    pub required: bool,
    /// The text that stands for a missing value.
    pub default: Option<&'static str>,
    /// Whether it may be given several times.
    pub repeatable: bool,
    /// What separates several values in one text, as in `i-1,i-2`.
    pub delimiter: Option<char>,
    /// The arguments without which it makes no sense.
    pub requires: &'static [&'static str],
    /// Whether its value must not appear in any output, log or message.
    pub secret: bool,
    /// Whether its value is text in a language of its own, such as a script, in which what looks like a reference to a
    /// property of OpCon may be something else.
    pub foreign_text: bool,
    /// Whether help and `--list` leave it out.
    pub hidden: bool,
    /// The option list that offers its values in job forms.
    pub offered_by: Option<OptionList>,
    /// The flag with which job forms ask for it; on the command line it needs none.
    pub asked_with: Option<&'static str>,
    parse: fn(&str) -> Result<ParsedValue, String>,
}

impl ArgSpec {
    /// Whether the argument takes no value.
    pub fn is_flag(&self) -> bool {
        self.kind == ValueKind::Flag
    }

    /// All long names: the name, then the aliases.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }

    /// The single values in a text: the text itself, or what stands between its delimiters, without blanks around it.
    pub fn split<'a>(&self, text: &'a str) -> Vec<&'a str> {
        match self.delimiter {
            Some(delimiter) => text.split(delimiter).map(str::trim).filter(|part| !part.is_empty()).collect(),
            None => vec![text],
        }
    }

    /// Parses one value.
    ///
    /// # Errors
    /// Says what the text should be, see [`ArgValue::parse`].
    pub fn parse(&self, text: &str) -> Result<ParsedValue, String> {
        (self.parse)(text)
    }
}

impl<T: ArgValue> Arg<T> {
    /// An argument `--name VALUE_NAME` that may be missing.
    pub const fn new(name: &'static str, value_name: &'static str, help: &'static str) -> Self {
        assert!(is_kebab_case(name), "the name of an argument is kebab-case");
        assert!(!matches!(T::KIND, ValueKind::Flag), "use Arg::flag for a flag");
        Self::from_spec(ArgSpec {
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
            foreign_text: false,
            hidden: false,
            offered_by: None,
            asked_with: None,
            parse: parse_into::<T>,
        })
    }

    /// Makes it required.
    pub const fn required(self) -> Arg<T, Always> {
        Arg::from_spec(ArgSpec { required: true, ..self.spec })
    }

    /// Gives it a default, in the form that a user would type.
    pub const fn default(self, text: &'static str) -> Arg<T, Always> {
        Arg::from_spec(ArgSpec { default: Some(text), ..self.spec })
    }

    /// Lets it be given several times.
    pub const fn repeatable(self) -> Arg<T, Repeated> {
        Arg::from_spec(ArgSpec { repeatable: true, ..self.spec })
    }
}

impl Arg<bool, Always> {
    /// An argument `--name` without a value: `true` when given.
    pub const fn flag(name: &'static str, help: &'static str) -> Self {
        assert!(is_kebab_case(name), "the name of an argument is kebab-case");
        Arg::from_spec(ArgSpec {
            name,
            aliases: &[],
            value_name: "",
            help,
            kind: ValueKind::Flag,
            required: false,
            default: Some("false"),
            repeatable: false,
            delimiter: None,
            requires: &[],
            secret: false,
            foreign_text: false,
            hidden: false,
            offered_by: None,
            asked_with: None,
            parse: parse_into::<bool>,
        })
    }
}

impl<T> Arg<T, Repeated> {
    /// Lets one text hold several values with this character between them.
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

    /// Names the arguments without which it makes no sense.
    pub const fn requires(self, requires: &'static [&'static str]) -> Self {
        Arg::from_spec(ArgSpec { requires, ..self.spec })
    }

    /// Keeps the value out of every output, log and message.
    pub const fn secret(self) -> Self {
        Arg::from_spec(ArgSpec { secret: true, ..self.spec })
    }

    /// Says that the value is text in a language of its own, which is passed on as it is.
    pub const fn foreign_text(self) -> Self {
        Arg::from_spec(ArgSpec { foreign_text: true, ..self.spec })
    }

    /// Lets job forms offer the entries of an option list.
    pub const fn offered_by(self, list: OptionList) -> Self {
        Arg::from_spec(ArgSpec { offered_by: Some(list), ..self.spec })
    }

    /// Lets job forms ask for it only together with a flag.
    pub const fn asked_with(self, flag: &'static str) -> Self {
        Arg::from_spec(ArgSpec { asked_with: Some(flag), ..self.spec })
    }

    /// Leaves it out of help and `--list`.
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

/// Arguments of which at least one, or at most one, must be given.
#[derive(Clone, Copy, Debug)]
pub struct ArgGroup {
    /// The names of the arguments.
    pub members: &'static [&'static str],
    /// Whether one of them must be given.
    pub required: bool,
    /// Whether only one of them may be given.
    pub exclusive: bool,
}

/// A parsed value of a type that only the argument's constant knows.
#[derive(Clone)]
pub struct ParsedValue(Arc<dyn Any + Send + Sync>);

impl std::fmt::Debug for ParsedValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ParsedValue") // it may be a secret
    }
}

fn parse_into<T: ArgValue>(text: &str) -> Result<ParsedValue, String> {
    T::parse(text).map(|value| ParsedValue(Arc::new(value)))
}

/// The parsed arguments of one job.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    values: HashMap<&'static str, Vec<ParsedValue>>,
}

impl Inputs {
    /// Sets the values of an argument. For the host, which has seen to it that what is required is there.
    pub fn insert(&mut self, name: &'static str, values: Vec<ParsedValue>) {
        self.values.insert(name, values);
    }

    /// The value of an argument: `Option<T>`, `T` or `Vec<T>`, as its constant says.
    ///
    /// # Panics
    /// When the argument is not among those that the operation declares: a defect that its first test shows.
    pub fn get<T: ArgValue, P: Presence<T>>(&self, arg: &Arg<T, P>) -> P::Output {
        let name = arg.spec.name;
        let parsed = self.values.get(name).map(Vec::as_slice).unwrap_or_default();
        let values = parsed.iter().map(|value| value.0.downcast_ref::<T>().cloned());
        let output = values.collect::<Option<Vec<T>>>().and_then(P::take);
        output.unwrap_or_else(|| panic!("the operation reads --{name} but does not declare it"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    choices! {
        /// Sizes.
        enum Size {
            /// Small.
            Small = "s",
            /// Large.
            Large = "l",
        }
    }

    #[test]
    fn choices_are_the_texts_that_were_declared_in_their_order() {
        assert_eq!(Size::KIND, ValueKind::Choice(&["s", "l"]));
        assert_eq!(["s", "l"].map(Size::parse), [Ok(Size::Small), Ok(Size::Large)]);
        assert_eq!(Size::parse("S"), Err("must be one of s, l".to_owned()));
    }

    #[test]
    fn durations_have_units_and_bare_numbers_are_minutes() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("2h", 7200), ("3", 180)] {
            assert_eq!(Duration::parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["0", "-1", "1.5m", "10 m", "s", "10x", "99999999999", "4294967295h"] {
            assert!(Duration::parse(text).unwrap_err().contains("length of time"), "{text}");
        }
    }

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
    fn an_argument_reads_as_its_presence_says() {
        const NAME: Arg<String> = Arg::new("name", "NAME", "A name.");
        const NUMBER: Arg<NonZeroU32, Always> = Arg::new("number", "N", "A number.").default("1");
        const IDS: Arg<String, Repeated> = Arg::new("id", "ID", "An id.").repeatable();
        let mut inputs = Inputs::default();
        inputs.insert("number", vec![NUMBER.spec.parse("3").unwrap()]);
        inputs.insert("id", vec![IDS.spec.parse("a").unwrap(), IDS.spec.parse("b").unwrap()]);
        assert_eq!(inputs.get(&NAME), None);
        assert_eq!(inputs.get(&NUMBER).get(), 3);
        assert_eq!(inputs.get(&IDS), ["a", "b"]);
    }

    #[test]
    fn the_last_of_several_values_of_a_single_argument_counts() {
        const NAME: Arg<String> = Arg::new("name", "NAME", "A name.");
        let mut inputs = Inputs::default();
        inputs.insert("name", vec![NAME.spec.parse("a").unwrap(), NAME.spec.parse("b").unwrap()]);
        assert_eq!(inputs.get(&NAME).as_deref(), Some("b"));
    }

    #[test]
    fn a_specification_says_all_that_was_declared() {
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
    fn kinds_have_names_and_choices() {
        for (kind, name, choices) in [
            (ValueKind::String, "string", &[][..]),
            (NonZeroU32::KIND, "integer", &[]),
            (ValueKind::Flag, "flag", &[]),
            (ValueKind::Duration, "duration", &[]),
            (ValueKind::Path, "path", &[]),
            (ValueKind::Choice(&["a", "b"]), "choice", &["a", "b"]),
        ] {
            assert_eq!((kind.name(), kind.choices()), (name, choices));
        }
    }

    #[test]
    fn malformed_values_are_told_what_they_should_be() {
        let number = Arg::<NonZeroU32>::new("number", "N", "A number.").spec;
        for text in ["0", "-1", "two", "4294967296"] {
            assert_eq!(number.parse(text).unwrap_err(), "must be a whole number of at least 1", "{text}");
        }
        let flag = Arg::flag("all", "All.").spec;
        assert_eq!(flag.parse("yes").unwrap_err(), "must be `true` or `false`");
    }

    #[test]
    fn a_parsed_value_is_not_shown() {
        const TOKEN: Arg<String> = Arg::new("token", "TOKEN", "A token.").secret();
        let mut inputs = Inputs::default();
        inputs.insert("token", vec![TOKEN.spec.parse("hush").unwrap()]);
        assert!(!format!("{inputs:?}").contains("hush"), "{inputs:?}");
    }

    #[test]
    fn reading_an_argument_that_is_not_declared_is_a_defect() {
        const NUMBER: Arg<NonZeroU32, Always> = Arg::new("number", "N", "A number.").required();
        let panic = std::panic::catch_unwind(|| Inputs::default().get(&NUMBER)).unwrap_err();
        assert_eq!(panic.downcast_ref::<String>().unwrap(), "the operation reads --number but does not declare it");
    }
}
