//! Simulates insufficient capacity of instance types and dedicated hosts.

use std::collections::HashSet;

use super::answer::{Answer, no_capacity, no_host_capacity};
use super::form::Form;
use super::xml::texts;
use crate::support::http::Message;

/// The types and hosts without capacity.
#[derive(Default)]
pub struct Capacity {
    types: HashSet<String>,
    on_hosts: HashSet<String>,
}

impl Capacity {
    /// Sets the instance types without capacity. All others have capacity.
    pub fn set_types(&mut self, types: &[&str]) {
        self.types = types.iter().map(|name| (*name).to_owned()).collect();
    }

    /// Sets the instances whose hosts have no capacity. All others have capacity.
    pub fn set_hosts(&mut self, ids: &[String]) {
        self.on_hosts = ids.iter().cloned().collect();
    }

    /// The error for a launch without capacity. The type must be in the request itself, not in a launch template.
    pub fn refuse_launch(&self, form: &Form) -> Option<Answer> {
        form.get("InstanceType").is_some_and(|name| self.types.contains(name)).then(no_capacity)
    }

    /// The error for a start: if one stopped instance has no capacity, no instance starts. `ask` sends a request to
    /// moto.
    pub fn refuse_start(&self, form: &Form, ask: impl Fn(&Form) -> Message) -> Option<Answer> {
        let ids = form.instance_ids();
        if ids.iter().any(|id| self.on_hosts.contains(*id)) {
            return Some(no_host_capacity());
        }
        if self.types.is_empty() {
            return None;
        }
        let mut question = form.for_instances("DescribeInstances", &ids);
        question = question.with("Filter.1.Name", "instance-state-name").with("Filter.1.Value.1", "stopped");
        question = question.with("Filter.2.Name", "instance-type");
        for (index, name) in self.types.iter().enumerate() {
            question = question.with(&format!("Filter.2.Value.{}", index + 1), name);
        }
        (!texts(&ask(&question), "instanceId").is_empty()).then(no_capacity)
    }
}
