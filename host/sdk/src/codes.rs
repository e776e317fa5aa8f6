//! The error codes of EC2 that the connector acts on, and what kind of failure each one is.
//!
//! EC2 models almost none of its errors: a code is a text. Source of the codes: the AWS documentation, "Error codes for
//! the Amazon EC2 API" (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>). Codes of actions
//! that the connector does not call, such as those of VPNs, are left to the patterns.

use crate::ErrorKind;

/// A dry run would have succeeded: the answer to a request with `DryRun` that is allowed and well formed.
pub const DRY_RUN_OPERATION: &str = "DryRunOperation";
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

/// The account or its credentials are not accepted, whatever is asked for. Such a refusal may end by itself: a session is
/// renewed, an account is verified.
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

/// A policy, or AWS itself, does not allow the action to these credentials.
const PERMISSION: &[&str] = &["AccessDenied", "AccessDeniedException", "AccountDisabled", "UnauthorizedOperation"];

/// Too many requests or too much data: the request was refused before it was looked at. The codes of EC2, and those that
/// the SDK retries as throttling.
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

/// The form of the request is wrong, whichever instances it names.
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

/// A refusal because of a state, of an instance or of the spot request behind it.
const STATE: &[&str] =
    &[INCORRECT_INSTANCE_STATE, "IncorrectSpotRequestState", "IncorrectState", "InvalidInstanceState"];

/// Codes that a pattern of [`KINDS`] would misjudge.
const EXACT: &[(&str, ErrorKind)] = &[
    // The image was deregistered, or is not ready: neither a malformed value nor a fault of EC2.
    ("InvalidAMIID.Unavailable", ErrorKind::NotFound),
    // The group does not exist; only its code says so in another way.
    ("InvalidPlacementGroup.Unknown", ErrorKind::NotFound),
    // The request is larger than any request may be: no quota, instance type or subnet changes that.
    ("FilterLimitExceeded", ErrorKind::InvalidInput),
    ("RequestResourceCountExceeded", ErrorKind::InvalidInput),
    ("ResourceCountExceeded", ErrorKind::InvalidInput),
    ("TagLimitExceeded", ErrorKind::InvalidInput),
    // The values are right; what they name is in the wrong state.
    ("InvalidCapacityReservationState.PendingActivation", ErrorKind::UnexpectedState),
    ("InvalidHostState", ErrorKind::UnexpectedState),
    ("InvalidInstanceState", ErrorKind::UnexpectedState),
    ("InvalidState", ErrorKind::UnexpectedState),
    // What is not available is sold or over; EC2 itself is well.
    ("ReservedInstancesUnavailable", ErrorKind::Capacity),
    ("ScheduledInstanceSlotUnavailable", ErrorKind::UnexpectedState),
];

/// The kinds in the order in which they are tried, each with its codes; `*` stands for any text.
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

/// The kind of failure that an EC2 error code stands for.
pub fn kind_of(code: &str) -> ErrorKind {
    if let Some((_, kind)) = EXACT.iter().find(|(exact, _)| *exact == code) {
        return *kind;
    }
    let of_kind = KINDS.iter().find(|(_, patterns)| patterns.iter().any(|pattern| matches_pattern(pattern, code)));
    of_kind.map_or(ErrorKind::Service, |(kind, _)| *kind)
}

/// Whether a code fits a pattern, in which `*` stands for any text.
fn matches_pattern(pattern: &str, code: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == code,
        Some((start, rest)) => code.strip_prefix(start).is_some_and(|left| {
            (0..=left.len()).any(|skipped| left.get(skipped..).is_some_and(|left| matches_pattern(rest, left)))
        }),
    }
}

/// Whether the account or its credentials as such are not accepted. Such a refusal may end by itself; see
/// [`is_permission_denied`] for one that does not.
pub fn concerns_credentials(code: &str) -> bool {
    CREDENTIALS.contains(&code)
}

/// Whether accepted credentials are not allowed to perform the action.
pub fn is_permission_denied(code: &str) -> bool {
    PERMISSION.contains(&code)
}

/// Whether the request was refused because of the number of requests; nothing was done.
pub fn is_throttling(code: &str) -> bool {
    THROTTLING.contains(&code)
}

/// Whether the code concerns a request as a whole: credentials, throttling, the form of the request, a fault of EC2. A
/// request for several instances that is refused with any other code may succeed for some of them when it is split.
pub fn concerns_whole_request(code: &str) -> bool {
    concerns_credentials(code)
        || kind_of(code) == ErrorKind::Unavailable
        || REQUEST_FORM.contains(&code)
        || code == DRY_RUN_OPERATION
}

/// Whether the refusal is because of the state of an instance, or of the spot request behind it. The code does not say
/// whether that state is transient: the state itself does.
pub fn concerns_state(code: &str) -> bool {
    STATE.contains(&code)
}

/// Whether a launch that is refused with this code may succeed with another instance type or in another subnet.
pub fn may_succeed_elsewhere(code: &str) -> bool {
    kind_of(code) == ErrorKind::Capacity || code == UNSUPPORTED
}

#[cfg(test)]
mod tests;
