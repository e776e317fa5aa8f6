//! Hints for operators: what to do about an AWS error or the state reason of an instance.
//!
//! A hint is one imperative sentence. If the message of EC2 already says what to do, there is no hint.

use crate::ErrorKind;
use crate::codes::{self, kind_of};

const CHECK_KEYS: &str = "check the access key and the secret key of this user, the clock of this machine, and whether the \
                          region is enabled for the account";
const ALLOW_KMS_KEY: &str =
    "allow `kms:CreateGrant` for these credentials on the KMS key of the instance's encrypted volumes";
const ENABLE_KMS_KEY: &str =
    "enable the KMS key of the instance's encrypted volumes, and allow `kms:CreateGrant` on it for these credentials";

/// The policy types in AWS's access denied messages (AWS: "Troubleshoot access denied error messages", in the IAM User
/// Guide).
const POLICIES: [&str; 7] = [
    "identity-based policy",
    "permissions boundary",
    "resource-based policy",
    "resource control policy",
    "service control policy",
    "session policy",
    "VPC endpoint policy",
];

/// The hint for an AWS error code and message. `requested` is the permission for the requested action, e.g.
/// `ec2:RunInstances`.
pub fn for_refusal(code: &str, message: &str, requested: Option<&str>) -> Option<String> {
    match code {
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Some(for_denial(message, requested)),
        _ => for_code(code, message).map(str::to_owned),
    }
}

/// The hint for the `StateReason` of an instance, e.g. `Client.InternalError` with the message `Client.InternalError:
/// Client error on launch`.
///
/// AWS: "StateReason" in the API reference; for KMS "Create an IAM policy to launch instances with encrypted volumes" and
/// <https://repost.aws/knowledge-center/kms-iam-ec2-permission>. The code may also be `Server.InternalError` there.
pub fn for_state_reason(code: &str, message: &str) -> Option<&'static str> {
    if [code, message].iter().any(|text| text.contains("InvalidKMSKey")) {
        return Some(ENABLE_KMS_KEY);
    }
    if message.contains("Client error on launch") || message.contains("KMS") {
        return Some(ALLOW_KMS_KEY);
    }
    for_capacity(code.split_once('.').map_or(code, |(_, code)| code))
}

/// The hint for a denied action: the policy that must allow it, or that denies it. The message of EC2 usually names the
/// action; otherwise it is at least the requested one.
fn for_denial(message: &str, requested: Option<&str>) -> String {
    let named = message.split_once("perform: ").and_then(|(_, rest)| rest.split_whitespace().next());
    let action = match (named, requested) {
        (Some(named), _) => format!("`{named}`"),
        (None, Some(requested)) => format!("at least `{requested}`"),
        (None, None) => "this action".to_owned(),
    };
    if let Some((_, policy)) = message.split_once("with an explicit deny") {
        let policy = policy_in(policy.trim_start_matches(" in a").trim_start_matches('n')).unwrap_or("policy");
        return format!(
            "change the {policy} that explicitly denies {action}: an explicit deny overrides every permission"
        );
    }
    let policy = message.split_once("because no").and_then(|(_, policy)| policy_in(policy)).unwrap_or("IAM policy");
    let decode = match message.contains("Encoded authorization failure message") {
        true => {
            ", and decode the rest of the message, which is complete in the log, with `aws sts \
             decode-authorization-message`"
        }
        false => "",
    };
    format!("allow {action} for these credentials in the {policy}{decode}")
}

/// The policy type that a text begins with.
fn policy_in(text: &str) -> Option<&'static str> {
    POLICIES.into_iter().find(|policy| text.trim_start().starts_with(policy))
}

