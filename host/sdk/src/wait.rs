//! Waiting until instances are where a job wants them: success is only what was seen of every one of them.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;
use std::time::Duration;

use aws_sdk_ec2::types::{InstanceStateName, InstanceStatus, SummaryStatus};
use tokio::time::{Instant, sleep};

use crate::args::Always;
use crate::instances::{Instance, InstanceId, find_by_ids, find_known, list_of};
use crate::{Arg, ArgSpec, ArgValue, Context, Doing, Error, ErrorKind, Inputs, Result, ValueKind, codes, count_of};

/// Instance ids that one DescribeInstanceStatus may carry (AWS API reference).
pub const STATUS_IDS_PER_REQUEST: usize = 100;
/// The distance of the first polls.
const SHORTEST_INTERVAL: Duration = Duration::from_secs(1);
/// The distance of the polls of a long wait.
const LONGEST_INTERVAL: Duration = Duration::from_secs(15);
/// For how long EC2 may not know an id that it gave itself (AWS: "Eventual consistency in the Amazon EC2 API").
const NOT_FOUND_GRACE: Duration = Duration::from_mins(1);

/// For how long the state before a change may still be shown.
const STALE_LIMIT: Duration = Duration::from_mins(1);

/// `--wait`: go on until the goal is seen.
pub const WAIT: Arg<bool, Always> = Arg::flag("wait", "Wait until every instance is where it should be.");

/// `--wait-timeout LIMIT`.
pub const WAIT_TIMEOUT: Arg<Duration> = Arg::new(
    "wait-timeout",
    "LIMIT",
    "The longest time to wait: `90s`, `10m`, `1h`; a bare number is minutes. \
     Default: MAX_WAIT_TIME_FOR_STARTUP of Connector.config, otherwise 10 minutes.",
)
.requires(&[WAIT.spec.name]);

/// `--poll-interval INTERVAL`.
pub const POLL_INTERVAL: Arg<Duration> = Arg::new(
    "poll-interval",
    "INTERVAL",
    "The time between two looks while waiting: `5s`, `1m`; a bare number is minutes. \
     Default: 1 second at first, growing to 15 seconds.",
)
.requires(&[WAIT.spec.name]);

/// `--wait-for status-ok|running`.
pub const WAIT_FOR: Arg<Readiness, Always> = Arg::new(
    "wait-for",
    "LEVEL",
    "What to wait for: `running`, or `status-ok`, which is running with both status checks passed.",
)
.default("status-ok")
.requires(&[WAIT.spec.name]);

/// The arguments of a function that can wait until instances are ready for use.
pub const UNTIL_READY: &[ArgSpec] = &[WAIT.spec, WAIT_FOR.spec, WAIT_TIMEOUT.spec, POLL_INTERVAL.spec];
/// The arguments of a function that can wait until instances are stopped or terminated.
pub const UNTIL_DONE: &[ArgSpec] = &[WAIT.spec, WAIT_TIMEOUT.spec, POLL_INTERVAL.spec];

/// When an instance counts as ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// Its state is `running`.
    Running,
    /// Its state is `running`, and its instance and system status checks are `ok`.
    StatusOk,
}

impl ArgValue for Readiness {
    const KIND: ValueKind = ValueKind::Choice(&["status-ok", "running"]);

    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "status-ok" => Ok(Readiness::StatusOk),
            "running" => Ok(Readiness::Running),
            _ => Err("must be `status-ok` or `running`".to_owned()),
        }
    }
}

/// What instances are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Ready for use.
    Ready(Readiness),
    /// `stopped`.
    Stopped,
    /// `terminated`.
    Terminated,
    /// No longer in one of these states, which pass by themselves.
    Left(&'static [InstanceStateName]),
}

/// How a single look at an instance is judged.
#[derive(Debug, PartialEq, Eq)]
enum Judgement {
    Reached,
    NotYet,
    Impossible,
}

impl Goal {
    /// What is waited for, as in `to be running with both status checks ok`.
    fn description(self) -> String {
        match self {
            Goal::Ready(Readiness::Running) => "to be running".to_owned(),
            Goal::Ready(Readiness::StatusOk) => "to be running with both status checks ok".to_owned(),
            Goal::Stopped => "to be stopped".to_owned(),
            Goal::Terminated => "to be terminated".to_owned(),
            Goal::Left(states) => {
                let states: Vec<_> = states.iter().map(InstanceStateName::as_str).collect();
                format!("to be no longer {}", states.join(" or "))
            }
        }
    }

