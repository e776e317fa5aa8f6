//! Sending a launch to EC2: once, or once for each attempt until one has capacity.

use std::time::Duration;

use connector_sdk::ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use connector_sdk::instances::InstanceId;
use connector_sdk::{Advice, Context, Doing as _, Error, ErrorKind, Result, codes};

use crate::arguments::client_token::option;
use crate::attempt::Attempt;
use crate::history;
use crate::launch::Launch;
use crate::launched::Launched;
use crate::needs::Needs;
use crate::recover::recover;

/// How often the launch is sent while EC2 does not know what is fresh: that lasts seconds, and here it may last
/// a minute (AWS: "Eventual consistency in the Amazon EC2 API").
const SENDINGS: usize = 20;
/// The time between two of these.
const SENDING_INTERVAL: Duration = Duration::from_secs(3);

/// Launches the instances by the first attempt for which EC2 has capacity, and returns their ids in the order of the
/// launch; all of them are in the journal. A dry run asks for the first attempt only. After an attempt whose outcome is
/// unknown no other one is sent.
///
/// # Errors
/// Those of EC2: of the only attempt, of the first one that failed for another reason than capacity, or one that sums up
/// all of them; in a dry run also the one that says it would succeed. Instances may be in the journal all the same.
pub async fn launch(cx: &Context, launch: &Launch, needs: &Needs) -> Result<Vec<InstanceId>> {
    let attempts = history::order(cx, launch).await?;
    let mut failures = Vec::new();
    for attempt in &attempts {
        announce(cx, launch, attempt);
        history::record(cx, launch, attempt);
        let mut launched = Launched::default();
        let action = action_of(launch, attempt);
        let request = launch.request(cx.ec2(), attempt, needs);
        match send(cx, &request, &action, launch, needs, &mut launched).await {
            Ok(()) => return Ok(launched.ids()),
            Err(error) if error.kind() == ErrorKind::Unknown => {
                return recover(cx, launch, attempt, needs, launched, error).await;
            }
            Err(error) if attempts.len() > 1 && error.code().is_some_and(codes::lets_next_attempt_try) => {
                cx.warning(error.to_string());
                failures.push(error);
            }
            Err(error) => return Err(explain(error, attempt)),
        }
    }
    Err(no_attempt_succeeded(launch, &failures))
}

/// What is being done, as in `launching 2 instances of ami-0123abcd as t3.micro, client token 0123`.
fn action_of(launch: &Launch, attempt: &Attempt) -> String {
    format!("{}{attempt}", launch.action())
}

/// Says what comes next, with the token by which the launch can be found again if the job does not live to see the end.
fn announce(cx: &Context, launch: &Launch, attempt: &Attempt) {
    let of_several = match launch.attempts.as_slice() {
        [_] => String::new(),
        all => {
            let number = all.iter().position(|other| other == attempt).map_or(1, |index| index + 1);
            format!(" (attempt {number} of {})", all.len())
        }
    };
    if cx.dry_run() {
        return cx.event(format!("asking about {}{of_several}", action_of(launch, attempt)));
    }
    cx.event(format!("{}, client token {}{of_several}", action_of(launch, attempt), attempt.token));
    let look_up = Advice {
        purpose: "to show what was launched".to_owned(),
        words: vec!["GetInstanceStatusByTag".to_owned(), option(&attempt.token)],
    };
    cx.journal().launching(attempt.token.as_str(), look_up);
}

/// Sends one request, which has the same client token every time, and records what was launched.
///
/// # Errors
/// Those of EC2. [`ErrorKind::Unknown`] also when the answer names fewer instances than it has, or than EC2 launches at
/// least.
pub async fn send(
    cx: &Context,
    request: &RunInstancesFluentBuilder,
    action: &str,
    launch: &Launch,
    needs: &Needs,
    launched: &mut Launched,
) -> Result<()> {
    let mut sending = 1;
    loop {
        let call = async { request.clone().dry_run(cx.dry_run()).send().await.doing(|| action.to_owned()) };
        match cx.change(action, call).await {
            Err(error) if sending < SENDINGS && needs.are_not_known_yet(&error) => sending += 1,
            Err(error) => return Err(error),
            Ok(changed) => {
                let all_have_ids = launched.record(cx, changed.answer.instances());
                let minimum = launch.count.minimum.into();
                if all_have_ids && launched.len() >= minimum {
                    return Ok(());
                }
                let least = minimum.max(changed.answer.instances().len());
                let message = format!("the answer was incomplete: it names {} of {least} instances", launched.len());
                return Err(Error::new(ErrorKind::Unknown, message).doing(action));
            }
        }
        cx.sleep(SENDING_INTERVAL).await;
    }
}

/// Adds what the client token has to do with the failure.
pub fn explain(error: Error, attempt: &Attempt) -> Error {
    let token = &attempt.token;
    match error.code() {
        Some(codes::IDEMPOTENT_PARAMETER_MISMATCH) => error.hint(format!(
            "client token {token} was used before for a launch with other arguments; give each run of the job a \
             --client-token of its own, and a repetition the same arguments"
        )),
        Some(codes::IDEMPOTENT_INSTANCE_TERMINATED) => error.hint(format!(
            "client token {token} was used before, and its instances are terminated; another launch needs another \
             --client-token"
        )),
        _ => error,
    }
}

fn no_attempt_succeeded(launch: &Launch, failures: &[Error]) -> Error {
    let capacity = failures.iter().find(|error| error.kind() == ErrorKind::Capacity);
    let kind = capacity.or(failures.last()).map_or(ErrorKind::Capacity, Error::kind);
    let last = failures.last().map(Error::to_string).unwrap_or_default();
    let message = format!("EC2 has capacity for none of {} attempts; the last: {last}", failures.len());
    let error = Error::new(kind, message).doing(launch.action());
    match failures.last().and_then(Error::hint_text) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}
