//! LaunchRequest one attempt of a launch to EC2.

use std::time::Duration;

use connector_sdk::{Context, Doing as _, Error, ErrorKind, Result, codes};

use crate::attempt::Attempt;
use crate::launch::Launch;
use crate::launched::Launched;
use crate::prerequisites::Prerequisites;
use crate::request::request;

/// How often the launch is sent while EC2 does not know what is fresh: that lasts seconds, and here it may last a minute
/// (AWS: "Eventual consistency in the Amazon EC2 API").
const SEND_ATTEMPTS: usize = 20;
/// The time between two of these.
const SEND_INTERVAL: Duration = Duration::from_secs(3);

/// An attempt, with all that is sent.
#[derive(Clone, Copy)]
pub struct LaunchRequest<'a> {
    /// The job.
    pub cx: &'a Context,
    /// What is launched.
    pub launch: &'a Launch,
    /// What was found or created for it.
    pub prerequisites: &'a Prerequisites,
    /// The attempt.
    pub attempt: &'a Attempt,
}

impl LaunchRequest<'_> {
    /// What is being done, as in `launching 2 instances of ami-0123abcd as t3.micro`.
    pub fn action(&self) -> String {
        format!("{}{}", self.launch.action(), self.attempt)
    }

    /// Sends the request, which has the same client token every time, and records what was launched.
    ///
    /// # Errors
    /// Those of EC2, with this action. [`ErrorKind::Unknown`] also when the answer names fewer instances than it has,
    /// or than EC2 launches at least.
    pub async fn send(&self, action: &str, launched: &mut Launched) -> Result<()> {
        let LaunchRequest { cx, launch, prerequisites, attempt } = *self;
        let request = request(launch, attempt, prerequisites).dry_run(cx.dry_run());
        let mut launch_request = 1;
        loop {
            let call = async { request.clone().send_with(cx.ec2()).await.doing(|| action.to_owned()) };
            match cx.change(action, call).await {
                Err(error) if launch_request < SEND_ATTEMPTS && prerequisites.are_not_visible_yet(&error) => {
                    launch_request += 1
                }
                Err(error) => return Err(error),
                Ok(changed) => {
                    let all_have_ids = launched.record(cx, changed.answer.instances());
                    let minimum = launch.count.minimum.into();
                    if all_have_ids && launched.len() >= minimum {
                        return Ok(());
                    }
                    let least = minimum.max(changed.answer.instances().len());
                    let message =
                        format!("the answer was incomplete: it names {} of {least} instances", launched.len());
                    return Err(Error::new(ErrorKind::Unknown, message).doing(action));
                }
            }
            cx.sleep(SEND_INTERVAL).await;
        }
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
