//! Quotes command lines for users to copy into their shell.

use opcon::smaddi::windows_quoted;

/// Quotes the arguments for the shell of this system: `sh` on UNIX, `cmd.exe` on Windows.
pub fn command_line(args: &[&str]) -> String {
    if cfg!(windows) { for_cmd(args) } else { for_sh(args) }
}

fn for_sh(args: &[&str]) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@+,%".contains(c);
    let argument = |arg: &&str| match !arg.is_empty() && arg.chars().all(is_plain) {
        true => (*arg).to_owned(),
        // Only NUL cannot be quoted, and neither names nor values contain one.
        false => shlex::try_quote(arg).unwrap_or_default().into_owned(),
    };
    args.iter().map(argument).collect::<Vec<_>>().join(" ")
}

/// For a prompt of `cmd.exe`: it reads quotes and carets first, and then the program reads the rest by the rules of
/// Microsoft's C run-time library.
fn for_cmd(args: &[&str]) -> String {
    let argument = |arg: &&str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./\\:=@+,$#*?[]{}~'".contains(c);
        if !arg.is_empty() && !arg.contains("[[") && arg.chars().all(is_plain) {
            return (*arg).to_owned();
        }
        let quoted = windows_quoted(arg);
        // In quotes, only these two have a meaning for `cmd.exe`. Carets before all quotes leave it without quotes, and
        // a caret in the name of a variable makes it one that does not exist.
        if arg.contains(['"', '%']) { with_carets(&quoted) } else { quoted }
    };
    args.iter().map(argument).collect::<Vec<_>>().join(" ")
}

fn with_carets(text: &str) -> String {
    text.chars().fold(String::with_capacity(2 * text.len()), |mut escaped, c| {
        if "\"%&|<>^()!".contains(c) {
            escaped.push('^');
        }
        escaped.push(c);
        escaped
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::cmd::words_of;
    use super::*;
    use crate::registry::Registry;

    #[test]
    fn arguments_are_quoted_for_cmd_where_needed() {
        for (args, line) in [
            (&["awsec2", "set-property", "WEB_ID", "i-0abc"][..], "awsec2 set-property WEB_ID i-0abc"),
            (&["a", "", "C:\\a b\\"], r#"a "" "C:\a b\\""#),
            (&["a", "R&D <x>", "a|b", "x^y"], r#"a "R&D <x>" "a|b" "x^y""#),
            (&["a", "[[$JOBID]]-[[$SCHEDULE DATE]]"], r#"a "[[$JOBID]]-[[$SCHEDULE DATE]]""#),
            (&["a", "%PATH%", "50%"], r#"a ^"^%PATH^%^" ^"50^%^""#),
            (&["a", r#"say "x&y""#], r#"a ^"say \^"x^&y\^"^""#),
        ] {
            assert_eq!(for_cmd(args), line);
            assert_eq!(words_of(line).unwrap(), args, "{line}");
        }
    }

    #[test]
    fn every_example_survives_both_shells() {
        for found in Registry::load().unwrap().all() {
            for example in found.operation.meta().examples {
                assert_eq!(words_of(&for_cmd(example.arguments)).unwrap(), example.arguments);
                assert_eq!(shlex::split(&for_sh(example.arguments)).unwrap(), example.arguments);
            }
        }
    }

    proptest! {
        #[test]
        fn every_shell_reads_the_same_words(args in proptest::collection::vec("[ -~]{0,12}", 1..5)) {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            prop_assert_eq!(&words_of(&for_cmd(&args)).unwrap(), &args);
            prop_assert_eq!(&shlex::split(&for_sh(&args)).unwrap(), &args);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_shell_reads_the_same_words() {
        for (args, line) in [
            (&["awsec2", "set-property", "WEB_ID", "i-0abc"][..], "awsec2 set-property WEB_ID i-0abc"),
            (&["a", ""], "a ''"),
            (
                &["a", "JI.\"x.y\".2026-01-31.Night run.J", "it's $HOME"],
                "a 'JI.\"x.y\".2026-01-31.Night run.J' \"it's \"'$HOME'",
            ),
        ] {
            assert_eq!(command_line(args), line);
            let shown = format!("printf '%s\\n' {line}");
            let read = std::process::Command::new("sh").args(["-c", &shown]).output().unwrap();
            assert_eq!(String::from_utf8(read.stdout).unwrap(), args.join("\n") + "\n");
        }
    }
}

#[cfg(test)]
#[path = "../tests/it/support/cmd.rs"]
mod cmd;
