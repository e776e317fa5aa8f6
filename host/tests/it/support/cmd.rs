//! Reads a command line as Windows does: first `cmd.exe` at its prompt, then the program.
//!
//! Sources: the documentation of `cmd` ("Remarks"), and "Parsing C command-line arguments" for the C run-time library.

/// The words that a program gets. The error says what `cmd.exe` would do with the line instead.
pub fn words_of(line: &str) -> Result<Vec<String>, String> {
    Ok(split(&after_cmd(line)?))
}

/// The line that `cmd.exe` passes on: without carets outside of quotes.
fn after_cmd(line: &str) -> Result<String, String> {
    if let Some(name) = variable_in(line) {
        return Err(format!("`%{name}%` is replaced by a variable"));
    }
    let (mut passed, mut is_quoted) = (String::new(), false);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '^' if !is_quoted => passed.extend(characters.next()),
            '&' | '|' | '<' | '>' if !is_quoted => return Err(format!("`{character}` ends the command")),
            '"' => {
                is_quoted = !is_quoted;
                passed.push('"');
            }
            other => passed.push(other),
        }
    }
    if is_quoted { Err("a quote is not closed".to_owned()) } else { Ok(passed) }
}

/// A variable whose name could exist: at the prompt, the text of any other one stays as it is.
fn variable_in(line: &str) -> Option<&str> {
    let parts: Vec<&str> = line.split('%').collect();
    let inner = parts.get(1..parts.len().saturating_sub(1)).unwrap_or_default();
    inner.iter().copied().find(|name| !name.is_empty() && !name.contains('^'))
}

/// Splits a line by the rules of the C run-time library.
fn split(line: &str) -> Vec<String> {
    let (mut words, mut word, mut is_quoted) = (Vec::new(), None::<String>, false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            ' ' if !is_quoted => words.extend(word.take()),
            '"' => {
                is_quoted = !is_quoted;
                word.get_or_insert_default();
            }
            '\\' => {
                let mut count = 1;
                while characters.next_if_eq(&'\\').is_some() {
                    count += 1;
                }
                let text = word.get_or_insert_default();
                let before_quote = characters.peek() == Some(&'"');
                text.push_str(&"\\".repeat(if before_quote { count / 2 } else { count }));
                if before_quote && count % 2 == 1 {
                    text.extend(characters.next());
                }
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}
