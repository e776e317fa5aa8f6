//! A program with a function of its own beside those of the connector: what a third party keeps in its own repository.
//!
//! There, the function would be a crate that depends on `connector-sdk` alone, and this file's `main` would stand in a
//! package that depends on `awsec2` and names that crate: `use describe_regions as _;`.

use std::process::ExitCode;

use connector_sdk::offers::DESCRIBE_REGIONS;
use connector_sdk::{Context, Doing, Inputs, Operation, OperationMeta, Outcome, Result, async_trait, register};

static META: OperationMeta =
    OperationMeta::new("DescribeRegions", "Show the regions that are enabled for the account.")
        .iam_actions(&[DESCRIBE_REGIONS]);

struct DescribeRegions;
register!(DescribeRegions);

#[async_trait]
impl Operation for DescribeRegions {
    fn meta(&self) -> &'static OperationMeta {
        &META
    }

    async fn run(&self, cx: &Context, _: &Inputs) -> Result<Outcome> {
        let answer = cx.ec2().describe_regions().send().await.doing(|| "reading the regions".to_owned())?;
        answer.regions().iter().filter_map(|region| region.region_name()).for_each(|name| cx.event(name));
        Ok(Outcome::new(format!("{} regions", answer.regions().len())))
    }
}

fn main() -> ExitCode {
    awsec2::main()
}
