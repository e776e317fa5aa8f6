//! Counts the attempts of a call to AWS whose outcome is unknown.
//!
//! The AWS SDK retries a request and returns only the outcome of the last attempt. The HTTP client of the host, or a
//! mocked client, records each attempt with [`Attempt`], and `watch` counts those without a known outcome.

use std::cell::Cell;

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{
    ClassifyRetry, RetryAction, RetryClassifierPriority, RetryReason,
};
use aws_smithy_types::retry::ErrorKind;

tokio::task_local! {
    static UNCLEAR: Cell<u32>;
    static ONCE: ();
}

/// Runs a call and counts its attempts that ended without an answer that says whether AWS acted.
pub(crate) async fn watch<T>(call: impl Future<Output = T>) -> (T, u32) {
    UNCLEAR
        .scope(Cell::new(0), async {
            let outcome = call.await;
            (outcome, UNCLEAR.with(Cell::get))
        })
        .await
}

/// Runs a call whose request must not be retried, because a second one would do harm after the first.
pub(crate) async fn once<T>(call: impl Future<Output = T>) -> T {
    ONCE.scope((), call).await
}

/// Prevents the AWS SDK from retrying a request that is sent once, unless it was throttled. Every EC2 client uses this
/// retry classifier.
#[derive(Debug)]
pub struct SentOnce;

impl ClassifyRetry for SentOnce {
    fn classify_retry(&self, _: &InterceptorContext) -> RetryAction {
        ONCE.try_with(|()| RetryAction::RetryForbidden).unwrap_or_default()
    }

    fn classify_retry_v2(&self, context: &InterceptorContext, previous: &RetryAction) -> RetryAction {
        match previous {
            RetryAction::RetryIndicated(RetryReason::RetryableError { kind: ErrorKind::ThrottlingError, .. }) => {
                RetryAction::NoActionIndicated
            }
            _ => self.classify_retry(context),
        }
    }

    fn name(&self) -> &'static str {
        "SentOnce"
    }

    /// Runs after all others, since it depends on their results.
    fn priority(&self) -> RetryClassifierPriority {
        RetryClassifierPriority::run_after(RetryClassifierPriority::transient_error_classifier())
    }
}

/// One attempt, from the moment at which it may reach AWS. Unless it is [settled](Attempt::settle), its outcome is
/// unclear, also when its future is dropped by a timeout.
#[must_use]
pub struct Attempt(());

impl Attempt {
    /// Begins an attempt.
    pub fn begin() -> Self {
        let _ = UNCLEAR.try_with(|unclear| unclear.set(unclear.get() + 1));
        Attempt(())
    }

    /// Records that the outcome is known: the attempt was never sent, or AWS answered.
    pub fn settle(self) {
        let _ = UNCLEAR.try_with(|unclear| unclear.set(unclear.get().saturating_sub(1)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_attempt_is_unclear_until_it_is_settled() {
        let (_, unclear) = watch(async { Attempt::begin().settle() }).await;
        assert_eq!(unclear, 0);
        let (_, unclear) = watch(async {
            drop(Attempt::begin());
            Attempt::begin().settle();
        })
        .await;
        assert_eq!(unclear, 1, "a later answer does not settle an earlier attempt");
        Attempt::begin().settle(); // outside a call, nothing is counted
    }
}
