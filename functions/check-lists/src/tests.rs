//! `CheckLists` against a mocked EC2: its requests and its verdicts on entries.

use connector_sdk::ec2::Client;
use connector_sdk::ec2::operation::describe_images::{DescribeImagesInput, DescribeImagesOutput};
use connector_sdk::ec2::operation::describe_instance_types::{DescribeInstanceTypesInput, DescribeInstanceTypesOutput};
use connector_sdk::ec2::operation::describe_regions::DescribeRegionsOutput;
use connector_sdk::testing::{Job, MockResponse, Rule, mock, refusal};

use super::*;

/// An EC2 with only these images, types and regions.
fn ec2(images: &'static [&'static str], types: &'static [&'static str], regions: &'static [&'static str]) -> [Rule; 3] {
    [
        mock!(Client::describe_images).then_compute_response(move |request: &DescribeImagesInput| {
            let requested = request.filters()[0].values();
            let known = images.iter().filter(|id| requested.iter().any(|other| other == *id));
            let known = known.map(|id| Image::builder().image_id(*id).state(ImageState::Available).build()).collect();
            MockResponse::Output(DescribeImagesOutput::builder().set_images(Some(known)).build())
        }),
        mock!(Client::describe_instance_types).then_compute_response(move |request: &DescribeInstanceTypesInput| {
            let requested = request.filters()[0].values();
            let known = types.iter().filter(|name| requested.iter().any(|other| other == *name));
            let known = known.map(|name| InstanceTypeInfo::builder().instance_type((*name).into()).build()).collect();
            MockResponse::Output(DescribeInstanceTypesOutput::builder().set_instance_types(Some(known)).build())
        }),
        mock!(Client::describe_regions).then_output(move || {
            let known = regions.iter().map(|name| Region::builder().region_name(*name).build()).collect();
            DescribeRegionsOutput::builder().set_regions(Some(known)).build()
        }),
    ]
}

const LISTS: &[(OptionList, &[&str])] = &[
    (OptionList::Images, &["ami-1", "ami-2"]),
    (OptionList::InstanceTypes, &["t3.micro"]),
    (OptionList::Regions, &["us-east-1", "eu-west-1"]),
];

fn rows(job: &Job) -> Vec<Vec<String>> {
    job.cx.journal().table().unwrap().rows
}

#[tokio::test(start_paused = true)]
async fn valid_lists_are_a_success() {
    let ec2 = ec2(&["ami-1", "ami-2"], &["t3.micro"], &["us-east-1", "eu-west-1", "eu-west-2"]);
    let job = Job::with_lists(&ec2.each_ref(), LISTS);
    let outcome = job.run(&CheckLists, &[]).await.unwrap();
    assert_eq!(outcome.message, "2 images, 1 instance type, 2 regions checked, all found in EC2");
    assert_eq!(
        job.lines(),
        [
            "2 images checked, 0 with a problem",
            "1 instance type checked, 0 with a problem",
            "2 regions checked, 0 with a problem"
        ]
    );
    assert!(rows(&job).is_empty() && !job.cx.journal().anything_changed());
    assert_eq!(ec2.each_ref().map(|rule| rule.num_calls()), [1, 1, 1]);
}

#[tokio::test(start_paused = true)]
async fn stale_entries_are_shown_and_counted() {
    let job = Job::with_lists(&ec2(&["ami-1"], &["t3.micro"], &["us-east-1"]).each_ref(), LISTS);
    let error = job.run(&CheckLists, &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.to_string(), "checking the option lists: 1 of 2 images, 1 of 2 regions cannot be used");
    assert!(error.hint_text().unwrap().contains("ListImages"), "{error:?}");
    assert_eq!(
        rows(&job),
        [
            ["images", "ami-2", "not found in the region, or not shared with the account"],
            ["regions", "eu-west-1", "not enabled for the account"]
        ]
    );
    job.assert_reported("2 images checked, 1 with a problem");

    let job = Job::with_lists(
        &ec2(&[], &["m5.large"], &[]).each_ref(),
        &[(OptionList::InstanceTypes, &["t3.micro", "m5.large"])],
    );
    job.run(&CheckLists, &[]).await.unwrap_err();
    assert_eq!(rows(&job), [["instance types", "t3.micro", "not available in the region"]]);
}

