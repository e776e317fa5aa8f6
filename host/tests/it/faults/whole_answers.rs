//! Answers that are not whole: cut in every framing, empty, of another kind, or with pages that lead back. Every function
//! that only reads ends with 9, and one such answer alone is made up for.

use std::collections::BTreeSet;

use opcon_stand_in::DEFAULT_TOKEN;

use crate::fault_layer::answer::{Answer, empty, html_page, other, success};
use crate::fault_layer::cut::{Cut, at_byte, before};
use crate::fault_layer::view::next_page;
use crate::fault_layer::{FaultLayer, RuleBuilder};
use crate::support::{Finished, OwnOpCon, Program, test_bed};

/// The jobs that read, with what each of them needs to have its lists.
const READS: &[&[&str]] = &[
    &["ListRegions", "--save"],
    &["ListInstanceTypes", "--family", "t3", "--save"],
    &["ListImages", "--owner", "amazon", "--name", "amzn2-ami-*"],
    &["CheckLists"],
    &["GetInstanceStatusByTag"],
];

/// A job before an EC2 that goes wrong for one action.
fn run(opcon: &OwnOpCon, job: &[&str], layer: &FaultLayer) -> Finished {
    Program::on_test_bed()
        .without("--user-id")
        .common("--endpoint-url", &layer.endpoint())
        .with_config(&opcon.config(DEFAULT_TOKEN))
        .env("AWS_ACCESS_KEY_ID", "unchecked")
        .env("AWS_SECRET_ACCESS_KEY", "unchecked")
        .env("AWS_MAX_ATTEMPTS", "2")
        .run(job)
}

fn layer() -> FaultLayer {
    FaultLayer::before(&test_bed().ec2_endpoint)
}

/// Runs each job once as it is, and again with a fault at each of its actions: `judge` gets the job, the action and how it
/// ended.
fn for_each_read(add: impl Fn(RuleBuilder<'_>), judge: impl Fn(&[&str], &str, Finished)) {
    let opcon = OwnOpCon::start();
    for job in READS {
        let whole = layer();
        run(&opcon, job, &whole).expect_code(0);
        for action in whole.actions().into_iter().collect::<BTreeSet<_>>() {
            let faulty = layer();
            add(faulty.on(&action));
            judge(job, &action, run(&opcon, job, &faulty));
            assert!(faulty.unfired().is_empty(), "{job:?} {action}");
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
            |_, _, finished| {
                drop(finished.expect_code(9).expect_stderr("the answer was incomplete (HTTP status 200, "))
            },
        );
    }
}

#[test]
fn a_read_with_an_answer_of_another_kind_is_no_result() {
    let others: [fn() -> Answer; 3] =
        [|| html_page(200), || success("DescribeVolumes", ""), || other(200, "application/json", "{}")];
    for answer in others {
        for_each_read(
            |rule| rule.act_then(answer()),
            |_, _, finished| drop(finished.expect_code(9).expect_stderr("an answer that is not from EC2")),
        );
    }
    for_each_read(
        |rule| rule.act_then(empty()),
        |_, _, finished| {
            drop(finished.expect_code(9).expect_stderr("the answer was incomplete (HTTP status 200, 0 bytes)"))
        },
    );
}

#[test]
fn one_answer_that_is_not_whole_is_asked_for_again() {
    for_each_read(|rule| rule.call(1).cut_body(at_byte(100)), |_, _, finished| drop(finished.expect_code(0)));
}

#[test]
fn pages_that_lead_back_are_an_error() {
    for_each_read(
        |rule| rule.show(next_page("again")),
        |_, action, finished| match action {
            // It has no pages.
            "DescribeRegions" => drop(finished.expect_code(0)),
            _ => drop(finished.expect_code(9).expect_stderr("the answer does not end: page 2 leads back")),
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
fn items_without_what_makes_them_one_are_an_error() {
    let opcon = OwnOpCon::start();
    for job in &READS[..2] {
        run(&opcon, job, &layer()).expect_code(0);
    }
    let region = "<regionInfo><item><regionEndpoint>x</regionEndpoint></item></regionInfo>";
    let instance_type = "<instanceTypeSet><item><currentGeneration>true</currentGeneration></item></instanceTypeSet>";
    let status = "<instanceStatusSet><item><availabilityZone>a</availabilityZone></item></instanceStatusSet>";
    for (job, action, body, lacks) in [
        (READS[0], "DescribeRegions", region, "a region without its name"),
        (READS[1], "DescribeInstanceTypes", instance_type, "an instance type without its name"),
        (READS[2], "DescribeImages", "<imagesSet><item><name>x</name></item></imagesSet>", "an image without its id"),
        (READS[3], "DescribeRegions", region, "a region without its name"),
        (READS[3], "DescribeInstanceTypes", instance_type, "an instance type without its name"),
        (READS[4], "DescribeInstanceStatus", status, "a status without its instance id"),
    ] {
        let layer = layer();
        layer.on(action).act_then(success(action, body));
        run(&opcon, job, &layer).expect_code(9).expect_stderr(&format!("the answer was incomplete: it has {lacks}"));
    }
}

#[test]
fn ids_without_a_state_are_told_although_the_read_fails() {
    const IDS: [&str; 2] = ["i-0123456789abcdef0", "i-0123456789abcdef1"];
    let token = "<clientToken>TOKEN-1</clientToken>";
    let without_state = IDS.map(|id| format!("<instanceId>{id}</instanceId>{token}"));
    let answer = described(&without_state.each_ref().map(String::as_str));
    let opcon = OwnOpCon::start();
    for job in
        [READS[4], &["GetInstanceStatusByTag", "--client-token", "TOKEN-1"], &["StopInstance", "--tag-name", "x"]]
    {
        let layer = layer();
        layer.on("DescribeInstances").act_then(answer.clone());
        let finished = run(&opcon, job, &layer).expect_code(9);
        for id in IDS {
            assert!(finished.stdout.contains(id), "{finished:#?}");
        }
    }
}

#[test]
fn an_answer_that_ec2_garbled_is_not_said_to_come_from_a_proxy() {
    let date = described(&["<instanceId>i-0123456789abcdef0</instanceId><launchTime>soon</launchTime>"]);
    let entity = described(&["<instanceId>i-&nothing;</instanceId>"]);
    for answer in [date, entity] {
        let layer = layer();
        layer.on("DescribeInstances").act_then(answer);
        let finished = run(&OwnOpCon::start(), READS[4], &layer).expect_code(9);
        finished.expect_stderr("the answer was incomplete (HTTP status 200, ");
    }
}
