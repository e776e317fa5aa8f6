//! `ListImages` against a mocked EC2: its requests, the images that it keeps, and their order.

use connector_sdk::ArgValue as _;
use connector_sdk::ec2::Client;
use connector_sdk::ec2::operation::describe_images::DescribeImagesOutput;
use connector_sdk::ec2::types::Filter;
use connector_sdk::ec2::types::builders::ImageBuilder;
use connector_sdk::testing::{Job, Rule, mock, refusal};

use super::*;

fn image(id: &str, name: &str, day: u32) -> ImageBuilder {
    let builder = Image::builder().image_id(id).name(name).creation_date(format!("2023-04-{day:02}T10:00:00.000Z"));
    builder.owner_id("123456789012").architecture(ArchitectureValues::X8664)
}

/// A rule for DescribeImages that returns these images.
fn describes(images: impl Fn() -> Vec<ImageBuilder> + Send + Sync + 'static) -> Rule {
    mock!(Client::describe_images).then_output(move || {
        let images = images().into_iter().map(ImageBuilder::build).collect();
        DescribeImagesOutput::builder().set_images(Some(images)).build()
    })
}

/// The ids shown, in order.
fn shown(job: &Job) -> Vec<String> {
    job.cx.journal().table().unwrap().rows.into_iter().map(|mut row| row.swap_remove(0)).collect()
}

