//! Simulates termination protection of several instances in one request.
//!
//! moto terminates the instances before the first protected one. EC2 decides by availability zone (AWS API reference,
//! "TerminateInstances"): all instances in the zone of a protected one are kept, those in other zones are terminated,
//! and the response is an error.

use std::collections::{HashMap, HashSet};

use xmltree::Element;

use super::answer::refusal;
use super::form::Form;
use super::xml::{retain_instances, text_at, texts};
use crate::support::http::Message;

/// Answers a termination request. `ask` sends a request to moto, and `terminate` performs the termination.
pub fn terminate(form: &Form, ask: impl Fn(&Form) -> Message, terminate: impl Fn(&Form) -> Message) -> Message {
    let ids = form.instance_ids();
    let guarded: Vec<&str> = ids.iter().filter(|id| is_protected(form, id, &ask)).copied().collect();
    let Some(culprit) = guarded.first() else { return terminate(form) };
    let described = ask(&form.for_instances("DescribeInstances", &ids));
    if described.status() != 200 {
        return described;
    }
    let zones = zones_in(&described);
    let closed: HashSet<&String> = guarded.iter().map(|id| &zones[*id]).collect();
    let free: Vec<&str> = ids.iter().filter(|id| !closed.contains(&zones[**id])).copied().collect();
    if !free.is_empty() {
        terminate(&form.for_instances("TerminateInstances", &free));
    }
    let message = format!("Instance {culprit} is protected against termination, says the fault layer.");
    refusal(400, "OperationNotPermitted", &message).message()
}

fn is_protected(form: &Form, id: &str, ask: impl Fn(&Form) -> Message) -> bool {
    let question = form.for_instances("DescribeInstanceAttribute", &[]).with("InstanceId", id);
    texts(&ask(&question.with("Attribute", "disableApiTermination")), "value") == ["true"]
}

/// The availability zones of all instances in a response.
fn zones_in(described: &Message) -> HashMap<String, String> {
    let mut root = Element::parse(&*described.body).expect("XML of moto");
    let mut zones = HashMap::new();
    retain_instances(&mut root, &mut |id, instance| {
        zones.insert(id.to_owned(), text_at(instance, &["placement", "availabilityZone"]).unwrap_or_default());
        true
    });
    zones
}