fn for_code(code: &str, message: &str) -> Option<&'static str> {
    Some(match code {
        "AuthFailure" if message.starts_with("Not authorized for images") => {
            "share the image with the account of these credentials, or subscribe to it in AWS Marketplace"
        }
        "AuthFailure" | "InvalidAccessKeyId" | "InvalidClientTokenId" | "UnrecognizedClientException" => CHECK_KEYS,
        "SignatureDoesNotMatch" | "IncompleteSignature" => {
            "check the secret key of this user, and the clock of this machine"
        }
        "RequestExpired" | "InvalidSecurity.RequestHasExpired" => {
            "set the clock of this machine, or renew the session if the credentials are temporary"
        }
        "ExpiredToken" | "ExpiredTokenException" => "renew the session that these temporary credentials belong to",
        "AccountDisabled" | "Blocked" | "PendingVerification" => "ask AWS Support about the state of the account",
        "CustomerKeyHasBeenRevoked" => ENABLE_KMS_KEY,
        codes::OPERATION_NOT_PERMITTED => {
            "disable the termination or stop protection of the instance, if the job is meant to stop or terminate it"
        }
        codes::IDEMPOTENT_PARAMETER_MISMATCH => {
            "use a different client token for each run of the job, and the same arguments for a repeated run"
        }
        codes::IDEMPOTENT_INSTANCE_TERMINATED => "use a new client token for a new launch",
        _ if codes::is_throttling(code) => {
            "run fewer jobs at once or try again later: the account's API calls are throttled"
        }
        _ => return for_capacity(code),
    })
}

