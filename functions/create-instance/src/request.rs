//! Builds the request of a launch.

use connector_sdk::ec2::operation::run_instances::builders::RunInstancesInputBuilder;
use connector_sdk::ec2::types::{InstanceNetworkInterfaceSpecification, Placement};

use crate::arguments::source::LaunchTemplate;
use crate::arguments::user_data::UserData;
use crate::attempt::Attempt;
use crate::launch::Launch;
use crate::prerequisites::Prerequisites;

/// Builds the request of one attempt.
pub fn request(launch: &Launch, attempt: &Attempt, prerequisites: &Prerequisites) -> RunInstancesInputBuilder {
    let instance_type = attempt.instance_type.as_ref().map(|instance_type| instance_type.as_str().into());
    let request = launch
        .settings
        .to_ec2()
        .client_token(attempt.token.as_str())
        .min_count(launch.count.minimum.to_ec2())
        .max_count(launch.count.wanted.to_ec2())
        .set_image_id(launch.image.as_ref().map(|image| image.as_str().to_owned()))
        .set_instance_type(instance_type)
        .set_launch_template(launch.template.as_ref().map(LaunchTemplate::to_ec2))
        .set_key_name(prerequisites.key_name.clone())
        .set_block_device_mappings(prerequisites.root_volume.clone().map(|volume| vec![volume]))
        .set_user_data(prerequisites.user_data.as_ref().map(UserData::to_ec2))
        .set_tag_specifications(launch.tags.to_ec2());
    place(request, launch, attempt, prerequisites)
}

/// Sets the network. A public address can only be requested for a network interface, and then EC2 expects subnet and
/// security groups there.
fn place(
    request: RunInstancesInputBuilder,
    launch: &Launch,
    attempt: &Attempt,
    prerequisites: &Prerequisites,
) -> RunInstancesInputBuilder {
    let subnet_id = attempt.subnet.as_ref().map(|subnet| subnet.as_str().to_owned());
    let groups = Some(prerequisites.group_ids.clone()).filter(|ids| !ids.is_empty());
    let zone = launch.network.zone.as_ref();
    let request = request.set_placement(zone.map(|zone| Placement::builder().availability_zone(zone.as_str()).build()));
    if !launch.network.associate_public_ip {
        return request.set_subnet_id(subnet_id).set_security_group_ids(groups);
    }
    let interface = InstanceNetworkInterfaceSpecification::builder()
        .device_index(0)
        .associate_public_ip_address(true)
        .set_subnet_id(subnet_id)
        .set_groups(groups);
    request.network_interfaces(interface.build())
}
