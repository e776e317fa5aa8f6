//! Every fault, at every kind of call, in every function: a job never launches twice, never loses the id of an instance,
//! and never ends with 0 while something is undone.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::Job;
use crate::fault_layer::answer::{
    empty, html_page, internal_error, no_capacity, throttled, unauthorized, unknown_instance,
};
use crate::fault_layer::cut::at_byte;
use crate::fault_layer::view::absent;
use crate::fault_layer::{Form, RuleBuilder};
use crate::support::{Ec2, Finished};

/// How many instances a job is about.
const INSTANCES: usize = 2;
/// Apart from the instances of the other tests, and few in each: moto is slow where there are many.
const REGIONS: &[&str] = &["ap-northeast-1", "ap-southeast-1", "eu-central-1", "eu-west-2", "sa-east-1", "us-west-2"];
/// How many jobs run at once: most of the time they wait.
const AT_ONCE: usize = 12;

/// What can go wrong with one kind of call.
struct Fault {
    name: &'static str,
    add: fn(RuleBuilder<'_>),
    /// Whether a retry makes up for it.
    mended: bool,
    /// Whether only a read of instances can fail so: EC2 forgets what is new, not what it just does.
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
        add: |rule| rule.call(1).act_then(empty()),
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

/// The id of no instance.
const OTHER: &str = "i-0123456789abcdef0";

/// A function with all that it can be asked to do.
struct Function {
    name: &'static str,
    /// The state of its instances beforehand; `None` when the function launches them.
    before: Option<&'static str>,
    /// Their state when the job has succeeded.
    after: &'static str,
}

const FUNCTIONS: &[Function] = &[
    Function { name: "CreateInstance", before: None, after: "running" },
    Function { name: "GetInstanceStatusByTag", before: Some("running"), after: "running" },
    Function { name: "StartInstance", before: Some("stopped"), after: "running" },
    Function { name: "StopInstance", before: Some("running"), after: "stopped" },
    Function { name: "TerminateInstance", before: Some("running"), after: "terminated" },
];

/// A kind of call: an action, and whether it names instances by id.
type Kind = (String, bool);

impl Function {
    fn job(&self) -> Job {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let region = REGIONS[COUNT.fetch_add(1, Ordering::Relaxed) % REGIONS.len()];
        let mut job = Job::in_region(&self.name.to_lowercase(), region);
        // One retry shows as much as two, in a third of the time.
        job.program = job.program.env("AWS_MAX_ATTEMPTS", "2");
        match self.before {
            Some("stopped") => drop(job.stopped(INSTANCES)),
            Some(_) => drop(job.running(INSTANCES)),
            None => {}
        }
        job
    }

    fn run(&self, job: &Job) -> Finished {
        let wait = ["--wait", "--wait-timeout", "3s"];
        match self.name {
            "CreateInstance" => job.launch(&[&wait[..], &["--number", &INSTANCES.to_string()]].concat()),
            "GetInstanceStatusByTag" => job.run(self.name, &[]),
            _ => job.run(self.name, &wait),
        }
    }

    /// The kinds of calls of a job in which nothing goes wrong.
    fn kinds(&self) -> BTreeSet<Kind> {
        let job = self.job();
        let finished = self.run(&job).expect_code(0);
        assert_eq!(self.complaint(&job, &finished, true), None);
        job.layer.calls().iter().map(|call| kind_of(&call.form)).collect()
    }

    /// What is wrong with how a job ended.
    fn complaint(&self, job: &Job, finished: &Finished, mended: bool) -> Option<String> {
        let ec2 = job.ec2();
        let ids = ec2.named(&job.name);
        let lost =
            ids.iter().find(|id| !finished.stdout.contains(id.as_str())).filter(|_| !tells_the_token(job, finished));
        let done = ids.len() == INSTANCES && ec2.states(&ids).iter().all(|state| state == self.after);
        if ids.len() > INSTANCES {
            return Some("launched twice".to_owned());
        }
        if let Some(id) = lost.filter(|_| self.before.is_none()) {
            return Some(format!("{id} is lost"));
        }
        match finished.code {
            0 if !done => Some("ended with 0 and something undone".to_owned()),
            0 => None,
            _ if mended => Some("a retry would have mended it".to_owned()),
            9 if !self.untouched(&ec2, &ids) => Some("ended with 9 after something was changed".to_owned()),
            1 | 3..=9 | 11 if finished.stderr.contains("error: ") => None,
            code => Some(format!("ended with {code}")),
        }
    }
}

impl Function {
    /// Whether all instances are as they were before the job.
    fn untouched(&self, ec2: &Ec2, ids: &[String]) -> bool {
        match self.before {
            None => ids.is_empty(),
            Some(before) => ec2.states(ids).iter().all(|state| state == before),
        }
    }
}

/// Whether the output has the client token of the launch: where no answer ever came, EC2 finds the instances by it.
fn tells_the_token(job: &Job, finished: &Finished) -> bool {
    let launches = job.layer.calls_of("RunInstances");
    let mut tokens = launches.iter().filter_map(|call| call.form.get("ClientToken"));
    launches.iter().all(|call| call.status.is_none()) && tokens.any(|token| finished.stdout.contains(token))
}

fn kind_of(form: &Form) -> Kind {
    (form.action().to_owned(), form.names_instances())
}

/// Runs one job with one fault at one kind of call.
fn try_fault(function: &Function, kind: &Kind, fault: &Fault) -> Option<String> {
    let job = function.job();
    let faulty = kind.clone();
    (fault.add)(job.layer.on(&kind.0).when(move |form| kind_of(form) == faulty));
    let finished = function.run(&job);
    let idle = (!job.layer.unfired().is_empty()).then(|| "the fault never fired".to_owned());
    let complaint = function.complaint(&job, &finished, fault.mended).or(idle)?;
    Some(format!("{}, {} {}: {complaint}\n{finished:#?}", function.name, kind.0, fault.name))
}

#[test]
fn no_fault_makes_a_job_launch_twice_or_lose_an_id_or_claim_what_is_not_so() {
    let mut trials = Vec::new();
    for function in FUNCTIONS {
        let kinds = function.kinds();
        let of_kind = |kind: Kind| FAULTS.iter().map(move |fault| (function, kind.clone(), fault));
        trials.extend(
            kinds
                .into_iter()
                .flat_map(of_kind)
                .filter(|(_, kind, fault)| !fault.reads_only || is_read_of_instances(kind)),
        );
    }
    let (trials, complaints) = (Mutex::new(trials), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some((function, kind, fault)) = trials.lock().unwrap().pop() else { return };
                    let complaint = try_fault(function, &kind, fault);
                    complaints.lock().unwrap().extend(complaint);
                }
            });
        }
    });
    let complaints = complaints.into_inner().unwrap();
    assert!(complaints.is_empty(), "{} complaints\n{}", complaints.len(), complaints.join("\n"));
}
