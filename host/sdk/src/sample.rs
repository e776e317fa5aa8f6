//! Test helpers of this crate: an operation that takes all shared arguments and does nothing, ids and instances.

use aws_sdk_ec2::operation::describe_instances::DescribeInstancesInput;
use aws_sdk_ec2::types::{Filter, InstanceStateName, Tag};

use crate::properties::PROPERTIES;
use crate::selection::{SELECTION, SELECTION_GROUP};
use crate::testing::{self, instance};
use crate::wait::UNTIL_READY;
use crate::{Context, Inputs, InstanceId, Operation, OperationMeta, Outcome, Result, async_trait, register};

/// An operation that does nothing.
pub struct SampleOperation;
register!(SampleOperation);

#[async_trait]
impl Operation for SampleOperation {
    type Args = ();

    const META: OperationMeta = OperationMeta::new("SampleOperation", "Do nothing.")
        .arguments(&[SELECTION, UNTIL_READY, PROPERTIES])
        .groups(&[SELECTION_GROUP]);

    fn parse(&self, _inputs: &Inputs) -> Result<()> {
        Ok(())
    }

    async fn run(&self, _cx: &Context, _args: &()) -> Result<Outcome> {
        Ok(Outcome::new("nothing done"))
    }
}

/// Parses arguments, given without their dashes. No selection is required.
pub fn inputs(arguments: &[(&str, &str)]) -> Inputs {
    testing::parse_arguments(SampleOperation::META.all_arguments(), &[], arguments).unwrap()
}

/// The ids.
pub fn ids(texts: &[&str]) -> Vec<InstanceId> {
    texts.iter().map(|text| InstanceId::from_ec2(text)).collect()
}

/// A running instance with that name.
pub fn named(id: &str, name: &str) -> aws_sdk_ec2::types::Instance {
    let mut instance = instance(id, &InstanceStateName::Running);
    instance.tags = Some(vec![Tag::builder().key("Name").value(name).build()]);
    instance
}

/// The values of a filter of a request.
pub fn filter_values<'a>(request: &'a DescribeInstancesInput, name: &str) -> &'a [String] {
    request.filters().iter().find(|filter| filter.name() == Some(name)).map(Filter::values).unwrap_or_default()
}
