//! Escapes non-ASCII text for output, and reverses the escapes.

/// The text as one line of printable ASCII. All other characters are escaped, so that a value cannot imitate an output
/// line.
pub fn ascii(line: &str) -> String {
    line.chars().fold(String::with_capacity(line.len()), |mut escaped, c| {
        match c {
            ' '..='~' => escaped.push(c),
            _ => escaped.extend(c.escape_default()),
        }
        escaped
    })
}

/// [`ascii`] with at most `max` characters, at least 42. The end of a longer text is replaced by its number of characters.
pub fn ascii_cut(line: &str, max: usize) -> String {
    const MARK: usize = "... (18446744073709551615 more characters)".len();
    let whole = ascii(line);
    if whole.len() <= max {
        return whole;
    }
    let mut kept = String::with_capacity(max);
    for (index, (start, c)) in line.char_indices().enumerate() {
        let escaped = ascii(&line[start..start + c.len_utf8()]);
        if kept.len() + escaped.len() + MARK > max {
            let left_out = line.chars().count() - index;
            kept.push_str(&format!("... ({left_out} more characters)"));
            break;
        }
        kept.push_str(&escaped);
    }
    kept
}

/// Reverses [`ascii`] for a text without backslashes of its own: `\u{e9}` becomes that character. Invalid escapes are
/// kept.
pub fn unescaped(text: &str) -> String {
    let mut parts = text.split("\\u{");
    let first = parts.next().unwrap_or_default();
    parts.fold(first.to_owned(), |mut read, part| {
        let character = part.split_once('}').and_then(|(code, rest)| {
            let code = u32::from_str_radix(code, 16).ok()?;
            Some((char::from_u32(code)?, rest))
        });
        match character {
            Some((character, rest)) => {
                read.push(character);
                read.push_str(rest);
            }
            None => {
                read.push_str("\\u{");
                read.push_str(part);
            }
        }
        read
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn escaped_text_is_read_back_unchanged(text in "[^\\\\\\p{Cc}]{0,20}") {
            prop_assert!(ascii(&text).is_ascii());
            prop_assert_eq!(unescaped(&ascii(&text)), text);
        }
    }

    #[test]
    fn invalid_escapes_are_kept() {
        for text in [r"\u{", r"\u{}", r"\u{zz}", r"\u{110000}", r"\u{d800}", r"\e9", r"a\", "}", r"\u{-1}"] {
            assert_eq!(unescaped(text), text);
        }
        assert_eq!(unescaped(r"\u{zz\u{e9}}"), "\\u{zz\u{e9}}");
    }
}
