//! Quotes texts of a server in messages, without secrets that the server may have sent back.

use secrecy::{ExposeSecret as _, SecretString};

use crate::excerpt::excerpt;
use crate::secret_search::SecretSearch;

/// The length of the beginning of a text that is searched for a secret, in characters; less of it is shown.
const SEARCHED: usize = 8_000;
/// Which texts of a server can be quoted in a message.
#[derive(Clone)]
pub(crate) enum Quotes {
    /// None. The text says why.
    Nothing(&'static str),
    /// Those without this secret.
    Without(Secret),
}

/// A secret that is sent to the server.
#[derive(Clone)]
pub(crate) struct Secret {
    /// What it is, such as `the token`.
    pub(crate) what: &'static str,
    /// The secret.
    pub(crate) text: SecretString,
}

impl Quotes {
    /// The beginning of the text for a message, or a note if it cannot be quoted.
    pub(crate) fn quote(&self, text: &str) -> String {
        match self {
            Quotes::Nothing(why) => format!("(text left out: {why})"),
            Quotes::Without(secret) => {
                let searched: String = text.chars().take(SEARCHED).collect();
                if secret.is_in(&searched) {
                    return format!("(text left out: it contains {})", secret.what);
                }
                excerpt(&searched)
            }
        }
    }
}

impl Secret {
    /// Whether the text contains the secret, or a long part of it, in any decoding.
    fn is_in(&self, text: &str) -> bool {
        let mut search = SecretSearch::default();
        search.add(self.text.expose_secret());
        search.finds_in(text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

    use super::*;
    use crate::encoded;

    const TOKEN: &str = "5ca1ab1e-0000-4000-8000-5eed0fc0ffee";
    const WORD: &str = "Pa\u{df}>\"w/\\ord?";

    fn quote(secret: &str, text: &str) -> String {
        Quotes::Without(Secret { what: "the token", text: secret.into() }).quote(text)
    }

    fn each(text: &str, write: impl Fn(char) -> String) -> String {
        text.chars().map(write).collect()
    }

    fn percent(text: &str) -> String {
        text.bytes().map(|byte| format!("%{byte:02x}")).collect()
    }

    fn encodings(text: &str) -> Vec<String> {
        let json = serde_json::Value::from(text).to_string();
        vec![
            text.to_owned(),
            text.to_ascii_uppercase(),
            json[1..json.len() - 1].to_owned(),
            each(text, |c| format!("\\u{:04X}", u32::from(c))),
            each(text, |c| format!("\\u{:04x}", u32::from(c))),
            percent(text),
            percent(text).to_uppercase(),
            each(text, |c| format!("&#{};", u32::from(c))),
            each(text, |c| format!("&#x{:x};", u32::from(c))),
            each(text, |c| format!("&#{}", u32::from(c))),
            text.bytes().map(|byte| format!("={byte:02X}")).collect(),
            text.bytes().map(|byte| format!("\\{byte:03o}")).collect(),
            text.replace('&', "&amp;").replace('"', "&quot;").replace('>', "&gt;").replace('/', "&sol;"),
            STANDARD.encode(text),
            STANDARD.encode(format!("user:{text}")),
            URL_SAFE_NO_PAD.encode(text),
            hex::encode(text),
            hex::encode_upper(text),
            encoded::encode(text),
            encoded::encode(text).to_uppercase(),
        ]
    }

    #[test]
    fn a_text_with_a_secret_in_any_decoding_is_left_out() {
        for secret in [TOKEN, WORD] {
            for encoded in
                encodings(secret).iter().flat_map(|once| [once.clone(), percent(once), STANDARD.encode(once)])
            {
                for text in [format!("wrong: Token {encoded}, sorry"), format!("{{\"a\":\"{encoded}\"}}")] {
                    assert_eq!(quote(secret, &text), "(text left out: it contains the token)", "{text}");
                }
            }
        }
    }

    #[test]
    fn a_secret_with_separators_or_in_numbers_is_left_out() {
        let joined = |write: fn(u8) -> String, with: &str| TOKEN.bytes().map(write).collect::<Vec<_>>().join(with);
        for text in [
            joined(|byte| char::from(byte).to_string(), ","),
            joined(|byte| format!("{byte:02x}"), " "),
            joined(|byte| format!("{byte:02X}"), ":"),
            joined(|byte| format!("0x{byte:02x}"), ", "),
            joined(|byte| format!("U+{byte:04X}"), " "),
            format!("[{}]", joined(|byte| byte.to_string(), ", ")),
        ] {
            assert_eq!(quote(TOKEN, &text), "(text left out: it contains the token)", "{text}");
        }
    }

    #[test]
    fn other_texts_are_quoted() {
        for text in ["Invalid token specified", "id 5ca1ab1e", "614756736247383d", "%zz \\u00 &; aGVsbG8gd29ybGQ="] {
            assert_eq!(quote(TOKEN, text), text);
        }
        assert_eq!(quote("", "no secret"), "no secret");
        assert!(quote(TOKEN, &"\u{fc}".repeat(100_000)).len() < 2_100);
    }

    #[test]
    fn what_follows_the_searched_part_is_not_shown() {
        assert_eq!(quote(TOKEN, &format!("a{}{TOKEN}", " ".repeat(SEARCHED))), "a");
    }

    #[test]
    fn nothing_is_quoted_where_nothing_may_be() {
        assert_eq!(Quotes::Nothing("it may be secret").quote("x"), "(text left out: it may be secret)");
    }
}
