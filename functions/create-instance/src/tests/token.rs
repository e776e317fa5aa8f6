//! The client token: shared by all requests of a job, and tokens that were used before.

use std::sync::{Arc, Mutex};

use connector_sdk::ec2::types;
use connector_sdk::testing::{HttpResponse, answer};

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
            "use a different `--client-token` for each run of the job",
        ),
        (
            "IdempotentInstanceTerminated",
            ErrorKind::Service,
            "use another `--client-token` for another launch: the instances of T are term",
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
    job.assert_reported(&format!("{I0} (web): launched, running"));
}

/// A rule for RunInstances whose answer is always lost.
fn loses_answer() -> Rule {
    mock!(Client::run_instances).then_http_response(lost)
}

fn lost() -> HttpResponse {
    answer(503, "<Response><Errors><Error><Code>Unavailable</Code></Error></Errors></Response>")
}

/// A rule for DescribeInstances by token, with these answers in turn.
fn polls(answers: &[&'static [(&'static str, InstanceStateName)]]) -> Rule {
    let mut polls = mock!(Client::describe_instances)
        .match_requests(|request| {
            let [filter] = request.filters() else { return false };
            filter.name() == Some("client-token") && filter.values() == ["T"]
        })
        .sequence();
    for &seen in answers {
        polls = polls.output(move || {
            described(seen.iter().map(|(id, state)| {
                let mut seen = instance(id, state);
                seen.client_token = Some("T".to_owned());
                seen
            }))
        });
    }
    polls.repeatedly().build()
}

#[tokio::test(start_paused = true)]
async fn a_launch_whose_answer_is_lost_is_repeated_with_its_token() {
    let launch = mock!(Client::run_instances)
        .match_requests(|request| request.client_token() == Some("T"))
        .sequence()
        .http_response(lost)
        .times(3)
        .output(|| launched(&[(0, I0)]))
        .build();
    let job = Job::new(&[&key_pair_exists(), &launch]);
    assert_eq!(run(&job, &[TOKEN]).await.unwrap().message, "1 instance launched");
    assert_eq!(launch.num_calls(), 4);
    job.assert_reported("unknown whether EC2 launched the instances: repeating the request with client token T");
    job.assert_reported(&format!("{I0} (web): launched, pending"));
    assert!(!job.cx.journal().anything_unknown());
}

#[tokio::test(start_paused = true)]
async fn a_launch_whose_answer_stays_lost_is_found_by_its_token() {
    let (launch, key_pair) = (loses_answer(), key_pair_exists());
    let polls = polls(&[&[], &[(I0, InstanceStateName::Running)]]);
    let job = Job::new(&[&key_pair, &launch, &polls]);
    assert_eq!(run(&job, &[TOKEN]).await.unwrap().message, "1 instance launched");
    job.assert_reported(&format!("{I0} (web): launched, running"));
    assert_eq!((launch.num_calls(), polls.num_calls()), (9, 2), "three attempts each time");
}

#[tokio::test(start_paused = true)]
async fn a_launch_that_stays_lost_is_unknown_and_reported_with_its_token() {
    let (launch, key_pair) = (loses_answer(), key_pair_exists());
    let refused = mock!(Client::describe_instances).then_http_response(|| refusal("UnauthorizedOperation", "No"));
    for describe in [&polls(&[&[]]), &refused] {
        let rules = [&key_pair, &launch, describe];
        let job = Job::new(&rules);
        let error = run(&job, &[TOKEN]).await.unwrap_err();
        assert_eq!((error.kind(), describe.num_calls()), (ErrorKind::Unknown, 6));
        assert_eq!(
            error.to_string(),
            "launching 1 instance of ami-0123abcd as t3.micro in subnet-0123abcd, client token T: unknown whether EC2 \
             launched all instances, none found; the first response: EC2 gave no details"
        );
        assert_eq!(
            error.hint_text().unwrap(),
            "check with `GetInstanceStatusByTag --client-token=T` what was launched, and run the job again only with \
             `--client-token=T`, which launches nothing twice"
        );
        assert!(job.cx.journal().anything_unknown() && job.cx.journal().anything_changed());
        let (token, look_up) = job.cx.journal().last_launch().unwrap();
        assert_eq!(
            (token.as_str(), look_up.arguments.join(" ")),
            ("T", "GetInstanceStatusByTag --client-token=T".to_owned())
        );
    }
    let rules = [&key_pair, &launch];
    let error = run(&Job::dry_run(&rules), &[TOKEN]).await.unwrap_err();
    assert_eq!((error.kind(), error.hint_text()), (ErrorKind::Unavailable, None), "a dry run launches nothing");
}

