//! Actions whose answer names no instance, and which EC2 ignores in some states.

use InstanceStateName::{Pending, Running, Stopped, Terminated};

use super::*;

const RESTART: InstanceAction = InstanceAction {
    doing: "restarting",
    verb: "restart",
    done: "restarted",
    already: &[],
    ignored_in: &[InstanceStateName::ShuttingDown, InstanceStateName::Terminated],
    repeatable: false,
    ..STOP
};

/// Requests the restart of the instances, with these previous states.
async fn restart(job: &Job, before: &[(&str, InstanceStateName)]) {
    let instances: Vec<_> = before.iter().map(|(id, _)| InstanceId::from_ec2(id)).collect();
    look_up_ids(&job.cx, &instances).await.unwrap();
    let call = |ids| {
        let request = job.cx.ec2().reboot_instances().set_instance_ids(Some(ids)).dry_run(job.cx.dry_run());
        async { request.send().await.map(drop) }
    };
    RESTART.request(&job.cx, &WaitArgs::parse(&inputs(&[])).policy(&job.cx), &instances, call).await;
}

fn shown(states: &[(&'static str, InstanceStateName)]) -> Rule {
    let states = states.to_vec();
    mock!(Client::describe_instances).then_output(move || described(states.iter().map(|(id, s)| instance(id, s))))
}

fn accepts() -> Rule {
    mock!(Client::reboot_instances).then_output(|| RebootInstancesOutput::builder().build())
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_ec2_ignores_fails_without_a_request() {
    let before = [(A, Running), (B, Terminated)];
    let only_a = mock!(Client::reboot_instances)
        .match_requests(|request| request.instance_ids() == [A])
        .then_output(|| RebootInstancesOutput::builder().build());
    let job = Job::new(&[&shown(&before), &only_a]);
    restart(&job, &before).await;
    assert_eq!(result_of(&job, A), Some(ResourceResult::Changed));
    let error = error_of(&job, B);
    assert_eq!(error.kind(), ErrorKind::UnexpectedState);
    let message = "restarting i-0000000b: the instance is `terminated`, and EC2 ignores a restart in this state";
    assert_eq!(error.to_string(), message);
}

#[tokio::test(start_paused = true)]
async fn an_instance_that_is_ignored_after_a_transient_state_fails_too() {
    let describe = mock!(Client::describe_instances).sequence().output(|| described([instance(A, &Pending)]));
    let describe = describe.output(|| described([instance(A, &Terminated)])).repeatedly().build();
    let restarts = accepts();
    let job = Job::new(&[&describe, &restarts]);
    restart(&job, &[(A, Pending)]).await;
    assert_eq!((error_of(&job, A).kind(), restarts.num_calls()), (ErrorKind::UnexpectedState, 0));
}

#[tokio::test(start_paused = true)]
async fn an_accepted_instance_that_was_not_described_is_unknown() {
    let refused = mock!(Client::describe_instances).then_http_response(|| refusal("UnauthorizedOperation", "No"));
    let job = Job::new(&[&refused, &accepts()]);
    restart(&job, &[(A, Running)]).await;
    assert_eq!(result_of(&job, A), Some(ResourceResult::Unknown));
    let error = RESTART.verdict(&job.cx, false).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown);
    assert_eq!(
        error.to_string(),
        "restarting i-0000000a: EC2 accepted the request, but the state of the instance is unknown, and EC2 ignores a \
         restart in some states"
    );
    assert!(!job.lines().iter().any(|line| line.contains("unknown whether EC2 accepted")), "{:?}", job.lines());
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_of_an_action_that_is_not_repeatable_is_neither_split_nor_repeated() {
    let before = [(A, Running), (B, Running)];
    let lost = mock!(Client::reboot_instances).then_http_response(|| answer(502, "<html>"));
    let job = Job::new(&[&shown(&before), &lost]);
    restart(&job, &before).await;
    for id in [A, B] {
        assert_eq!(result_of(&job, id), Some(ResourceResult::Unknown));
        assert!(error_of(&job, id).hint_text().unwrap().ends_with("EC2 may already have performed it"));
    }
    assert_eq!(lost.num_calls(), 1, "the AWS SDK repeats nothing either");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_fails_for_states_that_ec2_refuses_or_ignores() {
    let before = [(A, Running), (B, Stopped), (C, Terminated)];
    let dry_run = mock!(Client::reboot_instances)
        .match_requests(|request| request.dry_run() == Some(true))
        .then_http_response(|| refusal("DryRunOperation", "would have succeeded"));
    let job = Job::dry_run(&[&shown(&before), &dry_run]);
    restart(&job, &before).await;
    job.assert_reported("i-0000000a (web): is running, would be restarted");
    assert_eq!(error_of(&job, B).to_string(), "restarting i-0000000b: the instance is `stopped`");
    assert_eq!(error_of(&job, C).kind(), ErrorKind::UnexpectedState);
}
