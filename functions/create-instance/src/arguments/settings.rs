//! Settings of the instances: role, metadata, protection, shutdown and spot instances.

use connector_sdk::args::Always;
use connector_sdk::ec2::operation::run_instances::RunInstancesInput;
use connector_sdk::ec2::operation::run_instances::builders::RunInstancesInputBuilder;
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

impl InstanceProfile {
    fn into_ec2(self) -> IamInstanceProfileSpecification {
        let specification = IamInstanceProfileSpecification::builder();
        match self {
            InstanceProfile::Arn(arn) => specification.arn(arn),
            InstanceProfile::Name(name) => specification.name(name),
        }
        .build()
    }
}

choices! {
    /// Whether reading the metadata of an instance requires a session token (IMDSv2) or not (IMDSv1).
    pub struct MetadataTokens(HttpTokensState) {
        "required" => HttpTokensState::Required,
        "optional" => HttpTokensState::Optional,
    }
}

choices! {
    /// The effect of a shutdown from inside an instance.
    pub struct ShutdownBehavior(Ec2ShutdownBehavior) {
        "stop" => Ec2ShutdownBehavior::Stop,
        "terminate" => Ec2ShutdownBehavior::Terminate,
    }
}

/// `--iam-instance-profile PROFILE`.
pub const IAM_INSTANCE_PROFILE: Arg<InstanceProfile> = Arg::new(
    "iam-instance-profile",
    "PROFILE",
    "The IAM instance profile of the instances, by name or ARN. Default: none.",
);

/// `--metadata-tokens required|optional`.
pub const METADATA_TOKENS: Arg<MetadataTokens> = Arg::new(
    "metadata-tokens",
    "MODE",
    "Whether the instance metadata service requires a session token: `required` (IMDSv2 only) or `optional`. Default: \
     `required`; with `--launch-template`, the setting of the template.",
);

/// `--termination-protection`.
pub const TERMINATION_PROTECTION: Arg<bool, Always> =
    Arg::flag("termination-protection", "Enable termination protection for the instances; not for Spot Instances.");

/// `--shutdown-behavior stop|terminate`.
pub const SHUTDOWN_BEHAVIOR: Arg<ShutdownBehavior> = Arg::new(
    "shutdown-behavior",
    "ACTION",
    "What EC2 does when an instance is shut down from its operating system: `stop` or `terminate`. Default: the EC2 \
     default, `stop`.",
);

/// `--spot`.
pub const SPOT: Arg<bool, Always> = Arg::flag(
    "spot",
    "Launch Spot Instances with a one-time request, at most at the On-Demand price. EC2 can terminate them when it \
     needs the capacity back.",
);

/// Declares the settings: for each argument, the request parameter that its value sets.
macro_rules! settings {
    ($($argument:ident($value:ident) => $set:ident($parameter:expr),)+) => {
        /// The arguments of this topic.
        pub const ARGUMENTS: &[ArgSpec] = &[$($argument.spec),+];

        /// A request with the parameters that are set by arguments.
        fn with_parameters(inputs: &Inputs) -> RunInstancesInputBuilder {
            let request = RunInstancesInput::builder();
            $(let $value = inputs.get(&$argument);
            let request = request.$set($parameter);)+
            request
        }
    };
}

settings! {
    IAM_INSTANCE_PROFILE(profile) => set_iam_instance_profile(profile.map(InstanceProfile::into_ec2)),
    METADATA_TOKENS(tokens) => set_metadata_options(tokens.map(|tokens| to_ec2_metadata_options(tokens.0))),
    TERMINATION_PROTECTION(given) => set_disable_api_termination(given.then_some(true)),
    SHUTDOWN_BEHAVIOR(behavior) => set_instance_initiated_shutdown_behavior(behavior.map(|behavior| behavior.0)),
    SPOT(given) => set_instance_market_options(given.then(one_time_spot)),
}

/// The settings as parameters of the request. A parameter that is not set is left to EC2, or to the launch template.
#[derive(Clone, Debug)]
pub struct Settings(RunInstancesInputBuilder);

impl Settings {
    /// Reads the arguments.
    pub fn parse(inputs: &Inputs) -> Self {
        let request = with_parameters(inputs);
        if inputs.get(&LAUNCH_TEMPLATE).is_some() || request.get_metadata_options().is_some() {
            return Settings(request);
        }
        Settings(request.metadata_options(to_ec2_metadata_options(HttpTokensState::Required)))
    }

    /// A request with these settings and nothing else.
    pub fn to_ec2(&self) -> RunInstancesInputBuilder {
        self.0.clone()
    }
}

fn to_ec2_metadata_options(tokens: HttpTokensState) -> InstanceMetadataOptionsRequest {
    InstanceMetadataOptionsRequest::builder().http_tokens(tokens).build()
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
