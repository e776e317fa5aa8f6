//! Tests `new-function` in a copy of the workspace: the new crate builds and works, and a program that does not link
//! one of its functions fails.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use walkdir::WalkDir;

const WORKSPACE_MANIFEST: &str = "Cargo.toml";

/// A copy of the workspace with a program of its own. Dependencies are compiled once, because both workspaces share
/// cargo's target folder.
struct Copy {
    original: PathBuf,
    root: PathBuf,
    target: PathBuf,
    build: String,
    _lock: File,
}

impl Copy {
    /// Creates the copy at a fixed path, where cargo finds the previous build. One test uses it at a time.
    fn new() -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-function");
        let root = folder.join("workspace");
        fs::create_dir_all(&folder).unwrap();
        let lock = File::create(folder.join("lock")).unwrap();
        lock.lock().unwrap();
        if root.exists() {
            fs::remove_dir_all(&root).unwrap();
        }
        // Read at run time, because the test may have been compiled in another clone with the same target folder.
        let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR").unwrap());
        let original = package.parent().unwrap().to_owned();
        copy_sources(&original, &root);
        set_other_version(&root);
        Copy { target: folder.join("target"), build: build_folder(&original), original, root, _lock: lock }
    }

    /// Runs a program in the copy, expects success, and returns its stdout.
    #[track_caller]
    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.output(program, arguments);
        assert!(output.status.success(), "{program} {arguments:?}: {output:#?}");
        text(output.stdout)
    }

    fn output(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        without_package_variables(&mut command);
        command.env("CARGO_TARGET_DIR", &self.target).env("CARGO_BUILD_BUILD_DIR", &self.build).current_dir(&self.root);
        command.args(arguments).output().unwrap()
    }

    /// Runs a command line of the README, which has no quotes. Cargo runs offline.
    fn follow(&self, line: &str) -> Output {
        let words: Vec<&str> = line.split_whitespace().collect();
        match &words[..] {
            ["cargo", "xtask", arguments @ ..] => self.output(env!("CARGO_BIN_EXE_xtask"), arguments),
            ["cargo", task, arguments @ ..] => self.output("cargo", &[&[*task, "--offline"], arguments].concat()),
            _ => panic!("the README shows a command that is not cargo's: {line}"),
        }
    }

    /// Creates the crate of a function.
    fn with_new_function(self, name: &str, kind: &str) -> Self {
        self.run(env!("CARGO_BIN_EXE_xtask"), &["new-function", name, "--kind", kind]);
        self
    }

    /// Edits a file of the copy.
    #[track_caller]
    fn replace(&self, path: &str, from: &str, to: &str) {
        let before = fs::read_to_string(self.root.join(path)).unwrap();
        assert!(before.contains(from), "{path} does not contain {from}");
        fs::write(self.root.join(path), before.replace(from, to)).unwrap();
    }

    /// Tests the crate: its test fails until the author adds the expected result.
    #[track_caller]
    fn fill_in(&self, test: impl Fn() -> Output, package: &str, expected: &str) {
        let unfinished = test();
        let asks = String::from_utf8_lossy(&unfinished.stdout).contains("fill in EXPECTED, the last line of a job of");
        assert!(asks && !unfinished.status.success(), "{unfinished:#?}");
        self.replace(&format!("functions/{package}/src/lib.rs"), "\"TODO\"", &format!("{expected:?}"));
        let tested = test();
        assert!(tested.status.success(), "{tested:#?}");
    }

    /// Tests a crate.
    fn test(&self, package: &str) -> Output {
        self.output("cargo", &["test", "--offline", "--package", package])
    }

    /// The files of the copy that differ from the original or are new. The version in the manifest always differs.
    fn changed_files(&self) -> BTreeSet<String> {
        let files =
            WalkDir::new(&self.root).into_iter().map(Result::unwrap).filter(|entry| entry.file_type().is_file());
        let relative = files.map(|entry| entry.path().strip_prefix(&self.root).unwrap().to_owned());
        let relative = relative.filter(|path| path != Path::new(WORKSPACE_MANIFEST));
        let changed =
            relative.filter(|path| fs::read(self.root.join(path)).ok() != fs::read(self.original.join(path)).ok());
        changed.map(|path| path.to_str().unwrap().replace('\\', "/")).collect()
    }

    /// Builds the program and runs it.
    fn run_awsec2(&self, arguments: &[&str]) -> Output {
        self.run("cargo", &["build", "--offline", "--package", "awsec2"]);
        let program = self.target.join("debug").join(format!("awsec2{}", env::consts::EXE_SUFFIX));
        Command::new(program).args(arguments).output().unwrap()
    }
}

/// Copies everything except build output, with modification times, which cargo compares.
fn copy_sources(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    let is_made = |name: &str| [".git", "target", "log"].contains(&name);
    let entries = WalkDir::new(from).min_depth(1).into_iter();
    for entry in entries.filter_entry(|entry| entry.depth() > 1 || !entry.file_name().to_str().is_some_and(is_made)) {
        let entry = entry.unwrap();
        let copy = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            fs::create_dir_all(copy).unwrap();
        } else {
            fs::copy(entry.path(), &copy).unwrap();
            let modified = entry.metadata().unwrap().modified().unwrap();
            File::options().write(true).open(&copy).unwrap().set_modified(modified).unwrap();
        }
    }
}

/// Sets a different version: cargo distinguishes the packages of two workspaces in one target folder by version, not by
/// path, and would otherwise mix up their builds.
fn set_other_version(root: &Path) {
    let manifest = fs::read_to_string(root.join(WORKSPACE_MANIFEST)).unwrap();
    let version = format!("version = \"{}\"", env!("CARGO_PKG_VERSION"));
    let other = format!("version = \"{}-copy\"", env!("CARGO_PKG_VERSION"));
    assert_eq!(manifest.matches(&version).count(), 1, "the version of all packages");
    fs::write(root.join(WORKSPACE_MANIFEST), manifest.replace(&version, &other)).unwrap();
}

