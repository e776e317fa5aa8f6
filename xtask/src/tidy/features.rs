//! Checks that program and tests build the EC2 SDK with the same features.
//!
//! Otherwise it is compiled twice, which takes minutes.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use super::finding::Finding;
use crate::process;
use crate::workspace::Workspace;

const EC2_SDK: &str = "aws-sdk-ec2";

/// The feature sets of each package, from `cargo tree`. A package has several if it is also built for procedural
/// macros.
type Features = BTreeMap<String, BTreeSet<String>>;

/// The dependencies of the EC2 SDK whose features differ between the program, the tests of all packages, and the tests
/// of a single function.
pub fn findings(workspace: &Workspace) -> Result<Vec<Finding>> {
    let below_the_sdk = features(workspace, &["--package", EC2_SDK, "--edges", "normal"])?;
    let program = features(workspace, &["--package", "awsec2", "--edges", "normal"])?;
    let all_tests = features(workspace, &["--workspace", "--edges", "normal,dev"])?;
    let mut findings = differences(&below_the_sdk, &program, &all_tests, "the tests");
    if let Some(function) = workspace.functions().next() {
        let tests = features(workspace, &["--package", &function.name, "--edges", "normal,dev"])?;
        findings.extend(differences(&below_the_sdk, &program, &tests, &format!("the tests of {}", function.name)));
    }
    Ok(findings)
}

fn differences(below_the_sdk: &Features, program: &Features, tests: &Features, whose: &str) -> Vec<Finding> {
    let is_built_again = |package: &&String| match (program.get(*package), tests.get(*package)) {
        (Some(program), Some(tests)) => !program.is_subset(tests),
        (program, tests) => program != tests,
    };
    let differing = below_the_sdk.keys().filter(is_built_again);
    differing.map(|package| finding(package, program, tests, whose)).collect()
}

fn features(workspace: &Workspace, selection: &[&str]) -> Result<Features> {
    let mut cargo = process::cargo();
    cargo.args(["tree", "--prefix", "none", "--format", "{p}|{f}"]).args(selection).current_dir(&workspace.root);
    Ok(parse(&process::stdout_of(&mut cargo)?))
}

fn parse(tree: &str) -> Features {
    let mut features = Features::new();
    for (package, list) in tree.lines().filter_map(|line| line.split_once('|')) {
        // A star marks a package that is listed before.
        features.entry(package.to_owned()).or_default().insert(list.trim_end_matches(" (*)").to_owned());
    }
    features
}

fn finding(package: &str, program: &Features, tests: &Features, whose: &str) -> Finding {
    let of = |features: &Features| -> BTreeSet<String> {
        let lists = features.get(package).into_iter().flatten();
        lists.flat_map(|list| list.split(',')).map(str::to_owned).collect()
    };
    let differing: Vec<String> = of(program).symmetric_difference(&of(tests)).cloned().collect();
    Finding {
        file: "Cargo.toml".to_owned(),
        line: 1,
        what: format!(
            "{EC2_SDK} is compiled twice, since {package} is built with {} in only one of the program and {whose}",
            differing.join(", ")
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_of_the_tests_alone_is_named() {
        let program = parse("tokio v1.54.1|rt,time\nslab v0.4.12|\ntokio v1.54.1|rt,time (*)\n");
        let tests = parse("tokio v1.54.1|rt,test-util,time\nslab v0.4.12|\n");
        assert_eq!(program.get("slab v0.4.12"), tests.get("slab v0.4.12"));
        assert_eq!(
            finding("tokio v1.54.1", &program, &tests, "the tests").what,
            "aws-sdk-ec2 is compiled twice, since tokio v1.54.1 is built with test-util in only one of the program and the tests"
        );
    }
}
