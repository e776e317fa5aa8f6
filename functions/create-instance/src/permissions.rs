//! The IAM actions of a launch.

use connector_sdk::catalog::DESCRIBE_IMAGES;
use connector_sdk::ec2::Client;
use connector_sdk::ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use connector_sdk::ec2::types::{InstanceType, ResourceType, Tag, TagSpecification};
use connector_sdk::iam::{Condition, Optional, Resource};
use connector_sdk::instances::DESCRIBE_INSTANCES;
use connector_sdk::wait::DESCRIBE_INSTANCE_STATUS;
use connector_sdk::{IamAction, action, dry_run};

/// All IAM actions of the function.
pub const ALL: &[IamAction] = &[
    RUN_INSTANCES,
    TAG_INSTANCES,
    DESCRIBE_INSTANCES,
    DESCRIBE_INSTANCE_STATUS,
    DESCRIBE_IMAGES,
    DESCRIBE_KEY_PAIRS,
    DESCRIBE_VPCS,
    DESCRIBE_SUBNETS,
    DESCRIBE_SECURITY_GROUPS,
    CREATE_KEY_PAIR,
    TAG_KEY_PAIR,
    DELETE_KEY_PAIR,
    CREATE_SECURITY_GROUP,
    TAG_SECURITY_GROUP,
    TERMINATE_INSTANCES,
    PASS_ROLE,
    GET_PARAMETERS,
];

const KEY_PAIRS: Optional = Optional { name: "key-pairs", purpose: "to create key pairs that do not exist" };
const SECURITY_GROUPS: Optional =
    Optional { name: "security-groups", purpose: "to create security groups that do not exist" };

/// An image id that does not exist.
const NO_IMAGE: &str = "ami-00000000000000000";
/// A name that is never created.
const NO_NAME: &str = "awsec2-check";

/// The resources that a launch may create or use.
const OF_A_LAUNCH: &[Resource] = &[
    Resource::Created("arn:*:ec2:*:*:instance/*"),
    Resource::Any("arn:*:ec2:*::image/*"),
    Resource::Any("arn:*:ec2:*::snapshot/*"),
    Resource::Any("arn:*:ec2:*:*:capacity-reservation/*"),
    Resource::Any("arn:*:ec2:*:*:key-pair/*"),
    Resource::Any("arn:*:ec2:*:*:launch-template/*"),
    Resource::Any("arn:*:ec2:*:*:network-interface/*"),
    Resource::Any("arn:*:ec2:*:*:placement-group/*"),
    Resource::Any("arn:*:ec2:*:*:security-group/*"),
    Resource::Any("arn:*:ec2:*:*:spot-instances-request/*"),
    Resource::Any("arn:*:ec2:*:*:subnet/*"),
    Resource::Any("arn:*:ec2:*:*:volume/*"),
    Resource::Any("arn:*:license-manager:*:*:license-configuration:*"),
    Resource::Any("arn:*:resource-groups:*:*:group/*"),
];

const RUN_INSTANCES: IamAction =
    IamAction::change("ec2:RunInstances").on(OF_A_LAUNCH).probe(dry_run!(|ec2| no_launch(ec2)));

/// Tags are allowed only as part of a launch, so that existing resources cannot be tagged.
const TAG_INSTANCES: IamAction = IamAction::change("ec2:CreateTags")
    .only_if(&[Condition { operator: "StringEquals", key: "ec2:CreateAction", value: "RunInstances" }])
    .probe(dry_run!(|ec2| no_launch(ec2).tag_specifications(tag(ResourceType::Instance))));

const DESCRIBE_KEY_PAIRS: IamAction =
    IamAction::read("ec2:DescribeKeyPairs").probe(dry_run!(|ec2| ec2.describe_key_pairs()));
const DESCRIBE_VPCS: IamAction = IamAction::read("ec2:DescribeVpcs").probe(dry_run!(|ec2| ec2.describe_vpcs()));
const DESCRIBE_SUBNETS: IamAction =
    IamAction::read("ec2:DescribeSubnets").probe(dry_run!(|ec2| ec2.describe_subnets()));
