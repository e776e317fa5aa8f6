//! Property tests: every notation of an option passes the same value to the function or is rejected.

use std::ffi::OsString;
use std::fs;

use connector_sdk::selection::TAG_NAME;
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::arguments::{self, Files};

/// How an option and its value are written.
#[derive(Clone, Copy, Debug)]
enum Spelling {
    /// `--name value`.
    Words,
    /// `--name=value`.
    Equals,
    /// One argument with a vertical tab between option and value.
    Tab,
    /// Two lines of an argument file.
    File,
    /// One line of an argument file.
    FileEquals,
}

fn spelling() -> impl Strategy<Value = Spelling> {
    use Spelling::{Equals, File, FileEquals, Tab, Words};
    prop_oneof![Just(Words), Just(Equals), Just(Tab), Just(File), Just(FileEquals)]
}

/// Any text that can be an argument, including known edge cases. Vertical tabs and line breaks separate values.
fn value() -> impl Strategy<Value = String> {
    let traps = [
        "",
        "=",
        "==",
        "a=",
        "=a",
        "team=",
        "dGVhbQ==",
        "-",
        "--",
        "-old",
        "--old",
        "--wait",
        "--wait=",
        "-h",
        "--tag-name",
        "--tag-name=x",
        "@",
        "@x",
        "check",
        "\u{feff}x",
        "a \"b\"",
        "C:\\dir\\",
        " ",
        "[ -f x ]",
        "[[ -f x ]]",
        "\u{e9}",
    ];
    prop_oneof![
        2 => proptest::sample::select(traps.to_vec()).prop_map(str::to_owned),
        1 => Just(a_function().name.to_owned()),
        1 => "[^\u{b}\r\n\0]{0,12}",
        1 => "[-=@ ab]{0,6}",
    ]
}

/// A command line with these options, and the folder with its argument files.
fn command_line(function: &str, options: &[(&str, &str, Spelling)]) -> (Vec<OsString>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut line = vec!["awsec2".to_owned(), function.to_owned()];
    for (index, (name, value, spelling)) in options.iter().enumerate() {
        let mut file = |text: String| {
            let path = folder.path().join(index.to_string());
            fs::write(&path, text).unwrap();
            line.push(format!("@{}", path.display()));
        };
        match spelling {
            Spelling::File => file(format!("--{name}\n{value}\n")),
            Spelling::FileEquals => file(format!("\u{feff}--{name}={value}\n")),
            Spelling::Words => line.extend([format!("--{name}"), (*value).to_owned()]),
            Spelling::Equals => line.push(format!("--{name}={value}")),
            Spelling::Tab => line.push(format!("--{name}\u{b}{value}")),
        }
    }
    (line.into_iter().map(OsString::from).collect(), folder)
}

/// A function that needs no arguments and has the three of the first test.
fn a_function() -> &'static OperationMeta {
    let registry = Registry::load().unwrap();
    let mut all = registry.all().iter().map(|found| found.operation.meta());
    let optional = |meta: &&OperationMeta| meta.groups.iter().all(|group| !group.required);
    all.find(|meta| optional(meta) && meta.all_arguments().any(|spec| spec.name == TAG_NAME.spec.name)).unwrap()
}

/// The value of a secret, which no error shows.
const SECRET: &str = "7hush7";

/// A word of a command line that has been typed wrongly, with a secret in any place.
fn word() -> impl Strategy<Value = String> {
    let words = [
        "7hush7",
        "-7hush7",
        "--7hush7",
        "--7hush7=x",
        "@7hush7",
        "[[7hush7]]",
        "{{7hush7}}",
        "<SmaEncrypt>7hush7",
        "a\u{b}7hush7",
        "\u{b}\u{b}--7hush7",
        "--OPTION",
        "--OPTION=7hush7",
        "--OPTION=",
        "x\" --OPTION 7hush7",
        "--region",
        "--region=x\" --OPTION 7hush7",
        "--log-dir=x\" -OPTION 7hush7",
        "--tag-name",
        "--wait",
        "--wait=7hush7",
        "--output",
        "--list",
        "--version",
        "--no-such",
        "FUNCTION",
        "check",
        "",
    ];
    proptest::sample::select(words.to_vec()).prop_map(str::to_owned)
}

/// The secret options, with their functions.
fn secrets(registry: &Registry) -> Vec<(&'static str, &'static str)> {
    let metas = registry.all().iter().map(|found| found.operation.meta());
    let secrets = metas.flat_map(|meta| meta.all_arguments().map(move |spec| (meta.name, spec)));
    secrets.filter(|(_, spec)| spec.secret).map(|(function, spec)| (function, spec.name)).collect()
}

