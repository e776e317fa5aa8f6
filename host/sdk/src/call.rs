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

/// The actions whose names begin with these words change something, whatever a function declares. Before them there can be
/// one of [`MANNERS`].
const CHANGE_VERBS: &str = "\
    Abort Accept Activate Add Allocate Apply Archive Assign Associate Attach Authorize Bundle Cancel Change Close \
    Complete Confirm Copy Create Deactivate Delete Deploy Deprecate Deprovision Deregister Detach Disable \
    Disassociate Enable Execute Export Import Initiate Install Invoke Issue Launch Lock Merge Modify Move Open \
    Pause Post Promote Provision Publish Purchase Purge Push Put Reboot Receive Record Register Reject Release \
    Remove Rename Renew Replace Request Reset Resize Restart Restore Resume Retire Retry Revoke Rollback Rotate \
    Run Schedule Send Set Share Signal Start Stop Submit Subscribe Suspend Swap Tag Terminate Transfer Unassign \
    Unlock Unsubscribe Untag Update Upgrade Upload Write";

/// How an action is done, as in `BatchWriteItem`.
const MANNERS: [&str; 4] = ["Admin", "Batch", "Bulk", "Transact"];

/// The service of which all names are known: what changes nothing begins with a word of [`READS`].
const EC2: &str = "ec2";

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

    /// Whether the action changes nothing, as [`is_read`] judges it; `None` for a request without a named action.
    pub fn is_read(&self, changes: Option<bool>) -> Option<bool> {
        self.action().map(|action| is_read(&self.service, action, changes))
    }

    /// The permission for the action, as in `ec2:StopInstances`. Most services have the same name in IAM as in
    /// signatures.
    pub fn permission(&self) -> Option<String> {
        self.action.as_ref().map(|action| format!("{}:{action}", self.service))
    }
}

/// Whether the action of the service with this signing name changes nothing. What the function declares, `changes`, decides
/// where it is safe: it makes a read of an action whose name tells nothing (`Query`, `Scan`), never of one whose name is that
/// of a change, and a change of every action. In EC2 the names alone decide.
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
    let verb = MANNERS.iter().find_map(|manner| after(manner, action)).unwrap_or(action);
    CHANGE_VERBS.split(' ').any(|word| verb == word || after(word, verb).is_some())
        || CHANGES.contains(&(service, action))
}

/// What follows the word at the beginning of the action's name: the next word.
fn after<'a>(word: &str, action: &'a str) -> Option<&'a str> {
    action.strip_prefix(word).filter(|rest| rest.starts_with(char::is_uppercase))
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
    fn a_service_has_the_name_that_people_know() {
        for (signing_name, name) in [("ec2", "EC2"), ("ssm", "SSM"), ("secretsmanager", "secretsmanager")] {
            assert_eq!(Call::new(signing_name, Some("Act")).service(), name);
        }
        assert_eq!(Call::unknown().service(), "AWS");
    }

    #[test]
    fn the_permission_has_the_name_of_the_service_in_iam() {
        assert_eq!(Call::new("ec2", Some("StopInstances")).permission().as_deref(), Some("ec2:StopInstances"));
        assert_eq!(Call::unknown().permission(), None);
    }
}
