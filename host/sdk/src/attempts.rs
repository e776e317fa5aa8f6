//! Counts the attempts of a call to AWS whose outcome is unknown.
//!
//! The AWS SDK retries a request and returns only the outcome of the last attempt. The HTTP client of the host, or a
//! mocked client, records each attempt with [`Attempt`], and [`watch`] counts those without a known outcome.

use std::cell::Cell;

tokio::task_local! {
    static UNCLEAR: Cell<u32>;
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
        Attempt::begin().settle(); // outside a call, nobody counts
    }
}
