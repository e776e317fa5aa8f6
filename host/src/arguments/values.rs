//! Rejects invalid option values: missing values, unresolved OpCon references, and Windows paths that include the next
//! argument.

use connector_sdk::args::may_have_password;
use connector_sdk::{ArgSpec, Error, Result, ValueKind};

use super::options::Options;
use super::quoting::{Quoting, swallows_a_secret};
use super::raw_arg::{CommandLine, Origin, RawArg, invalid_input};
use crate::settings::{COMMON, ENDPOINT_URL_NAME};

/// Whether values may contain references to OpCon properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum References {
    /// No: OpCon has replaced all references to existing properties.
    Replaced,
    /// Yes: OpCon replaces them later, except in files.
    Allowed,
}

/// Checks the arguments of a job, and returns its warnings.
///
/// # Errors
/// [`ErrorKind::InvalidInput`](connector_sdk::ErrorKind::InvalidInput) if the value of an option is missing, contains an
/// option with a secret value, or is invalid in a command line whose texts are withheld, or if an argument contains a
/// reference that OpCon does not replace.
pub fn check(line: &CommandLine, options: &Options, references: References) -> Result<Vec<String>> {
    let (args, quoting) = (&line.rest, line.quoting);
    let mut warnings = Vec::new();
    for (index, arg) in args.iter().enumerate() {
        if let Some(spec) = options.awaiting_value(&arg.text) {
            return Err(missing(&arg.text, spec, args.get(index + 1), quoting));
        }
        let given = options.with_value(&arg.text);
        if let Some((spec, value)) = given {
            check_value(spec, value, quoting)?;
        }
        let Some(found) = reference(given.map_or(&arg.text, |(_, value)| value)) else { continue };
        if references == References::Allowed && arg.origin == Origin::CommandLine {
            continue;
        }
        match given {
            Some((spec, _)) if spec.verbatim => warnings.push(format!(
                "`--{}` contains text in the form of a reference to an OpCon property; the text is passed on unchanged",
                spec.name
            )),
            Some((spec, _)) => {
                let quoting = if spec.secret { Quoting::Withheld } else { quoting };
                let place = format!("the value of `--{}`", spec.name);
                return Err(not_replaced(&place, &quoting.reference(found), arg.origin));
            }
            None => return Err(not_replaced("an argument", &quoting.reference(found), arg.origin)),
        }
    }
    Ok(warnings)
}

/// Checks a value before a message about it could quote it.
fn check_value(spec: &ArgSpec, value: &str, quoting: Quoting) -> Result<()> {
    let option = spec.option();
    if !spec.secret && !spec.verbatim && swallows_a_secret(value) {
        let error = invalid_input(format!("the value of `{option}` contains another option, which has a secret value"));
        return Err(error.hint(
            "check the quotes before that option: Windows reads `\\\"` as a quote inside the value, not as its end",
        ));
    }
    // No message may quote it: not even that a file or a user id does not exist.
    if COMMON.iter().any(|common| common.name == spec.name)
        && spec.name != ENDPOINT_URL_NAME // which says more
        && value.contains("://") && may_have_password(value)
    {
        return Err(invalid_input(format!("the value of `{option}` is an address with a user name and password")));
    }
    let shown = if spec.secret || quoting == Quoting::Withheld { String::new() } else { format!(" `{value}`") };
    let invalid = |why: String| invalid_input(format!("invalid value{shown} for `{option}`: {why}"));
    if spec.kind == ValueKind::Path {
        check_path(value).map_err(invalid)?;
    }
    if quoting == Quoting::Withheld && reference(value).is_none() {
        spec.split(value).into_iter().try_for_each(|part| spec.parse(part).map(drop)).map_err(invalid)?;
    }
    Ok(())
}

fn missing(option: &str, spec: &ArgSpec, next: Option<&RawArg>, quoting: Quoting) -> Error {
    let error = invalid_input(format!("the value of `{option}` is missing"));
    let looks_like_a_value = next.filter(|next| next.text.starts_with('-') && next.text != "-");
    match looks_like_a_value {
        None => error.hint(format!("use `{option} {}`, or leave out `{option}`", spec.value_name)),
        Some(next) => {
            let shown = !spec.secret && quoting == Quoting::Allowed;
            let value = if shown { &next.text } else { spec.value_name };
            error.hint(format!("use `=` for a value that begins with `-`: `{option}={value}`"))
        }
    }
}

/// The error for an unresolved reference.
pub fn not_replaced(place: &str, found: &str, origin: Origin) -> Error {
    match origin {
        Origin::CommandLine => invalid_input(format!("{place} contains {found}: OpCon has no such property")).hint(
            "check the spelling and the kind (SI, JI, MI) of the property, and that it exists when the job starts",
        ),
        Origin::File => invalid_input(format!("{place} contains {found}: OpCon does not replace references in files"))
            .hint("put the value itself in the file, or move the argument to the command line of the job"),
    }
}

/// Finds the first reference in a text: `[[NAME]]` or `{{NAME}}`, on one line, without spaces next to the brackets.
///
/// Source: the OpCon documentation, "Using Properties".
pub fn reference(text: &str) -> Option<&str> {
    let found = [("[[", "]]"), ("{{", "}}")].map(|(open, close)| reference_between(text, open, close));
    found.into_iter().flatten().next()
}

fn reference_between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    // The innermost reference, which OpCon replaces first.
    text.match_indices(close).find_map(|(end, _)| {
        let start = text[..end].rfind(open)?;
        let name = &text[start + open.len()..end];
        let is_name = !name.is_empty() && name.trim() == name && !name.contains(['\r', '\n']);
        is_name.then(|| &text[start..end + close.len()])
    })
}

