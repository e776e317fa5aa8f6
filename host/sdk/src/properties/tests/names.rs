//! Names: they are distinct, and OpCon is contacted only if something is saved.

use super::*;

fn check(arguments: &[(&str, &str)], instances: usize) -> Result<()> {
    names(arguments).check(&Job::new(&[]).cx, instances)
}

#[tokio::test]
async fn opcon_is_contacted_beforehand_only_for_properties_of_a_real_run() {
    let contacted = async |job: Job, names: &PropertyNames| {
        names.prepare(&job.cx, 2).await.unwrap();
        job.lines().len() == 1
    };
    assert!(contacted(Job::new(&[]), &names(&ALL_FOUR)).await);
    assert!(!contacted(Job::new(&[]), &names(&[])).await);
    assert!(!contacted(Job::dry_run(&[]), &names(&ALL_FOUR)).await);
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
