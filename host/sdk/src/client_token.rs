//! The client token, which makes a launch idempotent and by which its instances are found.

use aws_sdk_ec2::types;

use crate::{Context, Result, checked_text, filter, pages};

/// The longest token that EC2 accepts (AWS: "Ensuring idempotency in Amazon EC2 API requests").
pub const MAXIMUM_LENGTH: usize = 64;

checked_text! {
    /// A client token: 1 to 64 printable ASCII characters, case-sensitive.
    pub struct ClientToken where is_client_token,
        else format!("must have 1 to {MAXIMUM_LENGTH} printable ASCII characters");
}

fn is_client_token(text: &str) -> bool {
    (1..=MAXIMUM_LENGTH).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

impl ClientToken {
    /// A token from EC2, or one that is known to be valid.
    pub fn from_ec2(token: &str) -> Self {
        ClientToken(token.to_owned())
    }
}

/// The instances that were launched with these tokens, in any state. New instances may be missing for some seconds
/// (AWS: "Eventual consistency in the Amazon EC2 API").
///
/// # Errors
/// Those of EC2.
pub async fn launched_by(
    cx: &Context,
    tokens: impl IntoIterator<Item = &ClientToken>,
    action: &str,
) -> Result<Vec<types::Instance>> {
    let tokens: Vec<&ClientToken> = tokens.into_iter().collect();
    // The values of a filter may contain wildcards and escapes, so the exact token is compared.
    let patterns = tokens.iter().map(|token| token.as_str().replace('\\', "?"));
    let request = cx.ec2().describe_instances().filters(filter("client-token", patterns));
    let pages = pages(action, |token| request.clone().set_next_token(token).send(), |page| page.next_token()).await?;
    let reservations = pages.into_iter().flat_map(|page| page.reservations.unwrap_or_default());
    let mut found: Vec<_> = reservations.flat_map(|reservation| reservation.instances.unwrap_or_default()).collect();
    found.retain(|instance| tokens.iter().any(|token| instance.client_token() == Some(token.as_str())));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::Client;

    use super::*;
    use crate::ArgValue as _;
    use crate::testing::{Job, described, instance, mock};

    #[test]
    fn a_token_is_short_and_printable() {
        for text in ["a", "Nightly 7-2026/01/31", &"x".repeat(64)] {
            assert_eq!(ClientToken::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "w\u{e9}b", "a\tb", &"x".repeat(65)] {
            assert_eq!(ClientToken::parse(text).unwrap_err(), "must have 1 to 64 printable ASCII characters", "{text}");
        }
    }

    #[tokio::test]
    async fn a_token_is_no_pattern() {
        let launched = |id: &str, token: &str| {
            let mut launched = instance(id, &"running".into());
            launched.client_token = Some(token.to_owned());
            launched
        };
        let describe = mock!(Client::describe_instances)
            .match_requests(|request| request.filters()[0].values() == ["a*?b"])
            .then_output(move || described([launched("i-0000000a", "axxb"), launched("i-0000000b", "a*\\b")]));
        let job = Job::new(&[&describe]);
        let found = launched_by(&job.cx, &[ClientToken::from_ec2("a*\\b")], "looking").await.unwrap();
        assert_eq!(found.iter().map(|instance| instance.instance_id()).collect::<Vec<_>>(), [Some("i-0000000b")]);
    }
}
