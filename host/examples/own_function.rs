//! A program with functions of its own beside those of the connector: what a third party keeps in its own repository.
//!
//! There, a function would be a crate that depends on `connector-sdk` and on the crates of other AWS services that it calls,
//! and this file's `main` would be in a package that depends on `awsec2` and names that crate: `use describe_regions as _;`.

use std::process::ExitCode;

use connector_sdk::catalog::DESCRIBE_REGIONS;
use connector_sdk::{
    Context, Doing, IamAction, Inputs, Operation, OperationMeta, Outcome, Result, async_trait, register,
};

static META: OperationMeta =
    OperationMeta::new("DescribeRegions", "Show the regions that are enabled for the account.")
        .iam_actions(&[DESCRIBE_REGIONS]);

struct DescribeRegions;
register!(DescribeRegions);

#[async_trait]
impl Operation for DescribeRegions {
    type Args = ();

    fn meta(&self) -> &'static OperationMeta {
        &META
    }

    fn parse(&self, _: &Inputs) -> Result<()> {
        Ok(())
    }

    async fn run(&self, cx: &Context, _: &()) -> Result<Outcome> {
        let answer = cx.ec2().describe_regions().send().await.doing(|| "reading the regions".to_owned())?;
        answer.regions().iter().filter_map(|region| region.region_name()).for_each(|name| cx.event(name));
        Ok(Outcome::new(format!("{} regions", answer.regions().len())))
    }
}

static IDENTITY: OperationMeta = OperationMeta::new("GetCallerIdentity", "Show whose the credentials are.")
    .iam_actions(&[IamAction::read("sts:GetCallerIdentity")]);

/// A function that calls another service than EC2.
struct GetCallerIdentity;
register!(GetCallerIdentity);

#[async_trait]
impl Operation for GetCallerIdentity {
    type Args = ();

    fn meta(&self) -> &'static OperationMeta {
        &IDENTITY
    }

    fn parse(&self, _: &Inputs) -> Result<()> {
        Ok(())
    }

    async fn run(&self, cx: &Context, _: &()) -> Result<Outcome> {
        let sts = aws_sdk_sts::Client::new(cx.aws());
        let identity =
            sts.get_caller_identity().send().await.doing(|| "asking whose the credentials are".to_owned())?;
        Ok(Outcome::new(identity.arn().unwrap_or("an identity without a name")))
    }
}

fn main() -> ExitCode {
    awsec2::main()
}
