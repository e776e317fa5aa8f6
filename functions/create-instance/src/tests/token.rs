//! The client token: one for all that is sent, and what becomes of one that was used before.

use std::sync::{Arc, Mutex};

use connector_sdk::testing::answer;

use super::*;

#[tokio::test(start_paused = true)]
async fn a_random_token_is_the_same_in_all_that_one_job_sends_and_differs_between_jobs() {
    let tokens = Arc::new(Mutex::new(Vec::new()));
    let seen = tokens.clone();
    let lost = || answer(503, "<Response><Errors><Error><Code>Unavailable</Code></Error></Errors></Response>");
    let launch = mock!(Client::run_instances)
        .match_requests(move |request| {
            seen.lock().unwrap().push(request.client_token().unwrap().to_owned());
            true
        })
        .sequence()
        .http_response(lost)
        .output(|| launched(&[(0, I0)]))
        .http_response(lost)
        .output(|| launched(&[(0, I1)]))
        .build();
    let key_pair = key_pair_exists();
    let announced = async || {
        let job = Job::new(&[&key_pair, &launch]);
        run(&job, &[]).await.unwrap();
        job.lines()[0].split_once("client token ").unwrap().1.to_owned()
    };
    let [first, second] = [announced().await, announced().await];
    assert_eq!(launch.num_calls(), 4);
    assert_ne!(first, second);
    let mut sent = tokens.lock().unwrap().clone();
    sent.dedup();
    assert_eq!(sent, [first, second]);
}

#[tokio::test]
async fn a_token_that_was_used_before_is_explained() {
    for (code, kind, hint) in [
        (
            "IdempotentParameterMismatch",
            ErrorKind::InvalidInput,
            "client token T was used before for a launch with other",
        ),
        (
            "IdempotentInstanceTerminated",
            ErrorKind::Service,
            "client token T was used before, and its instances are term",
        ),
    ] {
        let launch = mock!(Client::run_instances).then_http_response(move || refusal(code, "No"));
        let error = run(&Job::new(&[&key_pair_exists(), &launch]), &[TOKEN]).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{code}");
        assert!(error.hint_text().unwrap().starts_with(hint), "{error:?}");
        assert_eq!(launch.num_calls(), 1);
    }
}

#[tokio::test]
async fn the_instances_of_an_earlier_launch_with_the_token_are_a_success() {
    let launch = mock!(Client::run_instances)
        .match_requests(|request| request.client_token() == Some("T"))
        .then_output(|| RunInstancesOutput::builder().instances(instance(I0, &InstanceStateName::Running)).build());
    let job = Job::new(&[&key_pair_exists(), &launch]);
    assert_eq!(run(&job, &[TOKEN]).await.unwrap().message, "1 instance launched");
    job.assert_says(&format!("{I0} (web): launched, running"));
}

/// A rule for RunInstances: the answer is lost every time.
fn loses_the_answer() -> Rule {
    mock!(Client::run_instances).then_http_response(|| {
        answer(503, "<Response><Errors><Error><Code>Unavailable</Code></Error></Errors></Response>")
    })
}

#[tokio::test(start_paused = true)]
async fn a_launch_whose_answer_is_lost_is_looked_for_and_found() {
    let (launch, key_pair) = (loses_the_answer(), key_pair_exists());
    let looks = mock!(Client::describe_instances)
        .match_requests(|request| request.filters()[0].values() == ["T"])
        .sequence()
        .output(|| described([]));
    let describe = looks.output(|| described([instance(I0, &InstanceStateName::Running)])).build();
    let job = Job::new(&[&key_pair, &launch, &describe]);
    assert_eq!(run(&job, &[TOKEN]).await.unwrap().message, "1 instance launched");
    job.assert_says("found what was launched with client token T");
    job.assert_says(&format!("{I0} (web): launched, running"));
    assert_eq!(describe.num_calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_launch_that_is_lost_is_told_with_its_token() {
    let (launch, key_pair) = (loses_the_answer(), key_pair_exists());
    let nothing = mock!(Client::describe_instances).then_output(|| described([]));
    let refused = mock!(Client::describe_instances).then_http_response(|| refusal("UnauthorizedOperation", "No"));
    for (describe, looks) in [(&nothing, 3), (&refused, 1)] {
        let rules = [&key_pair, &launch, describe];
        let error = run(&Job::new(&rules), &[TOKEN]).await.unwrap_err();
        assert_eq!((error.kind(), describe.num_calls()), (ErrorKind::Unavailable, looks));
        assert_eq!(
            error.hint_text().unwrap(),
            "EC2 may have launched all the same: look for instances with client token T, or run the job again with \
             `--client-token T`, which launches nothing twice"
        );
        let error = run(&Job::dry_run(&rules), &[TOKEN]).await.unwrap_err();
        assert_eq!((error.kind(), error.hint_text()), (ErrorKind::Unavailable, None));
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_not_understood_is_no_proof_that_nothing_was_launched() {
    for lost in [|| answer(200, "<html>welcome</html>"), || refusal("RequestLimitExceeded", "Slow down")] {
        let launch = mock!(Client::run_instances).then_http_response(lost);
        let describe = mock!(Client::describe_instances)
            .match_requests(|request| request.filters()[0].name() == Some("client-token"))
            .then_output(|| described([instance(I0, &InstanceStateName::Running)]));
        let job = Job::new(&[&key_pair_exists(), &launch, &describe]);
        assert_eq!(run(&job, &[TOKEN]).await.unwrap().message, "1 instance launched");
    }
}
