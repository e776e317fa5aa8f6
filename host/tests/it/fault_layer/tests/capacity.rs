//! Tests of capacity by instance type and by host.

use super::*;

#[test]
fn a_type_without_capacity_is_not_launched_until_there_is_some() {
    let layer = before_moto();
    let name = unique("layer-capacity");
    let code = |instance_type: &str| code_of(&layer, &launch(&name, &unique("token"), instance_type));
    layer.lack_capacity(&["t3.micro", "t3.large"]);
    assert_eq!(code("t3.micro"), "InsufficientInstanceCapacity");
    assert_eq!(Ec2::new().named(&name), [""; 0]);
    assert_eq!(code("t3.small"), "");
    layer.lack_capacity(&["t3.small"]);
    assert_eq!(code("t3.micro"), "");
    assert_eq!(code("t3.small"), "InsufficientInstanceCapacity");
}

#[test]
fn a_type_without_capacity_fails_the_start_of_all_instances() {
    let layer = before_moto();
    let name = unique("layer-capacity");
    let ids =
        ["t3.micro", "t3.small"].map(|name_of| ids_of(&layer, &launch(&name, &unique("token"), name_of)).remove(0));
    layer.lack_capacity(&["t3.large", "t3.micro"]);
    // Running instances need no capacity.
    assert_eq!(code_of(&layer, &about("StartInstances", &ids)), "");
    send(&layer, &about("StopInstances", &ids)).unwrap();
    assert_eq!(code_of(&layer, &about("StartInstances", &ids)), "InsufficientInstanceCapacity");
    assert_eq!(Ec2::new().states(&ids), ["stopped", "stopped"]);
    assert_eq!(code_of(&layer, &about("StartInstances", &ids[1..])), "");
    layer.lack_capacity(&[]);
    assert_eq!(code_of(&layer, &about("StartInstances", &ids)), "");
    assert_eq!(Ec2::new().states(&ids), ["running", "running"]);
}

#[test]
fn a_host_without_capacity_fails_the_start_of_all_instances() {
    let layer = before_moto();
    let ids = Ec2::new().launch_stopped(&unique("layer-host"), 3);
    layer.lack_host_capacity(&ids[1..2]);
    assert_eq!(code_of(&layer, &about("StartInstances", &ids)), "InsufficientHostCapacity");
    assert_eq!(Ec2::new().states(&ids), ["stopped"; 3]);
    assert_eq!(code_of(&layer, &about("StartInstances", &ids[..1])), "");
    layer.lack_host_capacity(&[]);
    assert_eq!(code_of(&layer, &about("StartInstances", &ids)), "");
    assert_eq!(Ec2::new().states(&ids), ["running"; 3]);
}
