//! Identifies a call to an AWS service: the service and the action.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

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

/// Verbs of actions that change something, regardless of declarations. One of [`MODIFIERS`] can precede them.
const CHANGE_VERBS: &str = "\
    Abort Accept Activate Add Allocate Apply Archive Assign Associate Attach Authorize Bundle Cancel Change Close \
    Complete Confirm Copy Create Deactivate Delete Deploy Deprecate Deprovision Deregister Detach Disable \
    Disassociate Enable Execute Export Import Initiate Install Invoke Issue Launch Lock Merge Modify Move Open \
    Pause Post Promote Provision Publish Purchase Purge Push Put Reboot Receive Record Register Reject Release \
    Remove Rename Renew Replace Request Reset Resize Restart Restore Resume Retire Retry Revoke Rollback Rotate \
    Run Schedule Send Set Share Signal Start Stop Submit Subscribe Suspend Swap Tag Terminate Transfer Unassign \
    Unlock Unsubscribe Untag Update Upgrade Upload Write";

/// Prefixes before the verb of an action, e.g. in `BatchWriteItem`.
const MODIFIERS: [&str; 4] = ["Admin", "Batch", "Bulk", "Transact"];

/// The service whose action names are all known: its reads have a prefix of [`READS`].
const EC2: &str = "ec2";

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

    /// The call of a signed request, in any AWS protocol; [`Call::unknown`] for an unsigned one.
    pub fn of(request: &HttpRequest) -> Self {
        let header = |name| request.headers().get(name).unwrap_or_default();
        let query = query_action(request.body().bytes().unwrap_or_default());
        let target = header("x-amz-target").rsplit('.').next().filter(|action| !action.is_empty());
        let operation = path_of(request.uri()).rsplit_once("/operation/").map(|(_, action)| action);
        let rpc = operation.filter(|_| header("smithy-protocol").starts_with("rpc-v2"));
        match signing_name(header("authorization")) {
            Some(service) => Call::new(service, query.or(target).or(rpc)),
            None => Call::unknown(),
        }
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

    /// Whether the action changes nothing, see [`is_read`]. `None` for a request without a named action.
    pub fn is_read(&self, changes: Option<bool>) -> Option<bool> {
        self.action().map(|action| is_read(&self.service, action, changes))
    }

    /// The IAM permission for the action, e.g. `ec2:StopInstances`. Most services have the same name in IAM as in
    /// signatures.
    pub fn permission(&self) -> Option<String> {
        self.action.as_ref().map(|action| format!("{}:{action}", self.service))
    }
}

/// Whether the action of the service with this signing name changes nothing. The declaration of the function,
/// `changes`, applies where it is safe: it can turn an action with an ambiguous name (`Query`, `Scan`) into a read, and
/// any action into a change, but never a change by name into a read. In EC2 only the names count.
pub fn is_read(service: &str, action: &str, changes: Option<bool>) -> bool {
    let by_name = is_read_by_name(service, action);
    match changes {
        Some(changes) if service != EC2 => !changes && (by_name || !is_change_by_name(service, action)),
        _ => by_name,
    }
}

fn is_read_by_name(service: &str, action: &str) -> bool {
    if service == "sts" && action.starts_with(ASSUME_ROLE) {
        return true;
    }
    READS.iter().any(|word| after(word, action).is_some()) && !CHANGES.contains(&(service, action))
}

fn is_change_by_name(service: &str, action: &str) -> bool {
    let verb = MODIFIERS.iter().find_map(|modifier| after(modifier, action)).unwrap_or(action);
    CHANGE_VERBS.split(' ').any(|word| verb == word || after(word, verb).is_some())
        || CHANGES.contains(&(service, action))
}

/// The rest of the action name after the prefix, which must end at a word boundary.
fn after<'a>(word: &str, action: &'a str) -> Option<&'a str> {
    action.strip_prefix(word).filter(|rest| rest.starts_with(char::is_uppercase))
}

/// The action of a request in AWS's query protocol: the first field in its body. The other fields may contain secrets.
/// `None` for other requests.
pub fn query_action(body: &[u8]) -> Option<&str> {
    let first = body.split(|byte| *byte == b'&').next().unwrap_or_default();
    std::str::from_utf8(first.strip_prefix(b"Action=")?).ok()
}

/// The service for which a request is signed: the second to last part of the credential scope, e.g.
/// `AWS4-HMAC-SHA256 Credential=AKIA.../20260101/us-east-1/ec2/aws4_request, SignedHeaders=...`.
///
/// Source: AWS, "Create a signed AWS API request", in the IAM User Guide.
fn signing_name(authorization: &str) -> Option<&str> {
    let (_, credential) = authorization.split_once("Credential=")?;
    let scope = credential.split(',').next()?;
    scope.rsplit('/').nth(1)
}

/// The path of a URL, without its query.
pub fn path_of(uri: &str) -> &str {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let path = rest.find('/').map_or("/", |start| &rest[start..]);
    path.split('?').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_decides_where_the_name_of_an_action_tells_nothing() {
        let query = Call::new("dynamodb", Some("Query"));
        assert_eq!(
            [None, Some(true), Some(false)].map(|changes| query.is_read(changes)),
            [false, false, true].map(Some)
        );
        assert!(!is_read("logs", "GetLogEvents", Some(true)), "whoever declares a change knows why");
        assert_eq!(Call::unknown().is_read(Some(false)), None);
    }

    #[test]
    fn no_declaration_makes_a_read_of_a_well_known_change() {
        for (service, action) in [
            ("lambda", "Invoke"),
            ("dynamodb", "PutItem"),
            ("dynamodb", "BatchWriteItem"),
            ("dynamodb", "TransactWriteItems"),
            ("cognito-idp", "AdminDeleteUser"),
            ("ssm", "SendCommand"),
            ("redshift", "GetClusterCredentials"),
            ("ec2", "StopInstances"),
            ("ec2", "MonitorInstances"),
        ] {
            assert!(!is_read(service, action, Some(false)), "{action}");
        }
        for (service, action) in [
            ("dynamodb", "Scan"),
            ("dynamodb", "TransactGetItems"),
            ("dynamodb", "BatchGetItem"),
            ("kms", "GenerateRandom"),
            ("sts", "DecodeAuthorizationMessage"),
            ("ssm", "Setting"),
        ] {
            assert!(is_read(service, action, Some(false)), "{action}");
        }
        assert!(is_read("ec2", "DescribeInstances", Some(true)), "the names of EC2's actions are known");
    }

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

    #[test]
    fn the_action_is_the_first_field() {
        assert_eq!(query_action(b"Action=StopInstances&Version=2016-11-15"), Some("StopInstances"));
        assert_eq!(query_action(b"Version=2016-11-15&Action=StopInstances"), None);
        assert_eq!(query_action(b""), None);
    }
}
