//! Tests of client tokens.

use super::*;

fn send_in(layer: &FaultLayer, region: &str, form: &Form) -> Message {
    Message::request(region, form.to_body()).exchange(&layer.http.address().to_string()).unwrap()
}

/// A form that launches into a zone.
fn launch_in(zone: &str, token: &str) -> Form {
    launch(token, token, "t3.micro").with("Placement.AvailabilityZone", zone)
}

fn subnet_in(zone: &str) -> String {
    xml::texts(&send(&before_moto(), &filtered("DescribeSubnets", "availability-zone", zone)).unwrap(), "subnetId")
        .remove(0)
}

#[test]
fn a_client_token_launches_once() {
    let layer = before_moto();
    let name = unique("layer-token");
    let first = ids_of(&layer, &launch(&name, &name, "t3.micro"));
    assert_eq!(ids_of(&layer, &launch(&name, &name, "t3.micro")), first);
    assert_eq!(Ec2::new().named(&name), first);

    assert_eq!(code_of(&layer, &launch(&name, &name, "t3.small")), "IdempotentParameterMismatch");
    send(&layer, &about("TerminateInstances", &first)).unwrap();
    assert_eq!(code_of(&layer, &launch(&name, &name, "t3.micro")), "IdempotentInstanceTerminated");
    assert_ne!(ids_of(&layer, &launch(&name, &format!("{name}-2"), "t3.micro")), first);
}

#[test]
fn a_lost_response_counts_as_the_first_one_of_its_token() {
    let layer = before_moto();
    let name = unique("layer-lost");
    layer.on("RunInstances").call(1).cut_after();
    assert!(send(&layer, &launch(&name, &name, "t3.micro")).is_none());
    assert_eq!(ids_of(&layer, &launch(&name, &name, "t3.micro")), Ec2::new().named(&name));
}

#[test]
fn a_dry_run_and_a_launch_that_fails_do_not_use_a_client_token_up() {
    let layer = before_moto();
    let name = unique("layer-unused");
    let form = launch(&name, &name, "t3.micro");
    assert_eq!(code_of(&layer, &form.with("DryRun", "true")), "DryRunOperation");
    layer.lack_capacity(&["t3.micro"]);
    assert_eq!(code_of(&layer, &form), "InsufficientInstanceCapacity");
    layer.lack_capacity(&[]);
    assert_eq!(code_of(&layer, &form.with("ImageId", "ami-00000000000000000")), "InvalidAMIID.NotFound");
    assert_eq!(ids_of(&layer, &form), Ec2::new().named(&name));
    assert_eq!(code_of(&layer, &form.with("DryRun", "true")), "DryRunOperation");
}

#[test]
fn a_used_client_token_returns_its_instances_without_capacity() {
    let layer = before_moto();
    let name = unique("layer-used");
    let first = ids_of(&layer, &launch(&name, &name, "t3.micro"));
    layer.lack_capacity(&["t3.micro"]);
    assert_eq!(ids_of(&layer, &launch(&name, &name, "t3.micro")), first);
}

#[test]
fn a_client_token_counts_in_its_region() {
    let layer = before_moto();
    let (name, here, there) = (unique("layer-region"), test_bed().region.as_str(), "eu-west-1");
    let image = xml::texts(&send_in(&layer, there, &filtered("DescribeImages", "architecture", "x86_64")), "imageId");
    let form = launch(&name, &name, "t3.micro");
    let first = xml::texts(&send_in(&layer, here, &form), "instanceId");
    let second = xml::texts(&send_in(&layer, there, &form.with("ImageId", &image[0])), "instanceId");
    assert_eq!((first.len(), second.len()), (1, 1));

    let search = filtered("DescribeInstances", "client-token", &name);
    assert_eq!(xml::texts(&send_in(&layer, here, &search), "instanceId"), first);
    assert_eq!(xml::texts(&send_in(&layer, there, &search), "instanceId"), second);
}

#[test]
fn a_client_token_counts_in_the_zone_that_the_request_names() {
    let layer = before_moto();
    let token = unique("layer-zonal");
    let first = ids_of(&layer, &launch_in("us-east-1a", &token));
    let second = ids_of(&layer, &launch_in("us-east-1b", &token));
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_ne!(first, second);
    assert_eq!(ids_of(&layer, &launch_in("us-east-1a", &token)), first);
    // The same zone, specified differently.
    let by_subnet = launch(&token, &token, "t3.micro").with("SubnetId", &subnet_in("us-east-1b"));
    assert_eq!(code_of(&layer, &by_subnet), "IdempotentParameterMismatch");
}

#[test]
fn instances_are_found_by_their_client_token() {
    let layer = before_moto();
    let (one, other) = (unique("layer-find"), unique("layer-find"));
    let search = filtered("DescribeInstances", "client-token", &one);
    assert_eq!(ids_of(&layer, &search), [""; 0]);
    let ids = ids_of(&layer, &launch(&one, &one, "t3.micro").with("MaxCount", "2"));
    assert_eq!(ids.len(), 2);
    ids_of(&layer, &launch(&other, &other, "t3.micro"));
    let found = send(&layer, &search).unwrap();
    assert_eq!(xml::texts(&found, "instanceId"), ids);
    assert_eq!(xml::texts(&found, "clientToken"), [one.as_str(); 2]);
    assert_eq!(ids_of(&layer, &search.with("Filter.1.Value.2", &other)).len(), 3);
    // Other filters apply, too.
    let stopped = search.with("Filter.2.Name", "instance-state-name").with("Filter.2.Value.1", "stopped");
    assert_eq!(ids_of(&layer, &stopped), [""; 0]);
}

#[test]
fn a_launch_creates_the_maximum_number_of_instances() {
    let layer = before_moto();
    let name = unique("layer-count");
    let form = launch(&name, &name, "t3.micro").with("MinCount", "1").with("MaxCount", "3");
    assert_eq!(ids_of(&layer, &form).len(), 3);
}
