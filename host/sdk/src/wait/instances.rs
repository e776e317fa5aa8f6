//! Waiting for instances: one poll asks about all of them, and each has an end of its own.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use aws_sdk_ec2::types::{InstanceStateName, SummaryStatus};
use tokio::time::Instant;

use super::arguments::{WaitArgs, WaitPolicy};
use super::engine::{End, SECOND_POLL, Watched, run, timed_out};
use super::failures::UNKNOWN_LIMIT;
use super::goal::{Goal, Place};
use super::status_checks::status_checks;
use crate::ids::InstanceId;
use crate::instances::{Instance, find_by_ids, find_shown};
use crate::{Context, Error, ErrorKind, Result, count_of, hints};

/// For how long the state before the request may still be shown (AWS: "Eventual consistency in the Amazon EC2 API").
const STALE_LIMIT: Duration = Duration::from_mins(1);

/// Waits as the job says, for those of the instances that have not failed already. Returns whether it was to wait.
pub async fn wait_if_asked(cx: &Context, wait: &WaitArgs, ids: &[InstanceId], goal: Goal, policy: &WaitPolicy) -> bool {
    let applies = wait.applies(cx);
    if applies {
        wait_for_instances(cx, &cx.journal().not_failed(ids), goal, policy).await;
    }
    applies
}

/// Waits until every instance has reached the goal, cannot reach it any more, or the limit of the job is over. A poll is
/// one call for all that are still waited for (and one per 100 for status checks). What becomes of each is recorded in the
/// journal: a state off the way as [`ErrorKind::UnexpectedState`], an id that stays unknown as [`ErrorKind::NotFound`], the
/// end of the time as [`ErrorKind::WaitExpired`], and a failure that no later poll can mend as what it is.
///
/// `shutting-down` and `terminated` are believed at once, unless they are the goal or on the way to it. The state before
/// the request may be shown for a minute; any other state off the way is believed after two polls that are ten seconds
/// apart. An id may be unknown for a minute after it was last seen. Failed polls: see [`wait_for`](super::wait_for).
pub async fn wait_for_instances(cx: &Context, ids: &[InstanceId], goal: Goal, policy: &WaitPolicy) {
    if ids.is_empty() {
        return;
    }
    cx.event(format!("waiting for {} {}, at most {}", count_of(ids.len()), goal.description(), policy.left_text()));
    let mut wait = Wait::new(cx, ids, goal);
    match run(cx, policy, &mut wait).await {
        End::Over => {}
        End::TimedOut(last_failure) => {
            let is_shown = last_failure.is_none();
            let is_unmoved = |id: &&InstanceId| is_shown && wait.tracks.get(id).is_some_and(|track| track.unmoved);
            let (unmoved, late): (Vec<_>, Vec<_>) = wait.waiting.iter().partition(is_unmoved);
            unmoved.into_iter().for_each(|id| wait.note(id));
            for id in late {
                let still = format!("{}{}", wait.still(id), goal.after_timeout());
                let error = timed_out(policy, &still, last_failure.as_ref());
                wait.fail(id, error.hint(goal.hint()));
            }
        }
        End::GivenUp(error) => {
            cx.warning(error.to_string());
            wait.waiting.iter().for_each(|id| cx.journal().failed(id, error.clone()));
        }
    }
}

/// Polls once, without waiting: the instances that are not at the goal. What is seen is recorded in the journal.
///
/// # Errors
/// Those of EC2, and [`ErrorKind::Unavailable`] when its answers leave open whether all instances are at the goal.
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
    let place = |id: &InstanceId| goal.place(by_id[id], checks.get(id));
    let elsewhere: Vec<_> =
        ids.iter().filter(|id| !matches!(place(id), Place::Reached | Place::Unmoved)).cloned().collect();
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

    /// The same as part of a sentence.
    fn quoted(&self) -> String {
        match &self.status_checks {
            Some(status) => format!("`{}`, status checks `{}`", self.state.as_str(), status.as_str()),
            None => format!("`{}`", self.state.as_str()),
        }
    }
}

/// What the polls have shown of one instance.
struct Track {
    /// The states that it may have had before the request.
    before: Vec<InstanceStateName>,
    seen: Option<Seen>,
    /// The first poll that did not find it, since it was last seen.
    unknown_since: Option<Instant>,
    /// The first poll that showed it off the way, since it was last on it.
    off_since: Option<Instant>,
    /// Whether a poll has shown its status checks `ok`.
    was_ok: bool,
    /// Whether a later one has shown them otherwise.
    left_ok: bool,
    /// Whether the last poll has shown them `ok`, and none has shown them otherwise since they first were.
    unmoved: bool,
}

impl Track {
    /// Takes in status checks that a poll shows.
    fn take_in(&mut self, status_checks: Option<&SummaryStatus>) {
        let is_ok = status_checks == Some(&SummaryStatus::Ok);
        self.left_ok |= self.was_ok && status_checks.is_some() && !is_ok;
        self.was_ok |= is_ok;
        self.unmoved = is_ok && !self.left_ok;
    }

