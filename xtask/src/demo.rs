//! `cargo xtask demo`: runs the main jobs as OpCon would, from creating instances to terminating them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::ArgMatches;

use crate::busy::{self, BusyCores};
use crate::process;
use crate::report;
use crate::test_bed::{self, TestBed};
use crate::workspace::Workspace;

const NAME_TAG: &str = "demo";
const INSTANCES: usize = 2;
/// [`test_bed::REGION`] as OpCon's drop-down list displays it.
const LISTED_REGION: &str = "US_EAST_1";

/// The arguments with property names, each with its property.
const PROPERTIES: [(&str, &str); 4] = [
    ("--id-property", "MF_instanceId"),
    ("--public-dns-property", "MF_publicDns"),
    ("--public-ip-property", "MF_publicIp"),
    ("--private-ip-property", "MF_privateIp"),
];

/// The contents of OpCon: property name and value.
type OpConProperties = BTreeMap<String, String>;

/// One job of the demo.
struct Step {
    about: &'static str,
    arguments: Vec<String>,
}

/// The command line of this task.
pub fn command() -> clap::Command {
    clap::Command::new("demo")
        .about("Run the main job on the test bed: create, show, stop, start, terminate")
        .arg(busy::option())
}

/// Runs the demo.
pub fn run(workspace: &Workspace, matches: &ArgMatches) -> Result<()> {
    if matches.get_flag("busy") { run_demo_busy(workspace) } else { run_demo(workspace) }
}

/// Builds the program, then runs the demo beside [`BusyCores`].
pub fn run_demo_busy(workspace: &Workspace) -> Result<()> {
    workspace.build("awsec2")?;
    let _busy = BusyCores::start()?;
    run_demo(workspace)
}

/// Builds the program, runs every step on a new test bed, and checks the resulting properties in OpCon.
fn run_demo(workspace: &Workspace) -> Result<()> {
    let awsec2 = workspace.build("awsec2")?;
    let bed = TestBed::start(workspace)?;
    let jobs = bed.folder().join("jobs");
    fs::create_dir(&jobs).with_context(|| format!("creating {}", jobs.display()))?;

    for step in steps(&bed.addresses.image_id) {
        report::heading(step.about);
        let code = process::run_for_code(&mut job(&awsec2, &bed, &jobs, &step))?;
        let code = code.map_or("none: a signal ended it".to_owned(), |code| code.to_string());
        report::line(format_args!("[exit code {code}]"));
        ensure!(code == "0", "running the demo: {}: the exit code is {code}", step.about);
    }

    report::heading("The properties in OpCon");
    let held = read_properties(&bed.addresses.opcon.http)?;
    for (name, value) in &held {
        report::line(format_args!("{name} = {value}"));
    }
    check_properties(&held)?;
    report::line("\nThe demo succeeded.");
    Ok(())
}

fn steps(image_id: &str) -> Vec<Step> {
    let number = INSTANCES.to_string();
    let listed_image = format!("A Linux image : {image_id}");
    let create = [
        "CreateInstance",
        "--number",
        &number,
        "--image-id",
        &listed_image,
        "--instance-type",
        "t3.micro",
        "--tag-name",
        NAME_TAG,
        "--security-group",
        "demo",
        "--key-name",
        "demo",
        "--wait",
    ];
    let wait_by_tag = |function| [function, "--tag-name", NAME_TAG, "--wait"];
    let properties = || PROPERTIES.iter().flat_map(|(argument, name)| [*argument, *name]);
    vec![
        step("Create two instances, wait for them, save their properties", create.into_iter().chain(properties())),
        step("Show their status", ["GetInstanceStatusByTag", "--tag-name", NAME_TAG]),
        step("Stop them", wait_by_tag("StopInstance")),
        step(
            "Start them again, and save their new addresses",
            wait_by_tag("StartInstance").into_iter().chain(properties()),
        ),
        step("Terminate them", wait_by_tag("TerminateInstance")),
    ]
}

fn step<'a>(about: &'static str, arguments: impl IntoIterator<Item = &'a str>) -> Step {
    Step { about, arguments: arguments.into_iter().map(str::to_owned).collect() }
}

fn job(awsec2: &Path, bed: &TestBed, folder: &Path, step: &Step) -> Command {
    let mut command = Command::new(awsec2);
    process::isolate(&mut command)
        .args(["--endpoint-url", &bed.addresses.ec2_endpoint, "--user-id", test_bed::USER_ID])
        .args(["--region", LISTED_REGION, "--config"])
        .arg(&bed.addresses.config)
        .args(["--log-dir", "log"])
        .args(&step.arguments)
        .current_dir(folder);
    command
}

fn read_properties(opcon: &str) -> Result<OpConProperties> {
    let url = format!("http://{opcon}/stand-in/properties");
    // A proxy from the environment cannot reach this machine's loopback address.
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let text = agent
        .get(&url)
        .call()
        .and_then(|mut response| response.body_mut().read_to_string())
        .with_context(|| format!("reading the properties from {url}"))?;
    serde_json::from_str(&text).with_context(|| format!("reading the properties from {url}"))
}

fn check_properties(held: &OpConProperties) -> Result<()> {
    for (_, property) in PROPERTIES {
        for number in 1..=INSTANCES {
            let name = format!("{property}_{number}");
            if held.get(&name).is_none_or(String::is_empty) {
                bail!("checking the properties: OpCon has no value for {name}");
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_properties() -> OpConProperties {
        PROPERTIES
            .iter()
            .flat_map(|(_, name)| [format!("{name}_1"), format!("{name}_2")])
            .map(|name| (name, "value".to_owned()))
            .collect()
    }

    #[test]
    fn a_missing_or_empty_property_fails_the_demo() {
        assert!(check_properties(&all_properties()).is_ok());

        let mut held = all_properties();
        held.remove("MF_publicIp_2");
        let error = check_properties(&held).unwrap_err();
        assert_eq!(error.to_string(), "checking the properties: OpCon has no value for MF_publicIp_2");

        let mut held = all_properties();
        held.insert("MF_instanceId_1".to_owned(), String::new());
        assert!(check_properties(&held).is_err());
    }

    #[test]
    fn an_opcon_that_is_down_is_named() {
        let error = read_properties("127.0.0.1:1").unwrap_err();
        let message = format!("{error:#}");
        assert!(
            message.starts_with("reading the properties from http://127.0.0.1:1/stand-in/properties: "),
            "{message}"
        );
    }
}