#[tokio::test(start_paused = true)]
async fn fewer_instances_found_than_wanted_are_kept_and_no_success() {
    let polls = polls(&[&[(I0, InstanceStateName::Running)]]);
    let job = Job::new(&[&key_pair_exists(), &loses_answer(), &polls]);
    for more in [&[TOKEN, ("number", "2")][..], &[TOKEN, ("number", "2"), ("min-number", "1")]] {
        let error = run(&job, &[more, &[("id-property", "ID")]].concat()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unknown);
        assert!(error.message().contains(&format!("1 of 2 found: {I0}")), "{error}");
        job.assert_reported(&format!("property ID = {I0}: saved"));
    }
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_found_terminated_is_no_success() {
    let polls = polls(&[&[(I0, InstanceStateName::Terminated)]]);
    let job = Job::new(&[&key_pair_exists(), &loses_answer(), &polls]);
    assert_eq!(run(&job, &[TOKEN]).await.unwrap_err().kind(), ErrorKind::Unknown);
    let entry = &job.cx.journal().instances()[0];
    assert_eq!(entry.error.as_ref().unwrap().to_string(), format!("launching {I0}: the instance is terminated"));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_a_lost_answer_leaves_the_outcome_unknown() {
    let launch = mock!(Client::run_instances)
        .sequence()
        .http_response(lost)
        .http_response(|| refusal("InsufficientInstanceCapacity", "Not enough room"))
        .repeatedly()
        .build();
    let nothing = mock!(Client::describe_instances).then_output(|| described([]));
    let job = Job::new(&[&key_pair_exists(), &launch, &nothing]);
    let error = run(&job, &[("instance-type", "t3.small")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown, "{error}");
    assert!(job.lines().iter().all(|line| !line.contains("as t3.small")), "no other attempt is sent");
}

#[tokio::test(start_paused = true)]
async fn a_lost_launch_that_is_terminated_is_reported() {
    let launch = mock!(Client::run_instances)
        .sequence()
        .http_response(lost)
        .times(3)
        .http_response(|| refusal("IdempotentInstanceTerminated", "Gone"))
        .build();
    let polls = polls(&[&[(I0, InstanceStateName::Terminated)]]);
    let job = Job::new(&[&key_pair_exists(), &launch, &polls]);
    let error = run(&job, &[TOKEN]).await.unwrap_err();
    assert_eq!(error.code(), Some("IdempotentInstanceTerminated"));
    assert_eq!(job.cx.journal().instances().len(), 1, "its id is kept");
}

#[tokio::test(start_paused = true)]
async fn a_refused_launch_launches_nothing_and_is_reported_at_once() {
    for (code, kind, calls) in [
        ("RequestLimitExceeded", ErrorKind::Unavailable, 3),
        ("InvalidLaunchTemplateName.NotFoundException", ErrorKind::NotFound, 1),
        ("SomethingNew", ErrorKind::Service, 1),
    ] {
        let launch = mock!(Client::run_instances).then_http_response(move || refusal(code, "No"));
        let job = Job::new(&[&key_pair_exists(), &launch]);
        let error = run(&job, &[TOKEN]).await.unwrap_err();
        assert_eq!((error.kind(), launch.num_calls()), (kind, calls), "{code}");
        assert!(!job.cx.journal().anything_changed() && !job.cx.journal().anything_unknown());
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_ids_alone_is_a_launch() {
    let launch = mock!(Client::run_instances).then_output(|| {
        let bare = types::Instance::builder().instance_id(I0).build();
        RunInstancesOutput::builder().instances(bare).build()
    });
    let job = Job::new(&[&key_pair_exists(), &launch]);
    assert_eq!(run(&job, &[TOKEN, ("id-property", "ID")]).await.unwrap().message, "1 instance launched");
    job.assert_reported(&format!("{I0}: launched, state unknown"));
    job.assert_reported(&format!("property ID = {I0}: saved"));
}

#[tokio::test(start_paused = true)]
async fn a_launch_with_too_few_ids_in_the_answer_is_repeated() {
    let launch = mock!(Client::run_instances)
        .sequence()
        .output(|| launched(&[(0, I0)]))
        .output(|| launched(&[(0, I0), (1, I1)]))
        .build();
    let job = Job::new(&[&key_pair_exists(), &launch]);
    assert_eq!(run(&job, &[TOKEN, ("number", "2")]).await.unwrap().message, "2 instances launched");
    assert_eq!(job.lines().iter().filter(|line| line.contains(": launched, ")).count(), 2, "each once");
}

#[tokio::test(start_paused = true)]
async fn a_launch_with_a_missing_id_is_repeated_even_where_fewer_are_enough() {
    let cut = || {
        let nameless = types::Instance::builder().ami_launch_index(1).build();
        let whole = instance(I0, &InstanceStateName::Pending);
        RunInstancesOutput::builder().instances(whole).instances(nameless).build()
    };
    let launch = mock!(Client::run_instances).sequence().output(cut).output(|| launched(&[(0, I0), (1, I1)])).build();
    let job = Job::new(&[&key_pair_exists(), &launch]);
    let fewer = [TOKEN, ("number", "2"), ("min-number", "1")];
    assert_eq!(run(&job, &fewer).await.unwrap().message, "2 instances launched");
    job.assert_reported("the response was incomplete: it names 1 of 2 instances");
}

#[tokio::test(start_paused = true)]
async fn a_launch_is_gone_only_by_an_answer_that_follows_no_lost_one() {
    let terminated = || refusal("IdempotentInstanceTerminated", "Gone");
    let launch = mock!(Client::run_instances)
        .sequence()
        .http_response(lost)
        .times(4)
        .http_response(terminated)
        .http_response(terminated)
        .build();
    let polls = polls(&[&[(I0, InstanceStateName::Terminated)]]);
    let job = Job::new(&[&key_pair_exists(), &launch, &polls]);
    let error = run(&job, &[TOKEN]).await.unwrap_err();
    assert_eq!((error.kind(), job.cx.journal().anything_unknown()), (ErrorKind::Service, false));
}
