//! The EC2 error codes that the connector handles, and the kind of each.
//!
//! EC2 models almost none of its errors, so a code is a string. Source: the AWS documentation, "Error codes for the
//! Amazon EC2 API" (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>). Codes of actions
//! that the connector does not call, such as those for VPNs, are left to the patterns.

use crate::ErrorKind;

/// The request with `DryRun` is valid and allowed.
pub const DRY_RUN_OPERATION: &str = "DryRunOperation";
/// A security group of that name exists in the VPC already.
pub const INVALID_GROUP_DUPLICATE: &str = "InvalidGroup.Duplicate";
/// The security group does not exist.
pub const INVALID_GROUP_NOT_FOUND: &str = "InvalidGroup.NotFound";
/// The client token was used before for a launch with other parameters.
pub const IDEMPOTENT_PARAMETER_MISMATCH: &str = "IdempotentParameterMismatch";
/// The instances launched with this client token have been terminated since.
pub const IDEMPOTENT_INSTANCE_TERMINATED: &str = "IdempotentInstanceTerminated";
/// The account exceeds its request rate; nothing was done.
pub const REQUEST_LIMIT_EXCEEDED: &str = "RequestLimitExceeded";
/// The requested configuration is not offered there, e.g. an instance type in an availability zone.
pub const UNSUPPORTED: &str = "Unsupported";
/// The instance id is unknown, or not yet known everywhere.
pub const INVALID_INSTANCE_ID_NOT_FOUND: &str = "InvalidInstanceID.NotFound";
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

/// The account or its credentials are not accepted for any action. This may be temporary: a session is renewed, an
/// account is verified.
const CREDENTIALS: &[&str] = &[
    "AuthFailure",
    "Blocked",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSecurity.RequestHasExpired",
    "InvalidSecurityToken",
    "MissingAuthenticationToken",
    "OptInRequired",
    "PendingVerification",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
];

/// A policy, or AWS itself, denies the action to these credentials.
const PERMISSION: &[&str] = &["AccessDenied", "AccessDeniedException", "AccountDisabled", "UnauthorizedOperation"];

/// Too many requests or too much data: the request was refused before it was processed. The codes of EC2, and those
/// that the AWS SDK retries as throttling.
const THROTTLING: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    REQUEST_LIMIT_EXCEEDED,
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// The request is malformed, independent of the instances that it names.
const REQUEST_FORM: &[&str] = &[
    "InvalidAction",
    "InvalidQueryParameter",
    "MalformedQueryString",
    "MissingAction",
    "MissingParameter",
    "NoSuchVersion",
    "UnknownParameter",
    "UnsupportedProtocol",
];

/// The state of an instance, or of its spot request, does not allow the action.
const STATE: &[&str] =
    &[INCORRECT_INSTANCE_STATE, "IncorrectSpotRequestState", "IncorrectState", "InvalidInstanceState"];

/// Codes that a pattern of [`KINDS`] would misclassify.
const EXACT: &[(&str, ErrorKind)] = &[
    // The image was deregistered, or is not ready: neither a malformed value nor a fault of EC2.
    ("InvalidAMIID.Unavailable", ErrorKind::NotFound),
    // The group does not exist, though the code does not end in `NotFound`.
    ("InvalidPlacementGroup.Unknown", ErrorKind::NotFound),
    // The request exceeds a fixed maximum: a higher quota, another instance type or another subnet would not help.
    ("FilterLimitExceeded", ErrorKind::InvalidInput),
    ("RequestResourceCountExceeded", ErrorKind::InvalidInput),
    ("ResourceCountExceeded", ErrorKind::InvalidInput),
    ("TagLimitExceeded", ErrorKind::InvalidInput),
    // The values are valid, but the resource is in the wrong state.
    ("InvalidCapacityReservationState.PendingActivation", ErrorKind::UnexpectedState),
    ("InvalidHostState", ErrorKind::UnexpectedState),
    ("InvalidInstanceState", ErrorKind::UnexpectedState),
    ("InvalidState", ErrorKind::UnexpectedState),
    // The offering is sold or has expired; EC2 itself is available.
    ("ReservedInstancesUnavailable", ErrorKind::Capacity),
    ("ScheduledInstanceSlotUnavailable", ErrorKind::UnexpectedState),
];