/// Checks the text of a path.
///
/// # Errors
/// If the text contains a double quote: Windows passes `"C:\dir\" --next` as one argument, `C:\dir" --next`.
pub fn check_path(text: &str) -> Result<(), String> {
    const QUOTE_IN_PATH: &str = "a path cannot contain a double quote: Windows reads `\\\"` as a quote inside the path, \
                             not as its end; leave out the last `\\`, as in `\"C:\\dir\"`";
    if text.contains('"') { Err(QUOTE_IN_PATH.to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use connector_sdk::args::Always;
    use connector_sdk::{Arg, ErrorKind, OperationMeta};

    use super::*;

    #[test]
    fn a_reference_has_a_name_next_to_its_brackets() {
        for (text, found) in [
            ("[[WEB_NAME]]", "[[WEB_NAME]]"),
            ("web-[[$SCHEDULE DATE]]-1", "[[$SCHEDULE DATE]]"),
            ("{{OI.WEB}}", "{{OI.WEB}}"),
            ("[[A]],[[B]]", "[[A]]"),
            ("[[SI.ID.[[$DATE]].Night]]", "[[$DATE]]"),
            ("[[SI.ID.2026-01-31.\"Night[Load] \"]]", "[[SI.ID.2026-01-31.\"Night[Load] \"]]"),
            ("[[[A]]]", "[[A]]"),
            ("[[ -f x ]] && echo [[A]]", "[[A]]"),
        ] {
            assert_eq!(reference(text), Some(found), "{text}");
        }
        for text in [
            "",
            "web",
            "[A]",
            "[[A]",
            "[A]]",
            "]]A[[",
            "[[]]",
            "{{}}",
            "[[ A]]",
            "[[A ]]",
            "[[ -f x ]]",
            "{{ name }}",
            "[[A}}",
            "[[A\nB]]",
            "{\"a\":{\"b\":{}}}",
        ] {
            assert_eq!(reference(text), None, "{text}");
        }
    }

    const NAME: Arg<String> = Arg::new("name", "NAME", "A name.");
    const SCRIPT: Arg<String> = Arg::new("script", "TEXT", "A script.").verbatim();
    const PASSWORD: Arg<String, Always> = Arg::new("password", "TEXT", "A password.").required().secret();
    static META: OperationMeta =
        OperationMeta::new("Try", "Try it.").arguments(&[&[NAME.spec, SCRIPT.spec, PASSWORD.spec]]);

    fn line(rest: Vec<RawArg>) -> CommandLine {
        CommandLine { function: None, quoting: Quoting::of(&rest), rest, unread: Vec::new() }
    }

    fn checked(text: &str, origin: Origin, references: References) -> Result<Vec<String>> {
        check(&line(vec![RawArg { text: text.to_owned(), origin }]), &Options::of(&META), references)
    }

    #[track_caller]
    fn assert_refused(result: Result<Vec<String>>, message: &str) {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.message(), message);
        assert!(error.hint_text().is_some());
    }

    #[test]
    fn a_reference_that_was_not_replaced_is_refused() {
        let on_the_command_line = |text| checked(text, Origin::CommandLine, References::Replaced);
        assert_refused(
            on_the_command_line("--name=a[[B]]"),
            "the value of `--name` contains `[[B]]`: OpCon has no such property",
        );
        assert_refused(on_the_command_line("{{B}}"), "an argument contains `{{B}}`: OpCon has no such property");
        let secret = on_the_command_line("--password=[[B]]");
        assert_refused(secret, "the value of `--password` contains a reference: OpCon has no such property");
    }

    #[test]
    fn a_reference_in_a_file_is_always_rejected() {
        for references in [References::Replaced, References::Allowed] {
            let message = "the value of `--name` contains `[[B]]`: OpCon does not replace references in files";
            assert_refused(checked("--name=[[B]]", Origin::File, references), message);
        }
        assert_eq!(checked("--name=[[B]]", Origin::CommandLine, References::Allowed).unwrap(), [""; 0]);
    }

    #[test]
    fn verbatim_text_may_contain_brackets() {
        for origin in [Origin::CommandLine, Origin::File] {
            let warnings = checked("--script=[[B]]", origin, References::Replaced).unwrap();
            let warning = "`--script` contains text in the form of a reference to an OpCon property; the text is \
                           passed on unchanged";
            assert_eq!(warnings, [warning]);
        }
        assert_eq!(checked("--script=x", Origin::CommandLine, References::Replaced).unwrap(), [""; 0]);
    }

    #[test]
    fn a_missing_value_is_refused_with_the_form_that_works() {
        for (args, hint) in [
            (&["--name", "-old"][..], "use `=` for a value that begins with `-`: `--name=-old`"),
            (&["--name", "--script=x"], "use `=` for a value that begins with `-`: `--name=--script=x`"),
            (&["--name"], "use `--name NAME`, or leave out `--name`"),
            (&["--password", "-hush"], "use `=` for a value that begins with `-`: `--password=TEXT`"),
        ] {
            let args: Vec<_> =
                args.iter().map(|text| RawArg { text: (*text).to_owned(), origin: Origin::CommandLine }).collect();
            let option = args[0].text.clone();
            let error = check(&line(args), &Options::of(&META), References::Replaced).unwrap_err();
            assert_eq!(error.message(), format!("the value of `{option}` is missing"));
            assert_eq!(error.hint_text(), Some(hint));
        }
    }

    #[test]
    fn a_path_with_a_double_quote_is_rejected() {
        assert!(check_path("C:\\dir\" --next").unwrap_err().contains("as a quote inside the path"));
        assert_eq!(check_path("C:\\it's a dir\\"), Ok(()));
    }
}
