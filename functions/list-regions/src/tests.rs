//! `ListRegions` against a mocked EC2: its output, and the saved list.

use connector_sdk::ErrorKind;
use connector_sdk::ec2::Client;
use connector_sdk::ec2::operation::describe_regions::DescribeRegionsOutput;
use connector_sdk::testing::{Job, Rule, mock, refusal};

use super::*;

/// A rule for DescribeRegions that returns these regions with their opt-in status.
fn describes(regions: &'static [(&'static str, &'static str)]) -> Rule {
    mock!(Client::describe_regions).then_output(|| {
        let region = |(name, status): &(&str, &str)| {
            Region::builder().region_name(*name).opt_in_status(*status).endpoint(format!("ec2.{name}.example")).build()
        };
        DescribeRegionsOutput::builder().set_regions(Some(regions.iter().map(region).collect())).build()
    })
}

const REGIONS: &[(&str, &str)] =
    &[("us-east-1", "opt-in-not-required"), ("me-south-1", "not-opted-in"), ("eu-south-2", "opted-in")];

#[tokio::test(start_paused = true)]
async fn the_enabled_regions_are_shown_by_name() {
    let describe = describes(REGIONS);
    let job = Job::new(&[&describe]);
    let outcome = job.run(&ListRegions, &[]).await.unwrap();
    assert_eq!((outcome.message.as_str(), describe.num_calls()), ("2 regions found", 1));
    let table = job.cx.journal().table().unwrap();
    assert_eq!(table.columns, LISTING.columns);
    assert_eq!(
        table.rows,
        [
            ["eu-south-2", "opted-in", "ec2.eu-south-2.example"],
            ["us-east-1", "opt-in-not-required", "ec2.us-east-1.example"]
        ]
    );
    assert!(job.lines().is_empty() && !job.cx.journal().anything_changed());
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_shown_and_saved_after_opcon_was_contacted() {
    let job = Job::new(&[&describes(REGIONS)]);
    let arguments = [("save", "true"), ("data-script", "lists.txt"), ("max", "1")];
    let outcome = job.run(&ListRegions, &arguments).await.unwrap();
    assert_eq!(outcome.message, "1 region found, written to lists.txt, saved in regions");
    assert_eq!(
        job.lines(),
        ["OpCon is contacted", "2 regions found, the first 1 kept", "lists.txt: regions eu-south-2"]
    );
    assert_eq!(job.cx.journal().table().unwrap().rows.len(), 1);
    assert_eq!(job.cx.journal().properties()[0].value.as_deref(), Some("eu-south-2"));
}

#[tokio::test(start_paused = true)]
async fn no_region_at_all_saves_nothing() {
    let job = Job::new(&[&describes(&[])]);
    let error = job.run(&ListRegions, &[("save", "true")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(job.cx.journal().properties().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_ec2_ends_the_job() {
    let refused = mock!(Client::describe_regions).then_http_response(|| refusal("UnauthorizedOperation", "no"));
    let job = Job::new(&[&refused]);
    let error = job.run(&ListRegions, &[]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.to_string().starts_with("describing regions: no"), "{error}");
    assert!(job.cx.journal().table().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_refusal_by_opcon_fails_the_job() {
    let job = Job::refusing_property(&[&describes(REGIONS)], "regions");
    let error = job.run(&ListRegions, &[("save", "true")]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PropertyNotSaved);
}
