//! The error codes of EC2 that the connector acts on, and what kind of failure each one is.
//!
//! EC2 models almost none of its errors: a code is a text. Source of the codes: the AWS documentation,
//! "Error codes for the Amazon EC2 API".

use crate::ErrorKind;

/// A dry run would have succeeded: the answer to a request with `DryRun` that is allowed and well formed.
pub const DRY_RUN_OPERATION: &str = "DryRunOperation";
/// The image does not exist.
pub const INVALID_AMI_ID_NOT_FOUND: &str = "InvalidAMIID.NotFound";
/// A security group of that name exists in the VPC already.
pub const INVALID_GROUP_DUPLICATE: &str = "InvalidGroup.Duplicate";
/// The security group does not exist.
pub const INVALID_GROUP_NOT_FOUND: &str = "InvalidGroup.NotFound";
/// The client token was used before for a launch with other parameters.
pub const IDEMPOTENT_PARAMETER_MISMATCH: &str = "IdempotentParameterMismatch";
/// The client token was used before for instances that are terminated since.
pub const IDEMPOTENT_INSTANCE_TERMINATED: &str = "IdempotentInstanceTerminated";
/// The account makes more calls than EC2 takes; nothing was done.
pub const REQUEST_LIMIT_EXCEEDED: &str = "RequestLimitExceeded";
/// What was asked for is not offered there, such as an instance type in an availability zone.
pub const UNSUPPORTED: &str = "Unsupported";
/// An instance id is unknown, or not yet known everywhere.
pub const INVALID_INSTANCE_ID_NOT_FOUND: &str = "InvalidInstanceID.NotFound";
/// An instance id has the wrong form.
pub const INVALID_INSTANCE_ID_MALFORMED: &str = "InvalidInstanceID.Malformed";
/// A key pair of that name exists already.
pub const INVALID_KEY_PAIR_DUPLICATE: &str = "InvalidKeyPair.Duplicate";
/// The key pair does not exist.
pub const INVALID_KEY_PAIR_NOT_FOUND: &str = "InvalidKeyPair.NotFound";
/// The instance is in a state that does not allow the action.
pub const INCORRECT_INSTANCE_STATE: &str = "IncorrectInstanceState";
/// The instance is protected against the action (termination or stop protection).
pub const OPERATION_NOT_PERMITTED: &str = "OperationNotPermitted";
/// The instance does not support the action.
pub const UNSUPPORTED_OPERATION: &str = "UnsupportedOperation";

/// Credentials that EC2 does not accept, or permissions that it does not grant.
const PERMISSION_DENIED: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AuthFailure",
    "Blocked",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSecurityToken",
    "MissingAuthenticationToken",
    "OptInRequired",
    "PendingVerification",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnauthorizedOperation",
    "UnrecognizedClientException",
];

/// EC2 has no room, beside the codes that end in `LimitExceeded`.
const CAPACITY: &[&str] = &[
    "InsufficientAddressCapacity",
    "InsufficientCapacity",
    "InsufficientFreeAddressesInSubnet",
    "InsufficientHostCapacity",
    "InsufficientInstanceCapacity",
    "InsufficientReservedInstanceCapacity",
    "InsufficientVolumeCapacity",
    "MaxSpotInstanceCountExceeded",
    "ReservationCapacityExceeded",
];

/// EC2 is not able to answer now: throttling and faults of its own. The SDK has retried these already.
const UNAVAILABLE: &[&str] = &[
    "BandwidthLimitExceeded",
    "InternalError",
    "InternalFailure",
    REQUEST_LIMIT_EXCEEDED,
    "RequestThrottled",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "Unavailable",
];

/// The request itself is wrong, whatever the state of the account.
const INVALID_INPUT: &[&str] = &[
    IDEMPOTENT_PARAMETER_MISMATCH,
    UNSUPPORTED,
    "InvalidInstanceType",
    "InvalidParameter",
    "InvalidParameterCombination",
    "InvalidParameterValue",
    "MissingParameter",
    "MalformedQueryString",
    "UnknownParameter",
    "ValidationError",
];

