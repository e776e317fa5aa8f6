//! Tests one error code of each kind as the response to every change: exit code, and number of requests.

use super::Job;
use crate::fault_layer::answer::refusal;

/// A code of each pattern, its HTTP status, and the resulting exit code.
const CODES: &[(u16, &str, i32)] = &[
    (400, "UnauthorizedOperation", 3),
    (401, "OptInRequired", 3),
    (400, "PendingVerification", 3),
    (400, "ExpiredToken", 3),
    (401, "AuthFailure", 3),
    (400, "InvalidSnapshot.NotFound", 4),
    (400, "InvalidLaunchTemplateName.NotFoundException", 4),
    (400, "InvalidLaunchTemplateId.VersionNotFound", 4),
    (400, "InsufficientInstanceCapacity", 8),
    (500, "InsufficientInstanceCapacity", 8),
    (400, "InsufficientFreeAddressesInSubnet", 8),
    (400, "UnfulfillableCapacity", 8),
    (400, "SpotMaxPriceTooLow", 8),
    (400, "VcpuLimitExceeded", 8),
    (400, "MaxSpotInstanceCountExceeded", 8),
    (400, "InvalidNetworkInterface.InUse", 1),
    (400, "InvalidPermission.Duplicate", 1),
    (400, "IncorrectState", 1),
    (400, "UnsupportedOperation", 1),
    (400, "InvalidParameterValue", 2),
    (400, "MissingParameter", 2),
    (400, "MalformedQueryString", 2),
    (400, "NetworkInterfaceNotSpecified", 2),
    (400, "Unsupported", 2),
    (400, "TagPolicyViolation", 2),
    (400, "SomethingNew", 1),
];

#[test]
fn a_launch_that_is_refused_ends_with_the_code_of_its_kind() {
    for &(status, code, exit) in CODES {
        let job = Job::new("refused");
        job.layer.on("RunInstances").answer(refusal(status, code, "No."));
        let finished = job.run("CreateInstance", &["--launch-template", "nightly"]).expect_code(exit);
        assert!(finished.stderr.contains(code), "{code}: {finished:#?}");
        assert!(!finished.stderr.contains("may have"), "{code}: {finished:#?}");
    }
}

#[test]
fn an_action_that_is_refused_ends_with_the_code_of_its_kind() {
    let job = Job::new("refused");
    let ids = job.running(1);
    for &(status, code, exit) in CODES.iter().filter(|(_, code, _)| *code != "IncorrectState") {
        let job = Job::new("refused");
        job.layer.on("StopInstances").answer(refusal(status, code, "No."));
        let finished = job.program.run(&["StopInstance", "--instance-id", &ids[0]]).expect_code(exit);
        assert!(
            finished.stderr.contains(code) && !finished.stderr.contains("--instance-type"),
            "{code}: {finished:#?}"
        );
    }
}

#[test]
fn a_read_that_is_refused_ends_with_the_code_of_its_kind() {
    for &(status, code, exit) in CODES {
        let job = Job::new("refused");
        job.layer.on("DescribeInstances").answer(refusal(status, code, "No."));
        job.run("GetInstanceStatusByTag", &[]).expect_code(exit).expect_stderr(code);
    }
}
