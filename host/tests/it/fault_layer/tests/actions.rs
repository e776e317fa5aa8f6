//! Tests of starts, stops, and terminations in every state.

use super::*;

/// The states before and after an action, as in its response for an instance.
fn reported_states(layer: &FaultLayer, action: &str, id: &str) -> [String; 2] {
    let answer = send(layer, &about(action, &[id.to_owned()])).unwrap();
    let mut root = xmltree::Element::parse(&*answer.body).unwrap();
    let mut reported_states = None;
    xml::retain_instances(&mut root, &mut |_, change| {
        reported_states =
            Some(["previousState", "currentState"].map(|field| xml::text_at(change, &[field, "name"]).unwrap()));
        true
    });
    reported_states.unwrap_or_else(|| panic!("{action}: {}", text(&answer)))
}

fn one_running() -> String {
    Ec2::new().launch(&unique("layer-actions"), 1).remove(0)
}

#[test]
fn an_action_reports_the_states_before_and_after() {
    let layer = before_moto();
    let id = one_running();
    assert_eq!(reported_states(&layer, "StartInstances", &id), ["running", "running"]);
    assert_eq!(reported_states(&layer, "StopInstances", &id), ["running", "stopping"]);
    assert_eq!(reported_states(&layer, "StopInstances", &id), ["stopped", "stopped"]);
    assert_eq!(reported_states(&layer, "StartInstances", &id), ["stopped", "pending"]);
    assert_eq!(reported_states(&layer, "TerminateInstances", &id), ["running", "shutting-down"]);
    assert_eq!(reported_states(&layer, "TerminateInstances", &id), ["terminated", "terminated"]);
}

#[test]
fn a_stopped_instance_is_terminated_at_once() {
    let layer = before_moto();
    layer.let_states_last(2);
    let id = Ec2::new().launch_stopped(&unique("layer-actions"), 1).remove(0);
    assert_eq!(reported_states(&layer, "TerminateInstances", &id), ["stopped", "terminated"]);
    assert_eq!(states_of(&layer, &about("DescribeInstances", &[id])), ["terminated"]);
}

#[test]
fn a_terminated_instance_fails_a_start_or_stop_of_several() {
    let layer = before_moto();
    let ids = Ec2::new().launch(&unique("layer-gone"), 2);
    Ec2::new().call("TerminateInstances", &[("InstanceId.1", &ids[1])]);
    for action in ["StartInstances", "StopInstances"] {
        let refused = send(&layer, &about(action, &ids)).unwrap();
        assert_eq!(xml::texts(&refused, "Code"), ["IncorrectInstanceState"]);
        assert!(text(&refused).contains(&ids[1]), "{}", text(&refused));
        assert_eq!(Ec2::new().states(&ids), ["running", "terminated"]);
    }
}

#[test]
fn transient_states_last_for_a_number_of_reads() {
    let layer = before_moto();
    layer.let_states_last(2);
    let name = unique("layer-last");
    let ids = ids_of(&layer, &launch(&name, &name, "t3.micro"));
    let next = || states_of(&layer, &about("DescribeInstances", &ids)).remove(0);
    assert_eq!([next(), next(), next()], ["pending", "pending", "running"]);
    for (action, transient, end) in [
        ("StopInstances", "stopping", "stopped"),
        ("StartInstances", "pending", "running"),
        ("TerminateInstances", "shutting-down", "terminated"),
    ] {
        reported_states(&layer, action, &ids[0]);
        assert_eq!([next(), next(), next()], [transient, transient, end]);
    }
}

