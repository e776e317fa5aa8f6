//! The address of the OpCon API, `host:port`, as in `Connector.config`.

use std::fmt;

use reqwest::Url;

use crate::error::{Error, ErrorKind};
use crate::excerpt::excerpt;

/// A valid `host:port`. The host is a name, an IPv4 address, or an IPv6 address in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    url: Url,
    text: String,
}

impl Address {
    /// Parses an address that a person has given.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`], with the text unless it may contain a password.
    pub(crate) fn given(text: &str, using_tls: bool) -> Result<Self, Error> {
        Address::parse(text, using_tls).map_err(|wrong| {
            let which = match text.contains(['@', '%', '?', '#']) {
                true => String::new(),
                false => format!(" `{}`", excerpt(text)),
            };
            Error::new(ErrorKind::Invalid, format!("reading the address{which}"), wrong)
        })
    }

    /// Parses `text`. The error describes the problem, without the text.
    ///
    /// The port is required, because OpCon's port differs between sites (defaults: 9010 with TLS, 9000 without).
    pub(crate) fn parse(text: &str, using_tls: bool) -> Result<Self, &'static str> {
        const FORM: &str = "must be HOST:PORT, such as `opcon.example.com:9010`";
        if text.contains('@') {
            return Err("must be HOST:PORT without a user and a password");
        }
        if text.contains("://") {
            return Err("must be HOST:PORT without `http://` or `https://` (`USING_TLS` selects one)");
        }
        if text.contains(['/', '\\', '?', '#', '%']) || text.contains(char::is_whitespace) {
            return Err(FORM);
        }
        let (_host, port) = text.rsplit_once(':').ok_or(FORM)?;
        if !port.parse::<u16>().is_ok_and(|port| port > 0) {
            return Err("must be HOST:PORT with a port from 1 to 65535");
        }
        let scheme = if using_tls { "https" } else { "http" };
        let url = Url::parse(&format!("{scheme}://{text}")).map_err(|_| FORM)?;
        Ok(Address { url, text: text.to_owned() })
    }

    /// The URL of an API call.
    pub(crate) fn api_url(&self, call: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(&format!("/api/{call}"));
        url
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn names_and_both_kinds_of_ip_addresses_are_accepted() {
        for (text, url) in [
            ("opcon:9010", "https://opcon:9010/api/version"),
            ("opcon.example.com:443", "https://opcon.example.com/api/version"),
            ("127.0.0.1:9010", "https://127.0.0.1:9010/api/version"),
            ("[::1]:9010", "https://[::1]:9010/api/version"),
        ] {
            assert_eq!(Address::parse(text, true).unwrap().api_url("version").as_str(), url);
        }
        assert_eq!(Address::parse("opcon:9000", false).unwrap().api_url("version").scheme(), "http");
    }

    #[test]
    fn everything_else_is_refused() {
        let wrong = [
            "opcon",
            "opcon:",
            ":9010",
            "opcon:0",
            "opcon:70000",
            "opcon:9010/api",
            "user@opcon:9010",
            "::1:9010",
            "[::1]",
            "a b:9010",
            "opcon:+1x",
        ];
        for text in wrong {
            let error = Address::parse(text, true).unwrap_err();
            assert!(error.contains("HOST:PORT"), "{text}: {error}");
        }
    }

    #[test]
    fn an_address_with_a_password_is_refused_without_quoting_it() {
        for text in ["http://user:made-up@opcon:9010", "user:made-up@opcon:9010", "https://user:made-up%40opcon:9010"] {
            for using_tls in [true, false] {
                let error = Address::given(text, using_tls).unwrap_err();
                assert!(error.to_string().starts_with("reading the address: must be HOST:PORT"), "{error}");
                assert!(!format!("{error:?}").contains("made-up"), "{error:?}");
            }
        }
        let error = Address::given("opcon", true).unwrap_err();
        assert!(error.to_string().starts_with("reading the address `opcon`: must be HOST:PORT"), "{error}");
    }

    #[test]
    fn a_scheme_is_refused_with_the_key_that_replaces_it() {
        assert!(Address::parse("https://opcon:9010", true).unwrap_err().contains("USING_TLS"));
    }
}
