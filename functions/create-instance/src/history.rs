//! Finds out which attempt an earlier run of the job has sent, so that a repeated job does not launch twice.

use connector_sdk::client_token::launched_by;
use connector_sdk::{Context, Result};

use crate::attempt::{Attempt, Attempts};

/// The attempts in the order in which they are sent; only the first in a dry run. If an earlier run has launched, only
/// its attempt is sent again. If one was interrupted after it had sent an attempt on this machine, that attempt comes
/// first: otherwise, an earlier attempt could succeed now and launch everything twice.
///
/// # Errors
/// Those of EC2.
pub async fn order<'a>(cx: &Context, attempts: &'a Attempts) -> Result<Vec<&'a Attempt>> {
    let all = &attempts.all;
    if cx.dry_run() {
        return Ok(vec![attempts.first()]);
    }
    if all.len() == 1 || !attempts.may_be_repeated {
        return Ok(all.iter().collect());
    }
    if let Some(attempt) = visible_attempt(cx, all).await? {
        cx.event(format!("an earlier run launched{attempt}: only that attempt is repeated"));
        return Ok(vec![attempt]);
    }
    let Some(last) = last_sent(cx, all) else { return Ok(all.iter().collect()) };
    cx.event(format!("the last attempt of an earlier run on this machine,{}, is repeated first", all[last]));
    Ok(all[last..].iter().chain(&all[..last]).collect())
}

/// The attempt whose instances EC2 returns.
async fn visible_attempt<'a>(cx: &Context, attempts: &'a [Attempt]) -> Result<Option<&'a Attempt>> {
    let tokens = attempts.iter().map(|attempt| &attempt.token);
    let found = launched_by(cx, tokens, "finding a launch by an earlier run of the job").await?;
    let is_of =
        |attempt: &&Attempt| found.iter().any(|instance| instance.client_token() == Some(attempt.token.as_str()));
    Ok(attempts.iter().find(is_of))
}

/// The index of the attempt that this machine sent last. EC2 may not return its instances yet.
fn last_sent(cx: &Context, attempts: &[Attempt]) -> Option<usize> {
    let record = match cx.records().read(attempts[0].token.as_str()) {
        Ok(record) => record?,
        Err(error) => {
            cx.warning(error.to_string());
            return None;
        }
    };
    attempts.iter().position(|attempt| attempt.token.as_str() == record)
}

/// Records that this attempt is sent next. If that fails, the job continues with a warning.
pub fn record(cx: &Context, attempts: &Attempts, attempt: &Attempt) {
    if cx.dry_run() || attempts.all.len() == 1 {
        return;
    }
    if let Err(error) = cx.records().write(attempt.first_token.as_str(), attempt.token.as_str()) {
        cx.warning(format!("{error}; if this job is killed, a repeated run may send another attempt first"));
    }
}
