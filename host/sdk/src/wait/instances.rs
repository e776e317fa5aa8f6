//! Waits for instances: one poll describes all of them, and each reaches its own end.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_ec2::types::{InstanceStateName, SummaryStatus};
use tokio::time::Instant;

use super::arguments::{WaitArgs, WaitPolicy};
use super::engine::{CONFIRMATION_INTERVAL, End, Watched, run, timed_out};
use super::failures::NOT_FOUND_LIMIT;
use super::goal::{Goal, GoalStatus};
use super::status_checks::status_checks;
use crate::ids::InstanceId;
use crate::instances::{Instance, find_by_ids, find_shown};
use crate::{Context, Error, ErrorKind, Result, count_of, hints};

/// How long a poll may return the state before the request (AWS: "Eventual consistency in the Amazon EC2 API").
const STALE_LIMIT: Duration = Duration::from_mins(1);

/// Waits if requested, for the instances that have not failed. Returns whether it waited.
pub async fn wait_if_requested(
    cx: &Context,
    wait: &WaitArgs,
    ids: &[InstanceId],
    goal: Goal,
    policy: &WaitPolicy,
) -> bool {
    let applies = wait.applies(cx);
    if applies {
        wait_for_instances(cx, &cx.journal().not_failed(ids), goal, policy).await;
    }
    applies
}

/// Waits until every instance has reached the goal or cannot reach it, or until the timeout. A poll is one request for
/// all remaining instances (and one per 100 for status checks). The result for each is recorded in the journal: an
/// unexpected state as [`ErrorKind::UnexpectedState`], an id that stays unknown as [`ErrorKind::NotFound`], a timeout
/// as [`ErrorKind::WaitExpired`], and a permanent failure of the polls with its own kind.
///
/// `shutting-down` and `terminated` count at once, unless they are the goal or lead to it. Polls may return the state
/// before the request for a minute; any other unexpected state counts after two polls that are ten seconds apart. An id
/// may be unknown for a minute after it was last found. For failed polls, see [`wait_for`](super::wait_for).
pub async fn wait_for_instances(cx: &Context, ids: &[InstanceId], goal: Goal, policy: &WaitPolicy) {
    if ids.is_empty() {
        return;
    }
    cx.event(format!("waiting for {} {}, at most {}", count_of(ids.len()), goal.description(), policy.left_text()));
    let mut wait = Wait::new(cx, ids, goal);
    match run(cx, policy, &mut wait).await {
        End::Done => {}
        End::TimedOut(last_failure) => {
            let is_shown = last_failure.is_none();
            let is_unobserved =
                |id: &&InstanceId| is_shown && wait.histories.get(id).is_some_and(|history| history.unobserved);
            let (unobserved, late): (Vec<_>, Vec<_>) = wait.waiting.iter().partition(is_unobserved);
            unobserved.into_iter().for_each(|id| wait.record_unobserved(id));
            for id in late {
                let still = format!("{}{}", wait.still(id), goal.timeout_note());
                let error = timed_out(policy, &still, last_failure.as_ref());
                wait.cx.instance_failed(id, error.hint(goal.hint()));
            }
        }
        End::Failed(error) => {
            cx.warning(error.to_string());
            wait.waiting.iter().for_each(|id| cx.journal().record_failure(id, error.clone()));
        }
    }
}

/// Polls once, without waiting, and records the result in the journal. Returns the instances that are not at the goal.
///
/// # Errors
/// Those of EC2, and [`ErrorKind::Unavailable`] when an answer leaves out an instance.
pub async fn not_at_goal(cx: &Context, ids: &[InstanceId], goal: Goal) -> Result<Vec<InstanceId>> {
    let found = find_by_ids(cx, ids).await?;
    found.iter().for_each(|instance| cx.journal().record_instance(instance));
    let by_id: HashMap<_, _> = found.iter().map(|instance| (&instance.id, &instance.state)).collect();
    if let Some(missing) = ids.iter().find(|id| !by_id.contains_key(id)) {
        return Err(Error::new(ErrorKind::Unavailable, format!("the response does not include {missing}"))
            .doing("looking up all instances"));
    }
    let checks = if goal.needs_status_checks() { status_checks(cx, &running(&found)).await? } else { HashMap::new() };
    checks.iter().for_each(|(id, status)| cx.journal().record_status_checks(id, status.as_str()));
    let status = |id: &InstanceId| goal.status(by_id[id], checks.get(id));
    let elsewhere: Vec<_> =
        ids.iter().filter(|id| !matches!(status(id), GoalStatus::Reached | GoalStatus::Unobserved)).cloned().collect();
    let is_open = |id: &InstanceId| {
        goal.needs_status_checks() && *by_id[id] == InstanceStateName::Running && !checks.contains_key(id)
    };
    match elsewhere.first() {
        Some(first) if elsewhere.iter().all(is_open) => {
            Err(Error::new(ErrorKind::Unavailable, format!("the response does not include {first}"))
                .doing("describing status checks"))
        }
        _ => Ok(elsewhere),
    }
}

