//! The request of a launch as it is sent.

use std::fs;
use std::sync::{Arc, Mutex};

use connector_sdk::client_token::ClientToken;
use connector_sdk::ec2::config::interceptors::BeforeTransmitInterceptorContextRef;
use connector_sdk::ec2::config::{ConfigBag, Intercept, RuntimeComponents};
use connector_sdk::ec2::error::BoxError;
use connector_sdk::ec2::operation::describe_images::DescribeImagesOutput;
use connector_sdk::ec2::types::{DeviceType, Image};
use connector_sdk::testing::{args, client};

use super::*;
use crate::attempt::Attempts;
use crate::launch::Launch;
use crate::prerequisites::{self, Prerequisites};

/// Captures the body of the request.
#[derive(Clone, Debug, Default)]
struct Wire(Arc<Mutex<String>>);

impl Intercept for Wire {
    fn name(&self) -> &'static str {
        "Wire"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        *self.0.lock().unwrap() = String::from_utf8(context.request().body().bytes().unwrap().to_vec()).unwrap();
        Ok(())
    }
}

/// The parameters of RunInstances as they are sent, except the action and the API version.
async fn wire_form(launch: &Launch, prerequisites: &Prerequisites) -> Vec<String> {
    let answer = mock!(Client::run_instances).then_output(|| launched(&[]));
    let wire = Wire::default();
    let ec2 = client(&[&answer]).config().to_builder().interceptor(wire.clone()).build();
    let request = crate::request::request(launch, Attempts::of(launch).unwrap().first(), prerequisites);
    request.send_with(&Client::from_conf(ec2)).await.unwrap();
    let body = wire.0.lock().unwrap().clone();
    body.split('&').skip(2).map(str::to_owned).collect()
}

fn token() -> ClientToken {
    ClientToken::from_ec2(TOKEN.1)
}

/// The launch with these arguments and the common ones.
fn launch_with(more: &[(&str, &str)]) -> Launch {
    let all = arguments(&[&[TOKEN, ("subnet-id", "subnet-0123abcd")], more].concat());
    args(&CreateInstance, &all).unwrap().launch
}

/// The parameters that arguments add to the request.
async fn added_by(more: &[(&str, &str)]) -> Vec<String> {
    let plain = wire_form(&launch_with(&[]), &Prerequisites::default()).await;
    let mut parameters = wire_form(&launch_with(more), &Prerequisites::default()).await;
    parameters.retain(|parameter| !plain.contains(parameter));
    parameters.sort();
    parameters
}

#[tokio::test]
async fn the_request_contains_only_what_the_arguments_specify() {
    assert_eq!(
        wire_form(&launch_with(&[]), &Prerequisites::default()).await,
        [
            "ImageId=ami-0123abcd",
            "InstanceType=t3.micro",
            "MaxCount=1",
            "MinCount=1",
            "SubnetId=subnet-0123abcd",
            "MetadataOptions.HttpTokens=required",
            "ClientToken=T",
        ]
    );
}

#[tokio::test]
async fn key_pair_and_groups_are_those_that_were_found() {
    let prerequisites = Prerequisites {
        key_name: Some("batch".to_owned()),
        group_ids: vec!["sg-0123abcd".to_owned(), "sg-1".to_owned()],
        ..Prerequisites::default()
    };
    let parameters = wire_form(&launch_with(&[]), &prerequisites).await;
    for parameter in ["KeyName=batch", "SecurityGroupId.1=sg-0123abcd", "SecurityGroupId.2=sg-1"] {
        assert!(parameters.iter().any(|found| found == parameter), "{parameter} in {parameters:?}");
    }
}

#[tokio::test]
async fn tags_go_to_instances_and_volumes() {
    let tags = [("tag-name", "web 1"), ("tags", "team=web"), ("tags", "cost=")];
    let expected = |number: usize, resource: &str| {
        [
            format!("TagSpecification.{number}.ResourceType={resource}"),
            format!("TagSpecification.{number}.Tag.1.Key=Name"),
            format!("TagSpecification.{number}.Tag.1.Value=web%201"),
            format!("TagSpecification.{number}.Tag.2.Key=team"),
            format!("TagSpecification.{number}.Tag.2.Value=web"),
            format!("TagSpecification.{number}.Tag.3.Key=cost"),
            format!("TagSpecification.{number}.Tag.3.Value="),
        ]
    };
    assert_eq!(added_by(&tags).await, [expected(1, "instance"), expected(2, "volume")].concat());
    let on_instances_only = [&tags[..], &[("no-volume-tags", "true")]].concat();
    assert_eq!(added_by(&on_instances_only).await, expected(1, "instance"));
}

#[tokio::test]
async fn a_setting_adds_its_own_parameters() {
    let arn = "arn:aws:iam::123456789012:instance-profile/web";
    for (argument, value, parameters) in [
        ("number", "2", &["MaxCount=2", "MinCount=2"][..]),
        ("iam-instance-profile", "web", &["IamInstanceProfile.Name=web"]),
        (
            "iam-instance-profile",
            arn,
            &["IamInstanceProfile.Arn=arn%3Aaws%3Aiam%3A%3A123456789012%3Ainstance-profile%2Fweb"],
        ),
        ("metadata-tokens", "optional", &["MetadataOptions.HttpTokens=optional"]),
        ("termination-protection", "true", &["DisableApiTermination=true"]),
        ("shutdown-behavior", "terminate", &["InstanceInitiatedShutdownBehavior=terminate"]),
        ("shutdown-behavior", "stop", &["InstanceInitiatedShutdownBehavior=stop"]),
        (
            "spot",
            "true",
            &[
                "InstanceMarketOptions.MarketType=spot",
                "InstanceMarketOptions.SpotOptions.InstanceInterruptionBehavior=terminate",
                "InstanceMarketOptions.SpotOptions.SpotInstanceType=one-time",
            ],
        ),
    ] {
        assert_eq!(added_by(&[(argument, value)]).await, parameters, "--{argument} {value}");
    }
    assert_eq!(added_by(&[("number", "3"), ("min-number", "2")]).await, ["MaxCount=3", "MinCount=2"]);
}

