//! Quotes arguments for the command lines with which agents start programs.
//!
//! A reference such as `[[NAME]]` is kept, in quotes: OpCon replaces it as plain text before any quotes are parsed. A
//! value that contains double quotes or ends with a backslash can therefore not be passed by reference.

/// Creates a Windows command line by the rules of Microsoft's C run-time library ("Parsing C command-line arguments").
/// The agent replaces `%NAME%` in it.
pub fn windows_command_line(program: &str, arguments: &[&str]) -> String {
    let program = if needs_quotes(program, "") { format!("\"{program}\"") } else { program.to_owned() };
    let arguments = arguments.iter().map(|argument| windows_argument(argument));
    std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ")
}

/// Creates the parameters of a UNIX program for a POSIX shell. A job definition cannot contain single quotes, so double
/// quotes are used.
pub fn unix_parameters(arguments: &[&str]) -> String {
    arguments.iter().map(|argument| unix_argument(argument)).collect::<Vec<_>>().join(" ")
}

fn windows_argument(argument: &str) -> String {
    if needs_quotes(argument, "\"") { windows_quoted(argument) } else { argument.to_owned() }
}

/// An argument in quotes for Microsoft's C run-time library, see [`windows_command_line`].
pub fn windows_quoted(argument: &str) -> String {
    let mut quoted = String::from("\"");
    // Backslashes are special only before a double quote, and must be doubled there.
    let mut backslashes = 0;
    for piece in pieces(argument) {
        let Piece::Text(text) = piece else {
            quoted.push_str(piece.as_str());
            backslashes = 0;
            continue;
        };
        for character in text.chars() {
            if character == '"' {
                quoted.push_str(&"\\".repeat(backslashes + 1));
            }
            backslashes = if character == '\\' { backslashes + 1 } else { 0 };
            quoted.push(character);
        }
    }
    quoted.push_str(&"\\".repeat(backslashes));
    quoted.push('"');
    quoted
}

