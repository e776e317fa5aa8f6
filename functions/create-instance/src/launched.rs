//! Collects the instances of a launch from the answers of EC2.

use std::collections::HashSet;

use connector_sdk::ec2::types;
use connector_sdk::instances::Instance;
use connector_sdk::{Context, Error, ErrorKind, InstanceId, ResourceResult};

/// The states of a terminated instance.
const TERMINATED_STATES: &[types::InstanceStateName] =
    &[types::InstanceStateName::ShuttingDown, types::InstanceStateName::Terminated];

/// The instances of a launch, without duplicates.
#[derive(Clone, Debug, Default)]
pub struct Launched {
    by_index: Vec<(i32, InstanceId)>,
    ids: HashSet<InstanceId>,
    terminated: usize,
}

impl Launched {
    /// Records the instances of an answer in the journal, and prints new ids at once, since the instances now cost
    /// money. An id alone is enough. A terminated instance has failed. Returns whether all have an id.
    pub fn record(&mut self, cx: &Context, instances: &[types::Instance]) -> bool {
        let mut all_have_ids = true;
        let mut instances: Vec<_> = instances.iter().collect();
        instances.sort_by_key(|instance| (instance.ami_launch_index(), instance.instance_id()));
        for instance in instances {
            let Some(id) = instance.instance_id().map(InstanceId::from_ec2) else {
                cx.warning("the response was incomplete: it has an instance without its id");
                all_have_ids = false;
                continue;
            };
            if !self.ids.insert(id.clone()) {
                continue;
            }
            self.by_index.push((instance.ami_launch_index().unwrap_or(0), id.clone()));
            let journal = cx.journal();
            match Instance::from_ec2(instance) {
                Ok(whole) => journal.record_instance(&whole),
                Err(_) => journal.record_ids(std::slice::from_ref(&id)),
            }
            let state = journal.read(&id, |entry| entry.state.clone());
            journal.record_accepted(&id, None, state.as_deref(), ResourceResult::Changed);
            let state = state.as_deref().unwrap_or("state unknown");
            cx.event(format!("{}: launched, {state}", journal.label(&id)));
            if TERMINATED_STATES.iter().any(|terminated| terminated.as_str() == state) {
                self.terminated += 1;
                let error = Error::new(ErrorKind::UnexpectedState, format!("the instance is {state}"));
                journal.record_failure(&id, error.doing(format!("launching {id}")));
            }
        }
        all_have_ids
    }

    /// The number of instances.
    pub fn len(&self) -> usize {
        self.by_index.len()
    }

    /// The number of instances that are not terminated.
    pub fn alive(&self) -> usize {
        self.len() - self.terminated
    }

    /// The ids in launch order.
    pub fn ids(mut self) -> Vec<InstanceId> {
        self.by_index.sort();
        self.by_index.into_iter().map(|(_, id)| id).collect()
    }
}
