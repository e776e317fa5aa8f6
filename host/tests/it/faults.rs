//! The real program before an EC2 that throttles, breaks, hesitates and forgets: what the fault layer injects is ours.

mod answers;
mod codes;
mod created;
mod dry_runs;
mod every_fault;
mod launches;
mod many_instances;
mod reboots;
mod restarts;
mod stage;
mod unconfirmed;
mod unknown;
mod waits;
mod who_changed;
mod whole_answers;

use std::collections::HashMap;
use std::sync::Mutex;

use crate::fault_layer::{Call, FaultLayer};
use crate::support::{Ec2, Finished, Program, test_bed, unique, values};

/// A job whose calls go through a fault layer of its own.
struct Job {
    layer: FaultLayer,
    program: Program,
    /// The Name tag of the instances that it is about.
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

    /// EC2 as it is, past the layer.
    fn ec2(&self) -> Ec2 {
        Ec2::in_region(&self.region)
    }

    /// Runs a function on the instances of that name.
    fn run(&self, function: &str, more: &[&str]) -> Finished {
        self.program.run(&[&[function, "--tag-name", &self.name], more].concat())
    }

    /// Launches instances of that name, with a key pair and a security group that are made for it.
    fn launch(&self, more: &[&str]) -> Finished {
        let what = ["--image-id", &image_in(&self.region), "--instance-type", "t3.micro"];
        let with = ["--key-name", &self.name, "--key-dir", "keys", "--security-group", &self.name];
        self.run("CreateInstance", &[&what[..], &with, more].concat())
    }

    /// Instances of that name that run already, made past the layer: their ids, sorted.
    fn running(&self, count: usize) -> Vec<String> {
        self.running_in(count, &[])
    }

    /// The same, with parameters of their own.
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

    /// Instances of that name that are stopped.
    fn stopped(&self, count: usize) -> Vec<String> {
        let ids = self.running(count);
        let names: Vec<String> = (1..=count).map(|number| format!("InstanceId.{number}")).collect();
        let parameters: Vec<_> = names.iter().map(String::as_str).zip(ids.iter().map(String::as_str)).collect();
        self.ec2().call("StopInstances", &parameters);
        ids
    }

    /// The looks of a wait at the states of instances: the search by name names none.
    fn looks(&self) -> Vec<Call> {
        let mut looks = self.layer.calls_of("DescribeInstances");
        looks.retain(|call| call.form.names_instances());
        looks
    }
}

/// An image that EC2 has in the region. The search takes moto its time, so it is made once.
fn image_in(region: &str) -> String {
    const BY_NAME: [(&str, &str); 2] = [("Filter.1.Name", "name"), ("Filter.1.Value.1", "amzn2-ami-hvm-2.0*")];
    static IMAGES: Mutex<Option<HashMap<String, String>>> = Mutex::new(None);
    let first_image = || values(&Ec2::in_region(region).call("DescribeImages", &BY_NAME), "imageId").remove(0);
    let mut images = IMAGES.lock().unwrap();
    images.get_or_insert_default().entry(region.to_owned()).or_insert_with(first_image).clone()
}

/// Insists that an output names all these instances.
#[track_caller]
fn assert_names_all(finished: &Finished, ids: &[String]) {
    for id in ids {
        assert!(finished.stdout.contains(id.as_str()), "{id} is lost in {finished:#?}");
    }
}
