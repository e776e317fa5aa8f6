//! Text from elsewhere, made fit for one line of a job's output.

/// The longest piece of somebody else's text in a message, in characters.
const LONGEST: usize = 200;

/// `text` as at most 200 characters of printable ASCII in one line; other characters become `?`.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut line: String =
        words.chars().take(LONGEST).map(|c| if c == ' ' || c.is_ascii_graphic() { c } else { '?' }).collect();
    if words.chars().nth(LONGEST).is_some() {
        line.push_str("...");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn line_ends_controls_and_foreign_letters_do_not_come_through() {
        assert_eq!(one_line(" a\r\n\tb\u{1b}[31m \u{fc} "), "a b?[31m ?");
    }

    #[test]
    fn long_texts_are_cut_visibly() {
        assert_eq!(one_line(&"x".repeat(200)), "x".repeat(200));
        assert_eq!(one_line(&"x".repeat(201)), format!("{}...", "x".repeat(200)));
    }
}
