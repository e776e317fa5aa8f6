//! Limits the length of texts from AWS in messages.

/// The longest text from AWS in a message, in characters.
const LIMIT: usize = 1000;

/// The beginning of a text from AWS, with a note if it is cut after 1,000 characters.
pub(crate) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LIMIT) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}... (cut, {} characters)", &text[..end], text.chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn a_text_is_cut_after_1000_characters() {
        let whole = "\u{fc}".repeat(1000);
        assert_eq!(shortened(&whole), whole);
        assert_eq!(shortened(&format!("{whole}x")), format!("{whole}... (cut, 1001 characters)"));
    }
}
