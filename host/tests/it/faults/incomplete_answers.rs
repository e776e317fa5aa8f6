//! Tests of incomplete responses: truncated with any framing, empty, of another type, or with cyclic pages.
//!
//! Every read-only function ends with 9, and recovers from a single such response.

use std::collections::BTreeSet;

use super::stage::Stage;
use crate::fault_layer::answer::{Answer, empty, html_page, other, success};
use crate::fault_layer::cut::{Cut, at_byte, before};
use crate::fault_layer::view::next_page;
use crate::fault_layer::{FaultLayer, RuleBuilder};
use crate::support::{Finished, functions};

/// Separate from the instances of other tests.
const REGION: &str = "eu-north-1";

/// EC2 actions without pages (AWS API reference).
const WITHOUT_PAGES: [&str; 6] = [
    "DescribeAvailabilityZones",
    "DescribeKeyPairs",
    "DescribePlacementGroups",
    "DescribeRegions",
    "GetConsoleOutput",
    "GetPasswordData",
];

/// Runs a job again, with another layer that `prepare` configures.
fn run(stage: &Stage, line: &[&str], prepare: impl FnOnce(&FaultLayer)) -> Finished {
    let stage = stage.again();
    prepare(&stage.job.layer);
    let finished = stage.job.program.run(line);
    assert!(stage.job.layer.unfired().is_empty(), "{line:?} {finished:#?}");
    finished
}

/// Runs the first successful example of every read-only function again with a fault at each of its actions. `judge`
/// gets the action and the run.
fn for_each_read(add: impl Fn(RuleBuilder<'_>), judge: impl Fn(&str, Finished)) {
    let stage = Stage::new(REGION, Some("running"));
    for function in functions().iter().filter(|function| !function.changes_resources) {
        let mut wholes = function.examples.iter().map(|example| (example, stage.again()));
        let succeeded = wholes.find(|(example, whole)| whole.run(function, example, &[]).code == 0);
        let (example, whole) = succeeded.unwrap_or_else(|| panic!("no example of {} succeeds", function.name));
        let line = stage.line(function, example);
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        for action in whole.job.layer.actions().into_iter().collect::<BTreeSet<_>>() {
            judge(&action, run(&stage, &line, |layer| add(layer.on(&action))));
        }
    }
}

#[test]
fn a_read_that_is_always_cut_is_incomplete_in_every_framing() {
    let cuts: [fn() -> Cut; 4] =
        [|| at_byte(0), || at_byte(150), || at_byte(70).chunked(), || before("</", 2).until_close()];
    for cut in cuts {
        for_each_read(
            |rule| rule.cut_body(cut()),
            |_, finished| drop(finished.expect_code(9).expect_stderr("the response was incomplete (HTTP status 200, ")),
        );
    }
}

#[test]
fn a_read_with_an_answer_of_another_kind_is_no_result() {
    let others: [fn() -> Answer; 3] =
        [|| html_page(200), || success("DescribeNothing", ""), || other(200, "application/json", "{}")];
    for answer in others {
        for_each_read(
            |rule| rule.answer_after(answer()),
            |_, finished| drop(finished.expect_code(9).expect_stderr("a response that is not from EC2")),
        );
    }
    for_each_read(
        |rule| rule.answer_after(empty()),
        |_, finished| {
            drop(finished.expect_code(9).expect_stderr("the response was incomplete (HTTP status 200, 0 bytes)"))
        },
    );
}

#[test]
fn one_incomplete_response_is_retried() {
    for_each_read(|rule| rule.call(1).cut_body(at_byte(100)), |_, finished| drop(finished.expect_code(0)));
}

#[test]
fn cyclic_pages_are_an_error() {
    for_each_read(
        |rule| rule.show(next_page("again")),
        |action, finished| match action {
            _ if WITHOUT_PAGES.contains(&action) => drop(finished.expect_code(0)),
            _ => drop(finished.expect_code(9).expect_stderr("the response does not end: page 2 points back")),
        },
    );
}

/// A description of instances, each with this XML.
fn described(instances: &[&str]) -> Answer {
    let items: String = instances.iter().map(|instance| format!("<item>{instance}</item>")).collect();
    let reservation = format!("<item><instancesSet>{items}</instancesSet></item>");
    success("DescribeInstances", &format!("<reservationSet>{reservation}</reservationSet>"))
}

#[test]
fn items_without_an_id_are_an_error() {
    let stage = Stage::new(REGION, Some("running"));
    let region = "<regionInfo><item><regionEndpoint>x</regionEndpoint></item></regionInfo>";
    let instance_type = "<instanceTypeSet><item><currentGeneration>true</currentGeneration></item></instanceTypeSet>";
    let status = "<instanceStatusSet><item><availabilityZone>a</availabilityZone></item></instanceStatusSet>";
    for (function, action, body, lacks) in [
        ("ListRegions", "DescribeRegions", region, "a region without its name"),
        ("ListInstanceTypes", "DescribeInstanceTypes", instance_type, "an instance type without its name"),
        (
            "ListImages",
            "DescribeImages",
            "<imagesSet><item><name>x</name></item></imagesSet>",
            "an image without its id",
        ),
        ("CheckLists", "DescribeRegions", region, "a region without its name"),
        ("CheckLists", "DescribeInstanceTypes", instance_type, "an instance type without its name"),
        ("GetInstanceStatusByTag", "DescribeInstanceStatus", status, "a status without its instance id"),
    ] {
        let finished = run(&stage, &[function], |layer| layer.on(action).answer_after(success(action, body)));
        finished.expect_code(9).expect_stderr(&format!("the response was incomplete: it has {lacks}"));
    }
}

#[test]
fn ids_without_a_state_are_reported_although_the_read_fails() {
    const IDS: [&str; 2] = ["i-0123456789abcdef0", "i-0123456789abcdef1"];
    let token = "<clientToken>TOKEN-1</clientToken>";
    let without_state = IDS.map(|id| format!("<instanceId>{id}</instanceId>{token}"));
    let answer = described(&without_state.each_ref().map(String::as_str));
    let stage = Stage::new(REGION, None);
    let by_token = ["GetInstanceStatusByTag", "--client-token", "TOKEN-1"];
    for job in [&by_token[..1], &by_token, &["StopInstance", "--tag-name", "x"]] {
        let finished =
            run(&stage, job, |layer| layer.on("DescribeInstances").answer_after(answer.clone())).expect_code(9);
        for id in IDS {
            assert!(finished.stdout.contains(id), "{finished:#?}");
        }
    }
}

#[test]
fn a_garbled_response_of_ec2_is_not_attributed_to_a_proxy() {
    let date = described(&["<instanceId>i-0123456789abcdef0</instanceId><launchTime>soon</launchTime>"]);
    let entity = described(&["<instanceId>i-&nothing;</instanceId>"]);
    let stage = Stage::new(REGION, None);
    for answer in [date, entity] {
        let job = ["GetInstanceStatusByTag"];
        let finished = run(&stage, &job, |layer| layer.on("DescribeInstances").answer_after(answer)).expect_code(9);
        finished.expect_stderr("the response was incomplete (HTTP status 200, ");
    }
}
