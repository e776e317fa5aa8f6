//! Termination protection of several instances in one request.
//!
//! moto refuses the whole request. EC2 does so by availability zone (AWS API reference, "TerminateInstances"): all
//! instances in the zone of a protected one stay, those in other zones are terminated, and the answer is an error.

use std::collections::{HashMap, HashSet};

use super::answer::refusal;
use super::form::Form;
use super::http::Message;
use super::view::texts;

/// The instances that are protected.
#[derive(Default)]
pub struct Protection(HashSet<String>);

impl Protection {
    /// Protects instances.
    pub fn protect(&mut self, ids: &[String]) {
        self.0.extend(ids.iter().cloned());
    }

    /// Answers a request for a termination; `ask` passes a request on to moto.
    pub fn terminate(&self, form: &Form, ask: impl Fn(&Form) -> Message) -> Message {
        let ids = form.instance_ids();
        let Some(culprit) = ids.iter().find(|id| self.0.contains(**id)) else { return ask(form) };
        let zones: HashMap<&str, String> = ids.iter().map(|id| (*id, zone_of(form, id, &ask))).collect();
        let closed: HashSet<&String> = ids.iter().filter(|id| self.0.contains(**id)).map(|id| &zones[id]).collect();
        let free: Vec<&str> = ids.iter().filter(|id| !closed.contains(&zones[*id])).copied().collect();
        if !free.is_empty() {
            ask(&form.for_instances("TerminateInstances", &free));
        }
        let message = format!("Instance {culprit} is protected against termination, says the fault layer.");
        refusal(400, "OperationNotPermitted", &message).message()
    }
}

/// The availability zone of an instance.
fn zone_of(form: &Form, id: &str, ask: impl Fn(&Form) -> Message) -> String {
    let described = ask(&form.for_instances("DescribeInstances", &[id]));
    texts(&described, "availabilityZone").pop().unwrap_or_else(|| panic!("{id} has no zone"))
}
