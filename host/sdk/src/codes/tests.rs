//! The kinds of the documented codes, and the predicates on codes.

use super::*;
use ErrorKind::{Capacity, InvalidInput, NotFound, PermissionDenied, Service, Unavailable, UnexpectedState};

/// The documented codes that the actions of the connector can be refused with, by kind.
const DOCUMENTED: &[(ErrorKind, &[&str])] = &[
    (
        PermissionDenied,
        &[
            "AccountDisabled",
            "AuthFailure",
            "Blocked",
            "IncompleteSignature",
            "InvalidClientTokenId",
            "InvalidSecurity.RequestHasExpired",
            "MissingAuthenticationToken",
            "OptInRequired",
            "PendingVerification",
            "RequestExpired",
            "SignatureDoesNotMatch",
            "UnauthorizedOperation",
            // Not in EC2's list, but in the common errors of AWS.
            "AccessDenied",
            "AccessDeniedException",
            "ExpiredToken",
            "ExpiredTokenException",
            "UnrecognizedClientException",
        ],
    ),
    (
        Unavailable,
        &[
            "BandwidthLimitExceeded",
            "InternalError",
            "InternalFailure",
            "RequestLimitExceeded",
            "RetryableError",
            "ServerInternal",
            "ServiceUnavailable",
            "Unavailable",
            // Not in EC2's list.
            "RequestThrottled",
            "SlowDown",
            "Throttling",
            "ThrottlingException",
        ],
    ),
    (
        NotFound,
        &[
            "DefaultVpcDoesNotExist",
            "InvalidAMIID.NotFound",
            "InvalidAMIID.Unavailable",
            "InvalidCapacityReservationId.NotFound",
            "InvalidGroup.NotFound",
            "InvalidHostID.NotFound",
            "InvalidInstanceID.NotFound",
            "InvalidKeyPair.NotFound",
            "InvalidLaunchTemplateId.NotFound",
            "InvalidLaunchTemplateId.VersionNotFound",
            "InvalidLaunchTemplateName.NotFoundException",
            "InvalidNetworkInterfaceID.NotFound",
            "InvalidPlacementGroup.Unknown",
            "InvalidSecurityGroupID.NotFound",
            "InvalidSnapshot.NotFound",
            "InvalidSpotInstanceRequestID.NotFound",
            "InvalidSubnetID.NotFound",
            "InvalidSubnetId.NotFound",
            "InvalidVolume.NotFound",
            "InvalidVpcID.NotFound",
            "InvalidZone.NotFound",
        ],
    ),
    (
        Capacity,
        &[
            "AddressLimitExceeded",
            "AttachmentLimitExceeded",
            "HostLimitExceeded",
            "IncompatibleHostRequirements",
            "InstanceLimitExceeded",
            "InsufficientAddressCapacity",
            "InsufficientCapacity",
            "InsufficientCapacityOnHost",
            "InsufficientFreeAddressesInSubnet",
            "InsufficientHostCapacity",
            "InsufficientInstanceCapacity",
            "InsufficientReservedInstanceCapacity",
            "InsufficientReservedInstancesCapacity",
            "InsufficientVolumeCapacity",
            "InvalidInterface.IpAddressLimitExceeded",
            "KeyPairLimitExceeded",
            "MaxIOPSLimitExceeded",
            "MaxScheduledInstanceCapacityExceeded",
            "MaxSpotInstanceCountExceeded",
            "NetworkInterfaceLimitExceeded",
            "PrivateIpAddressLimitExceeded",
            "ReservationCapacityExceeded",
            "ReservedInstancesUnavailable",
            "ResourceLimitExceeded",
            "SecurityGroupLimitExceeded",
            "SecurityGroupsPerInstanceLimitExceeded",
            "SecurityGroupsPerInterfaceLimitExceeded",
            "SpotMaxPriceTooLow",
            "UnavailableHostRequirements",
            "UnfulfillableCapacity",
            "VcpuLimitExceeded",
            "VolumeLimitExceeded",
        ],
    ),
    (
        UnexpectedState,
        &[
            "CustomerKeyHasBeenRevoked",
            "DependencyViolation",
            "IncorrectInstanceState",
            "IncorrectSpotRequestState",
            "IncorrectState",
            "InvalidCapacityReservationState.PendingActivation",
            "InvalidGroup.Duplicate",
            "InvalidGroup.InUse",
            "InvalidHostState",
            "InvalidIPAddress.InUse",
            "InvalidInstanceState",
            "InvalidKeyPair.Duplicate",
            "InvalidNetworkInterface.InUse",
            "InvalidState",
            "OperationNotPermitted",
            "ScheduledInstanceSlotUnavailable",
            "UnsupportedOperation",
        ],
    ),
    (
        InvalidInput,
        &[
            "BootForVolumeTypeUnsupported",
            "ClientInvalidParameterValue",
            "EncryptedVolumesNotSupported",
            "FilterLimitExceeded",
            "IdempotentParameterMismatch",
            "InvalidAMIID.Malformed",
            "InvalidAction",
            "InvalidAvailabilityZone",
            "InvalidBlockDeviceMapping",
            "InvalidCharacter",
            "InvalidClientToken",
            "InvalidFilter",
            "InvalidGroup.Reserved",
            "InvalidGroupId.Malformed",
            "InvalidID",
            "InvalidIamInstanceProfileArn.Malformed",
            "InvalidInstanceAttributeValue",
            "InvalidInstanceID",
            "InvalidInstanceID.Malformed",
            "InvalidInstanceType",
            "InvalidKey.Format",
            "InvalidLaunchTemplateId.Malformed",
            "InvalidLaunchTemplateName.MalformedException",
            "InvalidMaxResults",
            "InvalidNextToken",
            "InvalidPaginationToken",
            "InvalidParameter",
            "InvalidParameterCombination",
            "InvalidParameterDependency",
            "InvalidParameterValue",
            "InvalidQueryParameter",
            "InvalidRegion",
            "InvalidRequest",
            "InvalidSecurityGroupId.Malformed",
            "InvalidSubnet",
            "InvalidSubnetID.Malformed",
            "InvalidTagKey.Malformed",
            "InvalidTenancy",
            "InvalidUserID.Malformed",
            "MalformedQueryString",
            "MissingAction",
            "MissingInput",
            "MissingParameter",
            "NoSuchVersion",
            "RequestResourceCountExceeded",
            "ResourceCountExceeded",
            "TagLimitExceeded",
            "TagPolicyViolation",
            "UnknownParameter",
            "UnknownVolumeType",
            "Unsupported",
            "UnsupportedHibernationConfiguration",
            "UnsupportedInstanceAttribute",
            "UnsupportedInstanceTypeOnHost",
            "UnsupportedTenancy",
            "VPCIdNotSpecified",
            "VPCResourceNotSpecified",
            "ValidationError",
            "VolumeIOPSLimit",
            "VolumeTypeNotAvailableInZone",
            "ZonesMismatched",
        ],
    ),
    (Service, &["ConcurrentTagAccess", "DryRunOperation", "IdempotentInstanceTerminated", "SomethingNew", ""]),
];

