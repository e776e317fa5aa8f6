//! Recovers a launch of unknown outcome: the request is repeated with its client token, and its instances are looked up
//! by it.

use std::time::Duration;

use connector_sdk::client_token::launched_by;
use connector_sdk::ids::{InstanceId, list_of};
use connector_sdk::{Context, Error, ErrorKind, Result, codes};

use crate::arguments::client_token::option;
use crate::attempt::Attempt;
use crate::launched::Launched;
use crate::send::{LaunchRequest, explain};

/// The number of repetitions: with the interval, for at least half a minute.
const REPETITIONS: usize = 6;
/// The interval of repetitions.
const REPETITION_INTERVAL: Duration = Duration::from_secs(5);

/// Repeats the request, whose client token prevents a second launch, and records the instances that EC2 returns
/// meanwhile. The outcome is known when an answer or a look-up contains all wanted instances.
///
/// # Errors
/// [`ErrorKind::Unknown`] when the outcome, or a part of it, stays unknown; otherwise the code that says that the
/// instances are terminated.
pub async fn recover(
    launch_request: &LaunchRequest<'_>,
    mut launched: Launched,
    unknown: Error,
) -> Result<Vec<InstanceId>> {
    let LaunchRequest { cx, launch, attempt, .. } = *launch_request;
    let action = format!("{}, client token {}", launch_request.action(), attempt.token);
    cx.warning(unknown.to_string());
    cx.event(format!(
        "unknown whether EC2 launched the instances: repeating the request with client token {}",
        attempt.token
    ));
    cx.journal().record_unknown_change(&action);
    let wanted: usize = launch.count.wanted.into();
    for _ in 0..REPETITIONS {
        cx.sleep(REPETITION_INTERVAL).await;
        match launch_request.send(&action, &mut launched).await {
            Ok(()) => {
                cx.journal().resolve_change(&action);
                return Ok(launched.ids());
            }
            Err(error) if is_gone(&error) => {
                record_found(cx, attempt, &mut launched).await;
                cx.journal().resolve_change(&action);
                return Err(explain(error, attempt));
            }
            Err(error) => cx.warning(error.to_string()),
        }
        record_found(cx, attempt, &mut launched).await;
        if launched.alive() >= wanted {
            cx.journal().resolve_change(&action);
            return Ok(launched.ids());
        }
    }
    Err(still_unknown(&unknown, attempt, launched, wanted, &action))
}

/// Whether EC2 says that the launched instances are terminated. Directly after a lost answer this may concern the lost
/// request, so it is repeated once.
fn is_gone(error: &Error) -> bool {
    error.kind() != ErrorKind::Unknown && error.code() == Some(codes::IDEMPOTENT_INSTANCE_TERMINATED)
}

/// Looks up and records the instances of the launch. A failed or empty look-up is inconclusive.
async fn record_found(cx: &Context, attempt: &Attempt, launched: &mut Launched) {
    let action = format!("finding instances with client token {}", attempt.token);
    match launched_by(cx, [&attempt.token], &action).await {
        Ok(found) => drop(launched.record(cx, &found)),
        Err(error) => cx.warning(error.to_string()),
    }
}

fn still_unknown(unknown: &Error, attempt: &Attempt, launched: Launched, wanted: usize, action: &str) -> Error {
    let found = match launched.len() {
        0 => "none found".to_owned(),
        number => format!("{number} of {wanted} found: {}", list_of(&launched.ids())),
    };
    let message =
        format!("unknown whether EC2 launched all instances, {found}; the first response: {}", unknown.message());
    Error::new(ErrorKind::Unknown, message).doing(action).hint(format!(
        "check with `GetInstanceStatusByTag {}` what was launched, and run the job again only with `{}`, which launches \
         nothing twice",
        option(&attempt.token),
        option(&attempt.first_token)
    ))
}
