//! Failed polls: which end a wait, and how often they are reported.

use super::*;
use crate::testing::answer;

fn warnings(job: &Job) -> Vec<String> {
    job.lines().into_iter().filter(|line| line.starts_with("warning: ")).collect()
}

/// A rule for DescribeInstances with these answers in turn, `None` for the pending instance; then it is running.
fn answers_in_turn(answers: &[Option<fn() -> HttpResponse>]) -> Rule {
    let mut sequence = mock!(Client::describe_instances).sequence();
    for answer in answers {
        sequence = match answer {
            Some(answer) => sequence.http_response(*answer),
            None => sequence.output(|| described([instance(A, &Pending)])),
        };
    }
    sequence.output(|| described([instance(A, &Running)])).repeatedly().build()
}

fn denied() -> HttpResponse {
    refusal("UnauthorizedOperation", "You may not")
}

const BAD_KEYS: Option<fn() -> HttpResponse> = Some(|| refusal("AuthFailure", "Bad key"));

fn undocumented() -> HttpResponse {
    refusal("SomethingNew", "No")
}

/// Polls every ten seconds, for ten minutes.
async fn wait_ten_seconds_apart(rule: &Rule) -> Job {
    let job = Job::new(&[rule]);
    let policy = WaitPolicy::new(Duration::from_mins(10), Some(Duration::from_secs(10)));
    wait_for_instances(&job.cx, &[id(A)], RUNNING, &policy).await;
    job
}

#[tokio::test(start_paused = true)]
async fn throttled_polls_do_not_end_the_wait() {
    let describe = refused_at_first(6, throttled);
    let job = Job::new(&[&describe]);
    wait(&job, &[A], RUNNING).await;
    assert_eq!((failure(&job, A), describe.num_calls()), (String::new(), 7), "two polls of three attempts, one good");
    let warnings = warnings(&job);
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains("RequestLimitExceeded"), "{warnings:?}");
    assert!(warnings[0].ends_with("; the wait continues"), "{warnings:?}");
}

#[tokio::test(start_paused = true)]
async fn a_failed_poll_of_any_kind_is_reported_once_and_does_not_end_the_wait() {
    let answers: [fn() -> HttpResponse; 10] = [
        || refusal("ServerInternal", "An internal error has occurred"),
        || refusal("InvalidParameterValue", "No"),
        || refusal("InvalidInstanceID.Malformed", "No"),
        || refusal("InsufficientInstanceCapacity", "No"),
        undocumented,
        || answer(500, ""),
        || answer(200, ""),
        || answer(200, "<html><body>Sign in"),
        || answer(403, "<html><body>Blocked"),
        || answer(404, "{}"),
    ];
    for (number, undocumented) in answers.into_iter().enumerate() {
        let describe = mock!(Client::describe_instances).sequence().http_response(undocumented).times(12);
        let describe = describe.output(|| described([instance(A, &Running)])).build();
        let job = wait_ten_seconds_apart(&describe).await;
        assert_eq!((failure(&job, A), warnings(&job).len()), (String::new(), 1), "{number}: {:#?}", job.lines());
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_comes_and_goes_is_reported_once() {
    let job = wait_ten_seconds_apart(&answers_in_turn(&[
        Some(undocumented),
        None,
        Some(undocumented),
        None,
        Some(undocumented),
    ]))
    .await;
    assert_eq!((failure(&job, A), warnings(&job).len()), (String::new(), 1), "{:#?}", job.lines());
}

#[tokio::test(start_paused = true)]
async fn a_timeout_without_a_successful_poll_reports_the_failure() {
    let describe = mock!(Client::describe_instances).then_http_response(throttled);
    let job = Job::new(&[&describe]);
    wait(&job, &[A], RUNNING).await;
    let failed = failure(&job, A);
    let expected = "timed out after 1m: the state of i-0000000a is still unknown; the last poll failed: looking up \
                    i-0000000a: Request limit";
    assert!(failed.starts_with(expected), "{failed}");
    assert_eq!(job.cx.journal().instance(&id(A)).error.unwrap().kind(), ErrorKind::WaitExpired);
}

#[tokio::test(start_paused = true)]
async fn throttled_status_checks_do_not_end_the_wait() {
    let describe = describes_states(A, &[Running]);
    let status = mock!(Client::describe_instance_status)
        .sequence()
        .http_response(throttled)
        .times(3)
        .output(|| checked([A], &SummaryStatus::Ok))
        .build();
    let job = Job::new(&[&describe, &status]);
    wait(&job, &[A], STATUS_OK).await;
    assert_eq!(failure(&job, A), "");
    job.assert_reported("describing status checks of i-0000000a: Request limit exceeded.");
}

#[tokio::test(start_paused = true)]
async fn a_termination_is_noticed_while_status_checks_cannot_be_read() {
    let describe = mock!(Client::describe_instances).then_compute_output(|request: &DescribeInstancesInput| {
        described(request.instance_ids().iter().map(|id| instance(id, if id == A { &Terminated } else { &Running })))
    });
    let status = mock!(Client::describe_instance_status).then_http_response(undocumented);
    let job = Job::new(&[&describe, &status]);
    wait(&job, &[A, B], STATUS_OK).await;
    assert_eq!(job.cx.journal().instance(&id(A)).error.unwrap().kind(), ErrorKind::UnexpectedState);
    assert!(failure(&job, B).starts_with("timed out after 1m: i-0000000b is still `running`"), "{}", failure(&job, B));
}

#[tokio::test(start_paused = true)]
async fn permission_denied_twice_in_a_row_ends_the_wait() {
    let describe = answers_in_turn(&[Some(denied), Some(denied)]);
    let job = wait_ten_seconds_apart(&describe).await;
    let error = job.cx.journal().verdict("starting", "started", "unchanged").unwrap_err();
    assert_eq!((error.kind(), describe.num_calls()), (ErrorKind::PermissionDenied, 2));
    assert!(error.to_string().starts_with("looking up i-0000000a: You may not"), "{error}");
    job.assert_reported("warning: looking up i-0000000a: You may not");
}

#[tokio::test(start_paused = true)]
async fn an_occasional_permission_denied_does_not_end_the_wait() {
    let job =
        wait_ten_seconds_apart(&answers_in_turn(&[Some(denied), None, Some(denied), Some(undocumented), Some(denied)]))
            .await;
    assert_eq!(failure(&job, A), "");
}

#[tokio::test(start_paused = true)]
async fn credentials_refused_for_thirty_seconds_end_the_wait() {
    let describe = answers_in_turn(&[BAD_KEYS; 4]);
    let job = wait_ten_seconds_apart(&describe).await;
    assert_eq!(job.cx.journal().instance(&id(A)).error.unwrap().kind(), ErrorKind::PermissionDenied);
    assert_eq!(describe.num_calls(), 4, "polls at 0, 10, 20 and 30 seconds");
    assert!(failure(&job, A).starts_with("looking up i-0000000a: Bad key"), "{}", failure(&job, A));
}

#[tokio::test(start_paused = true)]
async fn credentials_refused_for_less_do_not_end_the_wait() {
    let (bad, good) = (BAD_KEYS, None);
    let job = wait_ten_seconds_apart(&answers_in_turn(&[bad, bad, bad, good, bad, bad, bad])).await;
    assert_eq!(failure(&job, A), "");
}
