//! The tags by which a run recognizes the key pairs and security groups that it has created.

use connector_sdk::client_token::ClientToken;
use connector_sdk::ec2::types::{ResourceType, Tag, TagSpecification};
use connector_sdk::{Error, ErrorKind, Result};

use crate::arguments::client_token::random;

/// The tag key of the job's client token.
pub const CLIENT_TOKEN: &str = "awsec2:client-token";
/// The tag key of a random value for each run: with `--client-token`, two runs can have the same token.
pub const RUN: &str = "awsec2:run";

/// Error codes that can have tags as their cause, in addition to those that begin with `Tag` or `InvalidTag`.
const CODES_OF_REFUSED_TAGS: &[&str] = &[
    "UnauthorizedOperation",
    "AccessDenied",
    "AccessDeniedException",
    "InvalidParameter",
    "InvalidParameterValue",
    "InvalidParameterCombination",
    "UnknownParameter",
];

/// The tags of one run. A resource with both was created by this run.
#[derive(Clone, Debug)]
pub struct RunTags {
    token: ClientToken,
    run: ClientToken,
}

impl RunTags {
    /// Creates the tags for a job with this client token.
    ///
    /// # Errors
    /// When the operating system provides no random numbers.
    pub fn new(token: &ClientToken) -> Result<Self> {
        Ok(RunTags { token: token.clone(), run: random()? })
    }

    /// The client token of the job.
    pub fn token(&self) -> &ClientToken {
        &self.token
    }

    /// The tags for a request to create a resource.
    pub fn to_ec2(&self, resource: ResourceType) -> TagSpecification {
        let tag = |(key, value): (&str, &ClientToken)| Tag::builder().key(key).value(value.as_str()).build();
        let tags = self.pairs().map(tag).into();
        TagSpecification::builder().resource_type(resource).set_tags(Some(tags)).build()
    }

    /// Whether a resource with these tags was created by this run.
    pub fn are_in(&self, tags: &[Tag]) -> bool {
        self.pairs()
            .iter()
            .all(|(key, value)| tags.iter().any(|tag| tag.key() == Some(*key) && tag.value() == Some(value.as_str())))
    }

    fn pairs(&self) -> [(&'static str, &ClientToken); 2] {
        [(CLIENT_TOKEN, &self.token), (RUN, &self.run)]
    }
}

/// Whether EC2 may have refused a creation because of its tags. Nothing was created then, and the request can be repeated
/// without tags.
///
/// Only the error code counts: messages are not a stable interface, and that of a denied permission, which can have
/// conditions on tags, is encoded for most users.
///
/// AWS: "Grant permission to tag Amazon EC2 resources during creation"; "Error codes for the Amazon EC2 API".
pub fn refuses_tags(error: &Error) -> bool {
    let Some(code) = error.code().filter(|_| error.kind() != ErrorKind::Unknown) else { return false };
    CODES_OF_REFUSED_TAGS.contains(&code) || ["Tag", "InvalidTag"].iter().any(|prefix| code.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use connector_sdk::ArgValue as _;

    use super::*;

    #[test]
    fn only_what_has_both_tags_is_of_this_run() {
        let token = ClientToken::parse("T").unwrap();
        let [run_tags, other_run] = [RunTags::new(&token).unwrap(), RunTags::new(&token).unwrap()];
        let tags = run_tags.to_ec2(ResourceType::KeyPair).tags().to_vec();
        let values: Vec<_> = tags.iter().filter(|tag| tag.key() == Some(CLIENT_TOKEN)).map(Tag::value).collect();
        assert_eq!(values, [Some("T")]);
        assert!(run_tags.are_in(&tags));
        assert!(!other_run.are_in(&tags), "an earlier run of the job has the same token");
        for missing in 0..tags.len() {
            let mut fewer = tags.clone();
            fewer.remove(missing);
            assert!(!run_tags.are_in(&fewer), "{fewer:?}");
        }
    }

    #[test]
    fn only_a_refusal_whose_code_can_concern_tags_leads_to_a_request_without_them() {
        let error = |code: &str, message: &str| Error::new(ErrorKind::Service, message).with_code(code);
        for code in ["UnauthorizedOperation", "TagPolicyViolation", "InvalidTagKey.Malformed", "UnknownParameter"] {
            assert!(refuses_tags(&error(code, "No")), "{code}");
        }
        for code in ["Unavailable", "InvalidKeyPair.Duplicate", "InvalidVpcID.NotFound", "StagedLimitExceeded"] {
            assert!(!refuses_tags(&error(code, "Tags are refused")), "{code}");
        }
        assert!(!refuses_tags(&Error::new(ErrorKind::Unknown, "Tag").with_code("UnauthorizedOperation")));
    }

    #[test]
    fn the_message_of_a_refusal_does_not_matter() {
        for message in ["Tag keys must not contain ':'", "Les cl\u{e9}s ne doivent pas contenir ':'", ""] {
            let error = Error::new(ErrorKind::InvalidInput, message).with_code("InvalidParameterValue");
            assert!(refuses_tags(&error), "{message}");
        }
    }
}
