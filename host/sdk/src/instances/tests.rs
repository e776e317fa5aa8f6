//! Instances: forms of ids and names, finding, selecting, and asking a change of many at once.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_instances::DescribeInstancesInput;
use aws_sdk_ec2::types::{InstanceState, StateReason, Tag};

use super::*;
use crate::sample::inputs;
use crate::testing::{Job, described, instance, mock, refusal};

const A: &str = "i-0000000a";
const B: &str = "i-0000000b";
const C: &str = "i-0000000c";

fn ids(texts: &[&str]) -> Vec<InstanceId> {
    texts.iter().map(|text| InstanceId::from_ec2(text)).collect()
}

fn many(count: usize) -> Vec<InstanceId> {
    (0..count).map(|n| InstanceId::from_ec2(&format!("i-{n:08x}"))).collect()
}

fn named(id: &str, name: &str) -> aws_sdk_ec2::types::Instance {
    let mut instance = instance(id, &InstanceStateName::Running);
    instance.tags = Some(vec![Tag::builder().key("Name").value(name).build()]);
    instance
}

/// The values of a filter of a request.
fn filter_values<'a>(request: &'a DescribeInstancesInput, name: &str) -> &'a [String] {
    request.filters().iter().find(|filter| filter.name() == Some(name)).map(Filter::values).unwrap_or_default()
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
fn long_lists_are_cut_in_messages() {
    let ids = ids(&["i-0", "i-1", "i-2", "i-3", "i-4", "i-5", "i-6"]);
    assert_eq!(list_of(&ids[..2]), "i-0, i-1");
    assert_eq!(list_of(&ids), "i-0, i-1, i-2, i-3, i-4 and 2 more");
}

