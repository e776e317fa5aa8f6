//! Requests that EC2 refuses after it has acted on some of their instances.

use super::*;

/// Like `STOP`, where EC2 may act on some instances of a request that it refuses.
const BY_ZONE: InstanceAction = InstanceAction { acts_in_parts: true, ..STOP };

#[tokio::test(start_paused = true)]
async fn those_not_asked_for_alone_are_looked_after_where_ec2_acts_in_parts() {
    // All but the last are protected; the last one was stopped with the first request.
    let instances = many(60);
    let stop = stops(|_| Some("OperationNotPermitted"));
    for (looked, last) in [(true, InstanceResult::Changed), (false, InstanceResult::Unknown)] {
        let describe = mock!(Client::describe_instances).then_compute_response(move |request| {
            if !looked {
                return MockResponse::Http(refusal("UnauthorizedOperation", "No"));
            }
            let state = |id: &String| match id.as_str() {
                "i-0000003b" => instance(id, &InstanceStateName::Stopped),
                _ => instance(id, &InstanceStateName::Running),
            };
            MockResponse::Output(described(request.filters()[0].values().iter().map(state)))
        });
        let job = Job::new(&[&stop, &describe]);
        instances.iter().for_each(|id| job.cx.journal().was(id, "running"));
        ask_for(&BY_ZONE, &job, &instances).await;
        assert_eq!(result_of(&job, "i-0000003b"), Some(last));
        let other = if looked { InstanceResult::Failed } else { InstanceResult::Unknown };
        assert_eq!(result_of(&job, "i-0000003a"), Some(other));
        assert_eq!(result_of(&job, "i-00000000"), Some(InstanceResult::Failed), "it was refused alone");
    }
}
