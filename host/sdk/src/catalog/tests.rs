//! The catalog of EC2, against a mocked EC2.

use aws_sdk_ec2::Client;
use aws_sdk_ec2::operation::describe_images::DescribeImagesOutput;
use aws_sdk_ec2::operation::describe_instance_types::DescribeInstanceTypesOutput;
use aws_sdk_ec2::operation::describe_regions::DescribeRegionsOutput;
use aws_sdk_ec2::types::{ArchitectureType, InstanceType};

use super::*;
use crate::testing::{Job, Rule, mock, refusal};
use crate::{ArgValue as _, ErrorKind};

const MORE: Option<&str> = Some("more");

fn page_of_images(token: Option<&'static str>, ids: &'static [&'static str], next: Option<&'static str>) -> Rule {
    mock!(Client::describe_images)
        .match_requests(move |request| request.next_token() == token && request.max_results() == Some(1000))
        .then_output(move || {
            let images = ids.iter().map(|id| Image::builder().image_id(*id).build()).collect();
            DescribeImagesOutput::builder().set_images(Some(images)).set_next_token(next.map(str::to_owned)).build()
        })
}

#[tokio::test]
async fn images_come_from_all_pages_without_kernels_and_ram_disks() {
    let job =
        Job::new(&[&page_of_images(None, &["ami-1", "aki-1"], MORE), &page_of_images(MORE, &["ari-1", "ami-2"], None)]);
    let found = images(job.cx.ec2().describe_images()).await.unwrap();
    assert_eq!(found.iter().filter_map(Image::image_id).collect::<Vec<_>>(), ["ami-1", "ami-2"]);
}

#[tokio::test]
async fn instance_types_come_from_all_pages_without_those_of_other_regions() {
    let page = |token: Option<&'static str>, name: &'static str, offered, next: Option<&'static str>| {
        mock!(Client::describe_instance_types)
            .match_requests(move |request| request.next_token() == token && request.max_results() == Some(100))
            .then_output(move || {
                let info = InstanceTypeInfo::builder().instance_type(name.into()).set_supported_in_region(offered);
                let page = DescribeInstanceTypesOutput::builder().instance_types(info.build());
                page.set_next_token(next.map(str::to_owned)).build()
            })
    };
    let more = Some("more still");
    let job = Job::new(&[
        &page(None, "t3.micro", None, MORE),
        &page(MORE, "m9.large", Some(false), more),
        &page(more, "m5.large", Some(true), None),
    ]);
    let found = instance_types(job.cx.ec2().describe_instance_types()).await.unwrap();
    let names: Vec<_> = found.iter().filter_map(InstanceTypeInfo::instance_type).map(InstanceType::as_str).collect();
    assert_eq!(names, ["t3.micro", "m5.large"]);
}

#[tokio::test]
async fn regions_are_those_that_the_account_has_enabled() {
    let describe = mock!(Client::describe_regions)
        .match_requests(|request| request.all_regions().is_none() && request.filters().is_empty())
        .then_output(|| {
            let region = |name: &str, status: Option<&str>| {
                Region::builder().region_name(name).set_opt_in_status(status.map(str::to_owned)).build()
            };
            DescribeRegionsOutput::builder()
                .regions(region("us-east-1", Some("opt-in-not-required")))
                .regions(region("me-south-1", Some("not-opted-in")))
                .regions(region("eu-south-2", Some("opted-in")))
                .regions(region("xx-east-1", None))
                .build()
        });
    let found = regions(&Job::new(&[&describe]).cx).await.unwrap();
    let names: Vec<_> = found.iter().filter_map(Region::region_name).collect();
    assert_eq!(names, ["us-east-1", "eu-south-2", "xx-east-1"]);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_names_the_action() {
    let refused = mock!(Client::describe_images).then_http_response(|| refusal("UnauthorizedOperation", "no"));
    let error = images(Job::new(&[&refused]).cx.ec2().describe_images()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.to_string().starts_with("describing images: no"), "{error}");

    let refused = mock!(Client::describe_instance_types).then_http_response(|| refusal("RequestLimitExceeded", "no"));
    let error = instance_types(Job::new(&[&refused]).cx.ec2().describe_instance_types()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().starts_with("describing instance types: no"), "{error}");

    let refused = mock!(Client::describe_regions).then_http_response(|| refusal("AuthFailure", "no"));
    let error = regions(&Job::new(&[&refused]).cx).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.to_string().starts_with("describing regions: no"), "{error}");
}

#[test]
fn an_image_is_deprecated_from_its_time_on() {
    for (time, since) in [
        (Some("2020-01-31T00:00:00.000Z"), Some("2020-01-31T00:00:00.000Z")),
        (Some("2999-01-31T00:00:00.000Z"), None),
        (Some("soon"), None),
        (None, None),
    ] {
        let image = Image::builder().set_deprecation_time(time.map(str::to_owned)).build();
        assert_eq!(deprecated_since(&image), since);
    }
}

#[test]
fn architectures_are_those_of_ec2() {
    for name in Architecture::KIND.choices() {
        assert_eq!(Architecture::parse(name).unwrap().as_str(), *name);
        assert!(ArchitectureValues::values().contains(name) && ArchitectureType::values().contains(name), "{name}");
    }
    assert_eq!(Architecture::KIND.choices().len(), ArchitectureValues::values().len());
    assert!(Architecture::parse("X86_64").unwrap_err().starts_with("must be one of x86_64, arm64"));
}
