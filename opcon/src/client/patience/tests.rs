//! Tests of how long failures are borne, in paused time.

use std::cell::Cell;

use super::*;

fn failure(passing: Option<Passing>) -> Failure {
    Failure::new("out of order", passing)
}

struct Run {
    result: Result<(), String>,
    attempts: u32,
    lasted: Duration,
}

/// Bears attempts that fail until the server works again, `after` the first one.
async fn run(purpose: Purpose, outage: &Outage, passing: Option<Passing>, after: Duration) -> Run {
    let (start, attempts) = (Instant::now(), Cell::new(0));
    let result = Patience::new(purpose, &Limits::of_jobs(), outage)
        .bear("the server", |number| {
            attempts.set(number);
            async move { if start.elapsed() >= after { Ok(()) } else { Err(failure(passing)) } }
        })
        .await;
    Run { result: result.map_err(|failure| failure.to_string()), attempts: attempts.get(), lasted: start.elapsed() }
}

const NEVER: Duration = Duration::from_secs(1_000_000);
const CASES: [(Purpose, Passing, Duration); 4] = [
    (Purpose::Saving, Passing::Busy, Duration::from_secs(30)),
    (Purpose::Saving, Passing::Broken, Duration::from_secs(30)),
    (Purpose::Preparing, Passing::Busy, Duration::from_secs(60)),
    (Purpose::Preparing, Passing::Broken, Duration::from_secs(20)),
];

#[tokio::test(start_paused = true)]
async fn failures_are_borne_for_their_time() {
    for (purpose, passing, limit) in CASES {
        let ended = run(purpose, &Outage::default(), Some(passing), limit).await;
        assert_eq!(ended.result, Ok(()), "{purpose:?} {passing:?}");
        let failed = run(purpose, &Outage::default(), Some(passing), NEVER).await;
        assert_eq!(failed.result, Err(format!("out of order (tried for {limit:?})")));
        assert!(failed.lasted >= limit && failed.lasted < limit + Duration::from_secs(1), "{:?}", failed.lasted);
        assert!((5..40).contains(&failed.attempts), "{}", failed.attempts);
    }
}

#[tokio::test(start_paused = true)]
async fn one_failure_costs_less_than_a_second() {
    let ended = run(Purpose::Saving, &Outage::default(), Some(Passing::Busy), Duration::from_millis(1)).await;
    assert_eq!((ended.result, ended.attempts), (Ok(()), 2));
    assert!(ended.lasted <= Duration::from_millis(501), "{:?}", ended.lasted);
}

#[tokio::test(start_paused = true)]
async fn other_failures_are_final() {
    let failed = run(Purpose::Saving, &Outage::default(), None, NEVER).await;
    assert_eq!((failed.result, failed.attempts), (Err("out of order".into()), 1));
    assert_eq!(failed.lasted, Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn several_operations_share_the_time_of_one_outage() {
    let outage = Outage::default();
    let first = run(Purpose::Saving, &outage, Some(Passing::Broken), NEVER).await;
    assert!(first.attempts > 1);
    for _ in 0..100 {
        let next = run(Purpose::Saving, &outage, Some(Passing::Broken), NEVER).await;
        assert_eq!((next.attempts, next.lasted), (1, Duration::ZERO));
    }
    tokio::time::sleep(SAME_OUTAGE + Duration::from_secs(1)).await;
    let later = run(Purpose::Saving, &outage, Some(Passing::Broken), Duration::from_secs(20)).await;
    assert_eq!(later.result, Ok(()), "another outage has its own time");
    let again = run(Purpose::Saving, &outage, Some(Passing::Broken), Duration::from_secs(20)).await;
    assert_eq!(again.result, Ok(()), "a success ends an outage");
}

#[tokio::test(start_paused = true)]
async fn successes_of_others_do_not_prolong_the_time_of_an_operation() {
    let outage = Outage::default();
    let other = async {
        for _ in 0..1_000 {
            run(Purpose::Saving, &outage, None, Duration::ZERO).await.result.unwrap();
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let (failed, ()) = tokio::join!(run(Purpose::Saving, &outage, Some(Passing::Busy), NEVER), other);
    assert_eq!(failed.result, Err("out of order (tried for 30s)".into()));
    assert!(failed.lasted < Duration::from_secs(31), "{:?}", failed.lasted);
}

#[tokio::test(start_paused = true)]
async fn an_outage_is_reported_once_and_not_while_saving() {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let outage = Outage::default().reported_to({
        let lines = lines.clone();
        move |line: &str| lines.lock().unwrap().push(line.to_owned())
    });
    run(Purpose::Saving, &outage, Some(Passing::Busy), Duration::from_secs(10)).await;
    assert!(lines.lock().unwrap().is_empty());
    for passing in [Passing::Broken, Passing::Busy] {
        run(Purpose::Preparing, &outage, Some(passing), Duration::from_secs(10)).await;
    }
    let text = "the server does not respond properly yet: out of order; trying again for up to 20s";
    assert_eq!(*lines.lock().unwrap(), [text]);
}