#[tokio::test(start_paused = true)]
async fn images_that_should_not_be_launched_are_problems() {
    let describe = mock!(Client::describe_images)
        .match_requests(|request| {
            let all = request.include_deprecated() == Some(true) && request.include_disabled() == Some(true);
            all && request.image_ids().is_empty() && request.owners().is_empty()
        })
        .then_output(|| {
            let image = |id: &str, state| Image::builder().image_id(id).set_state(state);
            let available = Some(ImageState::Available);
            let (past, future) = ("2023-01-31T00:00:00.000Z", "2999-01-31T00:00:00.000Z");
            DescribeImagesOutput::builder()
                .images(image("ami-1", Some(ImageState::Disabled)).deprecation_time(past).build())
                .images(image("ami-2", available.clone()).deprecation_time(past).build())
                .images(image("ami-3", available).deprecation_time(future).build())
                .images(image("ami-4", None).build())
                .build()
        });
    let job = Job::with_lists(&[&describe], &[(OptionList::Images, &["ami-1", "ami-2", "ami-3", "ami-4"])]);
    let error = job.run(&CheckLists, &[]).await.unwrap_err();
    assert_eq!(error.to_string(), "checking the option lists: 2 of 4 images cannot be used");
    assert_eq!(
        rows(&job),
        [
            ["images", "ami-1", "`disabled`, not `available`"],
            ["images", "ami-2", "deprecated since 2023-01-31T00:00:00.000Z"]
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn long_lists_are_described_in_batches_and_pages() {
    let ids: Vec<_> = (0..450).map(|number| format!("ami-{number}")).collect();
    let ids: Vec<_> = ids.iter().map(String::as_str).collect();
    let describe = mock!(Client::describe_images).then_compute_response(|request: &DescribeImagesInput| {
        let requested = request.filters()[0].values();
        assert!(request.filters()[0].name() == Some("image-id") && requested.len() <= 200);
        let (first, second) = requested.split_at(requested.len() / 2);
        let (page, next) =
            if request.next_token().is_none() { (first, Some("more".to_owned())) } else { (second, None) };
        let images = page.iter().map(|id| Image::builder().image_id(id).build()).collect();
        MockResponse::Output(DescribeImagesOutput::builder().set_images(Some(images)).set_next_token(next).build())
    });
    let job = Job::with_lists(&[&describe], &[(OptionList::Images, &ids)]);
    job.run(&CheckLists, &[("only", "images")]).await.unwrap();
    assert_eq!(describe.num_calls(), 6, "three parts of two pages");

    let types: Vec<_> = (0..201).map(|number| format!("t3.{number}")).collect();
    let types: Vec<_> = types.iter().map(String::as_str).collect();
    let describe =
        mock!(Client::describe_instance_types).then_compute_response(|request: &DescribeInstanceTypesInput| {
            assert_eq!(request.filters()[0].name(), Some("instance-type"));
            let infos = request.filters()[0]
                .values()
                .iter()
                .map(|name| InstanceTypeInfo::builder().instance_type(name.as_str().into()));
            let infos = infos.map(|info| info.build()).collect();
            MockResponse::Output(DescribeInstanceTypesOutput::builder().set_instance_types(Some(infos)).build())
        });
    let job = Job::with_lists(&[&describe], &[(OptionList::InstanceTypes, &types)]);
    job.run(&CheckLists, &[("only", "instance-types")]).await.unwrap();
    assert_eq!(describe.num_calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn only_the_lists_that_the_job_names_are_checked() {
    for (arguments, message) in [
        (&[("only", "regions")][..], "2 regions checked, all found in EC2"),
        (&[("only", "regions, images")], "2 images, 2 regions checked, all found in EC2"),
        (
            &[("only", "regions"), ("only", "regions"), ("data-script", "lists.txt")],
            "2 regions checked, all found in EC2",
        ),
    ] {
        let ec2 = ec2(&["ami-1", "ami-2"], &[], &["us-east-1", "eu-west-1"]);
        let outcome = Job::with_lists(&ec2.each_ref(), LISTS).run(&CheckLists, arguments).await.unwrap();
        assert_eq!((outcome.message.as_str(), ec2[1].num_calls()), (message, 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_list_is_a_warning_unless_all_are_missing() {
    let ec2 = ec2(&[], &[], &["us-east-1"]);
    let job = Job::with_lists(&ec2.each_ref(), &[(OptionList::Regions, &["us-east-1"]), (OptionList::Images, &[])]);
    for arguments in [&[][..], &[("data-script", "lists.txt")]] {
        let outcome = job.run(&CheckLists, arguments).await.unwrap();
        assert_eq!(outcome.message, "1 region checked, all found in EC2");
    }
    job.assert_reported("warning: the option list of images is missing or empty: not checked");
    job.assert_reported("warning: the option list of instance types is missing or empty: not checked");

    for arguments in [[("only", "images")], [("only", "images,instance-types")]] {
        let error = job.run(&CheckLists, &arguments).await.unwrap_err();
        let message = "checking the option lists: no entries to check";
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::NotFound, message));
    }
    assert_eq!(ec2[0].num_calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_check() {
    let refused = mock!(Client::describe_images).then_http_response(|| refusal("UnauthorizedOperation", "no"));
    let error = Job::with_lists(&[&refused], LISTS).run(&CheckLists, &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.to_string().starts_with("describing images: no"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_parameter_among_the_images_is_not_checked_and_reported() {
    let parameter = "resolve:ssm:/images/web";
    let ec2 = ec2(&["ami-1"], &[], &[]);
    let job = Job::with_lists(&ec2.each_ref(), &[(OptionList::Images, &[parameter, "ami-1"])]);
    let outcome = job.run(&CheckLists, &[("only", "images")]).await.unwrap();
    assert_eq!(outcome.message, "1 image checked, all found in EC2");
    job.assert_reported("warning: resolve:ssm:/images/web is a Systems Manager parameter: not checked");

    let job = Job::with_lists(&ec2.each_ref(), &[(OptionList::Images, &[parameter])]);
    let error = job.run(&CheckLists, &[("only", "images")]).await.unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::NotFound, "no entries to check"));
}

#[test]
fn every_list_can_be_named() {
    for (text, list) in [
        ("images", OptionList::Images),
        ("instance-types", OptionList::InstanceTypes),
        ("regions", OptionList::Regions),
    ] {
        assert_eq!(ListChoice::parse(text), Ok(ListChoice(list)));
    }
    assert_eq!(ListChoice::KIND.choices().len(), OptionList::ALL.len());
    assert!(ListChoice::parse("sizes").unwrap_err().starts_with("must be one of images, instance-types"));
}

#[test]
fn every_option_list_can_be_chosen_by_its_contents() {
    let choices = ONLY.spec.kind.choices();
    let chosen: Vec<_> = choices.iter().map(|choice| ListChoice::parse(choice).unwrap().0).collect();
    assert_eq!(chosen, OptionList::ALL);
    assert_eq!(choices, OptionList::ALL.map(|list| list.contents().replace(' ', "-")));
}
