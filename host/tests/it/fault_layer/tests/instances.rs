//! Tests of reads: new instances that appear late, stale states, and endless pages.

use super::*;

/// Launches instances through the layer.
fn launched(layer: &FaultLayer, count: usize) -> (String, Vec<String>) {
    let name = unique("layer-fresh");
    let form = launch(&name, &name, "t3.micro");
    let count = count.to_string();
    let ids = ids_of(layer, &form.with("MinCount", &count).with("MaxCount", &count));
    (name, ids)
}

#[test]
fn a_new_instance_is_not_found_by_id_for_a_number_of_reads() {
    let layer = before_moto();
    layer.launched(2..=2).unknown_for(2);
    let (_, ids) = launched(&layer, 2);
    let [known, late] = [&ids[..1], &ids[1..]];
    assert_eq!(ids_of(&layer, &about("DescribeInstances", known)), known);
    let refused = send(&layer, &about("DescribeInstances", &ids)).unwrap();
    assert_eq!((refused.status(), xml::texts(&refused, "Code").concat()), (400, "InvalidInstanceID.NotFound".into()));
    let message = format!("The instance ID '{}' does not exist", late[0]);
    assert_eq!(xml::texts(&refused, "Message"), [message]);
    assert_eq!(code_of(&layer, &about("DescribeInstanceStatus", late)), "InvalidInstanceID.NotFound");
    assert_eq!(ids_of(&layer, &about("DescribeInstances", &ids)), ids);
    assert_eq!(ids_of(&layer, &about("DescribeInstanceStatus", late)), late);
}

#[test]
fn several_unknown_instances_are_named_together_and_counted_each() {
    let layer = before_moto();
    layer.launched(1..=1).unknown_for(1);
    layer.launched(2..=2).unknown_for(2);
    let (_, ids) = launched(&layer, 2);
    let refused = send(&layer, &about("DescribeInstances", &ids)).unwrap();
    let message = format!("The instance IDs '{}, {}' do not exist", ids[0], ids[1]);
    assert_eq!(xml::texts(&refused, "Message"), [message]);
    assert_eq!(ids_of(&layer, &about("DescribeInstances", &ids[..1])), ids[..1]);
    assert_eq!(code_of(&layer, &about("DescribeInstances", &ids)), "InvalidInstanceID.NotFound");
    assert_eq!(ids_of(&layer, &about("DescribeInstances", &ids)), ids);
}

#[test]
fn a_new_instance_is_omitted_from_searches_for_a_number_of_reads() {
    let layer = before_moto();
    layer.launched(1..=1).unknown_for(3);
    layer.launched(2..).unknown_for(1);
    let (name, ids) = launched(&layer, 2);
    let by_name = filtered("DescribeInstances", "tag:Name", &name);
    let nothing = send(&layer, &by_name).unwrap();
    assert!(!text(&nothing).contains("<reservationId>"), "{}", text(&nothing));
    assert_eq!(ids_of(&layer, &filtered("DescribeInstances", "client-token", &name)), ids[1..]);
    assert_eq!(ids_of(&layer, &by_name), ids[1..]);
    assert_eq!(ids_of(&layer, &by_name), ids);
}

#[test]
fn an_action_on_an_instance_that_is_not_known_yet_is_refused() {
    let layer = before_moto();
    layer.launched(..).unknown_for(1);
    let (_, ids) = launched(&layer, 1);
    assert_eq!(code_of(&layer, &about("StopInstances", &ids)), "InvalidInstanceID.NotFound");
    assert_eq!(Ec2::new().states(&ids), ["running"]);
    assert_eq!(code_of(&layer, &about("StopInstances", &ids)), "");
    let attribute = about("DescribeInstanceAttribute", &[]).with("Attribute", "disableApiTermination");
    layer.instances(&ids).unknown_for(1);
    assert_eq!(code_of(&layer, &attribute.with("InstanceId", &ids[0])), "InvalidInstanceID.NotFound");
}