    /// The goal in one word, for a place of twenty characters.
    fn word(self) -> &'static str {
        match self {
            Goal::Ready(_) => "ready",
            Goal::Stopped => "stopped",
            Goal::Terminated => "terminated",
            Goal::Left(_) => "settled",
        }
    }

    /// What an operator must know of an instance for which the time is over.
    fn after_expiry(self) -> &'static str {
        match self {
            Goal::Left(_) => "nothing was asked of it",
            _ => "the action itself was accepted",
        }
    }

    /// Judges a state. `moved` says whether the instance was seen on its way before, or should have been by now: a `stopped` that comes first may be
    /// a stale answer to a start just accepted, one that comes later is a failed start.
    fn judge(self, state: &InstanceStateName, moved: bool, status_checks: Option<&SummaryStatus>) -> Judgement {
        use InstanceStateName::{Running, ShuttingDown, Stopped, Stopping, Terminated};
        match (self, state) {
            (Goal::Ready(Readiness::Running), Running) => Judgement::Reached,
            (Goal::Ready(Readiness::StatusOk), Running) if status_checks == Some(&SummaryStatus::Ok) => {
                Judgement::Reached
            }
            (Goal::Ready(_), ShuttingDown | Terminated) => Judgement::Impossible,
            (Goal::Ready(_), Stopping | Stopped) if moved => Judgement::Impossible,
            (Goal::Stopped, Stopped) | (Goal::Terminated, Terminated) => Judgement::Reached,
            (Goal::Stopped, ShuttingDown | Terminated) => Judgement::Impossible,
            (Goal::Left(states), state) if !states.contains(state) => Judgement::Reached,
            _ => Judgement::NotYet,
        }
    }
}

/// How long to wait and how often to look: one limit for all the waiting of a job, which runs from the first of it on.
#[derive(Debug)]
pub struct WaitPolicy {
    timeout: Duration,
    poll_interval: Option<Duration>,
    begun: OnceLock<Instant>,
}

impl WaitPolicy {
    /// Waits at most for `timeout` and looks every `poll_interval`; `None` for 1 second at first, growing to 15.
    pub fn new(timeout: Duration, poll_interval: Option<Duration>) -> Self {
        WaitPolicy { timeout, poll_interval, begun: OnceLock::new() }
    }

    /// What the arguments say, or the defaults.
    pub fn from_inputs(cx: &Context, inputs: &Inputs) -> Self {
        WaitPolicy::new(inputs.get(&WAIT_TIMEOUT).unwrap_or(cx.default_wait()), inputs.get(&POLL_INTERVAL))
    }

    /// The time that is left. The first call starts the clock.
    pub fn left(&self) -> Duration {
        self.timeout.saturating_sub(self.begun.get_or_init(Instant::now).elapsed())
    }

    /// The time until the next look: a tenth of what was waited so far, within the bounds. So an end is noticed soon in
    /// proportion to the wait, and a long wait costs few calls.
    fn interval(&self, elapsed: Duration) -> Duration {
        self.poll_interval.unwrap_or((elapsed / 10).clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL))
    }

    /// The interval, up to a tenth shorter once it has grown: jobs that began together must not go on looking together.
    fn pause(&self, elapsed: Duration) -> Duration {
        let interval = self.interval(elapsed);
        let grown = self.poll_interval.is_none() && interval > SHORTEST_INTERVAL;
        if grown { interval.mul_f64(1.0 - fastrand::f64() / 10.0) } else { interval }
    }
}

/// Waits as `--wait` and its companions say, for those of the instances that have not failed already. Returns whether
/// it was to wait; in a dry run there is nothing to wait for.
pub async fn wait_if_asked(cx: &Context, inputs: &Inputs, ids: &[InstanceId], goal: Goal, policy: &WaitPolicy) -> bool {
    let wait = inputs.get(&WAIT) && !cx.dry_run();
    if wait {
        let succeeding = ids.iter().filter(|id| cx.journal().instance(id).error.is_none());
        let succeeding: Vec<_> = succeeding.cloned().collect();
        wait_for_instances(cx, &succeeding, goal, policy).await;
    }
    wait
}

/// Waits until every instance has reached the goal, cannot reach it any more, or the time is over. One call looks at all
/// that are still waited for (and one per 100 for status checks). What becomes of each is entered into the journal:
/// an impossible state as [`ErrorKind::UnexpectedState`], the end of the time as [`ErrorKind::WaitExpired`], and a failure
/// of EC2 that no later look can mend as what it is; throttling and faults are waited out.
pub async fn wait_for_instances(cx: &Context, ids: &[InstanceId], goal: Goal, policy: &WaitPolicy) {
    let mut wait = Wait {
        cx,
        goal,
        total: ids.len(),
        reached: 0,
        waiting: ids.to_vec(),
        seen: HashMap::new(),
        trouble: None,
        minutes_told: 0,
    };
    let start = Instant::now();
    policy.left();
    if !ids.is_empty() {
        cx.event(format!(
            "waiting for {} {}, at most {}",
            count_of(ids.len()),
            goal.description(),
            human(policy.timeout)
        ));
    }
    while !wait.waiting.is_empty() {
        wait.look(start.elapsed()).await;
        let left = policy.left();
        if left.is_zero() {
            wait.expire(policy.timeout);
            break;
        }
        wait.tell_progress(start.elapsed(), policy.timeout);
        if !wait.waiting.is_empty() {
            sleep(policy.pause(start.elapsed()).min(left)).await;
        }
    }
}

