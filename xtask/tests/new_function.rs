//! A further function costs a crate: `new-function` in a copy of the workspace, what the program makes of its crate, and
//! what becomes of a program of one's own that forgets one.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use walkdir::WalkDir;

/// A copy of the workspace with a program of its own. Whatever both builds have in common is compiled once, because they
/// share cargo's build folder.
struct Copy {
    root: PathBuf,
    target: PathBuf,
    build: String,
    _folder: TempDir,
    _lock: File,
}

impl Copy {
    /// Makes the copy. One test has one at a time, because all of them build at the same place.
    fn new() -> Self {
        let lock = File::create(Path::new(env!("CARGO_TARGET_TMPDIR")).join("new-function.lock")).unwrap();
        lock.lock().unwrap();
        // At run time: the test may have been compiled in another clone with the same target folder.
        let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR").unwrap());
        let original = package.parent().unwrap();
        let (folder, build) = (tempfile::tempdir().unwrap(), build_folder(original));
        let root = folder.path().join("workspace");
        // Of sources in the build folder cargo notes the whole path, and no longer looks at those of the original.
        assert!(!root.starts_with(&build), "{} is in the build folder", root.display());
        copy_sources(original, &root);
        Copy { target: folder.path().join("target"), build, root, _folder: folder, _lock: lock }
    }

    /// Runs a program in the copy.
    fn output(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        without_package_variables(&mut command);
        command.env("CARGO_TARGET_DIR", &self.target).env("CARGO_BUILD_BUILD_DIR", &self.build).current_dir(&self.root);
        command.args(arguments).output().unwrap()
    }

    /// Runs a program in the copy and returns its stdout.
    #[track_caller]
    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.output(program, arguments);
        assert!(output.status.success(), "{program} {arguments:?}: {output:#?}");
        text(output.stdout)
    }

    /// Starts the crate of `TryThing`.
    fn with_new_function(self) -> Self {
        self.run(env!("CARGO_BIN_EXE_xtask"), &["new-function", "TryThing"]);
        self
    }

    /// Builds the program and runs it.
    fn run_awsec2(&self, arguments: &[&str]) -> Output {
        self.run("cargo", &["build", "--offline", "--package", "awsec2"]);
        let program = self.target.join("debug").join(format!("awsec2{}", env::consts::EXE_SUFFIX));
        Command::new(program).args(arguments).output().unwrap()
    }
}

/// Copies what is not made by a build, with the times of the files, by which cargo sees what has changed.
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

/// Where cargo keeps what it has built on the way.
fn build_folder(workspace: &Path) -> String {
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--no-deps", "--offline", "--format-version", "1"]).current_dir(workspace);
    let metadata: Value = serde_json::from_slice(&cargo.output().unwrap().stdout).unwrap();
    metadata["build_directory"].as_str().unwrap().to_owned()
}

/// Build scripts that watch the variables of this package would run again, and with them much of the build.
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

#[test]
fn a_new_function_is_tested_linked_and_listed() {
    let copy = Copy::new().with_new_function();
    let tested = copy.run("cargo", &["test", "--offline", "--package", "try-thing"]);
    assert!(tested.contains("test tests::finds_instances_by_name ... ok"), "{tested}");

    let listed = copy.run_awsec2(&["--list", "--output", "json"]);
    let listed: Vec<Value> = serde_json::from_slice(&listed.stdout).unwrap();
    let new = listed.iter().find(|function| function["name"] == "TryThing").unwrap();
    assert_eq!((&new["crate"], &new["summary"]), (&"try-thing".into(), &"Does what its name says.".into()));
    assert!(listed.len() > 1, "the others are still there");
}

#[test]
fn a_crate_that_forgets_to_register_its_function_is_a_defect_of_the_build() {
    let copy = Copy::new().with_new_function();
    let source = copy.root.join("functions/try-thing/src/lib.rs");
    let registered = fs::read_to_string(&source).unwrap();
    let forgotten = registered.replace("register!(TryThing);\n", "").replace(", register}", "}");
    assert_ne!(forgotten, registered);
    fs::write(&source, forgotten).unwrap();

    let output = copy.run_awsec2(&["--list"]);
    assert_eq!(output.status.code(), Some(70), "{output:#?}");
    assert_eq!(
        text(output.stderr).replace("\r\n", "\n"),
        "error: collecting the functions: the crate try-thing is linked but has registered no function\n\
         hint: this program was built wrongly\n"
    );
    assert_eq!(text(output.stdout).trim_end(), "awsec2 failed, exit code 70");
}

#[test]
fn a_program_of_ones_own_that_forgets_a_crate_does_not_build() {
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
    let told = text(refused.stderr);
    assert!(!refused.status.success(), "{told}");
    assert!(told.contains("error: extern crate `show_more` is unused in crate `own_connector`"), "{told}");

    let main = program.join("src/main.rs");
    let named = fs::read_to_string(&main).unwrap().replace("(show_identity)", "(show_identity, show_more)");
    fs::write(&main, named).unwrap();
    copy.run("cargo", &build);
}
