//! Selecting instances by name or by id, and recording their previous states.

use aws_sdk_ec2::Client;

use super::*;
use crate::sample::{filter_values, ids, inputs, named};
use crate::testing::{Job, described, mock, refusal};

const A: &str = "i-0000000a";
const B: &str = "i-0000000b";

#[tokio::test(start_paused = true)]
async fn ids_are_deduplicated_in_order_and_described_by_one_call() {
    let inputs = inputs(&[("instance-id", "i-0000000b, i-0000000a"), ("instance-id", B)]);
    let targets = Targets::parse(&inputs).unwrap();
    let describe = mock!(Client::describe_instances)
        .match_requests(|request| request.instance_ids() == [B, A])
        .then_output(|| described([named(A, "web"), named(B, "web")]));
    let job = Job::new(&[&describe]);
    assert_eq!(targets.find(&job.cx).await.unwrap().ids, ids(&[B, A]));
    let entries = job.cx.journal().instances();
    let before: Vec<_> = entries.iter().map(|entry| (entry.id.as_str(), entry.previous_state.as_deref())).collect();
    assert_eq!(before, [(B, Some("running")), (A, Some("running"))]);
    assert_eq!(describe.num_calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_not_shown_yet_is_kept() {
    let inputs = inputs(&[("instance-id", "i-0000000b, i-0000000a")]);
    let targets = Targets::parse(&inputs).unwrap();
    let by_ids = mock!(Client::describe_instances)
        .match_requests(|request| !request.instance_ids().is_empty())
        .then_http_response(|| refusal("InvalidInstanceID.NotFound", "No"));
    let by_filter = mock!(Client::describe_instances)
        .match_requests(|request| !request.filters().is_empty())
        .then_output(|| described([named(A, "web")]));
    let job = Job::new(&[&by_ids, &by_filter]);
    assert_eq!(targets.find(&job.cx).await.unwrap().ids, ids(&[B, A]));
    let states: Vec<_> = job.cx.journal().instances().into_iter().map(|entry| entry.state).collect();
    assert_eq!(states, [None, Some("running".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn a_failed_description_ends_the_job() {
    let inputs = inputs(&[("instance-id", B)]);
    let describe = mock!(Client::describe_instances).then_http_response(|| refusal("RequestLimitExceeded", "No"));
    let job = Job::new(&[&describe]);
    let error = Targets::parse(&inputs).unwrap().find(&job.cx).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn the_name_takes_precedence_over_ids_with_a_warning() {
    let describe = mock!(Client::describe_instances).then_output(|| described([named(A, "web")]));
    let job = Job::new(&[&describe]);
    let inputs = inputs(&[("instance-id", B), ("tag-name", "web")]);
    let found = Targets::parse(&inputs).unwrap().find(&job.cx).await.unwrap().ids;
    assert_eq!(found, ids(&[A]));
    assert_eq!(
        job.lines(),
        ["the instance ids are ignored, because `--tag-name` is given", "1 instance named `web` found"]
    );
    let entry = job.cx.journal().instance(&found[0]);
    assert_eq!((entry.name.as_deref(), entry.state.as_deref()), (Some("web"), Some("running")));
}

#[test]
fn missing_name_and_ids_never_select_all() {
    let error = Targets::parse(&inputs(&[])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "neither `--tag-name` nor `--instance-id` is given");
}

#[test]
fn nothing_found_is_a_failure_unless_allowed() {
    let job = Job::new(&[]);
    let targets = |more: &[_]| Targets::parse(&inputs(&[&[("tag-name", "web")], more].concat())).unwrap();
    let error = targets(&[]).none_found(&job.cx).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.message(), "no instances named `web` that are pending, running, stopping or stopped");
    assert!(error.hint_text().unwrap().contains("--allow-none"), "{error:?}");
    let outcome = targets(&[("allow-none", "true")]).none_found(&job.cx).unwrap();
    assert!(outcome.message.ends_with("nothing to do"), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_continues_with_the_ids_that_exist() {
    let describe = mock!(Client::describe_instances)
        .match_requests(|request| filter_values(request, "instance-id") == [A, B])
        .then_output(|| described([named(A, "web")]));
    let job = Job::dry_run(&[&describe]);
    let inputs = inputs(&[("instance-id", A), ("instance-id", B)]);
    let targets = Targets::parse(&inputs).unwrap();
    assert_eq!(targets.find(&job.cx).await.unwrap().ids, ids(&[A]));
    let missing = job.cx.journal().instance(&InstanceId::from_ec2(B)).error.unwrap();
    assert_eq!(missing.to_string(), "looking up i-0000000b: instance not found");
    assert_eq!(targets.none_found(&job.cx).unwrap_err().kind(), ErrorKind::Partial);
}
