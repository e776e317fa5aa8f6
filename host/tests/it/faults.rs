//! Tests of the program with an EC2 that throttles, fails, and is eventually consistent.
//!
//! The fault layer injects the faults.

mod answers;
mod codes;
mod created;
mod dry_runs;
mod every_fault;
mod incomplete_answers;
mod launches;
mod many_instances;
mod partial_results;
mod reboots;
mod restarts;
mod stage;
mod unconfirmed;
mod unknown;
mod waits;

use std::collections::HashMap;
use std::sync::Mutex;

use crate::fault_layer::{Call, FaultLayer};
use crate::support::{Ec2, Finished, Program, test_bed, unique, values};

/// A job whose calls pass through its own fault layer.
struct Job {
    layer: FaultLayer,
    program: Program,
    /// The Name tag of its instances.
    name: String,
    region: String,
}

impl Job {
    fn new(name: &str) -> Self {
        Job::in_region(name, &test_bed().region)
    }

    fn in_region(name: &str, region: &str) -> Self {
        let layer = FaultLayer::before(&test_bed().ec2_endpoint);
        let program = Program::on_test_bed().common("--endpoint-url", &layer.endpoint()).common("--region", region);
        Job { layer, program, name: unique(name), region: region.to_owned() }
    }

    /// Direct access to EC2, without the layer.
    fn ec2(&self) -> Ec2 {
        Ec2::in_region(&self.region)
    }

    /// Runs a function on the instances with this name.
    fn run(&self, function: &str, more: &[&str]) -> Finished {
        self.program.run(&[&[function, "--tag-name", &self.name], more].concat())
    }

    /// Launches instances with this name, and creates a key pair and a security group for them.
    fn launch(&self, more: &[&str]) -> Finished {
        let what = ["--image-id", &image_in(&self.region), "--instance-type", "t3.micro"];
        let with = ["--key-name", &self.name, "--key-dir", "keys", "--security-group", &self.name];
        self.run("CreateInstance", &[&what[..], &with, more].concat())
    }

    /// Creates running instances with this name without the layer. Returns their IDs, sorted.
    fn running(&self, count: usize) -> Vec<String> {
        self.running_in(count, &[])
    }

    /// The same with additional parameters.
    fn running_in(&self, count: usize, parameters: &[(&str, &str)]) -> Vec<String> {
        let (image, count) = (image_in(&self.region), count.to_string());
        let launch = [
            ("ImageId", image.as_str()),
            ("InstanceType", "t3.micro"),
            ("MinCount", &count),
            ("MaxCount", &count),
            ("TagSpecification.1.ResourceType", "instance"),
            ("TagSpecification.1.Tag.1.Key", "Name"),
            ("TagSpecification.1.Tag.1.Value", &self.name),
        ];
        let mut ids = values(&self.ec2().call("RunInstances", &[&launch, parameters].concat()), "instanceId");
        ids.sort();
        ids
    }

    /// Stopped instances with this name.
    fn stopped(&self, count: usize) -> Vec<String> {
        let ids = self.running(count);
        let names: Vec<String> = (1..=count).map(|number| format!("InstanceId.{number}")).collect();
        let parameters: Vec<_> = names.iter().map(String::as_str).zip(ids.iter().map(String::as_str)).collect();
        self.ec2().call("StopInstances", &parameters);
        ids
    }

    /// The polls of a wait for instance states. The search by name contains no IDs.
    fn polls(&self) -> Vec<Call> {
        let mut polls = self.layer.calls_of("DescribeInstances");
        polls.retain(|call| call.form.names_instances());
        polls
    }
}

/// An existing image in the region. It is determined once, because the search is slow in moto.
fn image_in(region: &str) -> String {
    const BY_NAME: [(&str, &str); 2] = [("Filter.1.Name", "name"), ("Filter.1.Value.1", "amzn2-ami-hvm-2.0*")];
    static IMAGES: Mutex<Option<HashMap<String, String>>> = Mutex::new(None);
    let first_image = || values(&Ec2::in_region(region).call("DescribeImages", &BY_NAME), "imageId").remove(0);
    let mut images = IMAGES.lock().unwrap();
    images.get_or_insert_default().entry(region.to_owned()).or_insert_with(first_image).clone()
}

/// Asserts that an output contains all these instances.
#[track_caller]
fn assert_names_all(finished: &Finished, ids: &[String]) {
    for id in ids {
        assert!(finished.stdout.contains(id.as_str()), "{id} is lost in {finished:#?}");
    }
}
