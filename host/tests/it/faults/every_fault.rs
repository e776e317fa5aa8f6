//! Tests every fault at every kind of call in every function: a job never launches twice, never loses an instance ID,
//! and never ends with 0 if something is incomplete.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::Job;
use super::stage::{INSTANCES, Stage};
use crate::fault_layer::answer::{
    empty, html_page, internal_error, no_capacity, throttled, unauthorized, unknown_instance,
};
use crate::fault_layer::cut::at_byte;
use crate::fault_layer::view::absent;
use crate::fault_layer::{Form, RuleBuilder};
use crate::support::{Example, Finished, Function, functions};

/// Separate from the instances of other tests, and few in each region, because moto is slow with many.
const REGIONS: &[&str] = &["ap-northeast-1", "ap-southeast-1", "eu-central-1", "eu-west-2", "sa-east-1", "us-west-2"];
/// The number of concurrent jobs, which are mostly idle.
const AT_ONCE: usize = 12;

/// A fault of one kind of call.
struct Fault {
    name: &'static str,
    add: fn(RuleBuilder<'_>),
    /// Whether a retry recovers from it.
    mended: bool,
    /// Whether only a read of instances can fail this way: EC2 may not find new instances, except in the call that
    /// creates them.
    reads_only: bool,
}

fn is_read_of_instances((action, _): &Kind) -> bool {
    ["DescribeInstances", "DescribeInstanceStatus"].contains(&action.as_str())
}

const FAULTS: &[Fault] = &[
    Fault { name: "throttled once", add: |rule| rule.call(1).answer(throttled()), mended: true, reads_only: false },
    Fault {
        name: "cut before EC2 acted, once",
        add: |rule| rule.call(1).cut_before(),
        mended: true,
        reads_only: false,
    },
    Fault { name: "cut after EC2 acted, once", add: |rule| rule.call(1).cut_after(), mended: true, reads_only: false },
    Fault {
        name: "unknown instance once",
        add: |rule| rule.call(1).answer(unknown_instance(OTHER)),
        mended: false,
        reads_only: false,
    },
    Fault { name: "absent once", add: |rule| rule.call(1).show(absent()), mended: false, reads_only: true },
    Fault {
        name: "cut in the middle of the body, once",
        add: |rule| rule.call(1).cut_body(at_byte(60)),
        mended: true,
        reads_only: false,
    },
    Fault {
        name: "answered with nothing after EC2 acted, once",
        add: |rule| rule.call(1).answer_after(empty()),
        mended: true,
        reads_only: false,
    },
    Fault {
        name: "always cut in the middle of the body",
        add: |rule| rule.cut_body(at_byte(60).until_close()),
        mended: false,
        reads_only: false,
    },
    Fault { name: "always broken inside", add: |rule| rule.answer(internal_error()), mended: false, reads_only: false },
    Fault { name: "always a page", add: |rule| rule.answer(html_page(502)), mended: false, reads_only: false },
    Fault { name: "always cut after EC2 acted", add: |rule| rule.cut_after(), mended: false, reads_only: false },
    Fault { name: "always no capacity", add: |rule| rule.answer(no_capacity()), mended: false, reads_only: false },
    Fault { name: "never allowed", add: |rule| rule.answer(unauthorized()), mended: false, reads_only: false },
];

/// A nonexistent instance ID.
const OTHER: &str = "i-0123456789abcdef0";

/// A kind of call: an action, and whether it selects instances by ID.
type Kind = (String, bool);

/// The run of a function without faults: one of its examples, with instances in a certain initial state.
struct FaultlessRun {
    function: &'static Function,
    example: &'static Example,
    /// The state of its instances before the job, or `None` without instances.
    before: Option<&'static str>,
    /// Their states after a successful job.
    after: Vec<String>,
    kinds: BTreeSet<Kind>,
}

impl FaultlessRun {
    /// The first example that succeeds and changes something, without instances or with running or stopped ones. For a
    /// function that changes no state, one that succeeds, with running instances if possible.
    fn of(function: &'static Function) -> Self {
        let mut idle = Vec::new();
        for example in &function.examples {
            for before in [None, Some("running"), Some("stopped")] {
                let Some(baseline) = FaultlessRun::tried(function, example, before) else { continue };
                if baseline.after != baseline.states_before() {
                    return baseline;
                }
                idle.push(baseline);
            }
        }
        assert!(!idle.is_empty(), "no example of {} succeeds", function.name);
        let running = idle.iter().position(|baseline| baseline.before == Some("running"));
        idle.swap_remove(running.unwrap_or_default())
    }

    fn tried(function: &'static Function, example: &'static Example, before: Option<&'static str>) -> Option<Self> {
        let mut baseline = FaultlessRun { function, example, before, after: Vec::new(), kinds: BTreeSet::new() };
        let stage = baseline.stage();
        if baseline.run(&stage).code != 0 {
            return None;
        }
        baseline.after = states(&stage);
        baseline.kinds = stage.job.layer.calls().iter().map(|call| kind_of(&call.form)).collect();
        Some(baseline)
    }

