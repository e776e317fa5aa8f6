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

/// A text of the AWS SDK without what may be a secret in it: a request that it could not build, and the addresses of
/// services, which may contain a password.
pub(crate) fn without_secrets(text: &str) -> String {
    // "failed to apply endpoint `ENDPOINT` to request `REQUEST`"
    if text.contains("to request `") {
        return "the request could not be built: an endpoint URL is not valid".to_owned();
    }
    // "invalid full URI for ECS provider (REASON): URI"
    if text.contains("URI for ECS provider (")
        && let Some((before, _)) = text.split_once("): ")
    {
        return format!("{before})");
    }
    let words = text.split(' ').map(|word| if has_password(word) { "(address left out)" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

/// Whether a word may be an address with a password: `user:password@host`. An ARN can contain `@` as well.
fn has_password(word: &str) -> bool {
    let before = word.rsplit_once('@').map(|(before, _)| before);
    before.is_some_and(|before| before.contains(':') && !before.contains("arn:"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_a_secret_in_a_text_of_the_sdk_is_left_out() {
        let request =
            "failed to apply endpoint `u:hush@h` to request `Request { body: b\"WebIdentityToken=hush\" }`: no";
        assert_eq!(without_secrets(request), "the request could not be built: an endpoint URL is not valid");
        let address = "invalid full URI for ECS provider (URI was invalid): http://u:hu sh@h";
        assert_eq!(without_secrets(address), "invalid full URI for ECS provider (URI was invalid)");
        assert_eq!(without_secrets("no `u:hush@h` here"), "no (address left out) here");
        let arn = "User: arn:aws:sts::123456789012:assumed-role/r/jane@example.com is not authorized";
        assert_eq!(without_secrets(arn), arn);
    }

    #[test]
    fn a_text_is_cut_after_1000_characters() {
        let whole = "\u{fc}".repeat(1000);
        assert_eq!(shortened(&whole), whole);
        assert_eq!(shortened(&format!("{whole}x")), format!("{whole}... (cut, 1001 characters)"));
    }
}
