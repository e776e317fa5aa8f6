//! Requests that EC2 refuses after it has acted on some of their instances.

use super::*;

/// `STOP` as a non-atomic action.
const BY_ZONE: InstanceAction = InstanceAction { non_atomic: true, ..STOP };

#[tokio::test(start_paused = true)]
async fn the_remaining_instances_of_a_non_atomic_action_are_confirmed() {
    // All but the last are protected; the first request stops the last one.
    let instances = many(60);
    let stop = stops(|_| Some("OperationNotPermitted"));
    for (is_allowed, last) in [(true, ResourceResult::Changed), (false, ResourceResult::Unknown)] {
        let describe = mock!(Client::describe_instances).then_compute_response(move |request| {
            if !is_allowed {
                return MockResponse::Http(refusal("UnauthorizedOperation", "No"));
            }
            let state = |id: &String| match id.as_str() {
                "i-0000003b" => instance(id, &InstanceStateName::Stopped),
                _ => instance(id, &InstanceStateName::Running),
            };
            MockResponse::Output(described(request.filters()[0].values().iter().map(state)))
        });
        let job = Job::new(&[&stop, &describe]);
        instances.iter().for_each(|id| job.cx.journal().record_previous_state(id, "running"));
        request_action(&BY_ZONE, &job, &instances).await;
        assert_eq!(result_of(&job, "i-0000003b"), Some(last));
        let other = if is_allowed { ResourceResult::Failed } else { ResourceResult::Unknown };
        assert_eq!(result_of(&job, "i-0000003a"), Some(other));
        assert_eq!(result_of(&job, "i-00000000"), Some(ResourceResult::Failed), "it was refused alone");
    }
}

#[tokio::test(start_paused = true)]
async fn a_refusal_after_a_lost_answer_is_split_like_any_other() {
    let stop = mock!(Client::stop_instances).then_http_response(|| refusal("OperationNotPermitted", "protected"));
    let lost = mock!(Client::stop_instances)
        .match_requests(|request| request.instance_ids().len() == 2)
        .sequence()
        .http_response(|| answer(502, "<html>"))
        .http_response(|| refusal("OperationNotPermitted", "protected"))
        .build();
    let a = mock!(Client::stop_instances)
        .match_requests(|request| request.instance_ids() == [A])
        .then_output(|| stopping(&[A.to_owned()]));
    let describe =
        mock!(Client::describe_instances).then_output(|| described([instance(B, &InstanceStateName::Running)]));
    let job = Job::new(&[&lost, &a, &stop, &describe]);
    ids(&[A, B]).iter().for_each(|id| job.cx.journal().record_previous_state(id, "running"));
    request(&job, &ids(&[A, B])).await;
    assert_eq!(result_of(&job, A), Some(ResourceResult::Changed));
    assert_eq!(result_of(&job, B), Some(ResourceResult::Unknown), "the lost request may have acted on it");
}

#[tokio::test(start_paused = true)]
async fn an_instance_refused_for_its_state_is_described_even_when_the_rest_fails() {
    let stop = mock!(Client::stop_instances).then_compute_response(|request: &StopInstancesInput| {
        match request.instance_ids() {
            [only] if only == B => MockResponse::Http(refusal("AuthFailure", "no")),
            _ => MockResponse::Http(refusal("IncorrectInstanceState", "no")),
        }
    });
    let describe = mock!(Client::describe_instances)
        .match_requests(|request| !request.filters().is_empty())
        .then_output(|| described([instance(A, &InstanceStateName::Stopped)]));
    let job = Job::new(&[&stop, &describe]);
    job.cx.journal().record_previous_state(&ids(&[A])[0], "stopping");
    request(&job, &ids(&[A, B])).await;
    assert_eq!(
        (result_of(&job, A), result_of(&job, B)),
        (Some(ResourceResult::Unchanged), Some(ResourceResult::Failed))
    );
    job.assert_reported("warning: stopping i-0000000b: no (AuthFailure");
}

#[tokio::test(start_paused = true)]
async fn a_spot_state_that_does_not_end_in_time_is_an_expired_wait() {
    let (describe, stop) = (shows(A, &[InstanceStateName::Running]), stops(|_| Some("IncorrectSpotRequestState")));
    let job = Job::new(&[&describe, &stop]);
    request(&job, &ids(&[A])).await;
    let error = error_of(&job, A);
    assert_eq!((error.kind(), error.code()), (ErrorKind::WaitExpired, Some("IncorrectSpotRequestState")));
    assert!(stop.num_calls() > 100, "asked for again for all of the ten minutes");
}

#[tokio::test(start_paused = true)]
async fn the_unknown_outcome_of_a_lost_request_survives_a_failure_after_the_split() {
    let lost = mock!(Client::stop_instances)
        .match_requests(|request| request.instance_ids().len() == 2)
        .sequence()
        .http_response(|| answer(502, "<html>"))
        .http_response(|| refusal("OperationNotPermitted", "protected"))
        .build();
    let later = mock!(Client::stop_instances).then_http_response(|| refusal("AuthFailure", "no"));
    let describe = mock!(Client::describe_instances).then_output(|| {
        described([instance(A, &InstanceStateName::Stopping), instance(B, &InstanceStateName::Running)])
    });
    let job = Job::new(&[&lost, &later, &describe]);
    ids(&[A, B]).iter().for_each(|id| job.cx.journal().record_previous_state(id, "running"));
    request(&job, &ids(&[A, B])).await;
    assert_eq!(
        (result_of(&job, A), result_of(&job, B)),
        (Some(ResourceResult::Changed), Some(ResourceResult::Unknown))
    );
    assert_eq!(STOP.verdict(&job.cx, false).unwrap_err().kind(), ErrorKind::Unknown);
}