/// The hint for a lack of capacity or a reached quota.
fn for_capacity(code: &str) -> Option<&'static str> {
    Some(match code {
        _ if kind_of(code) != ErrorKind::Capacity => return None,
        "InsufficientFreeAddressesInSubnet" => "use another subnet, or release IP addresses of this one",
        "InsufficientCapacityOnHost" | "IncompatibleHostRequirements" | "UnavailableHostRequirements" => {
            "free capacity on the Dedicated Host, or use another host"
        }
        "ReservationCapacityExceeded" => "enlarge the Capacity Reservation, or use another one",
        "SpotMaxPriceTooLow" => "raise the maximum price, or use another instance type",
        _ if code.ends_with("LimitExceeded") || code.ends_with("CountExceeded") => {
            "ask AWS for a higher quota, or release resources that count toward it"
        }
        _ => "try again later, or use another instance type or a subnet in another availability zone",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(code: &str, message: &str) -> String {
        for_refusal(code, message, Some("ec2:StopInstances")).unwrap_or_default()
    }

    #[test]
    fn a_missing_permission_is_named_with_the_policy_that_must_allow_it() {
        let user = "You are not authorized to perform this operation. User: arn:aws:iam::1:user/job is not authorized";
        for (message, expected) in [
            ("No.", "allow at least `ec2:StopInstances` for these credentials in the IAM policy"),
            (
                "You are not authorized to perform this operation. Encoded authorization failure message: Ab-1",
                "allow at least `ec2:StopInstances` for these credentials in the IAM policy, and decode the rest of \
                 the message, which is complete in the log, with `aws sts decode-authorization-message`",
            ),
            (
                " to perform: ec2:CreateTags on resource: arn:aws:ec2:us-east-1:1:instance/* because no identity-based \
                 policy allows the ec2:CreateTags action.",
                "allow `ec2:CreateTags` for these credentials in the identity-based policy",
            ),
            (
                " to perform: ec2:RunInstances because no service control policy allows the ec2:RunInstances action",
                "allow `ec2:RunInstances` for these credentials in the service control policy",
            ),
        ] {
            assert_eq!(hint("UnauthorizedOperation", &format!("{user}{message}")), expected);
        }
        assert_eq!(
            for_refusal("AccessDenied", "No", None).as_deref(),
            Some("allow this action for these credentials in the IAM policy")
        );
    }

    #[test]
    fn an_explicit_deny_has_a_hint_about_the_denying_policy() {
        for (deny, policy) in [
            (" in a service control policy. Encoded authorization failure message: Ab-1", "service control policy"),
            (" in an identity-based policy: arn:aws:iam::1:policy/night", "identity-based policy"),
            (" in a permissions boundary", "permissions boundary"),
            ("", "policy"),
        ] {
            let message =
                format!("User: job is not authorized to perform: ec2:StopInstances on it with an explicit deny{deny}");
            let expected = format!(
                "change the {policy} that explicitly denies `ec2:StopInstances`: an explicit deny overrides every \
                 permission"
            );
            assert_eq!(hint("UnauthorizedOperation", &message), expected);
        }
    }

    #[test]
    fn refused_credentials_have_a_hint_for_their_code() {
        assert!(
            hint("AuthFailure", "AWS was not able to validate")
                .ends_with("whether the region is enabled for the account")
        );
        assert!(hint("AuthFailure", "Not authorized for images: [ami-1]").starts_with("share the image"));
        assert!(hint("ExpiredToken", "The security token is expired").starts_with("renew the session"));
        assert!(hint("SignatureDoesNotMatch", "No").contains("clock"));
    }

    #[test]
    fn every_capacity_code_has_a_hint() {
        for (code, start) in [
            ("InsufficientInstanceCapacity", "try again later, or use another instance type"),
            ("InsufficientHostCapacity", "try again later"),
            ("InsufficientFreeAddressesInSubnet", "use another subnet"),
            ("InsufficientCapacityOnHost", "free capacity on the Dedicated Host"),
            ("VcpuLimitExceeded", "ask AWS for a higher quota"),
            ("MaxSpotInstanceCountExceeded", "ask AWS for a higher quota"),
            ("SpotMaxPriceTooLow", "raise the maximum price"),
            ("RequestLimitExceeded", "run fewer jobs at once"),
        ] {
            assert!(hint(code, "No").starts_with(start), "{code}: {}", hint(code, "No"));
        }
        assert_eq!(hint("InvalidParameterValue", "No"), "");
    }

    #[test]
    fn a_hint_names_no_option_and_is_one_sentence() {
        for code in [
            "AuthFailure",
            "ExpiredToken",
            "IdempotentInstanceTerminated",
            "IdempotentParameterMismatch",
            "InsufficientInstanceCapacity",
            "OperationNotPermitted",
            "RequestLimitExceeded",
            "UnauthorizedOperation",
            "VcpuLimitExceeded",
        ] {
            let hint = hint(code, "No");
            assert!(!hint.is_empty() && !hint.contains("--") && !hint.contains(';'), "{code}: {hint}");
        }
    }

    #[test]
    fn a_state_reason_about_a_kms_key_names_the_permission() {
        for (code, message) in [
            ("Client.InternalError", "Client.InternalError: Client error on launch"),
            ("Server.InternalError", "Client.InternalError: Client error on launch"),
            ("Client.InvalidKMSKey.InvalidState", "The KMS key provided is in an incorrect state"),
            (
                "Server.InternalError",
                "Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state",
            ),
        ] {
            let hint = for_state_reason(code, message).unwrap();
            assert!(hint.contains("kms:CreateGrant"), "{code}: {hint}");
            assert_eq!(
                hint.starts_with("enable"),
                format!("{code}{message}").contains("InvalidKMSKey"),
                "{code}: {hint}"
            );
        }
    }

    #[test]
    fn a_state_reason_about_capacity_has_the_hint_of_its_code() {
        let text = "Server.InsufficientInstanceCapacity: Insufficient capacity";
        assert_eq!(
            for_state_reason("Server.InsufficientInstanceCapacity", text),
            for_capacity("InsufficientInstanceCapacity")
        );
        assert!(for_state_reason("Client.VolumeLimitExceeded", "Volume limit exceeded").unwrap().contains("quota"));
        for (code, message) in [
            ("Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"),
            ("Server.InternalError", "Server.InternalError: Internal error on launch"),
            ("", ""),
        ] {
            assert_eq!(for_state_reason(code, message), None, "{code}");
        }
    }
}
