//! The creation of a snapshot against a mocked EC2.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::create_snapshot::CreateSnapshotOutput;
use aws_sdk_ec2::operation::describe_snapshots::DescribeSnapshotsOutput;
use aws_sdk_ec2::types::{Snapshot, SnapshotState};
use aws_smithy_mocks::Rule;

use super::*;
use crate::testing::{Job, answer, mock, refusal};
use crate::wait::{UNTIL_DONE, WaitArgs};

const ID: &str = "snap-0000000a";
const SNAPSHOT: ResourceCreation = ResourceCreation {
    kind: "snapshot",
    states: States { target: &["completed"], transient: &["pending"], failed: &["error"] },
};

async fn run(job: &Job, arguments: &[(&str, &str)]) -> Result<Outcome> {
    let cx = &job.cx;
    let wait = WaitArgs::parse(&crate::testing::parse_arguments(UNTIL_DONE.iter(), &[], arguments).unwrap());
    let request = cx.ec2().create_snapshot().volume_id("vol-0000000a").dry_run(cx.dry_run());
    let create = async { request.send().await.map(|answer| answer.snapshot_id) };
    let describe = |id| async {
        let answer = cx.ec2().describe_snapshots().snapshot_ids(id).send().await?;
        let found = answer.snapshots.and_then(|found| found.into_iter().next());
        Ok(found.and_then(|found| Some(Described { state: found.state?.to_string(), reason: found.state_message })))
    };
    SNAPSHOT.run(cx, &wait, "a snapshot of vol-0000000a", create, describe).await
}

fn creates(id: Option<&'static str>) -> Rule {
    mock!(Client::create_snapshot)
        .then_output(move || CreateSnapshotOutput::builder().set_snapshot_id(id.map(str::to_owned)).build())
}

/// A rule for DescribeSnapshots: these states in turn, and the last of them from then on. `None` is an empty answer.
fn describes(states: &[Option<SnapshotState>]) -> Rule {
    let mut sequence = mock!(Client::describe_snapshots).sequence();
    for state in states {
        let state = state.clone();
        sequence = sequence.output(move || {
            let found = state.clone().map(|state| vec![Snapshot::builder().snapshot_id(ID).state(state).build()]);
            DescribeSnapshotsOutput::builder().set_snapshots(found).build()
        });
    }
    sequence.repeatedly().build()
}

const WAIT: &[(&str, &str)] = &[("wait", "true"), ("wait-timeout", "10m")];

#[tokio::test(start_paused = true)]
async fn a_resource_is_recorded_when_its_id_is_known_and_waited_for() {
    let rules = [creates(Some(ID)), describes(&[None, Some(SnapshotState::Pending), Some(SnapshotState::Completed)])];
    let job = Job::new(&[&rules[0], &rules[1]]);
    assert_eq!(run(&job, WAIT).await.unwrap().message, "1 snapshot created");
    assert_eq!(
        job.lines(),
        [
            "snapshot snap-0000000a: created",
            "waiting for snapshot snap-0000000a, at most 10m",
            "warning: describing snapshot snap-0000000a: not found; the wait continues",
            "snapshot snap-0000000a: pending",
            "snapshot snap-0000000a: completed",
        ]
    );
    let entry = &job.cx.journal().resources()[0];
    assert_eq!((entry.resource.state.as_deref(), entry.result), (Some("completed"), Some(ResourceResult::Changed)));
}

#[tokio::test(start_paused = true)]
async fn a_resource_that_fails_after_its_creation_stays_in_the_journal() {
    let rules = [creates(Some(ID)), describes(&[Some(SnapshotState::Error)])];
    let job = Job::new(&[&rules[0], &rules[1]]);
    let error = run(&job, WAIT).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedState);
    assert_eq!(error.to_string(), "waiting for snapshot snap-0000000a: the state is `error`: AWS gave no reason");
    assert_eq!(job.cx.journal().resources()[0].resource.id, ID);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_an_id_is_an_unknown_outcome() {
    let error = run(&Job::new(&[&creates(None)]), &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown);
    assert_eq!(
        error.to_string(),
        "creating a snapshot of vol-0000000a: the response was incomplete: it has no id of the snapshot"
    );
    assert_eq!(error.hint_text(), Some("check whether there is a new snapshot before you run the job again"));
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_is_an_unknown_outcome_and_the_request_is_sent_once() {
    let lost = mock!(Client::create_snapshot).then_http_response(|| answer(500, ""));
    let error = run(&Job::new(&[&lost]), &[]).await.unwrap_err();
    assert_eq!((error.kind(), lost.num_calls()), (ErrorKind::Unknown, 1));
    assert_eq!(error.hint_text(), Some("check whether there is a new snapshot before you run the job again"));
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_creates_nothing_and_does_not_wait() {
    let dry = mock!(Client::create_snapshot)
        .match_requests(|request| request.dry_run() == Some(true))
        .then_http_response(|| refusal("DryRunOperation", "Request would have succeeded"));
    let job = Job::dry_run(&[&dry]);
    let outcome = run(&job, WAIT).await.unwrap();
    assert_eq!(outcome.message, "creation of a snapshot of vol-0000000a would succeed, nothing changed (dry run)");
    assert!(job.cx.journal().resources().is_empty());
}