/// The folder of cargo's intermediate build output.
fn build_folder(workspace: &Path) -> String {
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(workspace);
    let metadata: Value = serde_json::from_slice(&cargo.output().unwrap().stdout).unwrap();
    metadata["build_directory"].as_str().unwrap().to_owned()
}

/// Removes variables of this package, which would cause build scripts that watch them to run again.
fn without_package_variables(command: &mut Command) {
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// The command lines of the README about a new function.
fn commands_of_the_readme(copy: &Copy) -> Vec<String> {
    let readme = fs::read_to_string(copy.root.join("README.md")).unwrap();
    let section = readme.split_once("**A new function**").unwrap().1;
    let block = section.split("```").nth(1).unwrap().strip_prefix("sh").unwrap();
    block
        .lines()
        .map(|line| line.split('#').next().unwrap().trim().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}

/// The tests of the program that a new function does not affect, or that take minutes.
const UNAFFECTED_TESTS: &[&str] =
    &["create_instance::", "fault_layer::", "faults::", "lost_output::", "own_functions::", "progress::"];

#[test]
fn following_the_readme_adds_a_function_and_changes_no_other_file_by_hand() {
    let copy = Copy::new();
    let commands = commands_of_the_readme(&copy);
    let [start, test, generate] = &commands[..] else { panic!("other commands: {commands:?}") };
    assert!(copy.follow(start).status.success());
    let (name, package) = ("ListVolumes", "list-volumes");
    let source = format!("functions/{package}/src/lib.rs");

    copy.fill_in(|| copy.follow(test), package, "1 found");
    let generated = copy.follow(generate);
    assert!(generated.status.success(), "{generated:#?}");

    let crate_files = [format!("functions/{package}/Cargo.toml"), source];
    let others = ["Cargo.lock", "README.md", "docs/functions.json", "docs/functions.md", "docs/iam-policy.json"];
    let wanted = others.into_iter().chain(["functions/Cargo.toml"]).map(str::to_owned).chain(crate_files);
    assert_eq!(copy.changed_files(), wanted.collect());

    let listed = copy.run_awsec2(&["--list", "--output", "json"]);
    let listed: Vec<Value> = serde_json::from_slice(&listed.stdout).unwrap();
    let new = listed.iter().find(|function| function["name"] == name).unwrap();
    assert_eq!((&new["crate"], &new["summary"]), (&package.into(), &"Do what its name says.".into()));
    assert!(listed.len() > 1, "the others are still there");

    copy.run(env!("CARGO_BIN_EXE_xtask"), &["tidy"]);
    let without = UNAFFECTED_TESTS.iter().flat_map(|module| ["--skip", module]);
    let tests = ["test", "--offline", "--package", "awsec2", "--package", "functions", "--"];
    copy.run("cargo", &tests.into_iter().chain(without).collect::<Vec<_>>());
}

#[test]
fn an_action_on_instances_is_a_job_when_its_expectation_is_filled_in() {
    let copy = Copy::new().with_new_function("MonitorInstance", "instance-action");
    copy.fill_in(|| copy.test("monitor-instance"), "monitor-instance", "1 instance monitoring");
}

#[test]
fn the_creation_of_a_resource_is_a_job_when_its_expectation_is_filled_in() {
    let copy = Copy::new().with_new_function("CreateSnapshot", "resource");
    copy.fill_in(|| copy.test("create-snapshot"), "create-snapshot", "1 snapshot created");
}

#[test]
fn a_crate_without_a_registered_function_is_a_defect_of_the_build() {
    let copy = Copy::new().with_new_function("TryThing", "report");
    copy.replace("functions/try-thing/src/lib.rs", "register!(TryThing);\n", "");

    let output = copy.run_awsec2(&["--list"]);
    assert_eq!(output.status.code(), Some(70), "{output:#?}");
    assert_eq!(
        text(output.stderr).replace("\r\n", "\n"),
        "error: collecting the functions: the crate try-thing is linked but has registered no function\n\
         hint: correct the functions, and build the program again\n"
    );
    assert_eq!(text(output.stdout).trim_end(), "awsec2 failed, exit code 70");
}

#[test]
fn a_program_with_an_unlinked_crate_does_not_build() {
    let copy = Copy::new();
    let program = copy.root.join("host/examples/own-connector");
    copy_sources(&program.join("show-identity"), &program.join("show-more"));
    for (manifest, known, with_more) in [
        ("show-more/Cargo.toml", "name = \"show-identity\"", "name = \"show-more\""),
        ("Cargo.toml", "[dependencies]\n", "[dependencies]\nshow-more = { path = \"show-more\" }\n"),
    ] {
        let manifest = program.join(manifest);
        let text = fs::read_to_string(&manifest).unwrap();
        assert!(text.contains(known), "{text}");
        fs::write(&manifest, text.replace(known, with_more)).unwrap();
    }
    let build = ["build", "--offline", "--package", "own-connector"];
    let refused = copy.output("cargo", &build);
    let message = text(refused.stderr);
    assert!(!refused.status.success(), "{message}");
    assert!(message.contains("error: extern crate `show_more` is unused in crate `own_connector`"), "{message}");

    let main = program.join("src/main.rs");
    let named = fs::read_to_string(&main).unwrap().replace("(show_identity)", "(show_identity, show_more)");
    fs::write(&main, named).unwrap();
    copy.run("cargo", &build);
}
