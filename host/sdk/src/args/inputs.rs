//! Parses and checks the arguments of a job, by the same rules for the command line, forms and tests.

#[cfg(feature = "testing")]
use std::collections::BTreeSet;
use std::collections::HashMap;
#[cfg(feature = "testing")]
use std::sync::{Arc, Mutex, PoisonError};

use super::declaration::{Arg, ArgGroup, ArgSpec, Presence};
use super::values::{ArgValue, ParsedValue};
use crate::error::{Error, ErrorKind, Result};

/// An argument of a job with its text; the text of a flag is `true`.
#[derive(Clone, Debug)]
pub struct Given {
    /// The argument.
    pub spec: &'static ArgSpec,
    /// The text.
    pub text: String,
}

impl Given {
    /// Parses the text: one value, or several between delimiters.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] with the argument, the text unless it is secret, and what the text must be.
    pub fn parse(&self) -> Result<Vec<ParsedValue>> {
        let parts = self.spec.split(&self.text);
        if parts.is_empty() {
            return Err(self.wrong("no value between the delimiters"));
        }
        parts.into_iter().map(|part| self.spec.parse(part).map_err(|why| self.wrong(&why))).collect()
    }

    fn wrong(&self, why: &str) -> Error {
        let value =
            if self.spec.secret || may_have_password(&self.text) { String::new() } else { format!(" `{}`", self.text) };
        wrong(format!("invalid value{value} for `{}`: {why}", self.spec.option()))
    }
}

/// Whether a text may be a URL with a user name and password, also a mistyped one: `user:password@host`.
pub fn may_have_password(text: &str) -> bool {
    // A mistyped `@` may be percent-encoded.
    text.replace("%40", "@").rsplit_once('@').is_some_and(|(before, _)| before.contains(':'))
}

fn wrong(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidInput, message)
}

/// The parsed arguments of one job.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    values: HashMap<&'static str, Vec<ParsedValue>>,
    #[cfg(feature = "testing")]
    read: Arc<Mutex<BTreeSet<&'static str>>>,
}

impl Inputs {
    /// Parses the given arguments and applies the defaults of the others.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`]: those of [`Given::parse`] and of [`check_rules`].
    pub fn parse(
        declared: impl Iterator<Item = &'static ArgSpec>,
        groups: &[ArgGroup],
        given: &[Given],
    ) -> Result<Self> {
        let declared: Vec<_> = declared.collect();
        let mut values: HashMap<_, Vec<_>> = declared.iter().map(|spec| (spec.name, Vec::new())).collect();
        for argument in given {
            values.entry(argument.spec.name).or_default().extend(argument.parse()?);
        }
        check_rules(&declared, groups, &given.iter().map(|argument| argument.spec).collect::<Vec<_>>())?;
        for spec in declared {
            let missing = values.get_mut(spec.name).filter(|values| values.is_empty());
            if let (Some(values), Some(default)) = (missing, spec.default) {
                values.extend(Given { spec, text: default.to_owned() }.parse()?);
            }
        }
        Ok(Inputs { values, ..Inputs::default() })
    }

    /// The value of an argument: `Option<T>`, `T` or `Vec<T>`, as its constant says.
    ///
    /// # Panics
    /// When the operation does not declare the argument.
    pub fn get<T: ArgValue, P: Presence<T>>(&self, arg: &Arg<T, P>) -> P::Output {
        let name = arg.spec.name;
        #[cfg(feature = "testing")]
        self.read.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        let values = self.values.get(name).and_then(|values| values.iter().map(ParsedValue::get).collect());
        let output = values.and_then(P::take);
        output.unwrap_or_else(|| panic!("the operation reads the argument {name} but does not declare it"))
    }
}

#[cfg(feature = "testing")]
impl Inputs {
    /// The names of the arguments that were read.
    pub(crate) fn names_read(&self) -> BTreeSet<&'static str> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Checks the rules about missing, repeated and conflicting arguments.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] for the first violated rule.
pub fn check_rules(declared: &[&'static ArgSpec], groups: &[ArgGroup], given: &[&'static ArgSpec]) -> Result<()> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for spec in given {
        *counts.entry(spec.name).or_default() += 1;
    }
    let count = |name: &str| counts.get(name).copied().unwrap_or_default();
    for spec in declared {
        let option = spec.option();
        if count(spec.name) > 1 && !spec.repeatable {
            return Err(wrong(format!("`{option}` is given more than once")).hint("specify it once"));
        }
        if spec.required && count(spec.name) == 0 {
            return Err(wrong(format!("`{option}` is missing")).hint(format!("add `{option} {}`", spec.value_name)));
        }
    }
    groups.iter().try_for_each(|group| check_group(declared, group, count))?;
    for spec in given {
        if let Some(missing) = spec.requires.iter().find(|name| count(name) == 0) {
            let [option, missing] = [spec.option(), options_of(declared, &[missing])];
            return Err(wrong(format!("`{option}` has no effect without {missing}"))
                .hint(format!("add {missing}, or leave out `{option}`")));
        }
    }
    Ok(())
}

