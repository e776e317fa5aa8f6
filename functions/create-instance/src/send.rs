//! Sending a launch to EC2: once, or once for each attempt until one has capacity.

use std::time::Duration;

use connector_sdk::ec2::config::AsyncSleep as _;
use connector_sdk::ec2::operation::run_instances::builders::RunInstancesFluentBuilder;
use connector_sdk::ec2::types::{self, Filter};
use connector_sdk::instances::Instance;
use connector_sdk::{Context, Doing as _, Error, ErrorKind, Result, codes};

use crate::attempt::Attempt;
use crate::launch::Launch;
use crate::needs::Needs;

/// How often the launch is sent while EC2 does not know what it has just made: that lasts seconds, and here it may last
/// a minute (AWS: "Eventual consistency in the Amazon EC2 API").
const SENDINGS: usize = 20;
/// How often instances are looked for when the answer to their launch was lost: they show within seconds.
const LOOKS_FOR_LAUNCH: usize = 3;
/// The time between two of either.
const SENDING_INTERVAL: Duration = Duration::from_secs(3);

/// Launches the instances by the first attempt for which EC2 has capacity, and returns them in the order of the launch.
/// A dry run asks for the first attempt only.
///
/// # Errors
/// Those of EC2: of the only attempt, of the first one that failed for another reason than capacity, or one that sums up
/// all of them; in a dry run also the one that says it would succeed.
pub async fn launch(cx: &Context, launch: &Launch, needs: &Needs) -> Result<Vec<Instance>> {
    let attempts = match earlier_attempt(cx, launch).await? {
        Some(attempt) => std::slice::from_ref(attempt),
        None if cx.dry_run() => &launch.attempts[..1],
        None => &launch.attempts,
    };
    let mut failures = Vec::new();
    for attempt in attempts {
        announce(cx, launch, attempt);
        let action = format!("{}{attempt}", launch.action());
        let action = action.as_str();
        match send(cx, launch.request(cx.ec2(), attempt, needs), action).await {
            Err(error) if attempts.len() > 1 && lacks_capacity(&error) => {
                cx.warning(error.to_string());
                failures.push(error);
            }
            Err(error) if may_have_launched(&error) && !cx.dry_run() => {
                cx.warning(error.to_string());
                let launched = look_for_launch(cx, attempt).await;
                return if launched.is_empty() { Err(explain(cx, error, launch, attempt)) } else { Ok(launched) };
            }
            Err(error) => return Err(explain(cx, error, launch, attempt)),
            Ok(launched) => return Ok(launched),
        }
    }
    Err(no_attempt_succeeded(launch, &failures))
}

/// The attempt by which an earlier run of the job has launched. Without this, the first attempt could succeed now where
/// a later one did then, and launch everything twice.
async fn earlier_attempt<'a>(cx: &Context, launch: &'a Launch) -> Result<Option<&'a Attempt>> {
    if launch.attempts.len() == 1 || !launch.may_be_repeated || cx.dry_run() {
        return Ok(None);
    }
    let found = launched_by(cx, &launch.attempts, "looking for a launch by an earlier run of the job").await?;
    let is_of =
        |attempt: &Attempt| found.iter().any(|instance| instance.client_token() == Some(attempt.token.as_str()));
    let earlier = launch.attempts.iter().find(|attempt| is_of(attempt));
    if let Some(attempt) = earlier {
        cx.event(format!("an earlier run has launched{attempt}; only that attempt is repeated"));
    }
    Ok(earlier)
}

/// The instances that were launched with the tokens of these attempts.
async fn launched_by(cx: &Context, attempts: &[Attempt], action: &str) -> Result<Vec<types::Instance>> {
    let tokens = attempts.iter().map(|attempt| attempt.token.as_str().to_owned()).collect();
    let filter = Filter::builder().name("client-token").set_values(Some(tokens)).build();
    let found = cx.ec2().describe_instances().filters(filter).into_paginator().items().send();
    let found = found.collect::<Result<Vec<_>, _>>().await.doing(|| action.to_owned())?;
    Ok(found.into_iter().flat_map(|reservation| reservation.instances.unwrap_or_default()).collect())
}

