//! Rules that select requests and inject faults.

use std::ops::RangeBounds;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::cut::Cut;
use super::form::Form;
use super::view::View;

/// A fault of a request.
pub enum Fault {
    /// This response is returned without EC2.
    Answer(Answer),
    /// The connection is cut without EC2.
    CutBefore,
    /// EC2 acts, but the connection is cut before the response.
    CutAfter,
    /// EC2 acts, but this response replaces its own.
    ActThen(Answer),
    /// EC2 acts, but its response body is truncated.
    CutBody(Cut),
    /// The request is delayed.
    Delay(Duration),
    /// A successful response of EC2 is changed.
    Show(View),
}

/// A fault, and whether it had an effect.
pub struct Armed {
    pub fault: Fault,
    fired: AtomicBool,
}

impl Armed {
    fn new(fault: Fault) -> Arc<Self> {
        Arc::new(Armed { fault, fired: AtomicBool::new(false) })
    }

    /// Records that the fault had an effect.
    pub fn fire(&self) {
        self.fired.store(true, Ordering::SeqCst);
    }
}

type Test<T> = Box<dyn Fn(T) -> bool + Send + Sync>;

struct Rule {
    action: String,
    condition: Box<dyn Fn(&Form) -> bool + Send + Sync>,
    numbers: Test<usize>,
    lasting: Duration,
    armed: Arc<Armed>,
    /// The number of requests that matched action and condition so far.
    count: usize,
    first: Option<Instant>,
}

/// All rules of a layer.
#[derive(Default)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// Counts the request, and returns the faults of all matching rules, in the order of the rules.
    pub fn faults_for(&mut self, form: &Form) -> Vec<Arc<Armed>> {
        self.0.iter_mut().filter_map(|rule| rule.fault_for(form)).collect()
    }

    /// The actions of the rules whose faults had no effect.
    pub fn unfired(&self) -> Vec<String> {
        let fired = |rule: &&Rule| rule.armed.fired.load(Ordering::SeqCst);
        self.0.iter().filter(|rule| !fired(rule)).map(|rule| rule.action.clone()).collect()
    }
}

impl Rule {
    fn fault_for(&mut self, form: &Form) -> Option<Arc<Armed>> {
        if form.action() != self.action || !(self.condition)(form) {
            return None;
        }
        self.count += 1;
        let in_time = self.first.get_or_insert_with(Instant::now).elapsed() <= self.lasting;
        (in_time && (self.numbers)(self.count)).then(|| self.armed.clone())
    }
}

/// Builds a rule. It applies to every request of the action unless it is restricted, and takes effect when its fault is
/// set.
#[must_use]
pub struct RuleBuilder<'a> {
    rules: &'a Mutex<Rules>,
    rule: Rule,
}

impl<'a> RuleBuilder<'a> {
    /// A rule for an action.
    pub fn new(rules: &'a Mutex<Rules>, action: &str) -> Self {
        let rule = Rule {
            action: action.to_owned(),
            condition: Box::new(|_| true),
            numbers: Box::new(|_| true),
            lasting: Duration::MAX,
            armed: Armed::new(Fault::CutBefore),
            count: 0,
            first: None,
        };
        RuleBuilder { rules, rule }
    }

    /// Only requests whose parameters match. Others are not counted.
    pub fn when(mut self, condition: impl Fn(&Form) -> bool + Send + Sync + 'static) -> Self {
        self.rule.condition = Box::new(condition);
        self
    }

    /// Only the requests with these numbers, e.g. `..=3` or `2..`; the first is 1.
    pub fn calls(mut self, numbers: impl RangeBounds<usize> + Send + Sync + 'static) -> Self {
        self.rule.numbers = Box::new(move |number| numbers.contains(&number));
        self
    }

    /// Only the request with this number.
    pub fn call(self, number: usize) -> Self {
        self.calls(number..=number)
    }

    /// Only for this period from the first request.
    pub fn lasting(mut self, time: Duration) -> Self {
        self.rule.lasting = time;
        self
    }

    /// Return this response without EC2.
    pub fn answer(self, answer: Answer) {
        self.add(Fault::Answer(answer));
    }

    /// Cut the connection without EC2.
    pub fn cut_before(self) {
        self.add(Fault::CutBefore);
    }

    /// EC2 acts, but its response is lost.
    pub fn cut_after(self) {
        self.add(Fault::CutAfter);
    }

    /// EC2 acts, but this response replaces its own.
    pub fn answer_after(self, answer: Answer) {
        self.add(Fault::ActThen(answer));
    }

    /// EC2 acts, but its response body is truncated with valid HTTP framing, see [`super::cut`].
    pub fn cut_body(self, cut: Cut) {
        self.add(Fault::CutBody(cut));
    }

    /// Delay the requests.
    pub fn delay(self, time: Duration) {
        self.add(Fault::Delay(time));
    }

    /// Change EC2's response.
    pub fn show(self, view: View) {
        self.add(Fault::Show(view));
    }

    fn add(mut self, fault: Fault) {
        self.rule.armed = Armed::new(fault);
        self.rules.lock().unwrap().0.push(self.rule);
    }
}
