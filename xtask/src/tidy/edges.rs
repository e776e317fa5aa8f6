//! Checks the direct dependencies between packages, except dev-dependencies.

use std::fs;

use anyhow::{Context, Result};

use super::finding::Finding;
use crate::workspace::{Package, Workspace};

/// A rule for packages: its scope, and the forbidden dependencies.
struct Rule {
    applies_to: fn(folder: &str) -> bool,
    never: &'static [Forbidden],
}

/// A forbidden dependency.
enum Forbidden {
    /// The package with this name.
    Package(&'static str),
    /// Any package of the AWS SDK.
    Aws,
    /// Any package of the AWS SDK that is not the client of a service other than EC2.
    AwsButServices,
    /// Any function package.
    AnyFunction,
    /// Any package that is not a function.
    AllButFunctions,
}

use Forbidden::{AllButFunctions, AnyFunction, Aws, AwsButServices, Package as Named};

const RULES: &[Rule] = &[
    Rule {
        applies_to: |folder| folder.starts_with("functions/"),
        never: &[
            Named("awsec2"),
            Named("clap"),
            Named("functions"),
            Named("opcon"),
            Named("reqwest"),
            Named("tokio"),
            AwsButServices,
            AnyFunction,
        ],
    },
    Rule { applies_to: |folder| folder == "functions", never: &[AllButFunctions] },
    Rule {
        applies_to: |folder| folder == "host/sdk",
        never: &[Named("awsec2"), Named("clap"), Named("functions"), Named("opcon"), Named("reqwest"), AnyFunction],
    },
    Rule { applies_to: |folder| folder == "host", never: &[AnyFunction] },
    Rule {
        applies_to: |folder| folder == "opcon" || folder.starts_with("opcon/"),
        never: &[Named("awsec2"), Named("clap"), Named("connector-sdk"), Named("functions"), Aws, AnyFunction],
    },
    Rule {
        applies_to: |folder| folder == "xtask",
        never: &[Named("awsec2"), Named("connector-sdk"), Named("functions"), Named("reqwest"), Aws, AnyFunction],
    },
];

/// The dependencies that violate a rule.
pub fn findings(workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let rules = RULES.iter().filter(|rule| (rule.applies_to)(&package.folder));
        for forbidden in rules.flat_map(|rule| rule.never) {
            for dependency in forbidden_dependencies(package, forbidden, workspace) {
                findings.push(finding(package, dependency, workspace)?);
            }
        }
    }
    Ok(findings)
}

fn forbidden_dependencies<'a>(package: &'a Package, forbidden: &Forbidden, workspace: &Workspace) -> Vec<&'a str> {
    let is_function = |name: &str| workspace.functions().any(|function| function.name == name);
    package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind.is_none())
        .map(|dependency| dependency.name.as_str())
        .filter(|name| match forbidden {
            Named(forbidden) => name == forbidden,
            Aws => name.starts_with("aws-"),
            // The EC2 client is part of the contract, see `connector_sdk::ec2`.
            AwsButServices => name.starts_with("aws-") && (!name.starts_with("aws-sdk-") || *name == "aws-sdk-ec2"),
            AnyFunction => is_function(name),
            AllButFunctions => !is_function(name),
        })
        .collect()
}

fn finding(package: &Package, dependency: &str, workspace: &Workspace) -> Result<Finding> {
    let file = format!("{}/Cargo.toml", package.folder);
    let manifest = fs::read_to_string(workspace.root.join(&file)).with_context(|| format!("reading {file}"))?;
    let line = manifest.lines().position(|line| is_key(line, dependency)).map_or(1, |index| index + 1);
    Ok(Finding { file, line, what: format!("{} must not depend on {dependency}", package.name) })
}

fn is_key(line: &str, key: &str) -> bool {
    line.strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', '.', '=']))
}

#[cfg(test)]
mod tests {
    use super::super::{Tree, shown};
    use super::*;

    fn manifest(name: &str, rest: &str) -> String {
        format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n{rest}")
    }

    fn findings_of(packages: &[(&str, &str, &str)]) -> Vec<String> {
        let tree = Tree::new(&[]);
        let members: Vec<&str> = packages.iter().map(|(folder, ..)| *folder).collect();
        tree.write("Cargo.toml", &format!("[workspace]\nresolver = \"3\"\nmembers = {members:?}\n"));
        for (folder, name, rest) in packages {
            tree.write(&format!("{folder}/Cargo.toml"), &manifest(name, rest));
            tree.write(&format!("{folder}/src/lib.rs"), "//! Empty.\n");
        }
        let workspace = Workspace::load_from(tree.folder.path()).unwrap();
        shown(&findings(&workspace).unwrap())
    }

    #[test]
    fn a_function_sees_no_command_line_parser_and_no_other_function() {
        let found = findings_of(&[
            ("functions", "functions", "[dependencies]\na = { path = \"a\" }\nb = { path = \"b\" }\n"),
            ("functions/a", "a", "[dependencies]\nasync-trait = \"0.1\"\nclap = \"4\"\nb = { path = \"../b\" }\n"),
            ("functions/b", "b", "[dev-dependencies]\ntokio = \"1\"\naws-smithy-mocks = \"0.3\"\n"),
        ]);
        assert_eq!(
            found,
            ["functions/a/Cargo.toml:6: a must not depend on clap", "functions/a/Cargo.toml:7: a must not depend on b"]
        );
    }

    #[test]
    fn a_function_sees_the_clients_of_other_services_and_nothing_else_of_aws() {
        let dependencies = "[dependencies]\naws-sdk-ssm = \"1\"\naws-sdk-ec2 = \"1\"\naws-config = \"1\"\n";
        let found = findings_of(&[("functions", "functions", ""), ("functions/a", "a", dependencies)]);
        assert_eq!(
            found,
            [
                "functions/a/Cargo.toml:7: a must not depend on aws-config",
                "functions/a/Cargo.toml:6: a must not depend on aws-sdk-ec2"
            ]
        );
    }

    #[test]
    fn the_functions_package_links_functions_and_nothing_else() {
        let found = findings_of(&[
            (
                "functions",
                "functions",
                "[dependencies]\na.path = \"a\"\nserde = \"1\"\n[build-dependencies]\ntoml = \"0.9\"\n",
            ),
            ("functions/a", "a", ""),
        ]);
        assert_eq!(found, ["functions/Cargo.toml:6: functions must not depend on serde"]);
    }

    #[test]
    fn opcon_sees_no_aws_and_xtask_not_what_links_it() {
        let found = findings_of(&[
            ("opcon", "opcon", "[dependencies]\naws-config = \"1\"\n"),
            ("functions/a", "a", ""),
            ("xtask", "xtask", "[dependencies]\na.path = \"../functions/a\"\n"),
        ]);
        assert_eq!(
            found,
            [
                "opcon/Cargo.toml:5: opcon must not depend on aws-config",
                "xtask/Cargo.toml:5: xtask must not depend on a"
            ]
        );
    }
}
