//! Repeats requests on a bad night, as long as the job has changed nothing.
//!
//! Many jobs start at the same time, and EC2 throttles them, or a network is restarted. A job that has not done anything
//! can wait without harm; one that has sent a change relies on the attempts of the AWS SDK.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use connector_sdk::Reporter;
use tokio::time::Instant;

/// The longest time for which throttling is borne.
const THROTTLING: Duration = Duration::from_mins(1);
/// The longest time for which a refused or broken connection is borne.
const CONNECTION: Duration = Duration::from_secs(20);
/// The pauses before the second attempt, and at most. Each is shortened at random, so that jobs that failed together do
/// not return together.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Why an attempt may be repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The service throttles, so it did nothing.
    Throttling,
    /// The connection was refused, or broke during a request that can be repeated. With the description.
    Connection(String),
}

impl Trouble {
    fn limit(&self) -> Duration {
        match self {
            Trouble::Throttling => THROTTLING,
            Trouble::Connection(_) => CONNECTION,
        }
    }

    fn warning(&self, service: &str) -> String {
        let what = match self {
            Trouble::Throttling => format!("{service} is throttling"),
            Trouble::Connection(what) => what.clone(),
        };
        format!("{what}; retrying for up to {}s", self.limit().as_secs())
    }
}

/// The patience of a job, shared by all its clients.
pub struct Patience {
    reporter: Arc<dyn Reporter>,
    over: AtomicBool,
    reported: AtomicBool,
}

impl Patience {
    /// A job that has changed nothing yet. The first repetition is reported.
    pub fn new(reporter: Arc<dyn Reporter>) -> Self {
        Patience { reporter, over: AtomicBool::new(false), reported: AtomicBool::new(false) }
    }

    /// No patience: an attempt is repeated only by the AWS SDK.
    pub fn none(reporter: Arc<dyn Reporter>) -> Self {
        Patience { over: AtomicBool::new(true), ..Patience::new(reporter) }
    }

    /// Ends the patience: the job has sent a change.
    pub fn end(&self) {
        self.over.store(true, Ordering::Relaxed);
    }

    /// Sends a request to a service until it has no trouble that can be borne, and returns the last result. `attempt`
    /// gets the number of repetitions.
    pub async fn bear<T, F>(&self, service: &str, mut attempt: impl FnMut(u32) -> F) -> T
    where
        F: Future<Output = (T, Option<Trouble>)> + Send,
        T: Send,
    {
        let (mut since, mut number) = (None, 0);
        loop {
            let (result, trouble) = attempt(number).await;
            let Some(trouble) = trouble.filter(|_| !self.over.load(Ordering::Relaxed)) else { return result };
            let left = trouble.limit().saturating_sub(since.get_or_insert_with(Instant::now).elapsed());
            if left.is_zero() {
                // Neither the next attempt of the AWS SDK nor another call of the job begins anew.
                self.end();
                return result;
            }
            if !self.reported.swap(true, Ordering::Relaxed) {
                self.reporter.warning(&trouble.warning(service));
            }
            tokio::time::sleep(pause(number).min(left)).await;
            number += 1;
        }
    }
}

impl std::fmt::Debug for Patience {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Patience").field("over", &self.over).finish_non_exhaustive()
    }
}

fn pause(number: u32) -> Duration {
    let pause = FIRST_PAUSE.saturating_mul(1 << number.min(8)).min(LONGEST_PAUSE);
    pause.mul_f64(0.5 + fastrand::f64() / 2.0)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicU32;

    use super::*;

    /// Collects warnings.
    #[derive(Default)]
    struct Warnings(Mutex<Vec<String>>);

    impl Reporter for Warnings {
        fn event(&self, _: &str) {}

        fn warning(&self, line: &str) {
            self.0.lock().unwrap().push(line.to_owned());
        }
    }

    fn refused() -> Trouble {
        Trouble::Connection("EC2 could not be reached: refused".to_owned())
    }

    /// The time that a service with this trouble is borne, in seconds.
    async fn borne(patience: &Patience, trouble: fn() -> Trouble) -> u64 {
        let start = Instant::now();
        patience.bear("EC2", |_| async { ((), Some(trouble())) }).await;
        start.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_is_borne_for_60_seconds_and_reported_once() {
        let warnings = Arc::new(Warnings::default());
        let patience = Patience::new(warnings.clone());
        assert_eq!(borne(&patience, || Trouble::Throttling).await, 60);
        assert_eq!(*warnings.0.lock().unwrap(), ["EC2 is throttling; retrying for up to 60s"]);
        assert_eq!(borne(&patience, || Trouble::Throttling).await, 0, "the next attempt does not begin anew");
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_connection_is_borne_for_20_seconds() {
        let warnings = Arc::new(Warnings::default());
        assert_eq!(borne(&Patience::new(warnings.clone()), refused).await, 20);
        assert_eq!(*warnings.0.lock().unwrap(), ["EC2 could not be reached: refused; retrying for up to 20s"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_recovers_is_not_asked_again() {
        let warnings = Arc::new(Warnings::default());
        let patience = Patience::new(warnings.clone());
        let attempts = AtomicU32::new(0);
        for _ in 0..2 {
            let last = patience.bear("EC2", |number| {
                attempts.fetch_add(1, Ordering::Relaxed);
                async move { (number, (number < 3).then(refused)) }
            });
            assert_eq!(last.await, 3);
        }
        assert_eq!(attempts.load(Ordering::Relaxed), 8);
        assert_eq!(warnings.0.lock().unwrap().len(), 1, "one warning for the whole job");
    }

    #[tokio::test(start_paused = true)]
    async fn a_job_that_has_sent_a_change_and_one_without_patience_repeat_nothing() {
        let warnings = Arc::new(Warnings::default());
        let changed = Patience::new(warnings.clone());
        changed.end();
        for patience in [changed, Patience::none(warnings.clone())] {
            assert_eq!(borne(&patience, refused).await, 0);
        }
        assert!(warnings.0.lock().unwrap().is_empty());
    }
}
