//! Creates the resources that function examples refer to in a region: instances, an image, a launch template, and an
//! OpCon with the three option lists.
//!
//! The examples of every function are then jobs that run, without a list of functions here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use opcon_stand_in::DEFAULT_TOKEN;

use super::{Job, image_in};
use crate::fault_layer::FaultLayer;
use crate::support::{
    Ec2, Example, Finished, Function, OwnOpCon, Placeholders, Program, Resources, resources_in, test_bed, unique,
    values,
};

/// The name of the instances in examples, and of the launch template.
const NAME: &str = "web";
const LAUNCH_TEMPLATE: &str = "nightly";

/// The initial number of instances.
pub const INSTANCES: usize = 2;

/// A region with all resources of the examples.
struct Region {
    name: String,
    opcon: OwnOpCon,
    image: String,
    resources: Resources,
}

/// A job with unique names, in front of a fault layer.
pub struct Stage {
    pub job: Job,
    region: Arc<Region>,
    suffix: String,
    ids: Vec<String>,
}

impl Stage {
    /// With instances in this state, `running` or `stopped`; `None` for no instances.
    pub fn new(region: &str, before: Option<&str>) -> Self {
        let suffix = unique("").replace('-', "_");
        let region = region_with_all(region);
        let mut stage = Stage { job: job(&region, &suffix), region, suffix, ids: Vec::new() };
        stage.ids = match before {
            Some("stopped") => stage.job.stopped(INSTANCES),
            Some(_) => stage.job.running(INSTANCES),
            None => Vec::new(),
        };
        stage
    }

    /// The same instances with another layer.
    pub fn again(&self) -> Self {
        let (region, suffix, ids) = (self.region.clone(), self.suffix.clone(), self.ids.clone());
        Stage { job: job(&region, &suffix), region, suffix, ids }
    }

    /// The OpCon of the region, shared by its jobs.
    pub fn opcon(&self) -> &OwnOpCon {
        &self.region.opcon
    }

    /// The job of an example, with its function name.
    pub fn line(&self, function: &Function, example: &Example) -> Vec<String> {
        let resources = self.region.resources.with_instances(&self.ids);
        Placeholders { suffix: &self.suffix, resources: &resources }.fill(function, example)
    }

    /// Runs the job of an example with additional arguments.
    pub fn run(&self, function: &Function, example: &Example, more: &[&str]) -> Finished {
        let line = self.line(function, example);
        let words: Vec<&str> = line.iter().map(String::as_str).chain(more.iter().copied()).collect();
        self.job.program.run(&words)
    }
}

fn job(region: &Region, suffix: &str) -> Job {
    let layer = FaultLayer::before(&test_bed().ec2_endpoint);
    let program = program(region, &layer.endpoint());
    let Region { name, image, .. } = region;
    let lists = format!("IMAGE Linux : {image}\nSIZE t3.micro\nREGION {name}\n");
    program.write("lists.txt", &lists.replace(name, &listed(name)));
    Job { layer, program, name: format!("{NAME}{suffix}"), region: name.clone() }
}

/// The program with the OpCon of the region. Every AWS service uses this address.
fn program(region: &Region, endpoint: &str) -> Program {
    Program::with_endpoint(endpoint)
        .env("AWS_ENDPOINT_URL", endpoint)
        .common("--region", &region.name)
        .with_config(&region.opcon.config(DEFAULT_TOKEN))
}

/// A region as displayed in option lists.
fn listed(region: &str) -> String {
    region.to_uppercase().replace('-', "_")
}

/// The region with all resources of the examples, created once.
fn region_with_all(name: &str) -> Arc<Region> {
    static REGIONS: Mutex<Option<HashMap<String, Arc<Region>>>> = Mutex::new(None);
    let mut regions = REGIONS.lock().unwrap();
    regions.get_or_insert_default().entry(name.to_owned()).or_insert_with(|| Arc::new(prepare(name))).clone()
}

fn prepare(name: &str) -> Region {
    let (ec2, image) = (Ec2::in_region(name), image_in(name));
    let templates = values(&ec2.call("DescribeLaunchTemplates", &[]), "launchTemplateName");
    if !templates.iter().any(|template| template == LAUNCH_TEMPLATE) {
        let data = [("LaunchTemplateData.ImageId", image.as_str()), ("LaunchTemplateData.InstanceType", "t3.micro")];
        ec2.call("CreateLaunchTemplate", &[&[("LaunchTemplateName", LAUNCH_TEMPLATE)][..], &data].concat());
    }
    let resources = resources_in(name, &[("ami", &image)]);
    let region = Region { name: name.to_owned(), opcon: OwnOpCon::start(), image, resources };
    let program = Program::new().with_config(&region.opcon.config(DEFAULT_TOKEN));
    let lists = [("AWS_IMAGES", format!("Linux : {}", region.image)), ("AWS_SIZES", "t3.micro".to_owned())];
    for (list, entry) in lists.into_iter().chain([("AWS_REGIONS", listed(name))]) {
        program.run_bare(&["set-property", list, &format!("\"{entry}\"")]).expect_code(0);
    }
    region
}