#[test]
fn every_documented_code_has_the_kind_that_an_operator_acts_on() {
    for (kind, codes) in DOCUMENTED {
        for code in *codes {
            assert_eq!(kind_of(code), *kind, "{code}");
        }
    }
}

#[test]
fn the_earlier_of_two_kinds_wins() {
    for (code, kind, later) in [
        ("InvalidClientTokenId", PermissionDenied, "Invalid*"),
        ("MissingAuthenticationToken", PermissionDenied, "Missing*"),
        ("RequestLimitExceeded", Unavailable, "*LimitExceeded"),
        ("BandwidthLimitExceeded", Unavailable, "*LimitExceeded"),
        ("InvalidAMIID.NotFound", NotFound, "Invalid*"),
        ("InvalidAMIID.Unavailable", NotFound, "*Unavailable"),
        ("InvalidInterface.IpAddressLimitExceeded", Capacity, "Invalid*"),
        ("ReservedInstancesUnavailable", Capacity, "*Unavailable"),
        ("InvalidGroup.InUse", UnexpectedState, "Invalid*"),
        ("InvalidKeyPair.Duplicate", UnexpectedState, "Invalid*"),
        ("InvalidInstanceState", UnexpectedState, "Invalid*"),
        ("UnsupportedOperation", UnexpectedState, "Unsupported*"),
        ("TagLimitExceeded", InvalidInput, "*LimitExceeded"),
        ("ResourceCountExceeded", InvalidInput, "*CountExceeded"),
        ("InvalidSomething.Unavailable", InvalidInput, "*Unavailable"),
    ] {
        assert!(matches_pattern(later, code), "{code} does not fit {later}");
        assert_eq!(kind_of(code), kind, "{code}");
    }
}

