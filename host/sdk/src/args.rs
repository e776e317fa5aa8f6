//! Arguments of functions: typed constants that declare an argument and read it.
//!
//! The presence of an argument is in its type: [`Optional`] reads as `Option<T>`, [`Always`] (required, or with a
//! default) as `T`, [`Repeated`] as `Vec<T>`. Functions need no code for missing or malformed arguments.

mod declaration;
mod inputs;
mod values;

pub use declaration::{Always, Arg, ArgGroup, ArgSpec, Optional, Presence, Repeated};
pub use inputs::{Given, Inputs, check_rules, may_have_password};
pub use values::{ArgValue, ParsedValue, ValueKind};
