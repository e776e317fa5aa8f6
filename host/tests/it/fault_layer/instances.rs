//! What EC2 shows of instances over time: new ones that it does not know yet, stale states, and states that last.
//!
//! moto's instances are known at once and change their state at once. Here all of it is counted in reads of the single
//! instance (DescribeInstances and DescribeInstanceStatus), never in time.

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

/// Whether something concerns the instance with this number.
type Numbers = Box<dyn Fn(usize) -> bool + Send>;

/// All instances that EC2 shows otherwise than moto.
#[derive(Default)]
pub struct Instances {
    courses: HashMap<String, Course>,
    /// What is to become of instances when they are launched, by their number.
    plans: Vec<(Numbers, Course)>,
    launched: usize,
    transient_reads: usize,
}

/// What the next reads of an instance show.
#[derive(Clone, Default)]
struct Course {
    /// For so many reads, EC2 does not know the instance.
    unknown: usize,
    /// Then the reads show these states, whatever the true one is.
    states: VecDeque<&'static str>,
    /// The state in which the instance truly is, and for how many reads more.
    transient: Option<(&'static str, usize)>,
}

/// What a read shows of an instance.
enum Shown {
    Nothing,
    State(&'static str),
    AsItIs,
}

impl Course {
    /// What follows in the other one comes after, or instead of, what is in this one.
    fn add(&mut self, other: Course) {
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
    /// From now on, transient states last for so many reads.
    pub fn let_states_last(&mut self, reads: usize) {
        self.transient_reads = reads;
    }

    /// The transient state in which an instance truly is.
    pub fn transient(&self, id: &str) -> Option<&'static str> {
        self.courses.get(id)?.transient.map(|(name, _)| name)
    }

    /// Lets an instance be in a transient state from now on, if such states last.
    pub fn set_transient(&mut self, id: &str, name: &'static str) {
        let transient = (self.transient_reads > 0).then_some((name, self.transient_reads));
        self.courses.entry(id.to_owned()).or_default().transient = transient;
    }

    /// Takes note of the new instances in the answer to a launch.
    pub fn launched(&mut self, answer: &Message) {
        for id in texts(answer, "instanceId") {
            self.launched += 1;
            self.set_transient(&id, "pending");
            let plans = self.plans.iter().filter(|(concerns, _)| concerns(self.launched));
            let course = self.courses.entry(id).or_default();
            plans.for_each(|(_, plan)| course.add(plan.clone()));
        }
    }

    /// Refuses a request that names instances that EC2 does not know yet, for each of which it counts as a read.
    pub fn refuse_unknown(&mut self, form: &Form) -> Option<Message> {
        let mut unknown = Vec::new();
        for id in form.instance_ids() {
            if let Some(course) = self.courses.get_mut(id).filter(|course| course.unknown > 0) {
                course.unknown -= 1;
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

    /// Answers a read of instances; `ask` passes a request on to moto.
    pub fn read(&mut self, form: &Form, ask: impl Fn(&Form) -> Message) -> Message {
        self.courses.retain(|_, course| !course.is_over());
        if self.courses.is_empty() {
            return ask(form);
        }
        // moto is asked for all states, because it selects by states that may not be those that are shown.
        let wanted = form.filter(STATE_FILTER);
        let running_only = form.action() == "DescribeInstanceStatus" && form.get("IncludeAllInstances") != Some("true");
        let wide = form.with_filter(STATE_FILTER, STATE_FILTER, STATES);
        let mut answer = ask(&if running_only { wide.with("IncludeAllInstances", "true") } else { wide });
        if answer.status() != 200 {
            return answer;
        }
        edit(&mut answer, |root| {
            retain_instances(root, &mut |id, instance| {
                match self.courses.get_mut(id).map_or(Shown::AsItIs, Course::read) {
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

/// Shows an instance, or its status, in a state.
fn show(instance: &mut xmltree::Element, name: &str) {
    set_state(instance, "instanceState", name);
    if instance.get_child("instanceStatus").is_some() {
        set_status_checks(instance, if name == "running" { "ok" } else { "not-applicable" });
    }
}

/// Some instances, of which is to be said what the next reads show.
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
    /// The instances with these ids.
    pub fn with_ids(instances: &'a Mutex<Instances>, ids: &[String]) -> Self {
        Chosen { instances, which: Which::Ids(ids.to_vec()) }
    }

    /// Instances that are to be launched, by their number.
    pub fn launched(instances: &'a Mutex<Instances>, numbers: impl RangeBounds<usize> + Send + 'static) -> Self {
        Chosen { instances, which: Which::Launched(Box::new(move |number| numbers.contains(&number))) }
    }

    /// For so many reads of each, EC2 does not know it: a request that names it is refused, and counts as a read of it;
    /// other answers leave it out.
    pub fn unknown_for(self, reads: usize) {
        self.add(Course { unknown: reads, ..Course::default() });
    }

    /// The next reads of each show these states, one by one, and then its own again. Actions go by its own all the time.
    pub fn shown_as(self, states: &[&'static str]) {
        self.add(Course { states: states.iter().copied().collect(), ..Course::default() });
    }

    fn add(self, course: Course) {
        let mut instances = self.instances.lock().unwrap();
        match self.which {
            Which::Ids(ids) => {
                for id in ids {
                    instances.courses.entry(id).or_default().add(course.clone());
                }
            }
            Which::Launched(concerns) => instances.plans.push((concerns, course)),
        }
    }
}