#[tokio::test(start_paused = true)]
async fn all_pages_are_shown_newest_first() {
    let page = |token: Option<&'static str>, images: &'static [(&'static str, u32)], next: Option<&'static str>| {
        mock!(Client::describe_images).match_requests(move |request| request.next_token() == token).then_output(
            move || {
                let images = images.iter().map(|(id, day)| image(id, "web", *day).build()).collect();
                DescribeImagesOutput::builder().set_images(Some(images)).set_next_token(next.map(str::to_owned)).build()
            },
        )
    };
    let more = Some("more");
    let job = Job::new(&[
        &page(None, &[("ami-3", 2), ("ami-1", 9)], more),
        &page(more, &[("ami-4", 10), ("ami-2", 2)], None),
    ]);
    let outcome = job.run(&ListImages, &[]).await.unwrap();
    assert_eq!(outcome.message, "4 images found");
    assert_eq!(shown(&job), ["ami-4", "ami-1", "ami-2", "ami-3"], "those of one time by id");
    let table = job.cx.journal().table().unwrap();
    assert_eq!(table.columns, LISTING.columns);
    assert_eq!(table.rows[0], ["ami-4", "web", "x86_64", "2023-04-10T10:00:00.000Z"]);
    assert!(!job.cx.journal().anything_changed());
}

#[tokio::test(start_paused = true)]
async fn each_argument_is_part_of_the_request() {
    let with = |more: &[Filter]| [&[filter("state", ["available"])], more].concat();
    for (arguments, owners, filters, deprecated) in [
        (&[][..], &["self"][..], with(&[]), false),
        (&[("owner", "self, 123456789012"), ("owner", "self")], &["self", "123456789012", "self"], with(&[]), false),
        (
            &[("owner", "amazon"), ("name", "al2023, *"), ("name", "web?")],
            &["amazon"],
            with(&[filter("name", ["al2023, *", "web?"])]),
            false,
        ),
        (&[("architecture", "arm64")], &["self"], with(&[filter("architecture", ["arm64"])]), false),
        (&[("include-deprecated", "true")], &["self"], with(&[]), true),
    ] {
        let describe = mock!(Client::describe_images)
            .match_requests(move |request| {
                let same = request.owners() == owners && request.filters() == filters;
                same && request.include_deprecated() == Some(deprecated)
            })
            .then_output(|| DescribeImagesOutput::builder().images(image("ami-1", "web", 1).build()).build());
        Job::new(&[&describe]).run(&ListImages, arguments).await.unwrap();
        assert_eq!(describe.num_calls(), 1);
    }
}

#[test]
fn public_owners_need_a_name() {
    for (owners, needs_a_name) in
        [("self", false), ("123456789012", false), ("amazon", true), ("self,aws-marketplace", true)]
    {
        let check = |arguments: &[(&str, &str)]| connector_sdk::testing::args(&ListImages, arguments).map(drop);
        assert_eq!(check(&[("owner", owners)]).is_err(), needs_a_name, "{owners}");
        check(&[("owner", owners), ("name", "*")]).unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn public_owners_without_a_name_are_refused_before_any_call() {
    let job = Job::new(&[]);
    let error = job.run(&ListImages, &[("owner", "self,amazon"), ("save", "true")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert_eq!(error.to_string(), "`--owner amazon` without `--name` matches tens of thousands of images");
    assert!(error.hint_text().unwrap().contains("--name"), "{error:?}");
    assert!(job.lines().is_empty());
}

#[tokio::test(start_paused = true)]
async fn deprecated_images_are_left_out_unless_requested() {
    let describe = describes(|| {
        vec![
            image("ami-1", "web", 1).deprecation_time("2023-05-01T00:00:00.000Z"),
            image("ami-2", "web", 2).deprecation_time("2999-05-01T00:00:00.000Z"),
            image("ami-3", "web", 3),
        ]
    });
    let job = Job::new(&[&describe]);
    job.run(&ListImages, &[]).await.unwrap();
    assert_eq!(shown(&job), ["ami-3", "ami-2"]);
    job.run(&ListImages, &[("include-deprecated", "true")]).await.unwrap();
    assert_eq!(shown(&job), ["ami-3", "ami-2", "ami-1"]);
}

#[tokio::test(start_paused = true)]
async fn the_newest_of_each_family_is_kept() {
    let describe = describes(|| {
        vec![
            image("ami-1", "web-20230401", 1),
            image("ami-2", "web-20230402", 2),
            image("ami-3", "web-20230401", 1).architecture(ArchitectureValues::Arm64),
            image("ami-4", "web-20230401", 1).owner_id("210987654321"),
            image("ami-5", "db-20230402", 3),
            image("ami-6", "db-20230401", 4),
            Image::builder().image_id("ami-7"),
            Image::builder().image_id("ami-8"),
        ]
    });
    let job = Job::new(&[&describe]);
    job.run(&ListImages, &[("latest", "true")]).await.unwrap();
    assert_eq!(shown(&job), ["ami-6", "ami-2", "ami-3", "ami-4", "ami-7", "ami-8"]);
    assert_eq!(job.cx.journal().table().unwrap().rows[5], ["ami-8", "", "", ""]);
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_shown_and_saved_after_opcon_was_contacted() {
    let job = Job::new(&[&describes(|| (1..=3).map(|day| image(&format!("ami-{day}"), "web", day)).collect())]);
    let arguments = [("save", "true"), ("data-script", "lists.txt"), ("max", "2")];
    let outcome = job.run(&ListImages, &arguments).await.unwrap();
    assert_eq!(outcome.message, "2 images found, written to lists.txt, saved in images");
    assert_eq!(
        job.lines(),
        ["OpCon is contacted", "3 images found, the first 2 kept", "lists.txt: images ami-3,ami-2"]
    );
    assert_eq!(shown(&job), ["ami-3", "ami-2"]);
}

#[tokio::test(start_paused = true)]
async fn no_matching_image_saves_nothing() {
    let job = Job::new(&[&describes(Vec::new)]);
    let error = job.run(&ListImages, &[("save", "true")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(job.cx.journal().properties().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_ends_the_job() {
    let refused = mock!(Client::describe_images).then_http_response(|| refusal("UnauthorizedOperation", "no"));
    let error = Job::new(&[&refused]).run(&ListImages, &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.to_string().starts_with("describing images: no"), "{error}");

    let job = Job::refusing_property(&[&describes(|| vec![image("ami-1", "web", 1)])], "images");
    let error = job.run(&ListImages, &[("save", "true")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PropertyNotSaved);
}

#[test]
fn the_description_of_an_entry_is_the_name_of_the_image() {
    let described = entry(&image("ami-1", "web", 1).build()).unwrap();
    assert_eq!((described.id.as_str(), described.description.as_deref()), ("ami-1", Some("web")));
    assert!(entry(&Image::builder().build()).is_none());
}

#[test]
fn owners_are_accounts_and_ec2s_own_names() {
    for text in ["self", "amazon", "aws-marketplace", "123456789012"] {
        assert_eq!(Owner::parse(text), Ok(Owner(text.to_owned())));
    }
    for text in ["me", "Amazon", "12345678901", "1234567890123", "12345678901\u{664}"] {
        assert!(Owner::parse(text).unwrap_err().starts_with("must be `self`"), "{text}");
    }
}
