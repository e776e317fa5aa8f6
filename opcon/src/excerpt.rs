//! Excerpts of external texts for messages.

/// The maximum length of an excerpt, in characters.
const MAX_EXCERPT: usize = 1_000;

/// At most 1,000 characters of the text, on one line. The program that prints the message escapes unprintable characters.
pub(crate) fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_EXCERPT) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::excerpt;

    #[test]
    fn line_ends_do_not_come_through() {
        assert_eq!(excerpt(" a\r\n\tb\u{85}c\u{2028}d "), "a b c d");
    }

    #[test]
    fn long_texts_are_cut_visibly() {
        assert_eq!(excerpt(&"\u{fc}".repeat(1_000)), "\u{fc}".repeat(1_000));
        assert_eq!(excerpt(&"\u{fc}".repeat(1_001)), format!("{}...", "\u{fc}".repeat(1_000)));
    }
}
