//! Simulates eventual consistency of instances: new ones that are not found yet, stale states, and slow transitions.
//!
//! In moto instances are found immediately and change their state immediately. Here all delays are counted in reads of
//! the instance (DescribeInstances and DescribeInstanceStatus), never in time.

use std::collections::{HashMap, VecDeque};
use std::ops::RangeBounds;
use std::sync::Mutex;

use super::answer::refusal;
use super::form::Form;
use super::view::set_status_checks;
use super::xml::{edit, retain_instances, set_state, text_at, texts};
use crate::support::http::Message;

const STATE_FILTER: &str = "instance-state-name";
const STATES: [&str; 6] = ["pending", "running", "shutting-down", "terminated", "stopping", "stopped"];

/// Whether the instance with this number is affected.
type Numbers = Box<dyn Fn(usize) -> bool + Send>;

/// All instances that are reported differently from moto.
#[derive(Default)]
pub struct Instances {
    read_plans: HashMap<String, ReadPlan>,
    /// The planned reads of future launches, by instance number.
    plans: Vec<(Numbers, ReadPlan)>,
    launched: usize,
    transient_reads: usize,
}

/// The result of the next reads of an instance.
#[derive(Clone, Default)]
struct ReadPlan {
    /// For this number of reads the instance is not found.
    unknown: usize,
    /// The next reads return these states instead of the actual one.
    states: VecDeque<&'static str>,
    /// The actual state of the instance, and the number of reads for which it lasts.
    transient: Option<(&'static str, usize)>,
}

/// The result of a read of an instance.
enum Shown {
    Nothing,
    State(&'static str),
    AsItIs,
}

impl ReadPlan {
    /// Appends the reads of the other value, and takes its actual state.
    fn add(&mut self, other: ReadPlan) {
        self.unknown += other.unknown;
        self.states.extend(other.states);
        self.transient = other.transient.or(self.transient);
    }

    fn is_over(&self) -> bool {
        self.unknown == 0 && self.states.is_empty() && self.transient.is_none()
    }

    fn read(&mut self) -> Shown {
        if self.unknown > 0 {
            self.unknown -= 1;
            return Shown::Nothing;
        }
        let transient = self.transient.take();
        self.transient = transient.and_then(|(name, reads)| (reads > 1).then(|| (name, reads - 1)));
        self.states.pop_front().or(transient.map(|(name, _)| name)).map_or(Shown::AsItIs, Shown::State)
    }
}

impl Instances {
    /// Sets the number of reads for which transient states last.
    pub fn let_states_last(&mut self, reads: usize) {
        self.transient_reads = reads;
    }

    /// The actual transient state of an instance.
    pub fn transient(&self, id: &str) -> Option<&'static str> {
        self.read_plans.get(id)?.transient.map(|(name, _)| name)
    }

    /// Starts a transient state, if such states last.
    pub fn set_transient(&mut self, id: &str, name: &'static str) {
        let transient = (self.transient_reads > 0).then_some((name, self.transient_reads));
        self.read_plans.entry(id.to_owned()).or_default().transient = transient;
    }

    /// Records the new instances in a launch response.
    pub fn launched(&mut self, answer: &Message) {
        for id in texts(answer, "instanceId") {
            self.launched += 1;
            self.set_transient(&id, "pending");
            let plans = self.plans.iter().filter(|(concerns, _)| concerns(self.launched));
            let plan = self.read_plans.entry(id).or_default();
            plans.for_each(|(_, planned)| plan.add(planned.clone()));
        }
    }

    /// Rejects a request for instances that are not found yet. It counts as a read of each of them.
    pub fn refuse_unknown(&mut self, form: &Form) -> Option<Message> {
        let mut unknown = Vec::new();
        for id in form.instance_ids() {
            if let Some(plan) = self.read_plans.get_mut(id).filter(|plan| plan.unknown > 0) {
                plan.unknown -= 1;
                unknown.push(id);
            }
        }
        let message = match unknown[..] {
            [] => return None,
            [id] => format!("The instance ID '{id}' does not exist"),
            _ => format!("The instance IDs '{}' do not exist", unknown.join(", ")),
        };
        Some(refusal(400, "InvalidInstanceID.NotFound", &message).message())
    }

    /// Answers a read of instances. `ask` passes a request to moto.
    pub fn read(&mut self, form: &Form, ask: impl Fn(&Form) -> Message) -> Message {
        self.read_plans.retain(|_, plan| !plan.is_over());
        if self.read_plans.is_empty() {
            return ask(form);
        }
        // The request to moto selects all states, because it must not filter by states that differ from the reported
        // ones.
        let wanted = form.filter(STATE_FILTER);
        let running_only = form.action() == "DescribeInstanceStatus" && form.get("IncludeAllInstances") != Some("true");
        let wide = form.with_filter(STATE_FILTER, STATE_FILTER, STATES);
        let mut answer = ask(&if running_only { wide.with("IncludeAllInstances", "true") } else { wide });
        if answer.status() != 200 {
            return answer;
        }
        edit(&mut answer, |root| {
            retain_instances(root, &mut |id, instance| {
                match self.read_plans.get_mut(id).map_or(Shown::AsItIs, ReadPlan::read) {
                    Shown::Nothing => return false,
                    Shown::State(name) => show(instance, name),
                    Shown::AsItIs => {}
                }
                let state = text_at(instance, &["instanceState", "name"]).unwrap_or_default();
                let is_wanted = wanted.as_ref().is_none_or(|wanted| wanted.contains(&state.as_str()));
                is_wanted && (!running_only || state == "running")
            });
        });
        answer
    }
}

/// Reports an instance, or its status, in a state.
fn show(instance: &mut xmltree::Element, name: &str) {
    set_state(instance, "instanceState", name);
    if instance.get_child("instanceStatus").is_some() {
        set_status_checks(instance, if name == "running" { "ok" } else { "not-applicable" });
    }
}

/// Instances whose next reads a test specifies.
#[must_use]
pub struct Chosen<'a> {
    instances: &'a Mutex<Instances>,
    which: Which,
}

enum Which {
    Ids(Vec<String>),
    Launched(Numbers),
}

impl<'a> Chosen<'a> {
    /// The instances with these IDs.
    pub fn with_ids(instances: &'a Mutex<Instances>, ids: &[String]) -> Self {
        Chosen { instances, which: Which::Ids(ids.to_vec()) }
    }

    /// Instances of future launches, by number.
    pub fn launched(instances: &'a Mutex<Instances>, numbers: impl RangeBounds<usize> + Send + 'static) -> Self {
        Chosen { instances, which: Which::Launched(Box::new(move |number| numbers.contains(&number))) }
    }

    /// Not found for this number of reads of each: a request for it is rejected and counts as a read, and other
    /// responses omit it.
    pub fn unknown_for(self, reads: usize) {
        self.add(ReadPlan { unknown: reads, ..ReadPlan::default() });
    }

    /// The next reads of each return these states, one by one, and then the actual state. Actions always use the actual
    /// state.
    pub fn shown_as(self, states: &[&'static str]) {
        self.add(ReadPlan { states: states.iter().copied().collect(), ..ReadPlan::default() });
    }

    fn add(self, plan: ReadPlan) {
        let mut instances = self.instances.lock().unwrap();
        match self.which {
            Which::Ids(ids) => {
                for id in ids {
                    instances.read_plans.entry(id).or_default().add(plan.clone());
                }
            }
            Which::Launched(concerns) => instances.plans.push((concerns, plan)),
        }
    }
}
