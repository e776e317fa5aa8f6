//! Journal records of resources of any kind.

use super::entry::ResourceResult;
use super::resource::{INSTANCE, Resource, ResourceEntry};
use super::state::Journal;
use crate::error::Result;
use crate::ids::InstanceId;

impl Journal {
    /// Records a resource. Unknown values do not replace recorded ones. Resources are reported in the order of
    /// recording.
    pub fn record_resource(&self, resource: &Resource) {
        if resource.kind == INSTANCE {
            return self.update(&InstanceId::from_ec2(&resource.id), |entry| {
                entry.name = resource.name.clone().or(entry.name.take());
                entry.state = resource.state.clone().or(entry.state.take());
            });
        }
        self.state().resource(resource);
    }

    /// Records a resource with its result, or the error of its failure. The kind [`ErrorKind::Unknown`](crate::ErrorKind::Unknown) means that no
    /// answer says whether AWS made the change.
    pub fn record_resource_result(&self, resource: &Resource, end: Result<ResourceResult>) {
        self.record_resource(resource);
        match (resource.kind, end) {
            (INSTANCE, Ok(result)) => self.update(&InstanceId::from_ec2(&resource.id), |entry| {
                (entry.result, entry.error, entry.accepted) = (Some(result), None, true);
                entry.changed |= result != ResourceResult::Unchanged;
            }),
            (INSTANCE, Err(error)) => self.record_failure(&InstanceId::from_ec2(&resource.id), error),
            (_, Ok(result)) => {
                let mut state = self.state();
                let entry = state.resource(resource);
                (entry.result, entry.error) = (Some(result), None);
                entry.changed |= result != ResourceResult::Unchanged;
            }
            (_, Err(error)) => {
                let mut state = self.state();
                let entry = state.resource(resource);
                (entry.result, entry.error) = (Some(ResourceResult::of_failure(&error)), Some(error));
            }
        }
    }

    /// A copy of all resources except instances, in the order of recording.
    pub fn resources(&self) -> Vec<ResourceEntry> {
        self.state().resources.values().cloned().collect()
    }
}
