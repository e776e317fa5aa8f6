//! Rules: for which requests something goes wrong, and what.

use std::ops::RangeBounds;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::answer::Answer;
use super::cut::Cut;
use super::form::Form;
use super::view::View;

/// What goes wrong with a request.
pub enum Fault {
    /// This answer is given, and EC2 never hears of the request.
    Answer(Answer),
    /// The connection is cut, and EC2 never hears of the request.
    CutBefore,
    /// EC2 acts, but the connection is cut instead of answering.
    CutAfter,
    /// EC2 acts, but this answer is given instead of its own.
    ActThen(Answer),
    /// EC2 acts, but the body of its answer ends too early.
    CutBody(Cut),
    /// The request is held back for this time.
    Delay(Duration),
    /// EC2's answer, if it is no error, is changed to look like this.
    Show(View),
}

/// A fault, and whether it ever did something.
pub struct Armed {
    pub fault: Fault,
    fired: AtomicBool,
}

impl Armed {
    fn new(fault: Fault) -> Arc<Self> {
        Arc::new(Armed { fault, fired: AtomicBool::new(false) })
    }

    /// Records that the fault has done something.
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
    /// How many requests met action and condition so far.
    count: usize,
    first: Option<Instant>,
}

/// All rules of a layer.
#[derive(Default)]
pub struct Rules(Vec<Rule>);

impl Rules {
    /// Counts the request, and returns the faults of all rules that it falls under, in the order of the rules.
    pub fn faults_for(&mut self, form: &Form) -> Vec<Arc<Armed>> {
        self.0.iter_mut().filter_map(|rule| rule.fault_for(form)).collect()
    }

    /// The actions of the rules whose faults never did anything.
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

/// A rule in the making: it holds for every request of the action, until it is narrowed down, and from the moment on at
/// which it is told what goes wrong.
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

    /// Only for requests whose parameters are so. Others are not counted either.
    pub fn when(mut self, condition: impl Fn(&Form) -> bool + Send + Sync + 'static) -> Self {
        self.rule.condition = Box::new(condition);
        self
    }

    /// Only for the requests with these numbers, as in `..=3` or `2..`; the first is 1.
    pub fn calls(mut self, numbers: impl RangeBounds<usize> + Send + Sync + 'static) -> Self {
        self.rule.numbers = Box::new(move |number| numbers.contains(&number));
        self
    }

    /// Only for the request with this number.
    pub fn call(self, number: usize) -> Self {
        self.calls(number..=number)
    }

    /// Only for so long, from the first request on.
    pub fn lasting(mut self, time: Duration) -> Self {
        self.rule.lasting = time;
        self
    }

    /// Such requests get this answer, and EC2 never hears of them.
    pub fn answer(self, answer: Answer) {
        self.add(Fault::Answer(answer));
    }

    /// The connection of such requests is cut before EC2 hears of them.
    pub fn cut_before(self) {
        self.add(Fault::CutBefore);
    }

    /// EC2 acts on such requests, but its answer is lost.
    pub fn cut_after(self) {
        self.add(Fault::CutAfter);
    }

    /// EC2 acts on such requests, but they get this answer instead of its own.
    pub fn act_then(self, answer: Answer) {
        self.add(Fault::ActThen(answer));
    }

    /// EC2 acts on such requests, but the body of its answer ends too early, which HTTP does not show: see [`super::cut`].
    pub fn cut_body(self, cut: Cut) {
        self.add(Fault::CutBody(cut));
    }

    /// Such requests are held back for so long.
    pub fn delay(self, time: Duration) {
        self.add(Fault::Delay(time));
    }

    /// EC2's answer to such requests is changed to look like this.
    pub fn show(self, view: View) {
        self.add(Fault::Show(view));
    }

    fn add(mut self, fault: Fault) {
        self.rule.armed = Armed::new(fault);
        self.rules.lock().unwrap().0.push(self.rule);
    }
}
