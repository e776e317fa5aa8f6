//! The fallback to other types and subnets on lack of capacity.

use connector_sdk::ec2::operation::describe_instances::DescribeInstancesOutput;
use connector_sdk::ec2::types::Reservation;

use super::*;

/// Two types and two subnets: four attempts.
const FOUR: &[(&str, &str)] = &[
    TOKEN,
    ("instance-type", "t3.small"),
    ("subnet-id", "subnet-0000000a"),
    ("subnet-id", "subnet-0000000b"),
    ("number", "2"),
];

/// A rule for the attempt with this type and subnet, which must have this token.
macro_rules! attempt {
    ($instance_type:literal, $subnet:literal, $token:literal) => {
        mock!(Client::run_instances).match_requests(|request| {
            let what = request.instance_type().map(|instance_type| instance_type.as_str());
            (what, request.subnet_id(), request.client_token()) == (Some($instance_type), Some($subnet), Some($token))
        })
    };
}

/// DescribeInstances for the launch of an earlier run.
fn earlier(token: Option<&'static str>) -> Rule {
    mock!(Client::describe_instances)
        .match_requests(|request| {
            let [filter] = request.filters() else { return false };
            filter.name() == Some("client-token") && filter.values() == ["T", "T-2", "T-3", "T-4"]
        })
        .then_output(move || {
            let mut instance = instance(I0, &InstanceStateName::Running);
            instance.client_token = token.map(str::to_owned);
            let reservation = Reservation::builder().instances(instance).build();
            DescribeInstancesOutput::builder().reservations(reservation).build()
        })
}

#[tokio::test]
async fn each_type_is_tried_in_each_subnet_with_a_token_of_its_own() {
    let (key_pair, earlier) = (key_pair_exists(), earlier(None));
    let no_room = || refusal("InsufficientInstanceCapacity", "Not enough room");
    let first = attempt!("t3.micro", "subnet-0000000a", "T").then_http_response(no_room);
    let second = attempt!("t3.micro", "subnet-0000000b", "T-2")
        .then_http_response(|| refusal("Unsupported", "Not offered in us-east-1e"));
    let third = attempt!("t3.small", "subnet-0000000a", "T-3").then_output(|| launched(&[(0, I0), (1, I1)]));
    let job = Job::new(&[&key_pair, &earlier, &first, &second, &third]);
    let outcome = job.run(&CreateInstance, &arguments(FOUR)).await.unwrap();
    assert_eq!(outcome.message, "2 instances launched");
    let of = |place: &str| format!("launching 2 instances of ami-0123abcd as {place}");
    assert_eq!(
        job.lines()[..5],
        [
            of("t3.micro in subnet-0000000a, client token T (attempt 1 of 4)"),
            format!(
                "warning: {}: Not enough room (InsufficientInstanceCapacity, request req-1)",
                of("t3.micro in subnet-0000000a")
            ),
            of("t3.micro in subnet-0000000b, client token T-2 (attempt 2 of 4)"),
            format!(
                "warning: {}: Not offered in us-east-1e (Unsupported, request req-1)",
                of("t3.micro in subnet-0000000b")
            ),
            of("t3.small in subnet-0000000a, client token T-3 (attempt 3 of 4)"),
        ]
    );
}

#[tokio::test]
async fn when_no_attempt_has_capacity_the_job_fails_for_that() {
    let (key_pair, earlier) = (key_pair_exists(), earlier(None));
    let launch = mock!(Client::run_instances)
        .sequence()
        .http_response(|| refusal("InsufficientInstanceCapacity", "Not enough room"))
        .times(3)
        .http_response(|| refusal("Unsupported", "Not offered"))
        .build();
    let job = Job::new(&[&key_pair, &earlier, &launch]);
    let error = job.run(&CreateInstance, &arguments(FOUR)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Capacity);
    assert_eq!(
        error.to_string(),
        "launching 2 instances of ami-0123abcd: EC2 has no capacity for any of 4 attempts; the last: launching 2 \
         instances of ami-0123abcd as t3.small in subnet-0000000b: Not offered (Unsupported, request req-1)"
    );
    assert_eq!(launch.num_calls(), 4);
}

#[tokio::test]
async fn another_failure_ends_the_attempts() {
    let (key_pair, earlier) = (key_pair_exists(), earlier(None));
    let launch = mock!(Client::run_instances).then_http_response(|| refusal("UnauthorizedOperation", "No"));
    let job = Job::new(&[&key_pair, &earlier, &launch]);
    let error = job.run(&CreateInstance, &arguments(FOUR)).await.unwrap_err();
    assert_eq!((error.kind(), launch.num_calls()), (ErrorKind::PermissionDenied, 1));
}