#[test]
fn an_instance_in_a_transient_state_refuses_the_opposite_action() {
    let layer = before_moto();
    layer.let_states_last(3);
    let ids = Ec2::new().launch_stopped(&unique("layer-opposite"), 1);
    let id = &ids[0];
    let refusal_of = |action: &str| code_of(&layer, &about(action, &ids));
    let poll = || states_of(&layer, &about("DescribeInstances", &ids)).remove(0);
    reported_states(&layer, "StartInstances", id);
    assert_eq!(refusal_of("StopInstances"), "IncorrectInstanceState");
    assert_eq!(reported_states(&layer, "StartInstances", id), ["pending", "pending"]);
    assert_eq!([poll(), poll(), poll(), poll()], ["pending", "pending", "pending", "running"]);

    reported_states(&layer, "StopInstances", id);
    assert_eq!(refusal_of("StartInstances"), "IncorrectInstanceState");
    poll();
    assert_eq!(reported_states(&layer, "StopInstances", id), ["stopping", "stopping"]);
    // The second stop did not restart the transition.
    assert_eq!([poll(), poll(), poll()], ["stopping", "stopping", "stopped"]);

    reported_states(&layer, "StartInstances", id);
    assert_eq!(reported_states(&layer, "TerminateInstances", id), ["pending", "shutting-down"]);
    assert_eq!(refusal_of("StartInstances"), "IncorrectInstanceState");
    assert_eq!(refusal_of("StopInstances"), "IncorrectInstanceState");
    assert_eq!(reported_states(&layer, "TerminateInstances", id), ["shutting-down", "shutting-down"]);
}

#[test]
fn a_dry_run_changes_no_state() {
    let layer = before_moto();
    layer.let_states_last(1);
    let ids = vec![one_running()];
    assert_eq!(code_of(&layer, &about("StopInstances", &ids).with("DryRun", "true")), "DryRunOperation");
    assert_eq!(states_of(&layer, &about("DescribeInstances", &ids)), ["running"]);
    let ids = protected_one(&layer);
    send(&layer, &about("TerminateInstances", &ids).with("DryRun", "true")).unwrap();
    assert_eq!(Ec2::new().states(&ids), ["running"; 3]);
}

/// Two instances in a zone, the first of which is protected, and one in another zone.
fn protected_one(layer: &FaultLayer) -> [String; 3] {
    let name = unique("layer-zones");
    let in_zone = |zone: &str| {
        let form = launch(&name, &unique("token"), "t3.micro").with("Placement.AvailabilityZone", zone);
        ids_of(layer, &form).remove(0)
    };
    let ids = ["us-east-1a", "us-east-1a", "us-east-1b"].map(in_zone);
    Ec2::new().protect(&ids[0]);
    ids
}

#[test]
fn a_protected_instance_keeps_its_zone_and_no_other() {
    let layer = before_moto();
    let ids = protected_one(&layer);
    // The protected one last: the order of the IDs does not matter.
    let [guarded, beside, elsewhere] = ids.clone();
    let answer = send(&layer, &about("TerminateInstances", &[beside, elsewhere, guarded])).unwrap();
    assert_eq!((answer.status(), &xml::texts(&answer, "Code")[..]), (400, &["OperationNotPermitted".to_owned()][..]));
    assert!(text(&answer).contains(&ids[0]));
    assert_eq!(Ec2::new().states(&ids), ["running", "running", "terminated"]);
}

#[test]
fn a_termination_is_by_zone_for_every_fault_of_its_response() {
    for fault in [
        (|rule| rule.cut_after()) as fn(RuleBuilder<'_>),
        |rule| rule.answer_after(answer::empty()),
        |rule| rule.cut_body(cut::at_byte(20)),
    ] {
        let layer = before_moto();
        let ids = protected_one(&layer);
        fault(layer.on("TerminateInstances"));
        let answer = send(&layer, &about("TerminateInstances", &ids));
        assert!(answer.is_none_or(|answer| answer.body.len() <= 20));
        assert_eq!(Ec2::new().states(&ids), ["running", "running", "terminated"]);
        assert_eq!(layer.unfired(), [""; 0]);
    }
}

#[test]
fn a_protection_that_is_lifted_through_the_layer_protects_no_more() {
    let layer = before_moto();
    let ids = protected_one(&layer);
    let lift = about("ModifyInstanceAttribute", &[]).with("InstanceId", &ids[0]);
    send(&layer, &lift.with("DisableApiTermination.Value", "false")).unwrap();
    assert_eq!(status_of(&layer, &about("TerminateInstances", &ids)), Some(200));
    assert_eq!(Ec2::new().states(&ids), ["terminated"; 3]);
}
