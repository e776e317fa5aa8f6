//! Names: they are distinct, and OpCon is contacted only if something is saved.

use std::sync::Arc;

use super::*;

fn check(arguments: &[(&str, &str)], instances: usize) -> Result<()> {
    names(arguments).check(&Job::new(&[]).cx, instances)
}

#[tokio::test]
async fn opcon_is_contacted_beforehand_only_for_properties() {
    let lines = async |job: Job, names: &PropertyNames| {
        names.prepare(&job.cx, 2).await.unwrap();
        job.lines()
    };
    const CONTACTED: &str = "OpCon is contacted";
    assert_eq!(lines(Job::new(&[]), &names(&ALL_FOUR)).await, [CONTACTED]);
    assert!(lines(Job::new(&[]), &names(&[])).await.is_empty());
    assert!(lines(Job::dry_run(&[]), &names(&[])).await.is_empty());
    let report = "OpCon properties can be saved: ID, DNS, PUBLIC, PRIVATE; none is saved (dry run)";
    assert_eq!(lines(Job::dry_run(&[]), &names(&ALL_FOUR)).await, [CONTACTED, report]);
}

#[tokio::test]
async fn addresses_that_could_not_be_saved_as_empty_are_known_before_the_launch() {
    for arguments in [&ALL_FOUR[..], &[("public-ip-property", "PUBLIC")]] {
        let job = Job::with_properties(&[], Arc::new(NoEmptyValues));
        names(arguments).prepare(&job.cx, 1).await.unwrap();
        let public = if arguments.len() == 4 { "DNS, PUBLIC" } else { "PUBLIC" };
        let warning = "warning: no empty values: without such an address, these properties keep their old values";
        assert_eq!(job.lines(), [format!("{warning}: {public}")]);
    }
    let job = Job::with_properties(&[], Arc::new(NoEmptyValues));
    names(&[("id-property", "ID"), ("private-ip-property", "PRIVATE")]).prepare(&job.cx, 1).await.unwrap();
    assert!(job.lines().is_empty());
}

#[test]
fn two_arguments_never_name_the_same_property() {
    for (id, ip) in [("WEB", "WEB"), ("WEB", "web"), ("SI.WEB", " SI.WEB ")] {
        let arguments = [("id-property", id), ("private-ip-property", ip)];
        let error = PropertyNames::parse(&inputs(&arguments)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let message =
            format!("`--id-property` and `--private-ip-property` name the same OpCon property: `{}`", ip.trim());
        assert_eq!(error.to_string(), message);
    }
    PropertyNames::parse(&inputs(&ALL_FOUR)).unwrap();
    PropertyNames::parse(&inputs(&[])).unwrap();
}

#[tokio::test]
async fn names_that_are_the_same_for_opcon_are_refused_before_it_is_contacted() {
    for dry_run in [false, true] {
        let job = if dry_run { Job::dry_run(&[]) } else { Job::new(&[]) };
        let same = names(&[("id-property", "WEB"), ("public-dns-property", "Web_1")]);
        assert_eq!(same.prepare(&job.cx, 2).await.unwrap_err().kind(), ErrorKind::InvalidInput);
        assert!(job.lines().is_empty());
    }
}

#[test]
fn a_name_differs_from_the_numbered_names_of_others() {
    let numbered = [("id-property", "WEB"), ("public-ip-property", "WEB_2")];
    check(&numbered, 1).unwrap();
    let error = check(&numbered, 2).unwrap_err();
    assert_eq!(error.to_string(), "`--id-property` and `--public-ip-property` name the same OpCon property: `WEB_2`");
    check(&[("id-property", "WEB"), ("public-ip-property", "WEB_3")], 2).unwrap();
    check(&ALL_FOUR, 3).unwrap();
}
