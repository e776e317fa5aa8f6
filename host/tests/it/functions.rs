//! Tests of the functions that describe, start, stop, and terminate instances, on the test bed.

use serde_json::{Value, json};

use crate::support::{Ec2, Placeholders, Program, functions, resources_in, test_bed, unique, values};

/// The values of the key for the instances in the document.
fn each<'a>(document: &'a Value, key: &str) -> Vec<&'a Value> {
    document["instances"].as_array().unwrap().iter().map(|instance| &instance[key]).collect()
}

/// The properties in the OpCon of the test bed, by name.
fn saved_properties() -> Value {
    let url = format!("http://{}/stand-in/properties", test_bed().opcon.http);
    serde_json::from_str(&ureq::get(url).call().unwrap().body_mut().read_to_string().unwrap()).unwrap()
}

#[test]
fn status_by_tag_shows_the_instances_of_that_name_alone() {
    let (ec2, name) = (Ec2::new(), unique("status"));
    let ids = ec2.launch(&name, 2);
    ec2.launch(&format!("{name}x"), 1);
    let finished = Program::on_test_bed().run(&["GetInstanceStatusByTag", "--tag-name", &name]).expect_code(0);
    assert_eq!(
        finished.stdout.lines().count(),
        5,
        "the first line, a header, two instances, the verdict: {finished:#?}"
    );
    let finished = finished.expect_stdout(&ids[0]).expect_stdout(&ids[1]).expect_stdout("running  ok");
    assert_eq!(finished.verdict(), "GetInstanceStatusByTag succeeded: 2 instances found");
}

#[test]
fn status_in_json_has_the_keys_of_the_contract() {
    let (ec2, name) = (Ec2::new(), unique("status-json"));
    let id = &ec2.launch(&name, 1)[0];
    let (finished, document) = Program::on_test_bed().run_json(&["GetInstanceStatusByTag", "--tag-name", &name]);
    let finished = finished.expect_code(0);
    let instance = &document["instances"][0];
    assert!(instance["private_ip"].is_string() && instance["public_ip"].is_string(), "{finished:#?}");
    assert_eq!(
        document,
        json!({
            "function": "GetInstanceStatusByTag", "region": "us-east-1", "user_id": test_bed().user_id,
            "status": "succeeded", "exit_code": 0,
            "instances": [{
                "id": id, "name": name, "previous_state": "running", "state": "running", "status_checks": "ok",
                "public_dns": instance["public_dns"], "public_ip": instance["public_ip"],
                "private_ip": instance["private_ip"], "result": "unchanged", "error": null,
            }],
            "properties": [], "error": null,
        })
    );
}

#[test]
fn status_without_a_tag_shows_the_whole_region() {
    let ec2 = Ec2::in_region("eu-north-1");
    for id in values(&ec2.call("DescribeInstances", &[]), "instanceId") {
        ec2.call("TerminateInstances", &[("InstanceId.1", &id)]); // from a previous run on the same test bed
    }
    let program = Program::on_test_bed().common("--region", "EU_NORTH_1");
    let empty = program.run(&["GetInstanceStatusByTag"]).expect_code(0);
    let first = "GetInstanceStatusByTag in eu-north-1, user id USER1";
    assert_eq!(empty.stdout, format!("{first}\nGetInstanceStatusByTag succeeded: 0 instances found\n"));
    let (web, db) = (ec2.launch("web", 1), ec2.launch_stopped("db", 1));
    let gone = ec2.launch("gone", 1);
    ec2.call("TerminateInstances", &[("InstanceId.1", &gone[0])]);

    let (_, document) = program.run_json(&["GetInstanceStatusByTag"]);
    let mut expected = [json!([web[0], "running", "ok"]), json!([db[0], "stopped", null])];
    expected.sort_by_key(|instance| instance[0].to_string());
    let shown = document["instances"].as_array().unwrap().iter();
    let shown: Vec<_> = shown.map(|shown| json!([shown["id"], shown["state"], shown["status_checks"]])).collect();
    assert_eq!(shown, expected);
    let (_, document) = program.run_json(&["GetInstanceStatusByTag", "--all"]);
    assert!(each(&document, "id").contains(&&json!(gone[0])));
}

#[test]
fn an_expected_state_that_is_met_is_a_success() {
    let (ec2, name) = (Ec2::new(), unique("expected"));
    ec2.launch(&name, 1);
    ec2.launch_stopped(&name, 1);
    let status = ["GetInstanceStatusByTag", "--tag-name", &name, "--expect-state", "running"];
    let either: Vec<_> = status.into_iter().chain(["--expect-state", "stopped"]).collect();
    let finished = Program::on_test_bed().run(&either).expect_code(0);
    let verdict = "GetInstanceStatusByTag succeeded: 2 instances found, all running or stopped";
    assert_eq!(finished.verdict(), verdict);
}