fn running(instances: &[Instance]) -> Vec<InstanceId> {
    let running = instances.iter().filter(|instance| instance.state == InstanceStateName::Running);
    running.map(|instance| instance.id.clone()).collect()
}

/// The last known values of an instance.
#[derive(Clone, PartialEq, Eq)]
struct Observation {
    state: InstanceStateName,
    status_checks: Option<SummaryStatus>,
}

impl Observation {
    fn text(&self) -> String {
        match &self.status_checks {
            Some(status) => format!("{}, status checks {}", self.state.as_str(), status.as_str()),
            None => self.state.as_str().to_owned(),
        }
    }

    /// The values as part of a sentence.
    fn quoted(&self) -> String {
        match &self.status_checks {
            Some(status) => format!("`{}`, status checks `{}`", self.state.as_str(), status.as_str()),
            None => format!("`{}`", self.state.as_str()),
        }
    }
}

/// The poll results of one instance.
struct PollHistory {
    /// The possible states before the request.
    previous_states: Vec<InstanceStateName>,
    seen: Option<Observation>,
    /// The first of the consecutive polls that did not find it.
    not_found_since: Option<Instant>,
    /// The first of the consecutive polls with an unexpected state.
    unexpected_since: Option<Instant>,
    /// Whether a poll has shown its status checks as `ok`.
    was_ok: bool,
    /// Whether a later poll has shown another status.
    has_left_ok: bool,
    /// Whether the last poll has shown them as `ok`, and none has shown another status since the first `ok`.
    unobserved: bool,
}

impl PollHistory {
    /// Records the status checks of a poll.
    fn record(&mut self, status_checks: Option<&SummaryStatus>) {
        let is_ok = status_checks == Some(&SummaryStatus::Ok);
        self.has_left_ok |= self.was_ok && status_checks.is_some() && !is_ok;
        self.was_ok |= is_ok;
        self.unobserved = is_ok && !self.has_left_ok;
    }

    /// Records the status of a poll. Returns the confirmed one; [`GoalStatus::InProgress`] as long as the poll may be
    /// stale.
    fn confirm(&mut self, status: GoalStatus, state: &InstanceStateName, waited: Duration) -> GoalStatus {
        match status {
            GoalStatus::Unexpected if waited < STALE_LIMIT && self.previous_states.contains(state) => {
                GoalStatus::InProgress
            }
            GoalStatus::Unexpected => {
                let since = *self.unexpected_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= CONFIRMATION_INTERVAL { GoalStatus::Unexpected } else { GoalStatus::InProgress }
            }
            status => {
                self.unexpected_since = None;
                if status == GoalStatus::Unobserved && self.has_left_ok { GoalStatus::Reached } else { status }
            }
        }
    }
}

/// A wait for instances.
struct Wait<'a> {
    cx: &'a Context,
    goal: Goal,
    start: Instant,
    total: usize,
    reached: usize,
    waiting: Vec<InstanceId>,
    histories: HashMap<InstanceId, PollHistory>,
}

impl Watched for Wait<'_> {
    /// Describes all remaining instances, and removes those whose wait is over. States count even if the status checks
    /// cannot be read.
    async fn poll(&mut self) -> Result<bool> {
        let found = find_shown(self.cx, &self.waiting).await?;
        let (checks, failure) = match self.status_checks(&found).await {
            Ok(checks) => (checks, None),
            Err(error) => (HashMap::new(), Some(error)),
        };
        let found: HashMap<_, _> = found.iter().map(|instance| (&instance.id, instance)).collect();
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|id| match found.get(id) {
            Some(instance) => self.record(instance, checks.get(id)),
            None => self.record_missing(id),
        });
        self.waiting = waiting;
        failure.map_or(Ok(self.waiting.is_empty()), Err)
    }

    fn progress(&self) -> (String, String) {
        let mut others: BTreeMap<&str, usize> = BTreeMap::new();
        for id in &self.waiting {
            *others.entry(self.seen(id).map_or("not found yet", |seen| seen.state.as_str())).or_default() += 1;
        }
        let others: String = others.into_iter().map(|(state, count)| format!(", {count} {state}")).collect();
        let (reached, short_name) = (self.reached, self.goal.short_name());
        let line = format!("{reached} of {} {short_name}{others}", count_of(self.total));
        (line, format!("{reached}/{} {short_name}", self.total))
    }
}

