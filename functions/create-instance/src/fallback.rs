//! Sends the attempts of a launch in turn until EC2 has capacity for one.

use connector_sdk::{Context, Error, ErrorKind, InstanceId, Result, SuggestedCommand, codes};

use crate::arguments::client_token::option;
use crate::attempt::Attempts;
use crate::history;
use crate::launch::Launch;
use crate::launched::Launched;
use crate::prerequisites::Prerequisites;
use crate::recover::recover;
use crate::send::{LaunchRequest, explain};

/// Launches the instances by the first attempt for which EC2 has capacity, and returns their ids in launch order; all
/// are in the journal. A dry run sends the first attempt only. After an attempt of unknown outcome, no other is sent.
///
/// # Errors
/// Those of EC2: of the only attempt, of the first one that failed for another reason than capacity, or a summary of
/// all; in a dry run, also the one that confirms it. The journal may still contain instances.
pub async fn launch(
    cx: &Context,
    launch: &Launch,
    attempts: &Attempts,
    prerequisites: &Prerequisites,
) -> Result<Vec<InstanceId>> {
    let in_order = history::order(cx, attempts).await?;
    let mut failures = Vec::new();
    for attempt in &in_order {
        let launch_request = LaunchRequest { cx, launch, prerequisites, attempt };
        announce(&launch_request, attempts);
        history::record(cx, attempts, attempt);
        let mut launched = Launched::default();
        match launch_request.send(&launch_request.action(), &mut launched).await {
            Ok(()) => return Ok(launched.ids()),
            Err(error) if error.kind() == ErrorKind::Unknown => return recover(&launch_request, launched, error).await,
            Err(error) if in_order.len() > 1 && error.code().is_some_and(codes::may_succeed_elsewhere) => {
                cx.warning(error.to_string());
                failures.push(error);
            }
            Err(error) => return Err(explain(error, attempt)),
        }
    }
    Err(all_attempts_failed(launch, &failures))
}

/// Reports the next attempt and records its client token, by which the launch can be found after an interruption.
fn announce(launch_request: &LaunchRequest<'_>, attempts: &Attempts) {
    let LaunchRequest { cx, attempt, .. } = *launch_request;
    let attempt_number = match attempts.all.as_slice() {
        [_] => String::new(),
        all => {
            let number = all.iter().position(|other| other == attempt).map_or(1, |index| index + 1);
            format!(" (attempt {number} of {})", all.len())
        }
    };
    if cx.dry_run() {
        return cx.event(format!("dry run: {}{attempt_number}", launch_request.action()));
    }
    cx.event(format!("{}, client token {}{attempt_number}", launch_request.action(), attempt.token));
    let look_up = SuggestedCommand {
        purpose: "to show what was launched".to_owned(),
        arguments: vec!["GetInstanceStatusByTag".to_owned(), option(&attempt.token)],
    };
    cx.journal().record_launch(attempt.token.as_str(), look_up);
}

fn all_attempts_failed(launch: &Launch, failures: &[Error]) -> Error {
    let capacity = failures.iter().find(|error| error.kind() == ErrorKind::Capacity);
    let kind = capacity.or(failures.last()).map_or(ErrorKind::Capacity, Error::kind);
    let last = failures.last().map(Error::to_string).unwrap_or_default();
    let message = format!("EC2 has no capacity for any of {} attempts; the last: {last}", failures.len());
    let error = Error::new(kind, message).doing(launch.action());
    match failures.last().and_then(Error::hint_text) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
