//! Imports that almost every function needs: `use connector_sdk::prelude::*;`.

pub use crate::action::{InstanceAction, InstanceArgs, InstanceJob};
pub use crate::args::{Always, Arg, ArgGroup, ArgSpec, Inputs, Optional, Repeated};
pub use crate::ec2::types::InstanceStateName;
pub use crate::iam::{INSTANCES, IamAction, NO_INSTANCE};
pub use crate::instances::DESCRIBE_INSTANCES;
pub use crate::selection::{SELECTION, SELECTION_GROUP};
pub use crate::wait::{DESCRIBE_INSTANCE_STATUS, Goal, UNTIL_DONE, UNTIL_READY};
pub use crate::{
    Context, Doing as _, Error, ErrorKind, Example, InstanceId, Operation, OperationMeta, Outcome, Result, async_trait,
    choices, dry_run, register,
};
