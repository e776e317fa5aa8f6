//! The client token, by which EC2 knows a launch again.

use std::fmt;

use connector_sdk::{Arg, ArgSpec, ArgValue, Error, ErrorKind, Inputs, Result, ValueKind};

/// The longest token that EC2 takes (AWS: "Ensuring idempotency in Amazon EC2 API requests").
const MAXIMUM: usize = 64;

/// A client token: 1 to 64 printable ASCII characters, upper and lower case distinct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientToken(String);

impl ClientToken {
    /// A random one of 32 hexadecimal digits.
    ///
    /// # Errors
    /// When the operating system gives no random numbers.
    fn random() -> Result<Self> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes)
            .map_err(|error| Error::new(ErrorKind::Bug, error.to_string()).doing("making a client token"))?;
        Ok(ClientToken(format!("{:032x}", u128::from_ne_bytes(bytes))))
    }

    /// The token as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The token of the attempt with that number, from 1: a token stands for one request, and an attempt is another one.
    fn for_attempt(&self, number: usize) -> ClientToken {
        match number {
            1 => self.clone(),
            _ => ClientToken(format!("{}-{number}", self.0)),
        }
    }
}

impl fmt::Display for ClientToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl ArgValue for ClientToken {
    const KIND: ValueKind = ValueKind::String;

    fn parse(text: &str) -> Result<Self, String> {
        if text.len() <= MAXIMUM && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
            return Ok(ClientToken(text.to_owned()));
        }
        Err(format!("must have 1 to {MAXIMUM} printable ASCII characters"))
    }
}

/// `--client-token TEXT`.
pub const CLIENT_TOKEN: Arg<ClientToken> = Arg::new(
    "client-token",
    "TEXT",
    "What makes the launch unique, 1 to 64 printable ASCII characters: a second launch with the same token returns the \
     instances of the first, so that a job that is started again launches nothing twice. It must differ for each run of \
     the job, as in `[[$JOBID]]-[[$SCHEDULE DATE]]`. Default: a random one.",
);

/// The arguments of this theme.
pub const ARGUMENTS: &[ArgSpec] = &[CLIENT_TOKEN.spec];

/// The tokens of a launch: one for each attempt.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when the token given is too long for so many attempts.
pub fn tokens(inputs: &Inputs, attempts: usize) -> Result<Vec<ClientToken>> {
    let token = match inputs.get(&CLIENT_TOKEN) {
        Some(token) => token,
        None => ClientToken::random()?,
    };
    let tokens: Vec<_> = (1..=attempts).map(|number| token.for_attempt(number)).collect();
    match tokens.iter().find(|token| token.0.len() > MAXIMUM) {
        None => Ok(tokens),
        Some(long) => Err(Error::new(
            ErrorKind::InvalidInput,
            format!(
                "--client-token is too long: the {attempts} attempts of this launch append up to {} characters, and EC2 \
                 takes {MAXIMUM}",
                long.0.len() - token.0.len()
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_short_and_printable() {
        for text in ["a", "Nightly 7-2026/01/31", &"x".repeat(64)] {
            assert_eq!(ClientToken::parse(text).unwrap().as_str(), text);
        }
        for text in ["w\u{e9}b", "a\tb", &"x".repeat(65)] {
            assert_eq!(ClientToken::parse(text).unwrap_err(), "must have 1 to 64 printable ASCII characters", "{text}");
        }
    }

    #[test]
    fn random_tokens_differ_and_are_valid() {
        let [a, b] = [ClientToken::random().unwrap(), ClientToken::random().unwrap()];
        assert_ne!(a, b);
        assert_eq!(a.0.len(), 32);
        assert_eq!(ClientToken::parse(a.as_str()), Ok(a));
    }
}
