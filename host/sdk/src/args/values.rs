//! The types of argument values and their parsers.

use std::any::Any;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A type into which the host parses the text of an argument.
pub trait ArgValue: Clone + Send + Sync + 'static {
    /// The kind of the value, for the help and for forms.
    const KIND: ValueKind;

    /// Parses the text, which is never empty.
    ///
    /// # Errors
    /// A description of the expected form, e.g. `must be a whole number of at least 1`; the host adds the argument and
    /// the text.
    fn parse(text: &str) -> Result<Self, String>;
}

/// The kind of an argument's value, for the help, the list of functions and forms.
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
    /// A duration: `90s`, `10m`, `1h`. A plain number is in minutes.
    Duration,
    /// A file or folder.
    Path,
    /// One of these texts.
    Choice(&'static [&'static str]),
}

impl ValueKind {
    /// The name of the kind in the JSON list of functions.
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

    /// The choices; empty for every other kind.
    pub const fn choices(self) -> &'static [&'static str] {
        match self {
            ValueKind::Choice(choices) => choices,
            _ => &[],
        }
    }

    /// The error message for a text that is not one of the choices.
    pub fn invalid_choice(self) -> String {
        format!("must be one of {}", self.choices().join(", "))
    }
}

/// Declares an enum as the choices of an argument, each with the text that users type, in display order.
///
/// ```
/// use connector_sdk::{ArgValue as _, choices};
///
/// choices! {
///     /// What to do with old files.
///     pub enum OldFiles {
///         /// Keep them.
///         Keep = "keep",
///         /// Delete them.
///         Delete = "delete",
///     }
/// }
/// assert_eq!(OldFiles::parse("delete"), Ok(OldFiles::Delete));
/// ```
///
/// For values of an existing type, each text is followed by its value:
///
/// ```
/// use connector_sdk::ec2::types::ShutdownBehavior;
/// use connector_sdk::{ArgValue as _, choices};
///
/// choices! {
///     /// What a shutdown does to an instance.
///     struct OnShutdown(ShutdownBehavior) {
///         "stop" => ShutdownBehavior::Stop,
///         "terminate" => ShutdownBehavior::Terminate,
///     }
/// }
/// assert_eq!(OnShutdown::parse("stop").unwrap().0, ShutdownBehavior::Stop);
/// ```
#[macro_export]
macro_rules! choices {
    (@values $name:ident { $($text:literal => $value:expr,)+ }) => {
        impl $crate::ArgValue for $name {
            const KIND: $crate::ValueKind = $crate::ValueKind::Choice(&[$($text),+]);

            fn parse(text: &str) -> ::std::result::Result<Self, ::std::string::String> {
                match text {
                    $($text => Ok($value),)+
                    _ => Err(Self::KIND.invalid_choice()),
                }
            }
        }
    };
    ($(#[$doc:meta])* $visible:vis enum $name:ident { $($(#[$choice_doc:meta])* $choice:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        $visible enum $name {
            $($(#[$choice_doc])* $choice,)+
        }

        $crate::choices! { @values $name { $($text => $name::$choice,)+ } }
    };
    ($(#[$doc:meta])* $visible:vis struct $name:ident($type:ty) { $($text:literal => $value:expr,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        $visible struct $name($type);

        $crate::choices! { @values $name { $($text => $name($value),)+ } }
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
        let wrong = || {
            "must be a duration above zero, such as `90s`, `10m` or `2h`; a number without a unit is minutes".to_owned()
        };
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

/// A parsed value; its type is known to the argument's constant.
#[derive(Clone)]
pub struct ParsedValue(Arc<dyn Any + Send + Sync>);

impl ParsedValue {
    /// Parses a text.
    pub(super) fn parse<T: ArgValue>(text: &str) -> Result<Self, String> {
        T::parse(text).map(|value| ParsedValue(Arc::new(value)))
    }

    /// The value, if it is of that type.
    pub(super) fn get<T: ArgValue>(&self) -> Option<T> {
        self.0.downcast_ref::<T>().cloned()
    }
}

impl std::fmt::Debug for ParsedValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ParsedValue") // it may be a secret
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

    choices! {
        /// Sizes in meters.
        struct Meters(u8) {
            "s" => 1,
            "l" => 9,
        }
    }

    #[test]
    fn choices_keep_their_declared_order() {
        assert_eq!(Size::KIND, ValueKind::Choice(&["s", "l"]));
        assert_eq!(["s", "l"].map(Size::parse), [Ok(Size::Small), Ok(Size::Large)]);
        assert_eq!(Size::parse("S"), Err("must be one of s, l".to_owned()));
        assert_eq!(Meters::KIND, Size::KIND);
        assert_eq!(["s", "l"].map(Meters::parse), [Ok(Meters(1)), Ok(Meters(9))]);
        assert_eq!(Meters::parse("1"), Err("must be one of s, l".to_owned()));
    }

    #[test]
    fn durations_have_units_and_bare_numbers_are_minutes() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("2h", 7200), ("3", 180)] {
            assert_eq!(Duration::parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["0", "-1", "1.5m", "10 m", "s", "10x", "99999999999", "4294967295h"] {
            assert!(Duration::parse(text).unwrap_err().contains("duration above zero"), "{text}");
        }
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
}