/// A duration as a user would type it.
fn human(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds > 0 && seconds.is_multiple_of(60) { format!("{}m", seconds / 60) } else { format!("{seconds}s") }
}

/// What was last seen of an instance.
#[derive(Clone, PartialEq, Eq)]
struct Seen {
    state: InstanceStateName,
    status_checks: Option<SummaryStatus>,
}

impl Seen {
    fn text(&self) -> String {
        match &self.status_checks {
            Some(status) => format!("{}, status checks {}", self.state.as_str(), status.as_str()),
            None => self.state.as_str().to_owned(),
        }
    }
}

struct Wait<'a> {
    cx: &'a Context,
    goal: Goal,
    total: usize,
    reached: usize,
    waiting: Vec<InstanceId>,
    seen: HashMap<InstanceId, Seen>,
    /// Why the last look failed, if it did.
    trouble: Option<Error>,
    /// The minute of the wait that was told last.
    minutes_told: u64,
}

impl Wait<'_> {
    /// Looks at all that are waited for, and takes off the list those that are through.
    async fn look(&mut self, elapsed: Duration) {
        match self.describe(elapsed).await {
            Ok((instances, checks)) => {
                self.trouble = None;
                for instance in &instances {
                    self.take_note(instance, checks.get(&instance.id), elapsed);
                }
            }
            Err(error) if error.kind() == ErrorKind::Unavailable => {
                if self.trouble.is_none() {
                    self.cx.warning(format!("{error}; the wait goes on"));
                }
                self.trouble = Some(error);
            }
            Err(error) => self.give_up(&error),
        }
    }

    /// Ends the wait for all, because EC2 does not let the job look.
    fn give_up(&mut self, error: &Error) {
        self.cx.warning(error.to_string());
        for id in std::mem::take(&mut self.waiting) {
            self.cx.journal().failed(&id, error.clone());
        }
    }

    async fn describe(&mut self, elapsed: Duration) -> Result<(Vec<Instance>, HashMap<InstanceId, SummaryStatus>)> {
        let instances = match find_by_ids(self.cx, &self.waiting).await {
            Err(error) if error.code() == Some(codes::INVALID_INSTANCE_ID_NOT_FOUND) => {
                let known = find_known(self.cx, &self.waiting).await?;
                if elapsed >= NOT_FOUND_GRACE {
                    self.drop_unknown(&known, &error);
                }
                known
            }
            instances => instances?,
        };
        let mut checks = HashMap::new();
        if self.goal == Goal::Ready(Readiness::StatusOk) {
            let running = instances.iter().filter(|instance| instance.state == InstanceStateName::Running);
            let running: Vec<_> = running.map(|instance| instance.id.clone()).collect();
            checks = match status_checks(self.cx, &running).await {
                // DescribeInstances has just shown them: they are fresh, and have no checks yet.
                Err(error) if error.code() == Some(codes::INVALID_INSTANCE_ID_NOT_FOUND) => HashMap::new(),
                checks => checks?,
            };
        }
        Ok((instances, checks))
    }

    /// Ends the wait for instances that EC2 still does not know.
    fn drop_unknown(&mut self, known: &[Instance], error: &Error) {
        let is_known = |id: &InstanceId| known.iter().any(|instance| instance.id == *id);
        for id in self.waiting.extract_if(.., |id| !is_known(id)) {
            self.cx.warning(format!("{id}: {error}"));
            self.cx.journal().failed(&id, error.clone());
        }
    }

    fn take_note(&mut self, instance: &Instance, status_checks: Option<&SummaryStatus>, elapsed: Duration) {
        let id = &instance.id;
        let journal = self.cx.journal();
        journal.see(instance);
        if let Some(status) = status_checks {
            journal.see_status_checks(id, status.as_str());
        }
        let now = Seen { state: instance.state.clone(), status_checks: status_checks.cloned() };
        let before = self.seen.insert(id.clone(), now.clone());
        let moved =
            before.as_ref().is_some_and(|seen| seen.state != InstanceStateName::Stopped) || elapsed >= STALE_LIMIT;
        if before.as_ref() != Some(&now) {
            self.cx.event(format!("{}: {}", journal.instance(id).label(), now.text()));
        }
        match self.goal.judge(&instance.state, moved, status_checks) {
            Judgement::NotYet => return,
            Judgement::Reached => self.reached += 1,
            Judgement::Impossible => {
                let reason = instance.state_reason.as_deref().unwrap_or("EC2 gives no reason");
                let error =
                    Error::new(ErrorKind::UnexpectedState, format!("it is {} now: {reason}", instance.state.as_str()));
                let error = error.doing(format!("waiting for {id} {}", self.goal.description()));
                self.cx.warning(error.to_string());
                journal.failed(id, error);
            }
        }
        self.waiting.retain(|waiting| waiting != id);
    }

    /// Tells how many are through and what the others are doing, as an event once a minute.
    fn tell_progress(&mut self, elapsed: Duration, timeout: Duration) {
        let mut others: BTreeMap<&str, usize> = BTreeMap::new();
        for id in &self.waiting {
            *others.entry(self.seen.get(id).map_or("not seen yet", |seen| seen.state.as_str())).or_default() += 1;
        }
        let others: Vec<_> = others.into_iter().map(|(state, count)| format!("{count} {state}")).collect();
        let others = if others.is_empty() { String::new() } else { format!(", {}", others.join(", ")) };
        let (elapsed_seconds, word) = (Duration::from_secs(elapsed.as_secs()), self.goal.word());
        let line = format!(
            "waiting, {} of {}: {} of {} {word}{others}",
            human(elapsed_seconds),
            human(timeout),
            self.reached,
            count_of(self.total)
        );
        let minutes = elapsed.as_secs() / 60;
        let due = minutes > self.minutes_told && !self.waiting.is_empty();
        self.minutes_told = minutes;
        self.cx.progress(&line, &format!("{}/{} {word}", self.reached, self.total), due);
    }

    fn expire(&mut self, timeout: Duration) {
        for id in std::mem::take(&mut self.waiting) {
            let last = self.seen.get(&id).map_or("never seen".to_owned(), Seen::text);
            let trouble =
                self.trouble.as_ref().map_or(String::new(), |error| format!("; the last look failed: {error}"));
            let aftermath = self.goal.after_expiry();
            let message = format!("not within {}; last seen: {last}{trouble}; {aftermath}", human(timeout));
            let error = Error::new(ErrorKind::WaitExpired, message)
                .doing(format!("waiting for {id} {}", self.goal.description()));
            self.cx.warning(error.to_string());
            self.cx.journal().failed(&id, error);
        }
    }
}

