//! `--on-timeout terminate`: terminates the launched instances when the wait fails.

use connector_sdk::wait::{Goal, WaitPolicy, not_at_goal};
use connector_sdk::{Context, Error, ErrorKind, InstanceId, SuggestedCommand, action};

/// Terminates the launched instances if a last poll confirms that some have not reached the goal. A wait may also fail
/// because EC2 does not answer, which is no reason to terminate healthy instances.
///
/// Returns the failure of the wait, as the error of the job. If instances remain, its hint has the command that
/// terminates them.
pub async fn terminate(
    cx: &Context,
    policy: &WaitPolicy,
    launched: &[InstanceId],
    goal: Goal,
    failure: Error,
) -> Error {
    if launched.is_empty() {
        return failure;
    }
    match not_at_goal(cx, launched, goal).await {
        Ok(late) if late.is_empty() => {
            cx.event("all launched instances are ready by now: nothing is terminated");
            return with_command(cx, launched, failure);
        }
        Err(error) => {
            cx.warning(format!("{error}; nothing is terminated, because the state of the instances is not confirmed"));
            return with_command(cx, launched, failure);
        }
        Ok(_) => {}
    }
    cx.event("the launch failed: terminating all its instances (`--on-timeout`)");
    let not_terminated = terminate_all(cx, policy, launched).await;
    if not_terminated.is_empty() { failure.hint(TERMINATED) } else { with_command(cx, &not_terminated, failure) }
}

const TERMINATED: &str = "correct the cause, then run the job again: the launched instances are terminated";

/// Terminates the instances, and returns those that EC2 did not accept. Earlier failures stay in the journal: an
/// accepted termination does not make the launch a success.
async fn terminate_all(cx: &Context, policy: &WaitPolicy, launched: &[InstanceId]) -> Vec<InstanceId> {
    let error_of = |id: &InstanceId| cx.journal().read(id, |entry| entry.error.clone());
    let failures: Vec<_> = launched.iter().filter_map(|id| error_of(id).map(|error| (id, error))).collect();
    action::terminate(cx, policy, launched).await;
    let not_terminated: Vec<_> = launched.iter().filter(|id| error_of(id).is_some()).cloned().collect();
    for (id, error) in failures {
        match error_of(id) {
            // The unknown outcome of the termination takes precedence over the earlier failure.
            Some(now) if now.kind() == ErrorKind::Unknown => {}
            Some(_) => cx.journal().record_failure(id, error),
            None => cx.journal().record_failure(id, error.hint(TERMINATED)),
        }
    }
    not_terminated
}

/// Suggests the command that terminates the instances, and adds it to the failure.
fn with_command(cx: &Context, ids: &[InstanceId], failure: Error) -> Error {
    let ids = ids.iter().map(InstanceId::as_str).collect::<Vec<_>>().join(",");
    let arguments = ["TerminateInstance", "--instance-id", &ids].map(str::to_owned);
    let hint =
        format!("check the instances, which were not terminated, or terminate them with `{}`", arguments.join(" "));
    cx.journal().suggest(SuggestedCommand {
        purpose: "to terminate the launched instances".to_owned(),
        arguments: arguments.to_vec(),
    });
    failure.hint(hint)
}