/// Whether the text is unambiguously a value: not an option, a file, or a reference.
fn is_clear(value: &str, how: Spelling) -> bool {
    let looks_like: &[char] = match how {
        Spelling::Equals | Spelling::FileEquals => &[],
        Spelling::File => &['-'],
        Spelling::Words | Spelling::Tab => &['-', '@'],
    };
    !value.starts_with(looks_like) && arguments::reference(value).is_none()
}

fn refused(error: &connector_sdk::Error) -> Result<(), TestCaseError> {
    prop_assert_eq!(error.kind(), connector_sdk::ErrorKind::InvalidInput);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_job_receives_the_given_values(
        name in value(), user_id in value(), log_dir in value(), spellings in proptest::array::uniform3(spelling())
    ) {
        let given = [("tag-name", &*name), ("user-id", &*user_id), ("log-dir", &*log_dir)];
        let options: Vec<_> = given.iter().zip(spellings).map(|((name, value), how)| (*name, *value, how)).collect();
        let registry = Registry::load().unwrap();
        let (line, _folder) = command_line(a_function().name, &options);
        let parsed = arguments::read(line.into_iter(), &registry, Files::Here).and_then(|args| {
            arguments::check(&args, &Options::of(a_function()), References::Replaced)?;
            inputs(a_function(), &args)
        });
        // A blank name matches nothing, and a quote in a path includes the following arguments.
        let fits = (name.is_empty() || !name.trim().is_empty()) && !log_dir.contains('"');
        let clear = options.iter().all(|(_, value, how)| is_clear(value, *how));
        match parsed {
            Err(error) => {
                prop_assert!(!(clear && fits), "{}", error);
                refused(&error)?;
            }
            Ok(Ok(inputs)) => {
                let settings = Settings::parse(&inputs, a_function());
                let path = settings.log_dir.map(|path| path.to_str().unwrap().to_owned());
                let received = [inputs.get(&TAG_NAME).map(|name| name.as_str().to_owned()), settings.user_id, path];
                let expected = given.map(|(_, value)| (!value.is_empty()).then(|| value.to_owned()));
                prop_assert_eq!(received, expected);
            }
            Ok(_) => prop_assert!(false, "no job"),
        }
    }

    #[test]
    fn no_error_shows_any_part_of_a_line_with_a_secret(
        words in proptest::collection::vec(word(), 1..7), which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>()
    ) {
        let registry = Registry::load().unwrap();
        let secrets: Vec<_> = secrets(&registry);
        let (function, option) = secrets[which.index(secrets.len())];
        let mut line: Vec<_> = words.iter().map(|word| word.replace("FUNCTION", function).replace("OPTION", option)).collect();
        line.insert(at.index(line.len() + 1), format!("--{option}"));
        let arguments = std::iter::once("awsec2").chain(line.iter().map(String::as_str)).map(OsString::from);
        let parsed = arguments::read(arguments, &registry, Files::Here).and_then(|args| parse(&registry, &[], &args));
        if let Err(error) = parsed {
            let shown = format!("{error} {}", error.hints().collect::<Vec<_>>().join(" "));
            prop_assert!(!shown.contains(SECRET), "{:?}: {}", line, shown);
        }
    }

    #[test]
    fn every_option_of_every_function_keeps_its_value(value in value(), how in spelling(), which in any::<prop::sample::Index>()) {
        let registry = Registry::load().unwrap();
        let all = registry.all().iter().flat_map(|found| {
            let meta = found.operation.meta();
            let specs = meta.all_arguments().chain(crate::settings::common_arguments(meta)).filter(|spec| !spec.is_flag());
            specs.flat_map(move |spec| spec.names().map(move |name| (meta, name)))
        });
        let all: Vec<_> = all.collect();
        let (meta, name) = all[which.index(all.len())];
        let (line, _folder) = command_line(meta.name, &[(name, &value, how)]);
        let args = match arguments::read(line.into_iter(), &registry, Files::Here) {
            Ok(args) => args,
            Err(error) => {
                prop_assert!(!is_clear(&value, how), "{}", error);
                return refused(&error);
            }
        };
        let expected: Vec<_> = (!value.is_empty()).then(|| format!("--{name}={value}")).into_iter().collect();
        if !args.rest.iter().map(|arg| &arg.text).eq(&expected) {
            prop_assert!(!is_clear(&value, how), "{:?}", args);
            match parse(&registry, &[], &args) {
                Err(error) => refused(&error)?,
                Ok(_) => prop_assert!(false, "{:?} is accepted", args),
            }
        }
    }
}
