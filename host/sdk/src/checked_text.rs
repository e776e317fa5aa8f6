//! A macro for names, ids and tokens whose form is checked when an argument is parsed.

/// Declares a string type with `as_str`, [`Display`](std::fmt::Display) and [`ArgValue`](crate::ArgValue). `where`
/// gives the check, `else` the error message; `from` names a function that normalizes the text first.
///
/// ```
/// use connector_sdk::{ArgValue as _, checked_text};
///
/// checked_text! {
///     /// A color in lower case.
///     pub struct Color from str::to_lowercase where |text| text == "red", else "must be `red`";
/// }
/// assert_eq!(Color::parse("Red").unwrap().as_str(), "red");
/// assert_eq!(Color::parse("blue").unwrap_err(), "must be `red`");
/// ```
#[macro_export]
macro_rules! checked_text {
    ($(#[$meta:meta])* $visible:vis struct $name:ident $(from $form:path)? where $fits:expr, else $wrong:expr;) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        $visible struct $name(::std::string::String);

        impl $name {
            /// The text.
            $visible fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl $crate::ArgValue for $name {
            const KIND: $crate::ValueKind = $crate::ValueKind::String;

            fn parse(text: &str) -> ::std::result::Result<Self, ::std::string::String> {
                let fits: fn(&str) -> bool = $fits;
                $(let text: &str = &$form(text);)?
                if fits(text) { Ok($name(text.to_owned())) } else { Err(::std::string::String::from($wrong)) }
            }
        }
    };
}