fn check_group(declared: &[&ArgSpec], group: &ArgGroup, count: impl Fn(&str) -> usize) -> Result<()> {
    let given: Vec<&str> = group.members.iter().copied().filter(|name| count(name) > 0).collect();
    if group.required && given.is_empty() {
        let choice = options_of(declared, group.members);
        return Err(wrong(format!("one of {choice} is required")));
    }
    if group.exclusive && given.len() > 1 {
        let options = options_of(declared, &given);
        return Err(wrong(format!("{options} cannot be used together")).hint("use only one of them"));
    }
    Ok(())
}

/// The options with these names, as users type them.
fn options_of(declared: &[&ArgSpec], names: &[&str]) -> String {
    let spec = |name: &&str| declared.iter().find(|spec| spec.name == *name);
    let options = names.iter().filter_map(spec).map(|spec| format!("`{}`", spec.option()));
    options.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::super::declaration::{Always, Repeated};
    use super::*;

    const NAME: Arg<String> = Arg::new("name", "NAME", "A name.");
    const NUMBER: Arg<NonZeroU32, Always> = Arg::new("number", "N", "A number.").default("1");
    const IDS: Arg<String, Repeated> = Arg::new("id", "ID", "An id.").repeatable().separated_by(',');
    const TOKEN: Arg<NonZeroU32> = Arg::new("token", "TOKEN", "A token.").secret();
    const NOTE: Arg<String> = Arg::new("note", "TEXT", "A note.").requires(&["name"]);
    const MUST: Arg<String, Always> = Arg::new("must", "X", "What must be there.").required();
    static DECLARED: &[ArgSpec] = &[NAME.spec, NUMBER.spec, IDS.spec, TOKEN.spec, NOTE.spec];
    static WITH_REQUIRED: &[ArgSpec] = &[MUST.spec];
    const ONE_OF: ArgGroup = ArgGroup::at_least_one(&["name", "id"]);
    const NOT_BOTH: ArgGroup = ArgGroup::at_most_one(&["name", "id"]);

    fn parsed(groups: &[ArgGroup], given: &[(&str, &str)]) -> Result<Inputs> {
        let spec = |name: &str| DECLARED.iter().find(|spec| spec.name == name).unwrap();
        let given: Vec<_> =
            given.iter().map(|(name, text)| Given { spec: spec(name), text: (*text).to_owned() }).collect();
        Inputs::parse(DECLARED.iter(), groups, &given)
    }

    #[track_caller]
    fn assert_refused(groups: &[ArgGroup], given: &[(&str, &str)], message: &str) {
        let error = parsed(groups, given).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::InvalidInput, message));
    }

    #[test]
    fn get_returns_the_type_of_the_presence() {
        let inputs = parsed(&[], &[("id", "a, b"), ("id", "c")]).unwrap();
        assert_eq!(inputs.get(&NAME), None);
        assert_eq!(inputs.get(&NUMBER).get(), 1);
        assert_eq!(inputs.get(&IDS), ["a", "b", "c"]);
        assert_eq!(parsed(&[], &[("number", "3")]).unwrap().get(&NUMBER).get(), 3);
    }

    #[test]
    fn an_invalid_value_is_reported_with_its_argument_unless_it_is_secret() {
        assert_refused(
            &[],
            &[("number", "0")],
            "invalid value `0` for `--number`: must be a whole number of at least 1",
        );
        assert_refused(&[], &[("token", "x")], "invalid value for `--token`: must be a whole number of at least 1");
        assert_refused(&[], &[("id", ",")], "invalid value `,` for `--id`: no value between the delimiters");
    }

    #[test]
    fn argument_rules_are_enforced() {
        assert_refused(&[ONE_OF], &[], "one of `--name`, `--id` is required");
        assert_refused(&[NOT_BOTH], &[("id", "a"), ("name", "b")], "`--name`, `--id` cannot be used together");
        assert_refused(&[], &[("name", "a"), ("name", "b")], "`--name` is given more than once");
        assert_refused(&[], &[("note", "a")], "`--note` has no effect without `--name`");
        for given in [&[("id", "a"), ("id", "b")][..], &[("note", "a"), ("name", "b")]] {
            parsed(&[ONE_OF], given).unwrap();
        }
        let error = Inputs::parse(WITH_REQUIRED.iter(), &[], &[]).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.hint_text()), ("`--must` is missing", Some("add `--must X`")));
    }

    #[test]
    fn debug_output_hides_parsed_values() {
        let inputs = parsed(&[], &[("name", "hush")]).unwrap();
        assert!(!format!("{inputs:?}").contains("hush"), "{inputs:?}");
    }

    #[test]
    fn reading_an_undeclared_argument_panics() {
        let read: [fn(&Inputs); 3] =
            [|inputs| _ = inputs.get(&NUMBER), |inputs| _ = inputs.get(&NAME), |inputs| _ = inputs.get(&IDS)];
        for read in read {
            let panic = std::panic::catch_unwind(|| read(&Inputs::default())).unwrap_err();
            let message = panic.downcast_ref::<String>().unwrap();
            assert!(message.ends_with("but does not declare it"), "{message}");
        }
    }
}
