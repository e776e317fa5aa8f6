//! Quotes command lines for users to copy into their shell.

/// Quotes the arguments for the shell of this system: `sh` on UNIX, `cmd.exe` on Windows.
pub fn command_line(args: &[&str]) -> String {
    if cfg!(windows) {
        let (program, arguments) = args.split_first().unwrap_or((&"", &[]));
        return opcon::smaddi::windows_command_line(program, arguments);
    }
    // Only NUL cannot be quoted, and neither names nor values contain one.
    shlex::try_join(args.iter().copied()).unwrap_or_default()
}

#[cfg(all(test, unix))]
mod tests {
    use super::command_line;

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
