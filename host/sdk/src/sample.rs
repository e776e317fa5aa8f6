//! An operation for the tests of this crate: it takes all shared arguments, and does nothing.

use crate::properties::PROPERTIES;
use crate::selection::{SELECTION, SELECTION_GROUP};
use crate::wait::UNTIL_READY;
use crate::{Context, Inputs, Operation, OperationMeta, Outcome, Result, async_trait, register, testing};

static META: OperationMeta = OperationMeta::new("SampleOperation", "Do nothing.")
    .arguments(&[SELECTION, UNTIL_READY, PROPERTIES])
    .groups(&[SELECTION_GROUP]);

/// See the module.
pub struct SampleOperation;
register!(SampleOperation);

#[async_trait]
impl Operation for SampleOperation {
    type Args = ();

    fn meta(&self) -> &'static OperationMeta {
        &META
    }

    fn parse(&self, _inputs: &Inputs) -> Result<()> {
        Ok(())
    }

    async fn run(&self, _cx: &Context, _args: &()) -> Result<Outcome> {
        Ok(Outcome::new("nothing done"))
    }
}

/// The parsed arguments, given without their dashes. Nothing needs to be selected.
pub fn inputs(arguments: &[(&str, &str)]) -> Inputs {
    testing::parse_arguments(META.all_arguments(), &[], arguments).unwrap()
}
