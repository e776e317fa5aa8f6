//! Conflicting and incomplete arguments.

use connector_sdk::testing::args;

use super::*;

/// The error message for arguments.
fn wrong(all: &[(&str, &str)]) -> String {
    let error = args(&CreateInstance, all).map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    error.to_string()
}

#[test]
fn without_a_template_a_launch_must_be_complete() {
    let complete = arguments(&[("subnet-id", "subnet-0123abcd")]);
    args(&CreateInstance, &complete).map(drop).unwrap();
    for (missing, message) in [
        ("image-id", "one of `--image-id`, `--launch-template` is required"),
        ("instance-type", "one of `--instance-type`, `--launch-template` is required"),
        ("subnet-id", "one of `--security-group`, `--subnet-id`, `--launch-template` is required"),
        ("key-name", "one of `--key-name`, `--launch-template` is required"),
    ] {
        let mut incomplete = complete.clone();
        incomplete.retain(|(name, _)| *name != missing);
        assert_eq!(wrong(&incomplete), message);
        incomplete.push(("launch-template", "web"));
        args(&CreateInstance, &incomplete).map(drop).unwrap();
    }
}

#[test]
fn contradictions_are_refused() {
    let long = "x".repeat(63);
    for (more, message) in [
        (&[("number", "2"), ("min-number", "3")][..], "`--min-number` is 3, greater than `--number`, which is 2"),
        (&[("tags", "a=1"), ("tags", "a=2")], "the tag `a` is given twice"),
        (&[("tags", "Name=web"), ("tag-name", "web")], "the tag `Name` is given twice, as `--tag-name` sets it too"),
        (
            &[("image-id", "resolve:ssm:web"), ("encrypted", "true")],
            "`--volume-size`, `--volume-type` and `--encrypted` need `--image-id` with an image id (`ami-...`), as \
             the name of the root device depends on the image",
        ),
        (
            &[("wait", "true"), ("on-timeout", "terminate"), ("termination-protection", "true")],
            "`--on-timeout terminate` cannot terminate instances with `--termination-protection`",
        ),
        (
            &[("client-token", long.as_str()), ("instance-type", "t3.small")],
            "`--client-token` is too long: the 2 attempts of this launch append up to 2 characters, and EC2 accepts 64",
        ),
    ] {
        assert_eq!(wrong(&arguments(&[&[("subnet-id", "subnet-0123abcd")], more].concat())), message);
    }
}

#[test]
fn there_are_at_most_fifty_tags() {
    let tags: Vec<String> = (0..50).map(|number| format!("tag{number}=x")).collect();
    let tags: Vec<_> =
        tags.iter().map(|tag| ("tags", tag.as_str())).chain([("subnet-id", "subnet-0123abcd")]).collect();
    args(&CreateInstance, &arguments(&tags)).map(drop).unwrap();
    let named = [&tags[..], &[("tag-name", "web")]].concat();
    assert_eq!(wrong(&arguments(&named)), "51 tags are given; EC2 accepts at most 50");
}