#[test]
fn an_expected_state_that_is_not_met_fails_the_job() {
    let (ec2, name) = (Ec2::new(), unique("unexpected"));
    ec2.launch(&name, 1);
    ec2.launch_stopped(&name, 1);
    let status = ["GetInstanceStatusByTag", "--tag-name", &name, "--expect-state", "running"];
    let (finished, document) = Program::on_test_bed().run_json(&status);
    finished.expect_code(1).expect_stderr("error: checking the states: 1 of 2 instances not running\n");
    assert_eq!((&document["status"], &document["exit_code"]), (&json!("failed"), &json!(1)));
    assert_eq!(document["error"]["kind"], "unexpected-state");
    let failed = document["instances"].as_array().unwrap().iter().find(|instance| instance["result"] == "failed");
    assert_eq!(failed.unwrap()["state"], "stopped");
}

#[test]
fn start_by_tag_waits_and_saves_all_four_properties() {
    let (ec2, name) = (Ec2::new(), unique("start"));
    let ids = ec2.launch_stopped(&name, 2);
    let prefix = name.replace('-', "_");
    let [id, dns, ip, private] = ["ID", "DNS", "IP", "PRIVATE"].map(|kind| format!("{prefix}_{kind}"));
    let job_property = format!("JI.{private}.2026-01-31.Nightly.Start web");
    let names = ["--id-property", &id, "--public-dns-property", &dns, "--public-ip-property", &ip];
    let start = ["StartInstance", "--tag-name", &name, "--wait", "--private-ip-property", &job_property];
    let start: Vec<_> = start.into_iter().chain(names).collect();
    let (finished, document) = Program::on_test_bed().run_json(&start);
    let finished = finished.expect_code(0).expect_stderr("running, status checks ok");

    assert_eq!(ec2.states(&ids), ["running", "running"]);
    assert_eq!(each(&document, "result"), ["changed", "changed"]);
    assert_eq!(each(&document, "previous_state"), ["stopped", "stopped"]);
    assert_eq!(each(&document, "status_checks"), ["ok", "ok"]);
    let saved = saved_properties();
    for (index, instance) in document["instances"].as_array().unwrap().iter().enumerate() {
        let number = index + 1;
        assert_eq!(instance["id"], ids[index], "{finished:#?}");
        assert_eq!(saved[format!("{id}_{number}")], instance["id"]);
        assert_eq!(saved[format!("{dns}_{number}")], instance["public_dns"]);
        assert_eq!(saved[format!("{ip}_{number}")], instance["public_ip"]);
        let private = format!("JI.{private}_{number}.2026-01-31.Nightly.Start web");
        assert_eq!(saved[private], instance["private_ip"]);
    }
    let reported = document["properties"].as_array().unwrap();
    assert_eq!(reported.len(), 8);
    assert!(reported.iter().all(|property| property["saved"] == true));
}

#[test]
fn one_instance_has_properties_without_a_counter() {
    let (ec2, name) = (Ec2::new(), unique("start-one"));
    let ids = ec2.launch_stopped(&name, 1);
    let property = name.replace('-', "_");
    let start = ["StartInstance", "--instance-id", &ids[0], "--wait", "--wait-for", "running"];
    let start: Vec<_> = start.into_iter().chain(["--id-property", &property]).collect();
    let finished = Program::on_test_bed().run(&start).expect_code(0);
    assert_eq!(finished.verdict(), "StartInstance succeeded: 1 instance started");
    assert_eq!(saved_properties()[&property], ids[0]);
}

#[test]
fn start_by_ids_counts_an_instance_that_runs_already_as_a_success() {
    let (ec2, name) = (Ec2::new(), unique("start-ids"));
    let (stopped, running) = (ec2.launch_stopped(&name, 1), ec2.launch(&name, 1));
    let ids = format!("{}, {},{}", running[0], stopped[0], running[0]);
    let (finished, document) = Program::on_test_bed().run_json(&["StartInstance", "--instance-id", &ids]);
    finished.expect_code(0).expect_stderr("already running");
    assert_eq!(each(&document, "id"), [&running[0], &stopped[0]], "each once, as they were given");
    assert_eq!(each(&document, "result"), ["unchanged", "changed"]);
}

#[test]
fn the_tag_takes_precedence_over_ids() {
    let (ec2, name) = (Ec2::new(), unique("wins"));
    let (named, other) = (ec2.launch(&name, 1), ec2.launch(&unique("other"), 1));
    let stop = ["StopInstance", "--tag-name", &name, "--instance-id", &other[0]];
    let finished = Program::on_test_bed().run(&stop).expect_code(0);
    finished.expect_stdout("the instance ids are ignored, because `--tag-name` is given\n");
    assert_eq!(ec2.states(&[named[0].clone(), other[0].clone()]), ["stopped", "running"]);
}

