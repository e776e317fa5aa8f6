//! A launch of which no answer says whether EC2 made it: it is repeated with its client token, and looked for by it.

use std::time::Duration;

use connector_sdk::client_token::launched_by;
use connector_sdk::ids::{InstanceId, list_of};
use connector_sdk::{Context, Error, ErrorKind, Result, codes};

use crate::arguments::client_token::option;
use crate::attempt::Attempt;
use crate::launched::Launched;
use crate::send::{LaunchRequest, explain};

/// How often the launch is repeated: with the time between, for half a minute at least.
const REPETITIONS: usize = 6;
/// The time between two repetitions.
const REPETITION_INTERVAL: Duration = Duration::from_secs(5);

/// Repeats the request, which launches nothing twice because of its client token, and records whatever EC2 shows of the
/// launch meanwhile. An answer that names all instances settles it, and so does a look that shows all that were wanted.
///
/// # Errors
/// [`ErrorKind::Unknown`] when it stays open whether EC2 launched, or launched all of them; a code that says that the
/// launch was made and is gone.
pub async fn recover(
    launch_request: &LaunchRequest<'_>,
    mut launched: Launched,
    unknown: Error,
) -> Result<Vec<InstanceId>> {
    let LaunchRequest { cx, launch, attempt, .. } = *launch_request;
    let action = format!("{}, client token {}", launch_request.action(), attempt.token);
    cx.warning(unknown.to_string());
    cx.event(format!("unknown whether EC2 launched: the request is repeated with client token {}", attempt.token));
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

/// Whether EC2 says that the launch was made and is gone. After a lost answer it says so of what that attempt may have done,
/// too, so it is asked once more.
fn is_gone(error: &Error) -> bool {
    error.kind() != ErrorKind::Unknown && error.code() == Some(codes::IDEMPOTENT_INSTANCE_TERMINATED)
}

/// Records what EC2 shows of the launch. A look that fails, or shows nothing, says nothing.
async fn record_found(cx: &Context, attempt: &Attempt, launched: &mut Launched) {
    let action = format!("looking for instances with client token {}", attempt.token);
    match launched_by(cx, [&attempt.token], &action).await {
        Ok(found) => drop(launched.record(cx, &found)),
        Err(error) => cx.warning(error.to_string()),
    }
}

fn still_unknown(unknown: &Error, attempt: &Attempt, launched: Launched, wanted: usize, action: &str) -> Error {
    let found = match launched.len() {
        0 => "none is shown".to_owned(),
        number => format!("{number} of {wanted} are shown: {}", list_of(&launched.ids())),
    };
    let message =
        format!("unknown whether EC2 launched all instances, {found}; the first answer: {}", unknown.message());
    Error::new(ErrorKind::Unknown, message).doing(action).hint(format!(
        "check with `GetInstanceStatusByTag {}` what was launched, and run the job again only with `{}`, which launches \
         nothing twice",
        option(&attempt.token),
        option(&attempt.first_token)
    ))
}
