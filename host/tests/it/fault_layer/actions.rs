//! Implements StartInstances, StopInstances, and TerminateInstances for every instance state.
//!
//! moto starts and stops instances in any state, even terminated ones, and always reports the same current state. EC2
//! rejects the whole request if one instance is in a wrong state (AWS documentation, "Error codes for the Amazon EC2
//! API", IncorrectInstanceState), and keeps an instance that is already in the target state (AWS user guide, "Amazon
//! EC2 instance state changes").

use super::answer::refusal;
use super::form::Form;
use super::instances::Instances;
use super::xml::{edit, retain_instances, set_state, text_at, texts};
use crate::support::http::Message;

/// The effect of an action on an instance.
enum Outcome {
    /// It enters this transient state.
    Transient(&'static str),
    /// It is in this state, with or without a transition.
    Final(&'static str),
    /// The instance is in a wrong state.
    Refused,
}

fn outcome(action: &str, state: &str) -> Outcome {
    use Outcome::{Final, Refused, Transient};
    match (action, state) {
        ("StartInstances", "stopped") => Transient("pending"),
        ("StartInstances", "pending") => Final("pending"),
        ("StartInstances", "running") => Final("running"),
        ("StopInstances", "running") => Transient("stopping"),
        ("StopInstances", "stopping") => Final("stopping"),
        ("StopInstances", "stopped") => Final("stopped"),
        ("TerminateInstances", "stopped" | "terminated") => Final("terminated"),
        ("TerminateInstances", "shutting-down") => Final("shutting-down"),
        ("TerminateInstances", _) => Transient("shutting-down"),
        _ => Refused,
    }
}

impl Instances {
    /// Answers an action request. `ask` sends a request to moto, and `act` performs the action.
    pub fn act(&mut self, form: &Form, ask: impl Fn(&Form) -> Message, act: impl Fn(&Form) -> Message) -> Message {
        if let Some(id) = self.in_wrong_state(form, ask) {
            let done = match form.action() {
                "StartInstances" => "started",
                _ => "stopped",
            };
            let message = format!("The instance '{id}' is not in a state from which it can be {done}.");
            return refusal(400, "IncorrectInstanceState", &message).message();
        }
        let mut answer = act(form);
        if answer.status() == 200 {
            edit(&mut answer, |root| {
                retain_instances(root, &mut |id, change| {
                    self.set_answer_states(form.action(), id, change);
                    true
                });
            });
        }
        answer
    }

    /// The first instance whose state does not allow the action.
    fn in_wrong_state(&self, form: &Form, ask: impl Fn(&Form) -> Message) -> Option<String> {
        let ids = form.instance_ids();
        let refused = |id: &&&str| {
            self.transient(id).is_some_and(|state| matches!(outcome(form.action(), state), Outcome::Refused))
        };
        if let Some(id) = ids.iter().find(refused) {
            return Some((*id).to_owned());
        }
        if form.action() == "TerminateInstances" {
            return None;
        }
        let question = form.for_instances("DescribeInstances", &ids).with("Filter.1.Name", "instance-state-name");
        texts(&ask(&question.with("Filter.1.Value.1", "terminated")), "instanceId").pop()
    }

    /// Sets the states in the response for an instance as EC2 does, and records the new one.
    fn set_answer_states(&mut self, action: &str, id: &str, change: &mut xmltree::Element) {
        let own = text_at(change, &["previousState", "name"]).unwrap_or_default();
        let before = self.transient(id).map_or(own, str::to_owned);
        let now = match outcome(action, &before) {
            Outcome::Transient(now) => {
                self.set_transient(id, now);
                now
            }
            Outcome::Final(now) => now,
            // Not possible in moto; otherwise the request would have been rejected.
            Outcome::Refused => return,
        };
        set_state(change, "previousState", &before);
        set_state(change, "currentState", now);
    }
}
