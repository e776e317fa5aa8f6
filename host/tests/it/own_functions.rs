//! Tests of functions outside the connector: how their program runs, and which misuse does not compile.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::support::{Built, Program, functions};

/// The build output of `host/examples/own-connector`.
struct OwnConnector {
    program: PathBuf,
    /// The library `connector-sdk` as linked into that program.
    sdk: PathBuf,
}

fn built() -> &'static OwnConnector {
    static BUILT: OnceLock<OwnConnector> = OnceLock::new();
    BUILT.get_or_init(|| {
        let built = Built::of(&["--package", "own-connector"]);
        OwnConnector { program: built.program("own-connector"), sdk: built.library("connector_sdk") }
    })
}

/// Compiles a function that contains this call.
fn compile(call: &str) -> Output {
    let (folder, sdk) = (tempfile::tempdir().unwrap(), &built().sdk);
    let source = folder.path().join("function.rs");
    let text = format!(
        "use connector_sdk::{{Context, Doing as _, Result}};\n\
         pub async fn stop(cx: &Context) -> Result<()> {{\n    {call};\n    Ok(())\n}}\n"
    );
    fs::write(&source, text).unwrap();
    Command::new("rustc")
        .args(["--edition", "2024", "--crate-type", "lib", "--emit", "metadata", "--out-dir"])
        .arg(folder.path())
        .arg("-L")
        .arg(format!("dependency={}", sdk.parent().map(Path::display).unwrap()))
        .arg("--extern")
        .arg(format!("connector_sdk={}", sdk.display()))
        .arg(source)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap()
}

#[test]
fn additional_functions_are_listed() {
    let list = Program::new().executable(&built().program).run_bare(&["--list", "--output", "json"]).expect_code(0);
    let list = list.document();
    let packages: Vec<_> =
        list.as_array().unwrap().iter().map(|function| function["crate"].as_str().unwrap()).collect();
    assert_eq!(packages.iter().filter(|package| **package == "show-identity").count(), 1, "{packages:?}");
    assert!(functions().iter().all(|function| packages.contains(&function.package.as_str())), "{packages:?}");
}

#[test]
fn a_function_from_outside_calls_another_service() {
    let program = Program::on_test_bed().executable(&built().program);
    let finished = program.run(&["ShowIdentity"]).expect_code(0);
    assert_eq!(finished.verdict(), "ShowIdentity succeeded: arn:aws:iam::123456789012:user/allowed");
}

#[test]
fn a_job_definition_starts_the_program_that_has_the_function() {
    let program = Program::new().executable(&built().program);
    let job = ["--schedule", "Nightly", "--job", "Try", "--machine", "agent", "--platform", "windows"];
    let finished = program.run_bare(&[&["job-definition", "ShowIdentity"][..], &job].concat()).expect_code(0);
    finished.expect_stdout(r"[[AWSEC2Path]]\own-connector.exe");
    let finished = program.run_bare(&["ShowIdentity", "--wait"]).expect_code(2);
    finished.expect_stderr("hint: run `own-connector ShowIdentity --help` for the arguments");
}

#[test]
fn a_service_that_cannot_be_reached_is_named() {
    let program = Program::on_test_bed().executable(&built().program).env("AWS_MAX_ATTEMPTS", "1");
    let program = program.env("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9");
    let finished = program.run(&["ShowIdentity"]).expect_code(9);
    finished.expect_stderr("error: asking whose the credentials are: STS could not be reached: ");
}

#[test]
fn a_call_without_an_action_name_does_not_compile() {
    let send = "cx.ec2().stop_instances().send().await";
    let output = compile(&format!("{send}?"));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && stderr.contains("E0277"), "{stderr}");
    assert!(stderr.contains("write `.doing(|| \"stopping i-0abc\".to_owned())?`"), "{stderr}");

    let output = compile(&format!("{send}.doing(|| \"stopping i-0abc\".to_owned())?"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