/// The kinds in matching order, each with its codes; `*` matches any text.
const KINDS: &[(ErrorKind, &[&str])] = &[
    (ErrorKind::PermissionDenied, CREDENTIALS),
    (ErrorKind::PermissionDenied, PERMISSION),
    (ErrorKind::Unavailable, THROTTLING),
    (ErrorKind::NotFound, &["DefaultVpcDoesNotExist", "*NotFound", "*NotFoundException"]),
    (
        ErrorKind::Capacity,
        &[
            "Insufficient*Capacity*",
            "InsufficientFreeAddressesInSubnet",
            "UnfulfillableCapacity",
            "MaxScheduledInstanceCapacityExceeded",
            "ReservationCapacityExceeded",
            "IncompatibleHostRequirements",
            "UnavailableHostRequirements",
            "SpotMaxPriceTooLow",
            "*LimitExceeded",
            "*CountExceeded",
        ],
    ),
    (
        ErrorKind::UnexpectedState,
        &[
            "*.InUse",
            "*.Duplicate",
            "Incorrect*",
            UNSUPPORTED_OPERATION,
            OPERATION_NOT_PERMITTED,
            "CustomerKeyHasBeenRevoked",
            "DependencyViolation",
        ],
    ),
    (
        ErrorKind::InvalidInput,
        &[
            "Invalid*",
            "Missing*",
            "Malformed*",
            "*.Malformed",
            "*NotSpecified",
            "Unsupported*",
            "BootForVolumeTypeUnsupported",
            "ClientInvalidParameterValue",
            "EncryptedVolumesNotSupported",
            IDEMPOTENT_PARAMETER_MISMATCH,
            "NoSuchVersion",
            "TagPolicyViolation",
            "UnknownParameter",
            "UnknownVolumeType",
            "ValidationError",
            "VolumeIOPSLimit",
            "VolumeTypeNotAvailableInZone",
            "ZonesMismatched",
        ],
    ),
    (
        ErrorKind::Unavailable,
        &[
            "ServerInternal",
            "InternalError",
            "InternalFailure",
            "*Unavailable",
            "RequestTimeout",
            "RequestTimeoutException",
            "RetryableError",
        ],
    ),
];

/// The kind of an EC2 error code.
pub fn kind_of(code: &str) -> ErrorKind {
    if let Some((_, kind)) = EXACT.iter().find(|(exact, _)| *exact == code) {
        return *kind;
    }
    let of_kind = KINDS.iter().find(|(_, patterns)| patterns.iter().any(|pattern| matches_pattern(pattern, code)));
    of_kind.map_or(ErrorKind::Service, |(kind, _)| *kind)
}

/// Whether a code matches a pattern, in which `*` matches any text.
fn matches_pattern(pattern: &str, code: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == code,
        Some((start, rest)) => code.strip_prefix(start).is_some_and(|left| {
            (0..=left.len()).any(|skipped| left.get(skipped..).is_some_and(|left| matches_pattern(rest, left)))
        }),
    }
}

/// Whether the account or its credentials are not accepted for any action. This may be temporary; see
/// [`is_permission_denied`] for a lasting denial.
pub fn concerns_credentials(code: &str) -> bool {
    CREDENTIALS.contains(&code)
}

/// Whether valid credentials are not allowed to perform the action.
pub fn is_permission_denied(code: &str) -> bool {
    PERMISSION.contains(&code)
}

/// Whether the request was throttled; nothing was done.
pub fn is_throttling(code: &str) -> bool {
    THROTTLING.contains(&code)
}

/// Whether the code is about the request as a whole: credentials, throttling, a malformed request, an EC2 fault. A
/// request for several instances that is refused with any other code may succeed for some of them when it is split.
pub fn concerns_whole_request(code: &str) -> bool {
    concerns_credentials(code)
        || kind_of(code) == ErrorKind::Unavailable
        || REQUEST_FORM.contains(&code)
        || code == DRY_RUN_OPERATION
}

/// Whether the state of an instance, or of its spot request, does not allow the action. The code does not say whether
/// that state is transient.
pub fn concerns_state(code: &str) -> bool {
    STATE.contains(&code)
}

/// Whether a launch that is refused with this code may succeed with another instance type or in another subnet.
pub fn may_succeed_elsewhere(code: &str) -> bool {
    kind_of(code) == ErrorKind::Capacity || code == UNSUPPORTED
}

#[cfg(test)]
mod tests;