/// Looks, after the answer to the launch was lost, whether EC2 has launched all the same.
async fn look_for_launch(cx: &Context, attempt: &Attempt) -> Vec<Instance> {
    for _ in 0..LOOKS_FOR_LAUNCH {
        pause(cx).await;
        let action = format!("looking for instances with client token {}", attempt.token);
        match launched_by(cx, std::slice::from_ref(attempt), &action).await {
            Ok(found) if found.is_empty() => {}
            Ok(found) => {
                cx.event(format!("found what was launched with client token {}", attempt.token));
                return in_order(&found);
            }
            Err(error) => {
                cx.warning(error.to_string());
                break;
            }
        }
    }
    Vec::new()
}

async fn pause(cx: &Context) {
    if let Some(clock) = cx.ec2().config().sleep_impl() {
        clock.sleep(SENDING_INTERVAL).await;
    }
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
        cx.event(format!("asking about {}{attempt}{of_several}", launch.action()));
    } else {
        cx.event(format!("{}{attempt}, client token {}{of_several}", launch.action(), attempt.token));
    }
}

/// Sends one request, which has the same client token every time.
async fn send(cx: &Context, request: RunInstancesFluentBuilder, action: &str) -> Result<Vec<Instance>> {
    let mut sending = 1;
    loop {
        cx.journal().begin(action);
        let answer = request.clone().dry_run(cx.dry_run()).send().await;
        cx.journal().end();
        match answer.doing(|| action.to_owned()) {
            Err(error) if sending < SENDINGS && is_not_known_yet(cx, &error) => sending += 1,
            Err(error) => return Err(error),
            Ok(answer) => return Ok(in_order(answer.instances())),
        }
        pause(cx).await;
    }
}

/// Whether EC2 speaks of a key pair or a security group that this job has just made: before the launch, the job changes
/// nothing else.
fn is_not_known_yet(cx: &Context, error: &Error) -> bool {
    let unknown = [codes::INVALID_KEY_PAIR_NOT_FOUND, codes::INVALID_GROUP_NOT_FOUND];
    cx.journal().anything_changed() && error.code().is_some_and(|code| unknown.contains(&code))
}

/// Whether another instance type or another subnet may do better.
fn lacks_capacity(error: &Error) -> bool {
    error.kind() == ErrorKind::Capacity || error.code() == Some(codes::UNSUPPORTED)
}

/// Adds what the client token has to do with the failure.
fn explain(cx: &Context, error: Error, launch: &Launch, attempt: &Attempt) -> Error {
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
        _ if may_have_launched(&error) && !cx.dry_run() => {
            let first = &launch.attempts[0].token;
            error.hint(format!(
                "EC2 may have launched all the same: look for instances with client token {token}, or run the job again \
                 with `--client-token {first}`, which launches nothing twice"
            ))
        }
        _ => error,
    }
}

/// Whether EC2 may have launched although it looks like a failure: only the last try is known, and the answer to an earlier
/// one may have been lost, or not have been understood.
fn may_have_launched(error: &Error) -> bool {
    let unclear = matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Service);
    unclear && error.code() != Some(codes::IDEMPOTENT_INSTANCE_TERMINATED)
}

fn no_attempt_succeeded(launch: &Launch, failures: &[Error]) -> Error {
    let capacity = failures.iter().find(|error| error.kind() == ErrorKind::Capacity);
    let kind = capacity.or(failures.last()).map_or(ErrorKind::Capacity, Error::kind);
    let last = failures.last().map(Error::to_string).unwrap_or_default();
    let message = format!("EC2 has capacity for none of {} attempts; the last: {last}", failures.len());
    Error::new(kind, message).doing(launch.action())
}

/// The instances in the order of the launch.
fn in_order(launched: &[types::Instance]) -> Vec<Instance> {
    let mut launched: Vec<_> = launched.iter().filter_map(Instance::from_ec2).collect();
    launched.sort_by(|a, b| (a.launch_index, &a.id).cmp(&(b.launch_index, &b.id)));
    launched
}