#[test]
fn an_exact_code_is_one_that_a_pattern_misjudges() {
    for (code, kind) in EXACT {
        let by_pattern =
            KINDS.iter().find(|(_, patterns)| patterns.iter().any(|pattern| matches_pattern(pattern, code)));
        assert!(by_pattern.is_some_and(|(pattern_kind, _)| pattern_kind != kind), "{code}");
    }
}

#[test]
fn a_star_matches_any_text() {
    for (pattern, code, fit) in [
        ("Invalid*", "InvalidId", true),
        ("Invalid*", "AnInvalidId", false),
        ("*.InUse", "InvalidGroup.InUse", true),
        ("*.InUse", "VolumeInUse", false),
        ("Insufficient*Capacity*", "InsufficientCapacity", true),
        ("Insufficient*Capacity*", "InsufficientCapacityOnHost", true),
        ("Insufficient*Capacity*", "InsufficientFreeAddressesInSubnet", false),
        ("*NotFound", "NotFound\u{fc}", false),
        ("*NotFound", "\u{fc}NotFound", true),
        ("Unsupported", "UnsupportedOperation", false),
    ] {
        assert_eq!(matches_pattern(pattern, code), fit, "{pattern} {code}");
    }
}

#[test]
fn credentials_are_not_permissions() {
    for code in CREDENTIALS {
        assert!(concerns_credentials(code) && !is_permission_denied(code), "{code}");
    }
    for code in PERMISSION {
        assert!(is_permission_denied(code) && !concerns_credentials(code), "{code}");
    }
    assert!(!concerns_credentials("InvalidParameterValue") && !is_permission_denied("OperationNotPermitted"));
}

#[test]
fn only_too_many_requests_are_throttling() {
    for code in ["RequestLimitExceeded", "Throttling", "ThrottlingException", "SlowDown", "BandwidthLimitExceeded"] {
        assert!(is_throttling(code), "{code}");
    }
    for code in ["InstanceLimitExceeded", "ServiceUnavailable", "InternalError", "UnauthorizedOperation"] {
        assert!(!is_throttling(code), "{code}");
    }
}

#[test]
fn only_what_splitting_cannot_mend_concerns_the_whole_request() {
    for code in [
        "AuthFailure",
        "DryRunOperation",
        "ExpiredToken",
        "InternalError",
        "InvalidAction",
        "MalformedQueryString",
        "MissingParameter",
        "OptInRequired",
        "RequestLimitExceeded",
        "ServerInternal",
        "Throttling",
        "Unavailable",
    ] {
        assert!(concerns_whole_request(code), "{code}");
    }
    for code in [
        "IncorrectInstanceState",
        "InsufficientHostCapacity",
        "InsufficientInstanceCapacity",
        "InvalidInstanceID.Malformed",
        "InvalidInstanceID.NotFound",
        "InvalidParameterValue",
        "OperationNotPermitted",
        "SomethingNew",
        "UnauthorizedOperation",
        "UnsupportedHibernationConfiguration",
        "UnsupportedOperation",
        "VcpuLimitExceeded",
    ] {
        assert!(!concerns_whole_request(code), "{code}");
    }
}

#[test]
fn a_refusal_because_of_a_state_is_recognized() {
    for code in ["IncorrectInstanceState", "IncorrectSpotRequestState", "IncorrectState", "InvalidInstanceState"] {
        assert!(concerns_state(code), "{code}");
        assert_eq!(kind_of(code), UnexpectedState, "{code}");
    }
    for code in ["OperationNotPermitted", "UnsupportedOperation", "IncorrectModificationState", "InvalidGroup.InUse"] {
        assert!(!concerns_state(code), "{code}");
    }
}

#[test]
fn the_next_attempt_is_tried_when_another_type_or_subnet_may_do_better() {
    for code in ["InsufficientInstanceCapacity", "VcpuLimitExceeded", "SpotMaxPriceTooLow", "Unsupported"] {
        assert!(may_succeed_elsewhere(code), "{code}");
    }
    for code in ["UnsupportedOperation", "InvalidParameterValue", "RequestLimitExceeded", "TagLimitExceeded"] {
        assert!(!may_succeed_elsewhere(code), "{code}");
    }
}