    fn states_before(&self) -> Vec<String> {
        self.before.map(|state| vec![state.to_owned(); INSTANCES]).unwrap_or_default()
    }

    fn stage(&self) -> Stage {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let region = REGIONS[COUNT.fetch_add(1, Ordering::Relaxed) % REGIONS.len()];
        let mut stage = Stage::new(region, self.before);
        // One retry is as good as two, in a third of the time.
        stage.job.program = stage.job.program.env("AWS_MAX_ATTEMPTS", "2");
        stage
    }

    /// Runs the example, for several instances and with a short wait if the function supports it.
    fn run(&self, stage: &Stage) -> Finished {
        let number = INSTANCES.to_string();
        let more = [("number", Some(number.as_str())), ("wait", None), ("wait-timeout", Some("3s"))];
        let given = |option: &str| self.example.arguments.iter().any(|word| word == option);
        let mut words = Vec::new();
        for (name, value) in more.into_iter().filter(|(name, _)| self.function.argument(name).is_some()) {
            let option = format!("--{name}");
            if !given(&option) {
                words.extend([option].into_iter().chain(value.map(str::to_owned)));
            }
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        stage.run(self.function, self.example, &words)
    }

    /// The violations in the result of a job.
    fn complaint(&self, stage: &Stage, finished: &Finished, mended: bool) -> Option<String> {
        let job = &stage.job;
        let ids = job.ec2().named(&job.name);
        if ids.len() > self.after.len() {
            return Some("launched twice".to_owned());
        }
        let lost = ids.iter().find(|id| !finished.stdout.contains(id.as_str()));
        if let Some(id) = lost.filter(|_| self.before.is_none() && !has_token(job, finished)) {
            return Some(format!("{id} is lost"));
        }
        let states = states(stage);
        match finished.code {
            0 if states != self.after => Some("ended with 0 and something undone".to_owned()),
            0 => None,
            _ if mended => Some("a retry would have mended it".to_owned()),
            9 if states != self.states_before() => Some("ended with 9 after something was changed".to_owned()),
            1 | 3..=9 | 11 if finished.stderr.contains("error: ") => None,
            code => Some(format!("ended with {code}")),
        }
    }
}

/// The states of all instances of the job.
fn states(stage: &Stage) -> Vec<String> {
    let ec2 = stage.job.ec2();
    ec2.states(&ec2.named(&stage.job.name))
}

/// Whether the output has the client token of the launch: without a response, the operator finds the instances by it.
fn has_token(job: &Job, finished: &Finished) -> bool {
    let launches = job.layer.calls_of("RunInstances");
    let mut tokens = launches.iter().filter_map(|call| call.form.get("ClientToken"));
    launches.iter().all(|call| call.status.is_none()) && tokens.any(|token| finished.stdout.contains(token))
}

fn kind_of(form: &Form) -> Kind {
    (form.action().to_owned(), form.names_instances())
}

/// Runs one job with one fault at one kind of call.
fn try_fault(baseline: &FaultlessRun, kind: &Kind, fault: &Fault) -> Option<String> {
    let stage = baseline.stage();
    let layer = &stage.job.layer;
    let faulty = kind.clone();
    (fault.add)(layer.on(&kind.0).when(move |form| kind_of(form) == faulty));
    let finished = baseline.run(&stage);
    let idle = (!layer.unfired().is_empty()).then(|| "the fault never fired".to_owned());
    // Calls that must not be repeated are sent once: a lost response then has an unknown outcome.
    let unknown = finished.code == 11 && layer.calls_of(&kind.0).len() == 1;
    let complaint = baseline.complaint(&stage, &finished, fault.mended && !unknown).or(idle)?;
    Some(format!("{}, {} {}: {complaint}\n{finished:#?}", baseline.function.name, kind.0, fault.name))
}

#[test]
fn no_fault_causes_a_second_launch_a_lost_id_or_a_false_success() {
    let runs: Vec<FaultlessRun> = functions().iter().map(FaultlessRun::of).collect();
    let mut trials = Vec::new();
    for baseline in &runs {
        for kind in &baseline.kinds {
            let faults = FAULTS.iter().filter(|fault| !fault.reads_only || is_read_of_instances(kind));
            trials.extend(faults.map(|fault| (baseline, kind, fault)));
        }
    }
    let (trials, complaints) = (Mutex::new(trials), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some((baseline, kind, fault)) = trials.lock().unwrap().pop() else { return };
                    let complaint = try_fault(baseline, kind, fault);
                    complaints.lock().unwrap().extend(complaint);
                }
            });
        }
    });
    let complaints = complaints.into_inner().unwrap();
    assert!(complaints.is_empty(), "{} complaints\n{}", complaints.len(), complaints.join("\n"));
}