/// The status checks of running instances, at most 100 a request; instances that EC2 does not speak of are left out.
///
/// # Errors
/// Those of EC2.
pub async fn status_checks(cx: &Context, ids: &[InstanceId]) -> Result<HashMap<InstanceId, SummaryStatus>> {
    let mut checks = HashMap::with_capacity(ids.len());
    for chunk in ids.chunks(STATUS_IDS_PER_REQUEST) {
        let ids = chunk.iter().map(|id| id.as_str().to_owned()).collect();
        let request = cx.ec2().describe_instance_status().set_instance_ids(Some(ids));
        collect_status_checks(request, &mut checks, || format!("reading the status checks of {}", list_of(chunk)))
            .await?;
    }
    Ok(checks)
}

/// The status checks of all running instances of the region.
///
/// # Errors
/// Those of EC2.
pub async fn all_status_checks(cx: &Context) -> Result<HashMap<InstanceId, SummaryStatus>> {
    const PAGE_SIZE: i32 = 1000;
    let mut checks = HashMap::new();
    let request = cx.ec2().describe_instance_status().max_results(PAGE_SIZE);
    collect_status_checks(request, &mut checks, || "reading the status checks of the region".to_owned()).await?;
    Ok(checks)
}

async fn collect_status_checks(
    request: aws_sdk_ec2::operation::describe_instance_status::builders::DescribeInstanceStatusFluentBuilder,
    checks: &mut HashMap<InstanceId, SummaryStatus>,
    action: impl Fn() -> String,
) -> Result<()> {
    let mut pages = request.into_paginator().send();
    while let Some(page) = pages.next().await {
        for status in page.doing(&action)?.instance_statuses() {
            if let Some(id) = status.instance_id() {
                checks.insert(InstanceId::from_ec2(id), both_checks(status));
            }
        }
    }
    Ok(())
}

/// The instance check and the system check taken together: the worse of the two.
fn both_checks(status: &InstanceStatus) -> SummaryStatus {
    let summaries = [status.instance_status(), status.system_status()];
    let summaries =
        summaries.map(|summary| summary.and_then(|s| s.status()).unwrap_or(&SummaryStatus::InsufficientData));
    let worst_first = [SummaryStatus::Impaired, SummaryStatus::InsufficientData, SummaryStatus::Initializing];
    let worst = worst_first.into_iter().find(|bad| summaries.contains(&bad));
    worst.unwrap_or_else(|| {
        if summaries == [&SummaryStatus::Ok; 2] { SummaryStatus::Ok } else { SummaryStatus::NotApplicable }
    })
}

#[cfg(test)]
mod tests;
