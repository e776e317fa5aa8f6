//! Which IAM actions a user may perform, as far as EC2 tells it: by requests with `DryRun`, which change nothing.
//!
//! AWS: "DryRun" in the API reference of each action: `DryRunOperation` means yes, `UnauthorizedOperation` no. The
//! requests name things that do not exist, so that they could do no harm even at a server that ignores `DryRun`; where
//! EC2 looks for them before it looks at the permissions, it stays open.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::types::{InstanceType, Tag};

use crate::{Doing, Error, ErrorKind, Result, codes};

/// An instance that nobody has.
const NO_INSTANCE: &str = "i-00000000000000000";
/// An image that nobody has.
const NO_IMAGE: &str = "ami-00000000000000000";
/// A name for what is never made.
const NO_NAME: &str = "awsec2-check";

/// What EC2 says of a permission.
#[derive(Debug)]
pub enum Permission {
    /// The action is allowed.
    Allowed,
    /// The action is not allowed.
    Denied,
    /// EC2 did not say, for this reason.
    Open(String),
}

/// Asks EC2 whether the action, as in `ec2:StartInstances`, is allowed.
///
/// # Errors
/// Credentials that EC2 does not accept, and every failure to reach it: then no further question makes sense.
pub async fn permission(ec2: &Client, action: &str) -> Result<Permission> {
    let Some(answer) = dry_run(ec2, action).await else {
        return Ok(Permission::Open("no dry run can tell".to_owned()));
    };
    match answer {
        Ok(()) => Ok(Permission::Allowed),
        Err(error) => judge(error),
    }
}

fn judge(error: Error) -> Result<Permission> {
    match (error.code(), error.kind()) {
        (Some(codes::DRY_RUN_OPERATION), _) => Ok(Permission::Allowed),
        (Some(code), _) if codes::is_permission_denied(code) => Ok(Permission::Denied),
        (None, _) | (_, ErrorKind::PermissionDenied | ErrorKind::Unavailable) => Err(error),
        (Some(code), _) => Ok(Permission::Open(format!("EC2 answers {code} before it looks at the permission"))),
    }
}

/// The dry run of an action; `None` when there is none.
async fn dry_run(ec2: &Client, action: &str) -> Option<Result<()>> {
    let doing = || format!("asking whether {action} is allowed");
    macro_rules! ask {
        ($request:expr) => {
            $request.dry_run(true).send().await.doing(doing).map(drop)
        };
    }
    Some(match action {
        "ec2:CreateKeyPair" => ask!(ec2.create_key_pair().key_name(NO_NAME)),
        "ec2:CreateSecurityGroup" => ask!(ec2.create_security_group().group_name(NO_NAME).description(NO_NAME)),
        "ec2:CreateTags" => {
            ask!(ec2.create_tags().resources(NO_INSTANCE).tags(Tag::builder().key(NO_NAME).value("").build()))
        }
        "ec2:DeleteKeyPair" => ask!(ec2.delete_key_pair().key_name(NO_NAME)),
        "ec2:DescribeImages" => ask!(ec2.describe_images().owners("self")),
        "ec2:DescribeInstanceStatus" => ask!(ec2.describe_instance_status()),
        "ec2:DescribeInstanceTypes" => ask!(ec2.describe_instance_types()),
        "ec2:DescribeInstances" => ask!(ec2.describe_instances()),
        "ec2:DescribeKeyPairs" => ask!(ec2.describe_key_pairs()),
        "ec2:DescribeRegions" => ask!(ec2.describe_regions()),
        "ec2:DescribeSecurityGroups" => ask!(ec2.describe_security_groups()),
        "ec2:DescribeSubnets" => ask!(ec2.describe_subnets()),
        "ec2:DescribeVpcs" => ask!(ec2.describe_vpcs()),
        "ec2:ModifyInstanceAttribute" => ask!(ec2.modify_instance_attribute().instance_id(NO_INSTANCE)),
        "ec2:RunInstances" => {
            ask!(ec2.run_instances().image_id(NO_IMAGE).instance_type(InstanceType::T3Micro).min_count(1).max_count(1))
        }
        "ec2:StartInstances" => ask!(ec2.start_instances().instance_ids(NO_INSTANCE)),
        "ec2:StopInstances" => ask!(ec2.stop_instances().instance_ids(NO_INSTANCE)),
        "ec2:TerminateInstances" => ask!(ec2.terminate_instances().instance_ids(NO_INSTANCE)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{client, mock, refusal};

    /// What is made of this refusal of a stop.
    async fn told(code: &'static str) -> Result<Permission> {
        let rule = mock!(Client::stop_instances)
            .match_requests(|request| request.dry_run() == Some(true) && request.instance_ids() == [NO_INSTANCE])
            .then_http_response(move || refusal(code, "told by the test"));
        permission(&client(&[&rule]), "ec2:StopInstances").await
    }

    #[tokio::test]
    async fn the_code_of_the_refusal_tells() {
        assert!(matches!(told("DryRunOperation").await, Ok(Permission::Allowed)));
        assert!(matches!(told("UnauthorizedOperation").await, Ok(Permission::Denied)));
        for code in ["InvalidInstanceID.NotFound", "IncorrectInstanceState", "VcpuLimitExceeded", "SomethingNew"] {
            let Ok(Permission::Open(reason)) = told(code).await else { panic!("{code}: it is open") };
            assert_eq!(reason, format!("EC2 answers {code} before it looks at the permission"));
        }
    }

    #[tokio::test]
    async fn credentials_that_are_refused_end_the_questions() {
        let error = told("AuthFailure").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert!(error.to_string().starts_with("asking whether ec2:StopInstances is allowed: "), "{error}");
    }

    #[tokio::test]
    async fn an_action_without_a_dry_run_stays_open() {
        let asked = permission(&client(&[]), "iam:PassRole").await;
        assert!(matches!(asked, Ok(Permission::Open(reason)) if reason == "no dry run can tell"));
    }
}
