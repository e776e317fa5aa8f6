//! Tests that a job on twice as many instances takes twice the work, which is counted in allocated bytes.

use allocation_counter::measure;
use aws_sdk_ec2::operation::describe_instance_status::DescribeInstanceStatusInput;
use aws_sdk_ec2::operation::describe_instances::DescribeInstancesInput;
use aws_sdk_ec2::types::SummaryStatus;
use tokio::runtime::Builder;

use super::*;
use crate::testing::checked;
use crate::wait::{Goal, Readiness};

const START: InstanceAction = InstanceAction::new("starting", "start", "started")
    .only_in(&[InstanceStateName::Stopped])
    .already(&[InstanceStateName::Running, InstanceStateName::Pending])
    .repeatable();

/// The states of this many instances that start.
fn rules() -> [Rule; 3] {
    let start = mock!(Client::start_instances).then_compute_response(|request| {
        let change = |id: &String| state_change(id, &InstanceStateName::Stopped, &InstanceStateName::Pending);
        let changes = request.instance_ids().iter().map(change).collect();
        let output = aws_sdk_ec2::operation::start_instances::StartInstancesOutput::builder();
        MockResponse::Output(output.set_starting_instances(Some(changes)).build())
    });
    let describe = mock!(Client::describe_instances).then_compute_response(|request: &DescribeInstancesInput| {
        let running = |id: &String| instance(id, &InstanceStateName::Running);
        MockResponse::Output(described(request.instance_ids().iter().map(running)))
    });
    let checks =
        mock!(Client::describe_instance_status).then_compute_response(|request: &DescribeInstanceStatusInput| {
            MockResponse::Output(checked(request.instance_ids().iter().map(String::as_str), &SummaryStatus::Ok))
        });
    [start, describe, checks]
}

/// The bytes that a start with a wait and a property for each id allocates.
fn work(instances: usize) -> u64 {
    let ids: Vec<_> = many(instances).iter().map(InstanceId::to_string).collect();
    let given: Vec<_> = ids.iter().map(|id| ("instance-id", id.as_str())).collect();
    let given = [&given[..], &[("wait", "true"), ("id-property", "ID")]].concat();
    let runtime = Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let rules = rules();
    let counted = measure(|| {
        runtime.block_on(async {
            let inputs = inputs(&given);
            let args = InstanceArgs::parse(&inputs).unwrap().with_properties(&inputs).unwrap();
            let job = Job::new(&rules.each_ref());
            let call = |ids| {
                let request = job.cx.ec2().start_instances().set_instance_ids(Some(ids));
                async { request.send().await.map(|answer| answer.starting_instances) }
            };
            let outcome = START.run(&job.cx, &args, Goal::Ready(Readiness::StatusOk), call).await.unwrap();
            assert_eq!(outcome.message, format!("{instances} instances started"));
            assert_eq!(job.cx.journal().properties().len(), instances);
        });
    });
    counted.bytes_total
}

#[test]
fn a_job_is_linear_in_the_number_of_instances() {
    work(1_000); // what is allocated once for all jobs
    let [once, twice] = [2_000, 4_000].map(work);
    assert!(twice * 10 <= once * 23, "{once} bytes, then {twice}");
}
