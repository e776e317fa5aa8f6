//! Finding instances, and the forms of ids and names.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_instances::DescribeInstancesInput;
use aws_sdk_ec2::types::{InstanceState, StateReason};

use super::*;
use crate::sample::{filter_values, ids, named};
use crate::testing::{Job, described, mock, refusal};

const A: &str = "i-0000000a";
const B: &str = "i-0000000b";
const C: &str = "i-0000000c";

fn many(count: usize) -> Vec<InstanceId> {
    (0..count).map(|n| InstanceId::from_ec2(&format!("i-{n:08x}"))).collect()
}

#[test]
fn instance_ids_have_the_form_of_ec2() {
    for good in ["i-0123abcd", "i-0123456789abcdef0"] {
        assert_eq!(InstanceId::parse(good).unwrap().as_str(), good);
    }
    for bad in ["", "i-", "i-0123", "i-0123ABCD", "i-0123456789abcdefg", "x-0123abcd", "i-0123abcd ", "web"] {
        assert!(InstanceId::parse(bad).unwrap_err().contains("instance id"), "{bad}");
    }
}

#[test]
fn names_are_not_blank_and_not_too_long() {
    assert!(TagName::parse("  \t").unwrap_err().contains("blank"));
    assert!(TagName::parse(&"x".repeat(257)).unwrap_err().contains("256"));
    for good in [" web * ", &"\u{fc}".repeat(256)] {
        assert_eq!(TagName::parse(good).unwrap().as_str(), good);
    }
}

#[test]
fn long_lists_are_truncated_in_messages() {
    let ids = ids(&["i-0", "i-1", "i-2", "i-3", "i-4", "i-5", "i-6"]);
    assert_eq!(list_of(&ids[..2]), "i-0, i-1");
    assert_eq!(list_of(&ids), "i-0, i-1, i-2, i-3, i-4 and 2 more");
}

#[test]
fn empty_values_are_none() {
    let state = InstanceState::builder().name(InstanceStateName::Stopped).build();
    let bare = aws_sdk_ec2::types::Instance::builder().instance_id(A).state(state);
    let seen = Instance::from_ec2(&bare.clone().public_dns_name("").state_transition_reason("").build()).unwrap();
    assert_eq!((seen.name, seen.public_dns, seen.state_reason, seen.launch_index), (None, None, None, 0));

    let with_reason = bare.clone().state_transition_reason("User initiated");
    assert_eq!(
        Instance::from_ec2(&with_reason.clone().build()).unwrap().state_reason.as_deref(),
        Some("User initiated")
    );
    let with_reason = with_reason.state_reason(StateReason::builder().code("x").message("x: the key is gone").build());
    assert_eq!(Instance::from_ec2(&with_reason.build()).unwrap().state_reason.as_deref(), Some("x: the key is gone"));

    let stateless = Instance::from_ec2(&aws_sdk_ec2::types::Instance::builder().instance_id(A).build()).unwrap_err();
    assert_eq!(stateless.kind(), ErrorKind::Unavailable);
    assert!(stateless.message().starts_with("the response was incomplete: "), "{stateless}");
}

#[tokio::test(start_paused = true)]
async fn only_the_exact_name_is_found() {
    for (name, pattern) in [("web", "web"), ("web*", "web*"), ("we?b", "we?b"), (r"a\b", "a?b"), ("WEB ", "WEB ")] {
        let describe = mock!(Client::describe_instances)
            .match_requests(move |request| {
                filter_values(request, "tag:Name") == [pattern]
                    && filter_values(request, "instance-state-name") == ["pending", "running", "stopping", "stopped"]
                    && request.max_results() == Some(1000)
                    && request.instance_ids().is_empty()
            })
            .then_output(move || {
                let others = ["web1", "we1b", "web", "web*", "we?b", r"a\b", "axb", "WEB "].map(|name| named(A, name));
                described(others.into_iter().chain([named(C, name), named(B, name)]))
            });
        let job = Job::new(&[&describe]);
        let found = find_by_name(&job.cx, &TagName::parse(name).unwrap(), ALIVE).await.unwrap();
        let found: Vec<_> = found.iter().map(|instance| (instance.id.as_str(), instance.name.as_deref())).collect();
        assert_eq!(found, [A, B, C].map(|id| (id, Some(name))), "sorted, and nothing else than {name}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_page_is_read() {
    let page = |id: &'static str, next: Option<&'static str>| {
        mock!(Client::describe_instances)
            .match_requests(move |request| request.next_token() == if id == A { None } else { Some("more") })
            .then_output(move || {
                let mut page = described([named(id, "web")]);
                page.next_token = next.map(str::to_owned);
                page
            })
    };
    let job = Job::new(&[&page(A, Some("more")), &page(B, None)]);
    let found = find_all(&job.cx, &[InstanceStateName::Running]).await.unwrap();
    assert_eq!(found.iter().map(|instance| instance.id.as_str()).collect::<Vec<_>>(), [A, B]);
}

#[tokio::test(start_paused = true)]
async fn ids_are_looked_up_a_thousand_at_a_time() {
    let describe = mock!(Client::describe_instances).then_compute_output(|request: &DescribeInstancesInput| {
        assert!(request.filters().is_empty() && request.max_results().is_none(), "{request:?}");
        described(request.instance_ids().iter().map(|id| named(id, "web")))
    });
    let job = Job::new(&[&describe]);
    assert_eq!(find_by_ids(&job.cx, &many(1001)).await.unwrap().len(), 1001);
    assert_eq!(describe.num_calls(), 2);
    assert!(find_by_ids(&job.cx, &[]).await.unwrap().is_empty(), "no ids are not all instances");
    assert_eq!(describe.num_calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_failed_read_names_the_instances() {
    let describe = mock!(Client::describe_instances).then_http_response(|| refusal("UnauthorizedOperation", "no"));
    let job = Job::new(&[&describe]);
    let name = TagName::parse("web").unwrap();
    for (error, action) in [
        (find_by_name(&job.cx, &name, ALIVE).await.unwrap_err(), "looking up instances named `web`: "),
        (find_all(&job.cx, ALIVE).await.unwrap_err(), "looking up all instances in the region: "),
        (find_by_ids(&job.cx, &ids(&[A])).await.unwrap_err(), "looking up i-0000000a: "),
    ] {
        assert!(error.to_string().starts_with(action), "{error}");
    }
}