const DESCRIBE_SECURITY_GROUPS: IamAction =
    IamAction::read("ec2:DescribeSecurityGroups").probe(dry_run!(|ec2| ec2.describe_security_groups()));

const ON_KEY_PAIRS: &[Resource] = &[Resource::Any("arn:*:ec2:*:*:key-pair/*")];

const CREATE_KEY_PAIR: IamAction = IamAction::change("ec2:CreateKeyPair")
    .on(ON_KEY_PAIRS)
    .optional(KEY_PAIRS)
    .probe(dry_run!(|ec2| ec2.create_key_pair().key_name(NO_NAME)));

const TAG_KEY_PAIR: IamAction = IamAction::change("ec2:CreateTags")
    .only_if(&[Condition { operator: "StringEquals", key: "ec2:CreateAction", value: "CreateKeyPair" }])
    .optional(KEY_PAIRS)
    .probe(dry_run!(|ec2| ec2.create_key_pair().key_name(NO_NAME).tag_specifications(tag(ResourceType::KeyPair))));

/// Only key pairs with the program's tag.
const DELETE_KEY_PAIR: IamAction = IamAction::change("ec2:DeleteKeyPair")
    .on(ON_KEY_PAIRS)
    .only_if(&[Condition { operator: "StringLike", key: "aws:ResourceTag/awsec2:run", value: "*" }])
    .optional(KEY_PAIRS)
    .probe(dry_run!(|ec2| ec2.delete_key_pair().key_name(NO_NAME)));

const CREATE_SECURITY_GROUP: IamAction = IamAction::change("ec2:CreateSecurityGroup")
    .on(&[Resource::Any("arn:*:ec2:*:*:security-group/*"), Resource::Any("arn:*:ec2:*:*:vpc/*")])
    .optional(SECURITY_GROUPS)
    .probe(dry_run!(|ec2| ec2.create_security_group().group_name(NO_NAME).description(NO_NAME)));

const TAG_SECURITY_GROUP: IamAction = IamAction::change("ec2:CreateTags")
    .only_if(&[Condition { operator: "StringEquals", key: "ec2:CreateAction", value: "CreateSecurityGroup" }])
    .optional(SECURITY_GROUPS)
    .probe(dry_run!(|ec2| {
        let request = ec2.create_security_group().group_name(NO_NAME).description(NO_NAME);
        request.tag_specifications(tag(ResourceType::SecurityGroup))
    }));

const TERMINATE_INSTANCES: IamAction = action::TERMINATE_INSTANCES
    .optional(Optional { name: "terminate-on-timeout", purpose: "to terminate launched instances if the wait fails" });

/// EC2 passes the role to the instances: AWS, "Grant permissions to attach an IAM role to an instance".
const PASS_ROLE: IamAction = IamAction::change("iam:PassRole")
    .on(&[Resource::Role])
    .only_if(&[Condition { operator: "StringEquals", key: "iam:PassedToService", value: "ec2.amazonaws.com" }])
    .optional(Optional { name: "instance-profile", purpose: "to launch instances with an IAM instance profile" });

/// EC2 reads the parameter on behalf of the user: AWS, "Use a Systems Manager parameter to reference an AMI".
const GET_PARAMETERS: IamAction = IamAction::read("ssm:GetParameters")
    .on(&[Resource::Any("arn:*:ssm:*:*:parameter/*")])
    .optional(Optional { name: "parameters", purpose: "to launch images that Systems Manager parameters name" });

/// A launch that cannot succeed.
fn no_launch(ec2: &Client) -> RunInstancesFluentBuilder {
    ec2.run_instances().image_id(NO_IMAGE).instance_type(InstanceType::T3Micro).min_count(1).max_count(1)
}

fn tag(resource: ResourceType) -> TagSpecification {
    TagSpecification::builder().resource_type(resource).tags(Tag::builder().key(NO_NAME).value("").build()).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prerequisites::run_tags::RUN;

    #[test]
    fn only_key_pairs_with_the_tag_of_a_run_can_be_deleted() {
        assert_eq!(DELETE_KEY_PAIR.conditions[0].key, format!("aws:ResourceTag/{RUN}"));
    }
}
