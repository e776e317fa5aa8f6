//! `cargo xtask new-function`: creates the crate of a new function and adds it to the program.

mod manifest;
mod name;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Arg, ArgMatches, Command};

use crate::workspace::Workspace;
use crate::{process, report};
use name::FunctionName;

const FUNCTIONS_MANIFEST: &str = "functions/Cargo.toml";

const CARGO_TOML: &str = include_str!("new_function/Cargo.toml.template");

/// A kind of function, with a template of its own.
struct Kind {
    name: &'static str,
    about: &'static str,
    source: &'static str,
    /// The placeholders that the author replaces.
    to_do: &'static str,
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "instance-action",
        about: "an EC2 action on instances, such as RebootInstances",
        source: include_str!("new_function/instance_action.rs.template"),
        to_do: "its words and states, the goal of --wait, and whether a second request does no harm",
    },
    Kind {
        name: "resource",
        about: "creates one resource that is not an instance",
        source: include_str!("new_function/resource.rs.template"),
        to_do: "the snapshot and its volume by your resource and its arguments",
    },
    Kind {
        name: "report",
        about: "shows what there is, and changes nothing",
        source: include_str!("new_function/report.rs.template"),
        to_do: "the volumes by what the function shows",
    },
];

/// The command line of this task.
pub fn command() -> Command {
    let kinds = KINDS.map(|kind| PossibleValue::new(kind.name).help(kind.about));
    Command::new("new-function")
        .about("Create the crate of a new function")
        .arg(Arg::new("name").value_name("NAME").required(true).help("The function's name, such as RebootInstance"))
        .arg(
            Arg::new("kind")
                .long("kind")
                .value_name("KIND")
                .required(true)
                .value_parser(PossibleValuesParser::new(kinds))
                .help("What the function does"),
        )
        .arg(
            Arg::new("summary")
                .long("summary")
                .value_name("TEXT")
                .default_value("Do what its name says.")
                .help("What the function does, in an imperative sentence"),
        )
}

/// Creates the crate that the arguments describe.
pub fn run(workspace: &Workspace, matches: &ArgMatches) -> Result<()> {
    let argument = |id| matches.get_one::<String>(id).map(String::as_str).unwrap_or_default();
    let name: FunctionName = argument("name").parse()?;
    let summary = argument("summary");
    ensure!(
        !summary.contains(['"', '\\', '\n', '\r']),
        "reading --summary: it contains a quotation mark, a backslash or a line break"
    );
    let kind = KINDS.iter().find(|kind| kind.name == argument("kind")).context("reading --kind")?;
    create(workspace, &name, summary, kind)?;
    // Line breaks depend on the length of the name.
    process::run(process::cargo().args(["fmt", "--package", name.package()]).current_dir(&workspace.root))?;
    report_next_steps(&name, kind);
    Ok(())
}

fn create(workspace: &Workspace, name: &FunctionName, summary: &str, kind: &Kind) -> Result<()> {
    let folder = format!("functions/{}", name.package());
    let taken = workspace.packages.iter().any(|package| package.name == name.package());
    ensure!(!taken && !workspace.root.join(&folder).exists(), "creating {folder}: a package with this name exists");
    let files = [("Cargo.toml", CARGO_TOML), ("src/lib.rs", kind.source)];
    let files = files.map(|(file, template)| Ok((file, filled(template, name, summary)?)));

    let manifest_path = workspace.root.join(FUNCTIONS_MANIFEST);
    let manifest = fs::read_to_string(&manifest_path).context("reading functions/Cargo.toml")?;
    let manifest = manifest::with_function(&manifest, name.package()).context("editing functions/Cargo.toml")?;
    for (file, text) in files.into_iter().collect::<Result<Vec<_>>>()? {
        write(&workspace.root, &format!("{folder}/{file}"), &text)?;
    }
    write(&workspace.root, FUNCTIONS_MANIFEST, &manifest)
}

fn filled(template: &str, name: &FunctionName, summary: &str) -> Result<String> {
    let mut text = template
        .replace("{{name}}", name.pascal_case())
        .replace("{{package}}", name.package())
        .replace("{{summary}}", summary);
    if template.contains("{{action}}") {
        let action = name.instance_action()?;
        for (mark, word) in [
            ("{{Action}}", &action.ec2_action),
            ("{{action}}", &action.method),
            ("{{ACTION}}", &action.method.to_uppercase()),
            ("{{verb}}", &action.verb),
            ("{{doing}}", &action.doing),
            ("{{done}}", &action.done),
        ] {
            text = text.replace(mark, word);
        }
    }
    Ok(text)
}

fn write(root: &Path, path: &str, text: &str) -> Result<()> {
    let file = root.join(path);
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
    }
    fs::write(&file, text).with_context(|| format!("writing {path}"))?;
    report::line(format_args!("wrote {path}"));
    Ok(())
}

fn report_next_steps(name: &FunctionName, kind: &Kind) {
    let package = name.package();
    report::heading("Next");
    report::line(format_args!("1. In functions/{package}/src/lib.rs, replace {}.", kind.to_do));
    report::line("2. Fill in EXPECTED in its test, and write the other tests.");
    report::line(format_args!("3. cargo test --package {package}"));
    report::line("4. cargo xtask codegen");
    report::line("5. Write a line of CHANGELOG.md, and run cargo xtask test.");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(root: &Path) -> Workspace {
        Workspace { root: root.to_owned(), target: root.join("target"), packages: Vec::new() }
    }

    fn with_functions_manifest() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("functions")).unwrap();
        fs::write(folder.path().join(FUNCTIONS_MANIFEST), "[features]\ndefault = []\n\n[dependencies]\n").unwrap();
        folder
    }

    #[test]
    fn the_crate_and_its_dependency_line_are_written() {
        let folder = with_functions_manifest();
        let name = "RebootInstance".parse().unwrap();
        create(&workspace(folder.path()), &name, "Restart instances.", &KINDS[0]).unwrap();

        let read = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap();
        let manifest = read("functions/reboot-instance/Cargo.toml");
        assert!(manifest.contains("name = \"reboot-instance\""), "{manifest}");
        let source = read("functions/reboot-instance/src/lib.rs");
        assert!(source.starts_with("//! `RebootInstance`: Restart instances."), "{source}");
        assert!(!source.contains("{{") && !manifest.contains("{{"), "{source}");
        assert!(read(FUNCTIONS_MANIFEST).contains("reboot-instance = { path = \"reboot-instance\", optional = true }"));
    }

    #[test]
    fn a_taken_name_is_refused() {
        let folder = with_functions_manifest();
        fs::create_dir(folder.path().join("functions/reboot-instance")).unwrap();
        let name = "RebootInstance".parse().unwrap();
        let error = create(&workspace(folder.path()), &name, "Restart instances.", &KINDS[0]).unwrap_err();
        assert_eq!(error.to_string(), "creating functions/reboot-instance: a package with this name exists");
    }

    #[test]
    fn an_action_on_instances_has_its_name_in_the_singular() {
        let folder = with_functions_manifest();
        let name = "RebootMachine".parse().unwrap();
        let error = create(&workspace(folder.path()), &name, "Restart instances.", &KINDS[0]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "reading the function's name \"RebootMachine\": an action on instances is named as EC2's, in the singular, \
             like RebootInstance"
        );
        assert!(!folder.path().join("functions/reboot-machine").exists(), "nothing is written");
    }
}
