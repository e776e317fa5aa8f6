//! `cargo xtask testbed`: starts the test bed for manual use, and stops it on request.

use std::io;

use anyhow::{Context, Result};
use clap::{ArgMatches, Command};

use crate::report;
use crate::test_bed::TestBed;
use crate::workspace::Workspace;

/// The command line of this task.
pub fn command() -> Command {
    Command::new("testbed").about("Start EC2 and OpCon stand-ins on this machine, until Enter or Ctrl-C")
}

/// Starts the test bed and waits.
pub fn run(workspace: &Workspace, _: &ArgMatches) -> Result<()> {
    let bed = TestBed::start(workspace)?;
    describe(&bed);
    // Ctrl-C ends this process immediately, which closes the servers' standard input.
    io::stdin().read_line(&mut String::new()).context("waiting for Enter")?;
    report::line("stopping the test bed");
    Ok(())
}

fn describe(bed: &TestBed) {
    let addresses = &bed.addresses;
    report::heading("The test bed is ready");
    report::line(format_args!("EC2 (moto)            {}", addresses.ec2_endpoint));
    report::line(format_args!("EC2, checking access  {}", addresses.ec2_strict.endpoint));
    report::line(format_args!("OpCon stand-in        https://{}", addresses.opcon.https));
    report::line(format_args!("                      http://{}/stand-in/properties", addresses.opcon.http));
    report::line(format_args!("Connector.config      {}", addresses.config.display()));
    report::line(format_args!("all of it as JSON     {}", bed.file().display()));
    report::line("\nIn another terminal:\n");
    report::line(format_args!(
        "cargo run --package awsec2 -- --endpoint-url {} --config {} --user-id {} --region {} GetInstanceStatusByTag",
        addresses.ec2_endpoint,
        addresses.config.display(),
        addresses.user_id,
        addresses.region
    ));
    report::line("\nEnter or Ctrl-C stops it.");
}
