//! Writing option lists into properties and files.

use super::*;
use crate::testing::{Job, parse_arguments};

fn destination(arguments: &[(&str, &str)]) -> Destination {
    Destination::parse(&parse_arguments(ARGUMENTS.iter(), &[], arguments).unwrap())
}

fn entries(ids: &[&str]) -> Vec<OptionEntry> {
    ids.iter().map(|id| OptionEntry { id: (*id).to_owned(), description: None }).collect()
}

#[tokio::test]
async fn a_list_without_a_destination_is_only_counted() {
    let job = Job::new(&[]);
    let outcome = destination(&[]).write(&job.cx, OptionList::Regions, &entries(&["us-east-1"])).await.unwrap();
    assert_eq!(outcome.message, "1 region found");
    assert!(job.lines().is_empty() && job.cx.journal().properties().is_empty());
}

#[tokio::test]
async fn a_list_goes_into_its_property_and_into_a_file() {
    let job = Job::new(&[]);
    let destination = destination(&[("save", "true"), ("data-script", "lists.txt"), ("max", "2")]);
    destination.prepare(&job.cx).await.unwrap();
    job.assert_reported("OpCon is contacted");
    let kept = destination.truncate(&job.cx, OptionList::InstanceTypes, entries(&["t3.micro", "t3.small", "t3.large"]));
    job.assert_reported("3 instance types found, the first 2 kept");
    let outcome = destination.write(&job.cx, OptionList::InstanceTypes, &kept).await.unwrap();
    assert_eq!(outcome.message, "2 instance types found, written to lists.txt, saved in instance types");
    job.assert_reported("lists.txt: instance types t3.micro,t3.small");
    let saved = job.cx.journal().properties();
    assert_eq!((saved[0].name.as_str(), saved[0].value.as_deref()), ("instance types", Some("t3.micro,t3.small")));
    assert!(saved[0].saved);
}

#[test]
fn only_a_list_that_is_too_long_is_truncated() {
    let job = Job::new(&[]);
    for arguments in [&[][..], &[("max", "2")], &[("max", "3")]] {
        assert_eq!(destination(arguments).truncate(&job.cx, OptionList::Regions, vec![1, 2]), [1, 2]);
    }
    assert!(job.lines().is_empty());
}

#[tokio::test]
async fn an_empty_list_is_not_written() {
    let job = Job::new(&[]);
    let error = destination(&[("save", "true")]).write(&job.cx, OptionList::Images, &[]).await.unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::NotFound, "describing images: no images match"));
    assert!(job.cx.journal().properties().is_empty());
}

#[tokio::test]
async fn a_list_that_opcon_rejects_is_an_error_with_its_value() {
    let job = Job::refusing_property(&[], "regions");
    let saved = destination(&[("save", "true")]).write(&job.cx, OptionList::Regions, &entries(&["us-east-1"])).await;
    let error = saved.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PropertyNotSaved);
    assert_eq!(error.to_string(), "saving the option list in regions: refused by the test");
    assert!(job.cx.journal().properties()[0].is_missing());
}
