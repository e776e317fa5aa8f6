//! Identifies a call to an AWS service: the service and the action.

/// Prefixes of actions that change nothing, e.g. `DescribeInstances`. AWS lists the access level of each action in the
/// "Service Authorization Reference". An action that is not listed here counts as a change: at worst, a dry run refuses
/// it.
const READS: [&str; 7] = ["BatchGet", "Describe", "Filter", "Get", "List", "Lookup", "Search"];

/// Actions with a prefix of [`READS`] that write something: a template into S3, a database user, an identity.
const CHANGES: [(&str, &str); 4] = [
    ("cognito-identity", "GetId"),
    ("cognito-identity", "GetOpenIdTokenForDeveloperIdentity"),
    ("ec2", "GetFlowLogsIntegrationTemplate"),
    ("redshift", "GetClusterCredentials"),
];

/// Prefix of STS actions that return temporary credentials and change nothing.
const ASSUME_ROLE: &str = "AssumeRole";

/// A call to an AWS service. The HTTP client attaches it to the answer, or to the error, so that an
/// [`Error`](crate::Error) can name the service and the action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    service: String,
    action: Option<String>,
}

impl Call {
    /// A call to the service with this signing name, e.g. `ec2`, for an action, e.g. `StopInstances`; `None` for a
    /// request without a named action.
    pub fn new(signing_name: impl Into<String>, action: Option<impl Into<String>>) -> Self {
        Call { service: signing_name.into(), action: action.map(Into::into) }
    }

    /// An unknown call; its service is `AWS`.
    pub fn unknown() -> Self {
        Call::new("aws", None::<String>)
    }

    /// The display name of the service: abbreviations in capitals (`EC2`, `SSM`, `STS`), other names unchanged
    /// (`secretsmanager`).
    pub fn service(&self) -> String {
        const INITIALS: usize = 3;
        if self.service.len() <= INITIALS { self.service.to_uppercase() } else { self.service.clone() }
    }

    /// The signing name of the service, e.g. `ec2`.
    pub fn signing_name(&self) -> &str {
        &self.service
    }

    /// The action, e.g. `StopInstances`.
    pub fn action(&self) -> Option<&str> {
        self.action.as_deref()
    }

    /// Whether the action changes nothing; `None` for a request without a named action.
    pub fn is_read(&self) -> Option<bool> {
        self.action().map(|action| is_read(&self.service, action))
    }

    /// The IAM permission for the action, e.g. `ec2:StopInstances`. Most services have the same name in IAM as in
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