#[tokio::test]
async fn a_repeated_job_launches_by_the_same_attempt() {
    let (key_pair, earlier) = (key_pair_exists(), earlier(Some("T-2")));
    let again = attempt!("t3.micro", "subnet-0000000b", "T-2").then_output(|| launched(&[(0, I0), (1, I1)]));
    let job = Job::new(&[&key_pair, &earlier, &again]);
    job.run(&CreateInstance, &arguments(FOUR)).await.unwrap();
    assert_eq!(
        job.lines()[..2],
        [
            "an earlier run launched as t3.micro in subnet-0000000b: only that attempt is repeated",
            "launching 2 instances of ami-0123abcd as t3.micro in subnet-0000000b, client token T-2 (attempt 2 of 4)",
        ]
    );
}

#[tokio::test]
async fn a_failed_look_up_of_an_earlier_launch_launches_nothing() {
    let key_pair = key_pair_exists();
    let refused = mock!(Client::describe_instances).then_http_response(|| refusal("UnauthorizedOperation", "No"));
    let job = Job::new(&[&key_pair, &refused]);
    let error = job.run(&CreateInstance, &arguments(FOUR)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "finding a launch by an earlier run of the job: No (UnauthorizedOperation, request req-1)"
    );
}

#[tokio::test]
async fn spot_instances_stay_spot_instances_in_every_attempt() {
    let key_pair = key_pair_exists();
    let launch = mock!(Client::run_instances)
        .match_requests(|request| {
            let market = request.instance_market_options().and_then(|options| options.market_type());
            market.is_some_and(|market| market.as_str() == "spot")
        })
        .sequence()
        .http_response(|| refusal("InsufficientInstanceCapacity", "Not enough room"))
        .output(|| launched(&[(0, I0)]))
        .build();
    let job = Job::new(&[&key_pair, &launch]);
    run(&job, &[("spot", "true"), ("instance-type", "t3.small")]).await.unwrap();
    assert_eq!(launch.num_calls(), 2);
}

#[tokio::test]
async fn a_dry_run_sends_the_first_attempt_only() {
    let key_pair = key_pair_exists();
    let first = attempt!("t3.micro", "subnet-0000000a", "T")
        .then_http_response(|| refusal("DryRunOperation", "Request would have succeeded"));
    let job = Job::dry_run(&[&key_pair, &first]);
    job.run(&CreateInstance, &arguments(FOUR)).await.unwrap();
    assert_eq!(
        job.lines(),
        ["dry run: launching 2 instances of ami-0123abcd as t3.micro in subnet-0000000a (attempt 1 of 4)"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_restarted_job_begins_with_the_attempt_that_was_sent_last() {
    // EC2 does not return the launch of the second attempt yet, and now has capacity for the first type.
    let (key_pair, earlier) = (key_pair_exists(), earlier(None));
    let second = attempt!("t3.micro", "subnet-0000000b", "T-2").then_output(|| launched(&[(0, I0), (1, I1)]));
    let job = Job::new(&[&key_pair, &earlier, &second]);
    job.cx.records().write("T", "T-2").unwrap();
    job.run(&CreateInstance, &arguments(FOUR)).await.unwrap();
    assert_eq!(
        job.lines()[..2],
        [
            "the last attempt of an earlier run on this machine, as t3.micro in subnet-0000000b, is repeated first",
            "launching 2 instances of ami-0123abcd as t3.micro in subnet-0000000b, client token T-2 (attempt 2 of 4)",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn each_attempt_is_recorded_before_it_is_sent() {
    let (key_pair, earlier) = (key_pair_exists(), earlier(None));
    let no_room = || refusal("InsufficientInstanceCapacity", "Not enough room");
    let launch = mock!(Client::run_instances)
        .sequence()
        .http_response(no_room)
        .times(2)
        .output(|| launched(&[(0, I0), (1, I1)]))
        .build();
    let job = Job::new(&[&key_pair, &earlier, &launch]);
    job.run(&CreateInstance, &arguments(FOUR)).await.unwrap();
    assert_eq!(job.cx.records().read("T").unwrap().as_deref(), Some("T-3"));
}

#[tokio::test(start_paused = true)]
async fn after_the_attempt_that_was_sent_last_the_others_follow() {
    let (key_pair, earlier) = (key_pair_exists(), earlier(None));
    let launch =
        mock!(Client::run_instances).then_http_response(|| refusal("InsufficientInstanceCapacity", "Not enough room"));
    let job = Job::new(&[&key_pair, &earlier, &launch]);
    job.cx.records().write("T", "T-3").unwrap();
    job.run(&CreateInstance, &arguments(FOUR)).await.unwrap_err();
    let sent: Vec<_> =
        job.lines().iter().filter_map(|line| Some(line.split_once("client token ")?.1[..3].to_owned())).collect();
    assert_eq!(sent, ["T-3", "T-4", "T (", "T-2"]);
}
