//! Sends one attempt of a launch to EC2.

use std::time::Duration;

use connector_sdk::{Context, Doing as _, Error, ErrorKind, Result, codes};

use crate::attempt::Attempt;
use crate::launch::Launch;
use crate::launched::Launched;
use crate::prerequisites::Prerequisites;
use crate::request::request;

/// The number of sends while EC2 does not know new resources yet: usually seconds, here up to a minute (AWS: "Eventual
/// consistency in the Amazon EC2 API").
const SEND_ATTEMPTS: usize = 20;
/// The interval of sends.
const SEND_INTERVAL: Duration = Duration::from_secs(3);

/// An attempt, with everything for its request.
#[derive(Clone, Copy)]
pub struct LaunchRequest<'a> {
    /// The context of the job.
    pub cx: &'a Context,
    /// The launch.
    pub launch: &'a Launch,
    /// The prerequisites.
    pub prerequisites: &'a Prerequisites,
    /// The attempt.
    pub attempt: &'a Attempt,
}

impl LaunchRequest<'_> {
    /// The action, e.g. `launching 2 instances of ami-0123abcd as t3.micro`.
    pub fn action(&self) -> String {
        format!("{}{}", self.launch.action(), self.attempt)
    }

    /// Sends the request, always with the same client token, and records the launched instances.
    ///
    /// # Errors
    /// Those of EC2, with this action. [`ErrorKind::Unknown`] also when the answer has instances without ids, or fewer
    /// than the minimum.
    pub async fn send(&self, action: &str, launched: &mut Launched) -> Result<()> {
        let LaunchRequest { cx, launch, prerequisites, attempt } = *self;
        let request = request(launch, attempt, prerequisites).dry_run(cx.dry_run());
        cx.journal().record_repeatable(launch.token.is_some());
        let mut sends = 1;
        loop {
            let call = async { request.clone().send_with(cx.ec2()).await.doing(|| action.to_owned()) };
            match cx.change(action, call).await {
                Err(error) if sends < SEND_ATTEMPTS && prerequisites.are_not_visible_yet(&error) => sends += 1,
                Err(error) => return Err(error),
                Ok(changed) => {
                    let all_have_ids = launched.record(cx, changed.answer.instances());
                    let minimum = launch.count.minimum.into();
                    if all_have_ids && launched.len() >= minimum {
                        return Ok(());
                    }
                    let least = minimum.max(changed.answer.instances().len());
                    let message =
                        format!("the response was incomplete: it names {} of {least} instances", launched.len());
                    return Err(Error::new(ErrorKind::Unknown, message).doing(action));
                }
            }
            cx.sleep(SEND_INTERVAL).await;
        }
    }
}

/// Adds the hint about the client token to the error.
pub fn explain(error: Error, attempt: &Attempt) -> Error {
    let token = &attempt.token;
    match error.code() {
        Some(codes::IDEMPOTENT_PARAMETER_MISMATCH) => error.hint(format!(
            "use a different `--client-token` for each run of the job, and the same arguments for a repeated run: \
             {token} was used for a launch with other arguments"
        )),
        Some(codes::IDEMPOTENT_INSTANCE_TERMINATED) => error
            .hint(format!("use another `--client-token` for another launch: the instances of {token} are terminated")),
        _ => error,
    }
}
