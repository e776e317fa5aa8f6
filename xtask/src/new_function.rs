//! `cargo xtask new-function`: starts a function's crate and adds it to the program.

mod manifest;
mod name;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::{Arg, ArgMatches, Command};

use crate::report;
use crate::workspace::Workspace;
use name::FunctionName;

const FUNCTIONS_MANIFEST: &str = "functions/Cargo.toml";

/// The files of a function's crate, with the template of each.
const TEMPLATES: [(&str, &str); 2] = [
    ("Cargo.toml", include_str!("new_function/Cargo.toml.template")),
    ("src/lib.rs", include_str!("new_function/lib.rs.template")),
];

/// The command line of this task.
pub fn command() -> Command {
    Command::new("new-function")
        .about("Create the crate of a new function")
        .arg(Arg::new("name").value_name("NAME").required(true).help("The function's name, such as RebootInstance"))
        .arg(
            Arg::new("summary")
                .long("summary")
                .value_name("TEXT")
                .default_value("Does what its name says.")
                .help("What the function does, in a sentence"),
        )
}

/// Starts the crate that the arguments describe.
pub fn run(workspace: &Workspace, matches: &ArgMatches) -> Result<()> {
    let argument = |id| matches.get_one::<String>(id).map(String::as_str).unwrap_or_default();
    let name: FunctionName = argument("name").parse()?;
    let summary = argument("summary");
    ensure!(
        !summary.contains(['"', '\\', '\n', '\r']),
        "reading --summary: it contains a quotation mark, a backslash or a line break"
    );
    create(workspace, &name, summary)?;
    report_next_steps(&name);
    Ok(())
}

fn create(workspace: &Workspace, name: &FunctionName, summary: &str) -> Result<()> {
    let folder = format!("functions/{}", name.package());
    let taken = workspace.packages.iter().any(|package| package.name == name.package());
    ensure!(!taken && !workspace.root.join(&folder).exists(), "creating {folder}: a package with this name exists");

    let manifest_path = workspace.root.join(FUNCTIONS_MANIFEST);
    let manifest = fs::read_to_string(&manifest_path).context("reading functions/Cargo.toml")?;
    let manifest = manifest::with_function(&manifest, name.package()).context("editing functions/Cargo.toml")?;
    for (file, template) in TEMPLATES {
        write(&workspace.root, &format!("{folder}/{file}"), &filled(template, name, summary))?;
    }
    write(&workspace.root, FUNCTIONS_MANIFEST, &manifest)
}

fn filled(template: &str, name: &FunctionName, summary: &str) -> String {
    template
        .replace("{{name}}", name.pascal_case())
        .replace("{{package}}", name.package())
        .replace("{{summary}}", summary)
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

fn report_next_steps(name: &FunctionName) {
    report::heading("Next");
    report::line(format_args!("1. Write the function and its tests in functions/{}/src/lib.rs.", name.package()));
    report::line(format_args!("2. cargo test --package {}", name.package()));
    report::line("3. cargo xtask codegen");
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
        create(&workspace(folder.path()), &name, "Restarts instances.").unwrap();

        let read = |path: &str| fs::read_to_string(folder.path().join(path)).unwrap();
        let manifest = read("functions/reboot-instance/Cargo.toml");
        assert!(manifest.contains("name = \"reboot-instance\""), "{manifest}");
        let source = read("functions/reboot-instance/src/lib.rs");
        assert!(source.starts_with("//! `RebootInstance`: Restarts instances."), "{source}");
        assert!(!source.contains("{{") && !manifest.contains("{{"), "{source}");
        assert!(read(FUNCTIONS_MANIFEST).contains("reboot-instance = { path = \"reboot-instance\", optional = true }"));
    }

    #[test]
    fn a_taken_name_is_refused() {
        let folder = with_functions_manifest();
        fs::create_dir(folder.path().join("functions/reboot-instance")).unwrap();
        let name = "RebootInstance".parse().unwrap();
        let error = create(&workspace(folder.path()), &name, "Restarts instances.").unwrap_err();
        assert_eq!(error.to_string(), "creating functions/reboot-instance: a package with this name exists");
    }
}
