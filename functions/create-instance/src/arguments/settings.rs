//! Settings of the instances themselves: role, metadata, protection, shutdown, and whether they are spot instances.

use connector_sdk::args::Always;
use connector_sdk::ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use connector_sdk::ec2::types::{
    HttpTokensState, IamInstanceProfileSpecification, InstanceInterruptionBehavior, InstanceMarketOptionsRequest,
    InstanceMetadataOptionsRequest, MarketType, ShutdownBehavior as Ec2ShutdownBehavior, SpotInstanceType,
    SpotMarketOptions,
};
use connector_sdk::{Arg, ArgSpec, ArgValue, Inputs, ValueKind, choices};

use super::source::LAUNCH_TEMPLATE;

/// An IAM instance profile, by name or ARN.
///
/// AWS: "CreateInstanceProfile": a name has 1 to 128 letters, digits or `+=,.@_-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InstanceProfile {
    /// The ARN.
    Arn(String),
    /// The name.
    Name(String),
}

impl ArgValue for InstanceProfile {
    const KIND: ValueKind = ValueKind::String;

    fn parse(text: &str) -> Result<Self, String> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
        if text.starts_with("arn:") {
            let is_profile = text.contains(":iam::") && text.contains(":instance-profile/");
            return is_profile
                .then(|| InstanceProfile::Arn(text.to_owned()))
                .ok_or_else(|| "must be the ARN of an instance profile, not of a role or anything else".to_owned());
        }
        if text.len() <= 128 && text.bytes().all(allowed) {
            return Ok(InstanceProfile::Name(text.to_owned()));
        }
        Err("must be an ARN, or a name of at most 128 characters, which are letters, digits or +=,.@_-".to_owned())
    }
}

choices! {
    /// Whether an instance's metadata can be read without a session token (IMDSv1), or with one only (IMDSv2).
    pub enum MetadataTokens {
        /// With a token only.
        Required = "required",
        /// With or without.
        Optional = "optional",
    }
}

choices! {
    /// What a shutdown from inside does to an instance.
    pub enum ShutdownBehavior {
        /// It is stopped.
        Stop = "stop",
        /// It is terminated.
        Terminate = "terminate",
    }
}

/// `--iam-instance-profile PROFILE`.
pub const IAM_INSTANCE_PROFILE: Arg<InstanceProfile> = Arg::new(
    "iam-instance-profile",
    "PROFILE",
    "The IAM instance profile, by name or ARN, whose role the instances have. Default: none.",
);

/// `--metadata-tokens required|optional`.
pub const METADATA_TOKENS: Arg<MetadataTokens> = Arg::new(
    "metadata-tokens",
    "MODE",
    "Whether programs on the instances need a session token for the instance metadata: `required` (IMDSv2 only) or \
     `optional`. Default: `required`; with --launch-template, what the template says.",
);

/// `--termination-protection`.
pub const TERMINATION_PROTECTION: Arg<bool, Always> = Arg::flag(
    "termination-protection",
    "Protect the instances against being terminated through the API; not for spot instances.",
);

/// `--shutdown-behavior stop|terminate`.
pub const SHUTDOWN_BEHAVIOR: Arg<ShutdownBehavior> = Arg::new(
    "shutdown-behavior",
    "ACTION",
    "What becomes of an instance that is shut down from inside: `stop` or `terminate`. Default: EC2's own, `stop`.",
);

/// `--spot`.
pub const SPOT: Arg<bool, Always> = Arg::flag(
    "spot",
    "Launch spot instances, by a one-time request at up to the on-demand price: EC2 may terminate them when it needs the \
     capacity back.",
);

/// The arguments of this theme.
pub const ARGUMENTS: &[ArgSpec] =
    &[IAM_INSTANCE_PROFILE.spec, METADATA_TOKENS.spec, TERMINATION_PROTECTION.spec, SHUTDOWN_BEHAVIOR.spec, SPOT.spec];

/// Adds the settings to a request. What is not given is left to EC2, or to the launch template.
pub fn add_to(request: RunInstancesFluentBuilder, inputs: &Inputs) -> RunInstancesFluentBuilder {
    let by_default = inputs.get(&LAUNCH_TEMPLATE).is_none().then_some(MetadataTokens::Required);
    request
        .set_iam_instance_profile(inputs.get(&IAM_INSTANCE_PROFILE).as_ref().map(to_ec2_profile))
        .set_metadata_options(inputs.get(&METADATA_TOKENS).or(by_default).map(to_ec2_metadata_options))
        .set_disable_api_termination(inputs.get(&TERMINATION_PROTECTION).then_some(true))
        .set_instance_initiated_shutdown_behavior(inputs.get(&SHUTDOWN_BEHAVIOR).map(ShutdownBehavior::to_ec2))
        .set_instance_market_options(inputs.get(&SPOT).then(one_time_spot))
}

impl ShutdownBehavior {
    fn to_ec2(self) -> Ec2ShutdownBehavior {
        match self {
            ShutdownBehavior::Stop => Ec2ShutdownBehavior::Stop,
            ShutdownBehavior::Terminate => Ec2ShutdownBehavior::Terminate,
        }
    }
}

fn to_ec2_profile(profile: &InstanceProfile) -> IamInstanceProfileSpecification {
    let specification = IamInstanceProfileSpecification::builder();
    match profile {
        InstanceProfile::Arn(arn) => specification.arn(arn),
        InstanceProfile::Name(name) => specification.name(name),
    }
    .build()
}

fn to_ec2_metadata_options(tokens: MetadataTokens) -> InstanceMetadataOptionsRequest {
    let state = match tokens {
        MetadataTokens::Required => HttpTokensState::Required,
        MetadataTokens::Optional => HttpTokensState::Optional,
    };
    InstanceMetadataOptionsRequest::builder().http_tokens(state).build()
}

fn one_time_spot() -> InstanceMarketOptionsRequest {
    let spot = SpotMarketOptions::builder()
        .spot_instance_type(SpotInstanceType::OneTime)
        .instance_interruption_behavior(InstanceInterruptionBehavior::Terminate);
    InstanceMarketOptionsRequest::builder().market_type(MarketType::Spot).spot_options(spot.build()).build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_profile_is_a_name_or_its_arn() {
        let arn = "arn:aws:iam::123456789012:instance-profile/batch/web";
        assert_eq!(InstanceProfile::parse(arn), Ok(InstanceProfile::Arn(arn.to_owned())));
        assert_eq!(InstanceProfile::parse("web@batch"), Ok(InstanceProfile::Name("web@batch".to_owned())));
        let role = InstanceProfile::parse("arn:aws:iam::123456789012:role/web").unwrap_err();
        assert!(role.contains("not of a role"), "{role}");
        for text in ["batch/web", "we b", "w\u{e9}b", &"x".repeat(129)] {
            assert!(InstanceProfile::parse(text).unwrap_err().contains("at most 128 characters"), "{text}");
        }
    }
}