#[tokio::test]
async fn with_a_public_address_subnet_and_groups_are_set_on_the_interface() {
    let prerequisites = Prerequisites { group_ids: vec!["sg-1".to_owned()], ..Prerequisites::default() };
    let mut parameters = wire_form(&launch_with(&[("associate-public-ip", "true")]), &prerequisites).await;
    parameters.retain(|parameter| {
        ["Subnet", "SecurityGroup", "NetworkInterface"].iter().any(|name| parameter.contains(name))
    });
    parameters.sort();
    assert_eq!(
        parameters,
        [
            "NetworkInterface.1.AssociatePublicIpAddress=true",
            "NetworkInterface.1.DeviceIndex=0",
            "NetworkInterface.1.SecurityGroupId.1=sg-1",
            "NetworkInterface.1.SubnetId=subnet-0123abcd",
        ]
    );
}

#[tokio::test]
async fn a_launch_template_can_replace_all_other_arguments() {
    let alone = [TOKEN, ("launch-template", "web:3")];
    let launch = args(&CreateInstance, &alone).unwrap().launch;
    let mut parameters = wire_form(&launch, &Prerequisites::default()).await;
    parameters.sort();
    assert_eq!(
        parameters,
        [
            "ClientToken=T",
            "LaunchTemplate.LaunchTemplateName=web",
            "LaunchTemplate.Version=3",
            "MaxCount=1",
            "MinCount=1",
        ]
    );
    assert_eq!(launch.action(), "launching 1 instance of template web");
}

#[tokio::test]
async fn a_zone_is_a_placement() {
    let zone = [("security-group", "sg-0123abcd"), ("availability-zone", "us-east-1a")];
    let launch = args(&CreateInstance, &arguments(&zone)).unwrap().launch;
    let parameters = wire_form(&launch, &Prerequisites::default()).await;
    assert!(parameters.contains(&"Placement.AvailabilityZone=us-east-1a".to_owned()), "{parameters:?}");
}

/// The prerequisites of a launch with these arguments; the key pair exists.
async fn needs_of(rule: &Rule, more: &[(&str, &str)]) -> Result<Prerequisites> {
    prerequisites::ensure(&Job::new(&[&key_pair_exists(), rule]).cx, &launch_with(more), &token()).await
}

/// DescribeImages of an image with this type of root device.
fn image(root_device_type: DeviceType) -> Rule {
    mock!(Client::describe_images).match_requests(|request| request.image_ids() == ["ami-0123abcd"]).then_output(
        move || {
            let image = Image::builder().root_device_name("/dev/xvda").root_device_type(root_device_type.clone());
            DescribeImagesOutput::builder().images(image.build()).build()
        },
    )
}

#[tokio::test]
async fn the_root_volume_is_that_of_the_image_except_for_the_arguments() {
    let image = image(DeviceType::Ebs);
    for (arguments, parameters) in [
        (
            &[("volume-size", "20"), ("volume-type", "gp3"), ("encrypted", "true")][..],
            &[
                "BlockDeviceMapping.1.DeviceName=%2Fdev%2Fxvda",
                "BlockDeviceMapping.1.Ebs.Encrypted=true",
                "BlockDeviceMapping.1.Ebs.VolumeSize=20",
                "BlockDeviceMapping.1.Ebs.VolumeType=gp3",
            ][..],
        ),
        (
            &[("volume-size", "8")],
            &["BlockDeviceMapping.1.DeviceName=%2Fdev%2Fxvda", "BlockDeviceMapping.1.Ebs.VolumeSize=8"],
        ),
    ] {
        let prerequisites = needs_of(&image, arguments).await.unwrap();
        let mut found = wire_form(&launch_with(arguments), &prerequisites).await;
        found.retain(|parameter| parameter.starts_with("BlockDevice"));
        found.sort();
        assert_eq!(found, parameters);
    }
}

#[tokio::test]
async fn an_image_without_a_root_volume_is_refused() {
    let none = mock!(Client::describe_images).then_output(|| DescribeImagesOutput::builder().build());
    for (rule, kind, why) in [
        (
            image(DeviceType::InstanceStore),
            ErrorKind::InvalidInput,
            "the root device of the image is not an EBS volume, so its size, type and encryption cannot be set",
        ),
        (none, ErrorKind::NotFound, "image not found"),
    ] {
        let error = needs_of(&rule, &[("volume-size", "8")]).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.to_string(), format!("looking up image ami-0123abcd: {why}"));
    }
}

#[tokio::test]
async fn user_data_is_sent_in_base64_and_shown_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("start");
    fs::write(&path, "hush").unwrap();
    for argument in [("user-data", "hush"), ("user-data-file", path.to_str().unwrap())] {
        let launch = launch_with(&[argument]);
        let prerequisites =
            prerequisites::ensure(&Job::new(&[&key_pair_exists()]).cx, &launch, &token()).await.unwrap();
        let parameters = wire_form(&launch, &prerequisites).await;
        assert!(parameters.contains(&"UserData=aHVzaA%3D%3D".to_owned()), "{parameters:?}");
        let request = crate::request::request(&launch, Attempts::of(&launch).unwrap().first(), &prerequisites);
        let shown = format!("{launch:?} {prerequisites:?} {request:?}");
        assert!(!shown.contains("hush") && !shown.contains("aHVzaA"), "{shown}");
    }
}
