//! Reading status checks, with unknown ids.

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;

use super::super::status_checks::read_in_hundreds;
use super::*;

#[test]
fn only_two_passed_checks_are_ok() {
    let summary = |status: &SummaryStatus| InstanceStatusSummary::builder().status(status.clone()).build();
    let both = |a: SummaryStatus, b: SummaryStatus| {
        both_checks(&InstanceStatus::builder().instance_status(summary(&a)).system_status(summary(&b)).build())
    };
    use SummaryStatus::{Impaired, Initializing, InsufficientData, NotApplicable, Ok};
    assert_eq!(both(Ok, Ok), Ok);
    assert_eq!(both(Ok, Initializing), Initializing);
    assert_eq!(both(Initializing, Impaired), Impaired);
    assert_eq!(both(InsufficientData, Ok), InsufficientData);
    assert_eq!(both(Ok, NotApplicable), NotApplicable);
    assert_eq!(both_checks(&InstanceStatus::builder().build()), InsufficientData);
}

/// Rules for DescribeInstanceStatus that refuse every request with an unknown id.
fn checks_without(unknown_ids: &'static [&'static str]) -> [Rule; 2] {
    let names_unknown = |request: &DescribeInstanceStatusInput| {
        request.instance_ids().iter().any(|id| unknown_ids.contains(&id.as_str()))
    };
    let refused = mock!(Client::describe_instance_status).match_requests(names_unknown).then_http_response(unknown);
    let answered = mock!(Client::describe_instance_status)
        .match_requests(move |request| !names_unknown(request))
        .then_compute_output(|request| checked_as_requested(request, &SummaryStatus::Ok));
    [refused, answered]
}

#[tokio::test(start_paused = true)]
async fn five_requests_of_a_hundred_ids_are_under_way_at_a_time() {
    let ids: Vec<InstanceId> = (0..10_000).map(|n| id(&format!("i-{n:08x}"))).collect();
    let (calls, under_way, most) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let read = async |ids: Vec<InstanceId>| {
        assert_eq!(ids.len(), 100);
        let call = calls.fetch_add(1, Relaxed);
        most.fetch_max(under_way.fetch_add(1, Relaxed) + 1, Relaxed);
        tokio::time::sleep(Duration::from_millis(if call.is_multiple_of(2) { 900 } else { 100 })).await;
        under_way.fetch_sub(1, Relaxed);
        Ok(ids.into_iter().map(|id| (id, SummaryStatus::Ok)).collect())
    };
    let checks = read_in_hundreds(&ids, |ids| read(ids.to_vec())).await.unwrap();
    assert_eq!((checks.len(), calls.into_inner(), most.into_inner()), (10_000, 100, 5));
}

#[tokio::test(start_paused = true)]
async fn the_first_request_that_fails_is_reported_whichever_failed_first() {
    let ids: Vec<InstanceId> = (0..1_000).map(|n| id(&format!("i-{n:08x}"))).collect();
    let calls = AtomicUsize::new(0);
    let read = async |first: String| {
        let call = calls.fetch_add(1, Relaxed) as u64;
        tokio::time::sleep(Duration::from_secs(10 - call)).await;
        Err(Error::new(ErrorKind::Unavailable, first))
    };
    let error = read_in_hundreds(&ids, |ids| read(ids[0].to_string())).await.unwrap_err();
    assert_eq!((error.message(), calls.into_inner()), ("i-00000000", 5));
}

#[tokio::test(start_paused = true)]
async fn the_status_checks_of_ten_thousand_instances_cost_a_hundred_calls() {
    let status = mock!(Client::describe_instance_status)
        .then_compute_output(|request| checked_as_requested(request, &SummaryStatus::Ok));
    let ids: Vec<InstanceId> = (0..10_000).map(|n| id(&format!("i-{n:08x}"))).collect();
    let checks = status_checks(&Job::new(&[&status]).cx, &ids).await.unwrap();
    assert_eq!((checks.len(), status.num_calls()), (10_000, 100));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_id_does_not_hide_the_others_of_its_batch() {
    let ids: Vec<InstanceId> = (0..250).map(|n| id(&format!("i-{n:08x}"))).collect();
    let lost = ["i-00000007", "i-000000f9"];
    let [refused, answered] = checks_without(&["i-00000007", "i-000000f9"]);
    let checks = status_checks(&Job::new(&[&refused, &answered]).cx, &ids).await.unwrap();
    let found = ids.iter().filter(|id| checks.contains_key(id)).count();
    assert_eq!((checks.len(), found), (248, 248));
    assert!(lost.iter().all(|lost| !checks.contains_key(&id(lost))));
    assert!(refused.num_calls() + answered.num_calls() <= 3 + 2 * (7 + 6), "each is found by halving");
}

#[tokio::test(start_paused = true)]
async fn status_checks_of_unknown_ids_are_empty() {
    let [refused, answered] = checks_without(&[A, B]);
    let checks = status_checks(&Job::new(&[&refused, &answered]).cx, &[id(A), id(B)]).await.unwrap();
    assert_eq!((checks.len(), refused.num_calls()), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_for_the_others_while_the_checks_do_not_know_one() {
    let describe = mock!(Client::describe_instances).then_compute_output(|request: &DescribeInstancesInput| {
        described(request.instance_ids().iter().map(|id| instance(id, &Running)))
    });
    let [refused, answered] = checks_without(&[B]);
    let job = Job::new(&[&describe, &refused, &answered]);
    wait(&job, &[A, B], STATUS_OK).await;
    assert_eq!(failure(&job, A), "");
    assert_eq!(answered.num_calls(), 1, "A is ready at the first poll");
    assert_eq!(job.cx.journal().instance(&id(B)).error.unwrap().kind(), ErrorKind::WaitExpired);
}

#[tokio::test(start_paused = true)]
async fn status_checks_that_do_not_know_a_fresh_instance_yet_are_waited_for() {
    let describe = describes_states(A, &[Running]);
    let polls = mock!(Client::describe_instance_status).sequence().http_response(unknown);
    let status = polls.output(|| checked([A], &SummaryStatus::Ok)).build();
    let job = Job::new(&[&describe, &status]);
    wait(&job, &[A], STATUS_OK).await;
    assert_eq!((failure(&job, A), status.num_calls()), (String::new(), 2));
}

#[tokio::test(start_paused = true)]
async fn status_checks_of_a_region_are_read_to_the_last_page() {
    let page = |token: Option<&'static str>, id: &'static str, next: Option<&'static str>| {
        mock!(Client::describe_instance_status)
            .match_requests(move |request| request.next_token() == token && request.max_results() == Some(1000))
            .then_output(move || {
                let mut page = checked([id], &SummaryStatus::Ok);
                page.next_token = next.map(str::to_owned);
                page
            })
    };
    let job = Job::new(&[&page(None, A, Some("more")), &page(Some("more"), B, None)]);
    let checks = all_status_checks(&job.cx).await.unwrap();
    assert_eq!(checks, HashMap::from([A, B].map(|text| (id(text), SummaryStatus::Ok))));
}

#[tokio::test(start_paused = true)]
async fn refused_status_checks_are_reported() {
    let status = mock!(Client::describe_instance_status).then_http_response(|| refusal("AuthFailure", "Bad key"));
    let error = all_status_checks(&Job::new(&[&status]).cx).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.to_string().starts_with("describing status checks in the region: Bad key"), "{error}");
}
