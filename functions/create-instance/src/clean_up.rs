//! `--on-timeout terminate`: takes back a launch whose wait did not end well.

use connector_sdk::wait::{Goal, WaitPolicy, not_at_goal};
use connector_sdk::{Context, Error, ErrorKind, InstanceId, SuggestedCommand, action};

/// Terminates what the job launched, if a last poll confirms that not all of it has reached the goal: a wait also ends
/// because EC2 does not answer, and that is no reason to terminate healthy instances.
///
/// Returns the failure that led here: it is what the job ends with. Where instances stay, its hint has the command that
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
            cx.warning(format!("{error}; nothing is terminated, as the state of the instances is not confirmed"));
            return with_command(cx, launched, failure);
        }
        Ok(_) => {}
    }
    cx.event("the launch did not end well: all its instances are terminated (--on-timeout)");
    let left = terminate_all(cx, policy, launched).await;
    if left.is_empty() { failure.hint(TERMINATED) } else { with_command(cx, &left, failure) }
}

const TERMINATED: &str = "correct the cause, then run the job again: the launched instances are terminated";

/// Terminates the instances, and returns those for which EC2 did not accept it. Failures of before stay in the journal: an
/// accepted termination does not make the launch good.
async fn terminate_all(cx: &Context, policy: &WaitPolicy, launched: &[InstanceId]) -> Vec<InstanceId> {
    let error_of = |id: &InstanceId| cx.journal().read(id, |entry| entry.error.clone());
    let failures: Vec<_> = launched.iter().filter_map(|id| error_of(id).map(|error| (id, error))).collect();
    action::terminate(cx, policy, launched).await;
    let left: Vec<_> = launched.iter().filter(|id| error_of(id).is_some()).cloned().collect();
    for (id, error) in failures {
        match error_of(id) {
            // Nobody knows whether it is terminated: that outranks the failure of before.
            Some(now) if now.kind() == ErrorKind::Unknown => {}
            Some(_) => cx.journal().record_failure(id, error),
            None => cx.journal().record_failure(id, error.hint(TERMINATED)),
        }
    }
    left
}

/// Advises the command that terminates the instances, and adds it to the failure.
fn with_command(cx: &Context, ids: &[InstanceId], failure: Error) -> Error {
    let ids = ids.iter().map(InstanceId::as_str).collect::<Vec<_>>().join(",");
    let arguments = ["TerminateInstance", "--instance-id", &ids].map(str::to_owned);
    let hint = format!("check the instances, which were not terminated; `{}` terminates them", arguments.join(" "));
    cx.journal().suggest(SuggestedCommand {
        purpose: "to terminate the launched instances".to_owned(),
        arguments: arguments.to_vec(),
    });
    failure.hint(hint)
}