#[test]
fn what_ec2_leaves_empty_is_unknown() {
    let state = InstanceState::builder().name(InstanceStateName::Stopped).build();
    let bare = aws_sdk_ec2::types::Instance::builder().instance_id(A).state(state);
    let seen = Instance::from_ec2(&bare.clone().public_dns_name("").state_transition_reason("").build()).unwrap();
    assert_eq!((seen.name, seen.public_dns, seen.state_reason, seen.launch_index), (None, None, None, 0));

    let told = bare.clone().state_transition_reason("User initiated");
    assert_eq!(Instance::from_ec2(&told.clone().build()).unwrap().state_reason.as_deref(), Some("User initiated"));
    let told = told.state_reason(StateReason::builder().code("x").message("x: the key is gone").build());
    assert_eq!(Instance::from_ec2(&told.build()).unwrap().state_reason.as_deref(), Some("x: the key is gone"));

    let stateless = Instance::from_ec2(&aws_sdk_ec2::types::Instance::builder().instance_id(A).build()).unwrap_err();
    assert_eq!(stateless.kind(), ErrorKind::Unavailable);
    assert!(stateless.message().starts_with("the answer was incomplete: "), "{stateless}");
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
async fn a_failed_look_says_what_was_looked_for() {
    let describe = mock!(Client::describe_instances).then_http_response(|| refusal("UnauthorizedOperation", "no"));
    let job = Job::new(&[&describe]);
    let name = TagName::parse("web").unwrap();
    for (error, action) in [
        (find_by_name(&job.cx, &name, ALIVE).await.unwrap_err(), "looking up instances named `web`: "),
        (find_all(&job.cx, ALIVE).await.unwrap_err(), "looking up all instances of the region: "),
        (find_by_ids(&job.cx, &ids(&[A])).await.unwrap_err(), "looking up i-0000000a: "),
    ] {
        assert!(error.to_string().starts_with(action), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn ids_are_taken_once_in_their_order_and_looked_at_by_one_call() {
    let inputs = inputs(&[("instance-id", "i-0000000b, i-0000000a"), ("instance-id", B)]);
    let selection = Selection::from_inputs(&inputs).unwrap();
    let describe = mock!(Client::describe_instances)
        .match_requests(|request| request.instance_ids() == [B, A])
        .then_output(|| described([named(A, "web"), named(B, "web")]));
    let job = Job::new(&[&describe]);
    assert_eq!(selection.find(&job.cx, &inputs).await.unwrap(), ids(&[B, A]));
    let entries = job.cx.journal().instances();
    let before: Vec<_> = entries.iter().map(|entry| (entry.id.as_str(), entry.previous_state.as_deref())).collect();
    assert_eq!(before, [(B, Some("running")), (A, Some("running"))]);
    assert_eq!(describe.num_calls(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_id_that_is_not_shown_yet_is_kept() {
    let inputs = inputs(&[("instance-id", "i-0000000b, i-0000000a")]);
    let selection = Selection::from_inputs(&inputs).unwrap();
    let by_ids = mock!(Client::describe_instances)
        .match_requests(|request| !request.instance_ids().is_empty())
        .then_http_response(|| refusal("InvalidInstanceID.NotFound", "No"));
    let by_filter = mock!(Client::describe_instances)
        .match_requests(|request| !request.filters().is_empty())
        .then_output(|| described([named(A, "web")]));
    let job = Job::new(&[&by_ids, &by_filter]);
    assert_eq!(selection.find(&job.cx, &inputs).await.unwrap(), ids(&[B, A]));
    let states: Vec<_> = job.cx.journal().instances().into_iter().map(|entry| entry.state).collect();
    assert_eq!(states, [None, Some("running".to_owned())]);
}

#[tokio::test(start_paused = true)]
async fn an_ec2_that_cannot_be_asked_before_ends_the_job() {
    let inputs = inputs(&[("instance-id", B)]);
    let describe = mock!(Client::describe_instances).then_http_response(|| refusal("RequestLimitExceeded", "No"));
    let job = Job::new(&[&describe]);
    let error = Selection::from_inputs(&inputs).unwrap().find(&job.cx, &inputs).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn the_name_wins_over_ids_and_says_so() {
    let describe = mock!(Client::describe_instances).then_output(|| described([named(A, "web")]));
    let job = Job::new(&[&describe]);
    let inputs = inputs(&[("instance-id", B), ("tag-name", "web")]);
    let found = Selection::from_inputs(&inputs).unwrap().find(&job.cx, &inputs).await.unwrap();
    assert_eq!(found, ids(&[A]));
    assert_eq!(
        job.lines(),
        ["the instance ids are ignored, because --tag-name is given too", "1 instance named `web` found"]
    );
    let entry = job.cx.journal().instance(&found[0]);
    assert_eq!((entry.name.as_deref(), entry.state.as_deref()), (Some("web"), Some("running")));
}

#[test]
fn neither_name_nor_ids_never_means_all() {
    for nothing in [&[][..], &[("instance-id", " , ")]] {
        let error = Selection::from_inputs(&inputs(nothing)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(error.to_string(), "selecting instances: neither --tag-name nor --instance-id is given");
    }
}

#[test]
fn nothing_found_is_a_failure_unless_allowed() {
    let (job, name) = (Job::new(&[]), Selection::Name(TagName::parse("web").unwrap()));
    let error = name.nothing_found(&job.cx, &inputs(&[])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.message(), "no instance named `web` that is pending, running, stopping or stopped");
    assert!(error.hint_text().unwrap().contains("--allow-none"), "{error:?}");
    let outcome = name.nothing_found(&job.cx, &inputs(&[("allow-none", "true")])).unwrap();
    assert!(outcome.message.ends_with("nothing to do"), "{outcome:?}");
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_looks_whether_the_ids_exist_and_goes_on_with_those_that_do() {
    let describe = mock!(Client::describe_instances)
        .match_requests(|request| filter_values(request, "instance-id") == [A, B])
        .then_output(|| described([named(A, "web")]));
    let job = Job::dry_run(&[&describe]);
    let inputs = inputs(&[("instance-id", A), ("instance-id", B)]);
    let selection = Selection::from_inputs(&inputs).unwrap();
    assert_eq!(selection.find(&job.cx, &inputs).await.unwrap(), ids(&[A]));
    let missing = job.cx.journal().instance(&InstanceId::from_ec2(B)).error.unwrap();
    assert_eq!(missing.to_string(), "looking up i-0000000b: EC2 knows no such instance");
    assert_eq!(selection.nothing_found(&job.cx, &inputs).unwrap_err().kind(), ErrorKind::Partial);
}
