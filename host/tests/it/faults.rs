//! The real program before an EC2 that throttles, breaks, hesitates and forgets: what the fault layer injects is ours.

mod answers;
mod every_fault;
mod launches;
mod many_instances;
mod waits;

use crate::fault_layer::{Call, FaultLayer};
use crate::support::{Ec2, Finished, Program, test_bed, unique};

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
        let images = self.ec2().call("DescribeImages", &[("Owner.1", "amazon")]);
        let image = &crate::support::values(&images, "imageId")[0];
        let what = ["--image-id", image, "--instance-type", "t3.micro"];
        let with = ["--key-name", &self.name, "--key-dir", "keys", "--security-group", &self.name];
        self.run("CreateInstance", &[&what[..], &with, more].concat())
    }

    /// The looks of a wait at the states of instances: the search by name names none.
    fn looks(&self) -> Vec<Call> {
        let mut looks = self.layer.calls_of("DescribeInstances");
        looks.retain(|call| call.form.names_instances());
        looks
    }
}

/// Insists that an output names all these instances.
#[track_caller]
fn assert_names_all(finished: &Finished, ids: &[String]) {
    for id in ids {
        assert!(finished.stdout.contains(id.as_str()), "{id} is lost in {finished:#?}");
    }
}