#[test]
fn a_stale_read_is_followed_by_a_current_one() {
    let layer = before_moto();
    let ids = Ec2::new().launch(&unique("layer-forgets"), 2);
    assert_eq!(ids_of(&layer, &about("DescribeInstances", &ids)).len(), 2);
    layer.instances(&ids[..1]).unknown_for(1);
    assert_eq!(code_of(&layer, &about("DescribeInstances", &ids)), "InvalidInstanceID.NotFound");
    assert_eq!(ids_of(&layer, &about("DescribeInstances", &ids)).len(), 2);
}

#[test]
fn reads_return_the_planned_states_and_then_the_actual_one() {
    let layer = before_moto();
    let ids = Ec2::new().launch(&unique("layer-stale"), 2);
    layer.instances(&ids[..1]).shown_as(&["stopped", "pending", "stopped"]);
    let next = || states_of(&layer, &about("DescribeInstances", &ids[..1])).remove(0);
    assert_eq!(next(), "stopped");
    assert_eq!(states_of(&layer, &about("DescribeInstances", &ids[1..])), ["running"]);
    assert_eq!([next(), next(), next()], ["pending", "stopped", "running"]);
}

#[test]
fn new_instances_may_have_planned_states() {
    let layer = before_moto();
    layer.launched(..).unknown_for(1);
    layer.launched(..).shown_as(&["running", "pending"]);
    let (_, ids) = launched(&layer, 1);
    let poll = about("DescribeInstances", &ids);
    assert_eq!(code_of(&layer, &poll), "InvalidInstanceID.NotFound");
    assert_eq!(states_of(&layer, &poll), ["running"]);
    assert_eq!(states_of(&layer, &poll), ["pending"]);
    assert_eq!(states_of(&layer, &poll), ["running"]);
}

#[test]
fn searches_by_state_use_the_reported_state() {
    let layer = before_moto();
    let name = unique("layer-search");
    let ids = Ec2::new().launch(&name, 1);
    let by_name = filtered("DescribeInstances", "tag:Name", &name).with("Filter.2.Name", "instance-state-name");
    layer.instances(&ids).shown_as(&["stopped", "stopped"]);
    assert_eq!(ids_of(&layer, &by_name.with("Filter.2.Value.1", "running")), [""; 0]);
    assert_eq!(ids_of(&layer, &by_name.with("Filter.2.Value.1", "stopped")), ids);
    assert_eq!(ids_of(&layer, &by_name.with("Filter.2.Value.1", "running")), ids);
}

#[test]
fn the_status_of_an_instance_that_is_not_running_is_optional() {
    let layer = before_moto();
    let ids = Ec2::new().launch(&unique("layer-checks"), 1);
    layer.instances(&ids).shown_as(&["pending", "pending"]);
    let checks = about("DescribeInstanceStatus", &ids);
    assert_eq!(ids_of(&layer, &checks), [""; 0]);
    let all = text(&send(&layer, &checks.with("IncludeAllInstances", "true")).unwrap());
    assert!(all.contains("<name>pending</name>"), "{all}");
    assert_eq!(all.matches("<status>not-applicable</status>").count(), 2, "{all}");
    assert_eq!(ids_of(&layer, &checks), ids);
}

#[test]
fn pages_go_on_without_an_end() {
    let layer = before_moto();
    let name = unique("layer-pages");
    let ids = Ec2::new().launch(&name, 1);
    layer.on("DescribeInstances").show(view::next_page("again"));
    let by_name = filtered("DescribeInstances", "tag:Name", &name);
    let first = send(&layer, &by_name).unwrap();
    let token = xml::texts(&first, "nextToken").concat();
    let second = send(&layer, &by_name.with("NextToken", &token)).unwrap();
    assert_eq!(xml::texts(&second, "instanceId"), ids);
    assert_eq!(xml::texts(&second, "nextToken"), [token]);
}

#[test]
fn pages_of_any_action_end_where_a_test_defines_it() {
    let layer = before_moto();
    layer.on("DescribeRegions").call(1).show(view::next_page("2"));
    let form = about("DescribeRegions", &[]);
    let token = xml::texts(&send(&layer, &form).unwrap(), "nextToken").concat();
    let last = send(&layer, &form.with("NextToken", &token)).unwrap();
    assert_eq!((last.status(), xml::texts(&last, "nextToken").len()), (200, 0));
}
