//! The client token, which makes a launch idempotent.

use connector_sdk::client_token::{ClientToken, MAXIMUM_LENGTH};
use connector_sdk::{Arg, ArgSpec, Error, ErrorKind, Result};

/// `--client-token TEXT`.
pub const CLIENT_TOKEN: Arg<ClientToken> = Arg::new(
    "client-token",
    "TEXT",
    "The idempotency token of the launch, 1 to 64 printable ASCII characters. A second launch with the same token \
     returns the instances of the first launch, so a job that is started again launches nothing twice. The token must \
     be different for each run of the job, such as `\"[[$JOBID]]-[[$SCHEDULE DATE]]\"`. Default: a random token.",
);

/// The arguments of this topic.
pub const ARGUMENTS: &[ArgSpec] = &[CLIENT_TOKEN.spec];

/// The tokens of a launch, one for each attempt.
pub fn tokens(token: &ClientToken, attempts: usize) -> Vec<ClientToken> {
    (1..=attempts).map(|number| for_attempt(token, number)).collect()
}

/// Checks that the tokens of this many attempts are valid.
///
/// # Errors
/// [`ErrorKind::InvalidInput`] when the token is too long.
pub fn check_length(token: &ClientToken, attempts: usize) -> Result<()> {
    let longest = for_attempt(token, attempts).as_str().len();
    if longest <= MAXIMUM_LENGTH {
        return Ok(());
    }
    let message = format!(
        "`--client-token` is too long: the {attempts} attempts of this launch append up to {} characters, and EC2 \
         accepts {MAXIMUM_LENGTH}",
        longest - token.as_str().len()
    );
    Err(Error::new(ErrorKind::InvalidInput, message))
}

/// The option with the token in one argument, so that the token may begin with any character.
pub fn option(token: &ClientToken) -> String {
    format!("--{}={token}", CLIENT_TOKEN.spec.name)
}

/// A random token of 32 hexadecimal digits.
///
/// # Errors
/// When the operating system provides no random numbers.
pub fn random() -> Result<ClientToken> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Error::new(ErrorKind::Bug, error.to_string()).doing("creating a client token"))?;
    Ok(ClientToken::from_ec2(&format!("{:032x}", u128::from_ne_bytes(bytes))))
}

/// The token of the attempt with this number, from 1. EC2 accepts a token for one request only, and each attempt is a
/// different request.
fn for_attempt(token: &ClientToken, number: usize) -> ClientToken {
    match number {
        1 => token.clone(),
        _ => ClientToken::from_ec2(&format!("{token}-{number}")),
    }
}

#[cfg(test)]
mod tests {
    use connector_sdk::ArgValue as _;

    use super::*;

    #[test]
    fn random_tokens_differ_and_are_valid() {
        let [a, b] = [random().unwrap(), random().unwrap()];
        assert_ne!(a, b);
        assert_eq!(a.as_str().len(), 32);
        assert_eq!(ClientToken::parse(a.as_str()), Ok(a));
    }
}