impl<'a> Wait<'a> {
    fn new(cx: &'a Context, ids: &[InstanceId], goal: Goal) -> Self {
        let history = |id| {
            let previous_states = goal.previous_states(cx, id);
            PollHistory {
                previous_states,
                seen: None,
                not_found_since: None,
                unexpected_since: None,
                was_ok: false,
                has_left_ok: false,
                unobserved: false,
            }
        };
        let histories = ids.iter().map(|id| (id.clone(), history(id))).collect();
        Wait { cx, goal, start: Instant::now(), total: ids.len(), reached: 0, waiting: ids.to_vec(), histories }
    }

    async fn status_checks(&self, found: &[Instance]) -> Result<HashMap<InstanceId, SummaryStatus>> {
        if self.goal.needs_status_checks() { status_checks(self.cx, &running(found)).await } else { Ok(HashMap::new()) }
    }

    /// Records and reports the description of an instance. Returns whether to continue waiting for it.
    fn record(&mut self, instance: &Instance, status_checks: Option<&SummaryStatus>) -> bool {
        let (id, journal) = (&instance.id, self.cx.journal());
        journal.record_instance(instance);
        if let Some(status) = status_checks {
            journal.record_status_checks(id, status.as_str());
        }
        let Some(history) = self.histories.get_mut(id) else { return false };
        let before = history.seen.take();
        history.record(status_checks);
        // An answer without status checks keeps the last known ones.
        let checks_before = before.as_ref().filter(|seen| seen.state == instance.state);
        let status_checks = status_checks.or(checks_before.and_then(|seen| seen.status_checks.as_ref())).cloned();
        let now = Observation { state: instance.state.clone(), status_checks };
        if before.as_ref() != Some(&now) {
            self.cx.event(format!("{}: {}", journal.label(id), now.text()));
        }
        let status = self.goal.status(&now.state, now.status_checks.as_ref());
        let status = history.confirm(status, &now.state, self.start.elapsed());
        (history.seen, history.not_found_since) = (Some(now), None);
        match status {
            GoalStatus::InProgress => return true,
            GoalStatus::Reached => self.reached += 1,
            GoalStatus::Unobserved if !history.unobserved || self.goal.may_change(self.start.elapsed()) => {
                return true;
            }
            GoalStatus::Unobserved => self.record_unobserved(id),
            GoalStatus::Unreachable | GoalStatus::Unexpected => {
                let reason = instance.state_reason.as_deref().unwrap_or("EC2 gave no reason");
                let message = format!("the instance is `{}`: {reason}", instance.state.as_str());
                let action = format!("waiting for {id} {}", self.goal.description());
                let error = Error::new(ErrorKind::UnexpectedState, message).doing(action);
                let code = instance.state_reason_code.as_deref().unwrap_or_default();
                self.cx.instance_failed(
                    id,
                    match hints::for_state_reason(code, reason) {
                        Some(hint) => error.hint(hint),
                        None => error,
                    },
                );
            }
        }
        false
    }

    /// Records that a poll did not find an instance. Returns whether to continue waiting for it.
    fn record_missing(&mut self, id: &InstanceId) -> bool {
        let Some(history) = self.histories.get_mut(id) else { return false };
        history.unobserved = false;
        if history.not_found_since.get_or_insert_with(Instant::now).elapsed() < NOT_FOUND_LIMIT {
            return true;
        }
        self.cx.instance_failed(
            id,
            Error::new(ErrorKind::NotFound, "instance not found").doing(format!("looking up {id}")),
        );
        false
    }

    /// Records that the effect of the action was not observed.
    fn record_unobserved(&self, id: &InstanceId) {
        if let Goal::ReadyAgain { unobserved_note, .. } = self.goal {
            self.cx.event(format!("{}: {unobserved_note}", self.cx.journal().label(id)));
            self.cx.journal().record_note(id, unobserved_note);
        }
    }

    fn seen(&self, id: &InstanceId) -> Option<&Observation> {
        self.histories.get(id)?.seen.as_ref()
    }

    /// Describes the last poll of an instance, e.g. ``i-0abc is still `pending` ``.
    fn still(&self, id: &InstanceId) -> String {
        let unknown = self.histories.get(id).is_some_and(|history| history.not_found_since.is_some());
        match self.seen(id) {
            None => format!("the state of {id} is still unknown"),
            Some(seen) if unknown => format!("{id} was not found, its last state was {}", seen.quoted()),
            Some(seen) => format!("{id} is still {}", seen.quoted()),
        }
    }
}