fn unix_argument(argument: &str) -> String {
    if !needs_quotes(argument, "\"\\$`'~*?[]{}()<>|&;!#^") {
        return argument.to_owned();
    }
    let mut quoted = String::from("\"");
    for piece in pieces(argument) {
        match piece {
            Piece::Reference(reference) => quoted.push_str(reference),
            Piece::Text(text) => text.chars().for_each(|character| {
                if matches!(character, '"' | '\\' | '$' | '`') {
                    quoted.push('\\');
                }
                quoted.push(character);
            }),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a text must be quoted to remain one argument, including the possible values of a reference in it.
fn needs_quotes(text: &str, special: &str) -> bool {
    text.is_empty() || text.contains(|c: char| c.is_whitespace() || special.contains(c)) || text.contains("[[")
}

/// A part of an argument.
enum Piece<'a> {
    Text(&'a str),
    /// From `[[` to the matching `]]`.
    Reference(&'a str),
}

impl<'a> Piece<'a> {
    fn as_str(&self) -> &'a str {
        match self {
            Piece::Text(text) | Piece::Reference(text) => text,
        }
    }
}

/// Splits an argument into texts and references, which may be nested. An unclosed reference is text.
fn pieces(argument: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = argument;
    while let Some(start) = rest.find("[[") {
        let (text, reference) = rest.split_at(start);
        let Some(length) = reference_length(reference) else { break };
        let (reference, behind) = reference.split_at(length);
        pieces.extend([Piece::Text(text), Piece::Reference(reference)]);
        rest = behind;
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// The length of the reference at the beginning of the text, or `None` if it is not closed.
fn reference_length(text: &str) -> Option<usize> {
    let mut open = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("[[") {
            open += 1;
            at += 2;
        } else if rest.starts_with("]]") {
            open -= 1;
            at += 2;
            if open == 0 {
                return Some(at);
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Splits a command line, including the program name, by the rules of Microsoft's C run-time library.
    fn split_like_windows(line: &str) -> Vec<String> {
        let mut arguments = Vec::new();
        let mut current: Option<String> = None;
        let mut quoted = false;
        let mut characters = line.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                ' ' if !quoted => arguments.extend(current.take()),
                '"' => {
                    quoted = !quoted;
                    current.get_or_insert_default();
                }
                '\\' => {
                    let mut count = 1;
                    while characters.next_if_eq(&'\\').is_some() {
                        count += 1;
                    }
                    let text = current.get_or_insert_default();
                    if characters.peek() == Some(&'"') {
                        text.push_str(&"\\".repeat(count / 2));
                        if count % 2 == 1 {
                            characters.next();
                            text.push('"');
                        }
                    } else {
                        text.push_str(&"\\".repeat(count));
                    }
                }
                other => current.get_or_insert_default().push(other),
            }
        }
        arguments.extend(current);
        arguments
    }

    #[test]
    fn windows_arguments_are_quoted_where_needed() {
        let line = |arguments: &[&str]| windows_command_line(r"C:\EC2\awsec2.exe", arguments);
        assert_eq!(
            line(&["StartInstance", "--tag-name", "a b"]),
            r#"C:\EC2\awsec2.exe StartInstance --tag-name "a b""#
        );
        assert_eq!(
            line(&[r"C:\a b\", "", r#"say "x""#, r"\\host\x"]),
            r#"C:\EC2\awsec2.exe "C:\a b\\" "" "say \"x\"" \\host\x"#
        );
        assert_eq!(windows_command_line(r"[[AWSEC2Path]]\awsec2.exe", &[]), r#""[[AWSEC2Path]]\awsec2.exe""#);
        assert_eq!(line(&[r#"x"[[SI."A.B".[[D]].S]]\"#]), r#"C:\EC2\awsec2.exe "x\"[[SI."A.B".[[D]].S]]\\""#);
        assert_eq!(line(&["[[A \""]), r#"C:\EC2\awsec2.exe "[[A \"""#);
    }

    #[test]
    fn unix_arguments_are_quoted_where_needed() {
        assert_eq!(
            unix_parameters(&["StartInstance", "--tag-name", "a b", ""]),
            r#"StartInstance --tag-name "a b" """#
        );
        assert_eq!(
            unix_parameters(&[r#"$HOME "x" \"#, "a;b", "i-1,i-2=:/@%+"]),
            r#""\$HOME \"x\" \\" "a;b" i-1,i-2=:/@%+"#
        );
        assert_eq!(unix_parameters(&["$[[$SCHEDULE DATE]]"]), r#""\$[[$SCHEDULE DATE]]""#);
    }

    proptest! {
        #[test]
        fn windows_programs_get_the_arguments(arguments in proptest::collection::vec("[ -~]{0,12}", 0..5)) {
            prop_assume!(!arguments.iter().any(|argument| argument.contains("[[")));
            let given: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let line = windows_command_line(r"C:\Program Files\awsec2.exe", &given);
            let split = split_like_windows(&line);
            prop_assert_eq!(&split[0], r"C:\Program Files\awsec2.exe");
            prop_assert_eq!(&split[1..], given);
        }

        #[test]
        fn any_argument_remains_one_argument(argument in "[ -~]{0,6}(\\[\\[|\\]\\]|\"){0,3}[ -~]{0,6}") {
            // OpCon replaces the reference with a value without quotes before the line is split.
            let quoted = windows_argument(&argument);
            let pieces = pieces(&argument);
            let replaced = pieces.iter().fold(quoted, |line, piece| match piece {
                Piece::Reference(reference) => line.replacen(reference, "a b", 1),
                Piece::Text(_) => line,
            });
            prop_assert_eq!(split_like_windows(&replaced).len(), 1, "{}", replaced);
        }
    }

    #[cfg(unix)]
    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn unix_programs_get_the_arguments(arguments in proptest::collection::vec("[ -~]{0,12}", 1..5)) {
            prop_assume!(!arguments.iter().any(|argument| argument.contains("[[")));
            let given: Vec<&str> = arguments.iter().map(String::as_str).collect();
            let script = format!("printf '%s\\0' {}", unix_parameters(&given));
            let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
            let split: Vec<String> =
                output.stdout.split(|byte| *byte == 0).map(|text| String::from_utf8_lossy(text).into_owned()).collect();
            prop_assert_eq!(&split[..split.len() - 1], given);
        }
    }
}