/// The instance cannot do that, now or at all.
const UNEXPECTED_STATE: &[&str] =
    &[INCORRECT_INSTANCE_STATE, OPERATION_NOT_PERMITTED, UNSUPPORTED_OPERATION, "IncorrectState"];

/// The kind of failure that an EC2 error code stands for.
pub fn kind_of(code: &str) -> ErrorKind {
    let listed = |codes: &[&str]| codes.contains(&code);
    if listed(PERMISSION_DENIED) {
        ErrorKind::PermissionDenied
    } else if listed(UNAVAILABLE) {
        ErrorKind::Unavailable
    } else if listed(CAPACITY) || code.ends_with("LimitExceeded") {
        ErrorKind::Capacity
    } else if listed(UNEXPECTED_STATE) {
        ErrorKind::UnexpectedState
    } else if code.ends_with(".NotFound") || code.ends_with(".NotFoundException") || code.ends_with(".Unavailable") {
        ErrorKind::NotFound
    } else if listed(INVALID_INPUT) || code.ends_with(".Malformed") {
        ErrorKind::InvalidInput
    } else {
        ErrorKind::Service
    }
}

/// Whether the code speaks of single instances of a request, so that the others may well succeed without them.
pub fn concerns_single_instances(code: &str) -> bool {
    [
        INVALID_INSTANCE_ID_NOT_FOUND,
        INVALID_INSTANCE_ID_MALFORMED,
        INCORRECT_INSTANCE_STATE,
        OPERATION_NOT_PERMITTED,
        UNSUPPORTED_OPERATION,
        "IncorrectState",
        "InsufficientInstanceCapacity",
    ]
    .contains(&code)
}

/// Whether the code speaks of the whole request.
pub fn concerns_whole_request(code: &str) -> bool {
    kind_of(code) == ErrorKind::Unavailable || ["AuthFailure", "MalformedQueryString"].contains(&code)
}

/// Whether a policy denies the action.
pub fn is_permission_denied(code: &str) -> bool {
    ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException"].contains(&code)
}

/// Whether the code is a refusal because of a state.
pub fn is_transient_state(code: &str) -> bool {
    ["IncorrectInstanceState", "IncorrectSpotRequestState", "IncorrectState"].contains(&code)
}

#[cfg(test)]
mod tests {
    use super::{concerns_single_instances, kind_of};
    use crate::ErrorKind;

    #[test]
    fn every_code_has_the_kind_that_an_operator_acts_on() {
        for (code, kind) in [
            ("UnauthorizedOperation", ErrorKind::PermissionDenied),
            ("AuthFailure", ErrorKind::PermissionDenied),
            ("RequestLimitExceeded", ErrorKind::Unavailable),
            ("VcpuLimitExceeded", ErrorKind::Capacity),
            ("InstanceLimitExceeded", ErrorKind::Capacity),
            ("InsufficientInstanceCapacity", ErrorKind::Capacity),
            ("InvalidAMIID.NotFound", ErrorKind::NotFound),
            ("InvalidAMIID.Unavailable", ErrorKind::NotFound),
            ("InvalidSubnetID.NotFound", ErrorKind::NotFound),
            ("InvalidInstanceID.Malformed", ErrorKind::InvalidInput),
            ("InvalidParameterValue", ErrorKind::InvalidInput),
            ("BandwidthLimitExceeded", ErrorKind::Unavailable),
            ("OperationNotPermitted", ErrorKind::UnexpectedState),
            ("IncorrectInstanceState", ErrorKind::UnexpectedState),
            ("SomethingNew", ErrorKind::Service),
        ] {
            assert_eq!(kind_of(code), kind, "{code}");
        }
    }

    #[test]
    fn only_codes_about_an_instance_let_the_others_try_again() {
        for code in ["InvalidInstanceID.NotFound", "OperationNotPermitted", "IncorrectInstanceState"] {
            assert!(concerns_single_instances(code), "{code}");
        }
        for code in ["UnauthorizedOperation", "RequestLimitExceeded", "DryRunOperation", "SomethingNew"] {
            assert!(!concerns_single_instances(code), "{code}");
        }
    }
}
