//! A call to an AWS service: which service is called, and for which action.

/// The actions whose names begin with these words, as in `DescribeInstances`, change nothing. AWS names actions by verb and
/// noun, and lists what each does in the "Service Authorization Reference". What is not known here to be a read is a change:
/// at worst a dry run is refused.
const READS: [&str; 7] = ["BatchGet", "Describe", "Filter", "Get", "List", "Lookup", "Search"];

/// Actions, with the signing names of their services, that begin with a word of [`READS`] and write something all the same:
/// a template into S3, a user of a database, an identity.
const CHANGES: [(&str, &str); 4] = [
    ("cognito-identity", "GetId"),
    ("cognito-identity", "GetOpenIdTokenForDeveloperIdentity"),
    ("ec2", "GetFlowLogsIntegrationTemplate"),
    ("redshift", "GetClusterCredentials"),
];

/// Actions of the Security Token Service that give temporary credentials, and change nothing.
const ASSUME_ROLE: &str = "AssumeRole";

/// A call to an AWS service. Whoever sends requests (the host's HTTP client, a mocked client) attaches it to the answer,
/// or to the error in place of one, so that an [`Error`](crate::Error) can name service and action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    service: String,
    action: Option<String>,
}

impl Call {
    /// A call to the service with this signing name, as in `ec2`, for an action, as in `StopInstances`. A request without
    /// a named action has `None`.
    pub fn new(signing_name: impl Into<String>, action: Option<impl Into<String>>) -> Self {
        Call { service: signing_name.into(), action: action.map(Into::into) }
    }

    /// A call of which nothing is known; its service is `AWS`.
    pub fn unknown() -> Self {
        Call::new("aws", None::<String>)
    }

    /// The name of the service for messages: initials in capitals (`EC2`, `SSM`, `STS`), words as they are
    /// (`secretsmanager`).
    pub fn service(&self) -> String {
        const INITIALS: usize = 3;
        if self.service.len() <= INITIALS { self.service.to_uppercase() } else { self.service.clone() }
    }

    /// The name that requests of the service are signed for, as in `ec2`.
    pub fn signing_name(&self) -> &str {
        &self.service
    }

    /// The action, as in `StopInstances`.
    pub fn action(&self) -> Option<&str> {
        self.action.as_deref()
    }

    /// Whether the action changes nothing; `None` for a request without a named action.
    pub fn is_read(&self) -> Option<bool> {
        self.action().map(|action| is_read(&self.service, action))
    }

    /// The permission for the action, as in `ec2:StopInstances`. Most services have the same name in IAM as in
    /// signatures.
    pub fn permission(&self) -> Option<String> {
        self.action.as_ref().map(|action| format!("{}:{action}", self.service))
    }
}

/// Whether the action of the service with this signing name changes nothing.
pub fn is_read(service: &str, action: &str) -> bool {
    let begins = |word: &&str| action.strip_prefix(*word).is_some_and(|rest| rest.starts_with(char::is_uppercase));
    if service == "sts" && action.starts_with(ASSUME_ROLE) {
        return true;
    }
    READS.iter().any(begins) && !CHANGES.contains(&(service, action))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_has_its_common_name() {
        for (signing_name, name) in [("ec2", "EC2"), ("ssm", "SSM"), ("secretsmanager", "secretsmanager")] {
            assert_eq!(Call::new(signing_name, Some("Act")).service(), name);
        }
        assert_eq!(Call::unknown().service(), "AWS");
    }

    #[test]
    fn a_permission_has_the_signing_name() {
        assert_eq!(Call::new("ec2", Some("StopInstances")).permission().as_deref(), Some("ec2:StopInstances"));
        assert_eq!(Call::unknown().permission(), None);
    }
}