    /// Takes in where a poll shows the instance. Returns what is to be believed; [`Place::OnTheWay`] as long as it may be
    /// stale.
    fn believe(&mut self, place: Place, state: &InstanceStateName, waited: Duration) -> Place {
        match place {
            Place::Elsewhere if waited < STALE_LIMIT && self.before.contains(state) => Place::OnTheWay,
            Place::Elsewhere => {
                let since = *self.off_since.get_or_insert_with(Instant::now);
                if since.elapsed() >= SECOND_POLL { Place::Elsewhere } else { Place::OnTheWay }
            }
            place => {
                self.off_since = None;
                if place == Place::Unmoved && self.left_ok { Place::Reached } else { place }
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
    tracks: HashMap<InstanceId, Track>,
}

impl Watched for Wait<'_> {
    /// Asks about all that are waited for, and takes off the list those whose wait is over. States count also when the
    /// status checks could not be read.
    async fn poll(&mut self) -> Result<bool> {
        let found = find_shown(self.cx, &self.waiting).await?;
        let (checks, failure) = match self.status_checks(&found).await {
            Ok(checks) => (checks, None),
            Err(error) => (HashMap::new(), Some(error)),
        };
        let found: HashMap<_, _> = found.iter().map(|instance| (&instance.id, instance)).collect();
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|id| match found.get(id) {
            Some(instance) => self.take_in(instance, checks.get(id)),
            None => self.miss(id),
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
        let (reached, word) = (self.reached, self.goal.word());
        let line = format!("{reached} of {} {word}{others}", count_of(self.total));
        (line, format!("{reached}/{} {word}", self.total))
    }
}

impl<'a> Wait<'a> {
    fn new(cx: &'a Context, ids: &[InstanceId], goal: Goal) -> Self {
        let track = |id| {
            let before = goal.states_before(cx, id);
            Track {
                before,
                seen: None,
                unknown_since: None,
                off_since: None,
                was_ok: false,
                left_ok: false,
                unmoved: false,
            }
        };
        let tracks = ids.iter().map(|id| (id.clone(), track(id))).collect();
        Wait { cx, goal, start: Instant::now(), total: ids.len(), reached: 0, waiting: ids.to_vec(), tracks }
    }

    async fn status_checks(&self, found: &[Instance]) -> Result<HashMap<InstanceId, SummaryStatus>> {
        if self.goal.needs_status_checks() { status_checks(self.cx, &running(found)).await } else { Ok(HashMap::new()) }
    }

    /// Takes in what a poll shows of an instance, and reports it when it is new. Returns whether to go on waiting for it.
    fn take_in(&mut self, instance: &Instance, status_checks: Option<&SummaryStatus>) -> bool {
        let (id, journal) = (&instance.id, self.cx.journal());
        journal.record_instance(instance);
        if let Some(status) = status_checks {
            journal.record_status_checks(id, status.as_str());
        }
        let Some(track) = self.tracks.get_mut(id) else { return false };
        let before = track.seen.take();
        track.take_in(status_checks);
        // Status checks that an answer leaves out are those that were seen last.
        let checks_before = before.as_ref().filter(|seen| seen.state == instance.state);
        let status_checks = status_checks.or(checks_before.and_then(|seen| seen.status_checks.as_ref())).cloned();
        let now = Seen { state: instance.state.clone(), status_checks };
        if before.as_ref() != Some(&now) {
            self.cx.event(format!("{}: {}", journal.label(id), now.text()));
        }
        let place = self.goal.place(&now.state, now.status_checks.as_ref());
        let place = track.believe(place, &now.state, self.start.elapsed());
        (track.seen, track.unknown_since) = (Some(now), None);
        match place {
            Place::OnTheWay => return true,
            Place::Reached => self.reached += 1,
            Place::Unmoved if !track.unmoved || self.goal.is_open(self.start.elapsed()) => return true,
            Place::Unmoved => self.note(id),
            Place::Gone | Place::Elsewhere => {
                let reason = instance.state_reason.as_deref().unwrap_or("EC2 gave no reason");
                let message = format!("the instance is `{}`: {reason}", instance.state.as_str());
                let action = format!("waiting for {id} {}", self.goal.description());
                let error = Error::new(ErrorKind::UnexpectedState, message).doing(action);
                let code = instance.state_reason_code.as_deref().unwrap_or_default();
                self.fail(
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

    /// Takes in that a poll did not find an instance. Returns whether to go on waiting for it.
    fn miss(&mut self, id: &InstanceId) -> bool {
        let Some(track) = self.tracks.get_mut(id) else { return false };
        track.unmoved = false;
        if track.unknown_since.get_or_insert_with(Instant::now).elapsed() < UNKNOWN_LIMIT {
            return true;
        }
        self.fail(id, Error::new(ErrorKind::NotFound, "instance not found").doing(format!("looking up {id}")));
        false
    }

    fn fail(&self, id: &InstanceId, error: Error) {
        self.cx.warning(error.to_string());
        self.cx.journal().failed(id, error);
    }

    /// Takes in that it is not seen what became of the instance.
    fn note(&self, id: &InstanceId) {
        if let Goal::ReadyAgain { unobserved, .. } = self.goal {
            self.cx.event(format!("{}: {unobserved}", self.cx.journal().label(id)));
            self.cx.journal().note(id, unobserved);
        }
    }

    fn seen(&self, id: &InstanceId) -> Option<&Seen> {
        self.tracks.get(id)?.seen.as_ref()
    }

    /// What the last poll showed of an instance, as in ``i-0abc is still `pending` ``.
    fn still(&self, id: &InstanceId) -> String {
        let unknown = self.tracks.get(id).is_some_and(|track| track.unknown_since.is_some());
        match self.seen(id) {
            None => format!("the state of {id} is still unknown"),
            Some(seen) if unknown => format!("{id} was not found, its last state was {}", seen.quoted()),
            Some(seen) => format!("{id} is still {}", seen.quoted()),
        }
    }
}