#[test]
fn stop_waits_until_all_are_stopped() {
    let (ec2, name) = (Ec2::new(), unique("stop"));
    let ids = ec2.launch(&name, 2);
    let finished = Program::on_test_bed().run(&["StopInstance", "--tag-name", &name, "--wait"]).expect_code(0);
    let finished = finished.expect_stdout("stop accepted, running -> stopping").expect_stdout(": stopped\n");
    assert_eq!(finished.verdict(), "StopInstance succeeded: 2 instances stopped");
    assert_eq!(ec2.states(&ids), ["stopped", "stopped"]);
}

#[test]
fn stop_without_wait_ends_when_it_is_accepted() {
    let (ec2, name) = (Ec2::new(), unique("stop-ids"));
    let ids = ec2.launch(&name, 2);
    let stop = ["StopInstance", "--instance-id", &ids[1], "--instance-id", &ids[0]];
    let (finished, document) = Program::on_test_bed().run_json(&stop);
    finished.expect_code(0);
    assert_eq!(each(&document, "id"), [&ids[1], &ids[0]]);
    assert_eq!(each(&document, "state"), ["stopping", "stopping"]);
}

#[test]
fn stopping_a_stopped_instance_changes_nothing() {
    let (ec2, name) = (Ec2::new(), unique("stop-again"));
    ec2.launch_stopped(&name, 1);
    let finished = Program::on_test_bed().run(&["StopInstance", "--tag", &name]).expect_code(0);
    let finished = finished.expect_stdout("already stopped");
    assert_eq!(finished.verdict(), "StopInstance succeeded: 1 instance unchanged");
}

#[test]
fn terminate_by_tag_and_by_id() {
    let (ec2, name) = (Ec2::new(), unique("terminate"));
    let (named, other) = (ec2.launch(&name, 2), ec2.launch(&unique("terminate-id"), 1));
    let program = Program::on_test_bed();
    let finished = program.run(&["TerminateInstance", "--tag-name", &name, "--wait"]).expect_code(0);
    assert_eq!(finished.verdict(), "TerminateInstance succeeded: 2 instances terminated");
    program.run(&["TerminateInstance", "--instance-id", &other[0]]).expect_code(0);
    let all: Vec<_> = named.into_iter().chain(other).collect();
    assert_eq!(ec2.states(&all), ["terminated"; 3]);
}

/// The examples of all functions that act on selected instances, run without such instances.
fn examples_without_instances() -> Vec<Vec<String>> {
    let suffix = unique("_nobody");
    let resources = resources_in(&test_bed().region, &[("ami", &test_bed().image_id)]);
    let placeholders = Placeholders { suffix: &suffix, resources: &resources };
    let choosing = functions().iter().filter(|function| function.argument("allow-none").is_some());
    let lines =
        choosing.flat_map(|function| function.examples.iter().map(|example| placeholders.fill(function, example)));
    lines.collect()
}

#[test]
fn an_empty_selection_is_a_success_only_with_allow_none() {
    let program = Program::on_test_bed();
    let (mut by_name, mut by_id) = (0, 0);
    for line in examples_without_instances() {
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        let finished = program.run(&line).expect_code(4);
        if let Some(id) = line.iter().find_map(|word| word.split([',', '=']).find(|part| part.starts_with("i-"))) {
            // The text is from EC2 or from the program, depending on how the instances are selected.
            assert!(finished.stderr.contains("error: ") && finished.stderr.contains(id), "{finished:#?}");
            by_id += 1;
            continue;
        }
        finished.expect_stderr("--allow-none");
        let finished = program.run(&[&line[..], &["--allow-none"]].concat()).expect_code(0);
        assert!(finished.verdict().ends_with("nothing to do"), "{finished:#?}");
        by_name += 1;
    }
    assert!(by_name > 0 && by_id > 0, "{by_name} and {by_id} examples");
}

#[test]
fn wildcards_in_a_name_match_themselves_alone() {
    let (ec2, name) = (Ec2::new(), unique("wild"));
    let (plain, starred) = (ec2.launch(&name, 1), ec2.launch(&format!("{name}*"), 1));
    Program::on_test_bed().run(&["TerminateInstance", "--tag-name", &format!("{name}*")]).expect_code(0);
    assert_eq!(ec2.states(&[plain[0].clone(), starred[0].clone()]), ["running", "terminated"]);
}

#[test]
fn without_wait_unknown_values_cause_a_warning() {
    let (ec2, name) = (Ec2::in_region("eu-west-1"), unique("early"));
    let property = name.replace('-', "_");
    let start = ["StartInstance", "--tag-name", &name, "--id-property", &property];
    ec2.launch_stopped(&name, 1);
    let program = Program::on_test_bed().common("--region", "eu-west-1");
    let finished = program.run(&start).expect_code(0);
    finished.expect_stdout(&format!("property {property} = i-"));
}
