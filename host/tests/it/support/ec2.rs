//! Direct access to the test bed's EC2, without the program: plain requests and text search in the XML.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::test_bed;

/// The EC2 of the test bed in one region.
pub struct Ec2 {
    region: String,
}

impl Ec2 {
    /// In the region of the test bed.
    pub fn new() -> Self {
        Ec2::in_region(&test_bed().region)
    }

    /// In this region, which the server isolates from others.
    pub fn in_region(region: &str) -> Self {
        Ec2 { region: region.to_owned() }
    }

    /// Calls EC2 and returns the XML of the response. The server reads the region from the signature, and checks
    /// nothing else in it.
    pub fn call(&self, action: &str, parameters: &[(&str, &str)]) -> String {
        let scope = format!("Credential=unchecked/20260101/{}/ec2/aws4_request", self.region);
        let signature = format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0");
        let form = [("Action", action), ("Version", "2016-11-15")].into_iter().chain(parameters.iter().copied());
        let mut answer = ureq::post(&test_bed().ec2_endpoint)
            .header("Authorization", signature)
            .send_form(form)
            .unwrap_or_else(|error| panic!("{action} {parameters:?}: {error}"));
        answer.body_mut().read_to_string().unwrap()
    }

    /// Launches instances with this name, and returns their IDs, sorted.
    pub fn launch(&self, name: &str, count: usize) -> Vec<String> {
        let image = self.image();
        let count = count.to_string();
        let answer = self.call(
            "RunInstances",
            &[
                ("ImageId", &image),
                ("InstanceType", "t3.micro"),
                ("MinCount", &count),
                ("MaxCount", &count),
                ("TagSpecification.1.ResourceType", "instance"),
                ("TagSpecification.1.Tag.1.Key", "Name"),
                ("TagSpecification.1.Tag.1.Value", name),
            ],
        );
        let mut ids = values(&answer, "instanceId");
        ids.sort();
        ids
    }

    /// An image of the region.
    fn image(&self) -> String {
        if self.region == test_bed().region {
            return test_bed().image_id.clone();
        }
        values(&self.call("DescribeImages", &[("Owner.1", "amazon")]), "imageId").remove(0)
    }

    /// Launches instances and stops them.
    pub fn launch_stopped(&self, name: &str, count: usize) -> Vec<String> {
        let ids = self.launch(name, count);
        for id in &ids {
            self.call("StopInstances", &[("InstanceId.1", id)]);
        }
        ids
    }

    /// Enables termination protection of an instance.
    pub fn protect(&self, id: &str) {
        self.call("ModifyInstanceAttribute", &[("InstanceId", id), ("DisableApiTermination.Value", "true")]);
    }

    /// The description of one instance, as XML.
    pub fn describe(&self, id: &str) -> String {
        self.call("DescribeInstances", &[("InstanceId.1", id)])
    }

    /// The states of these instances, in order.
    pub fn states(&self, ids: &[String]) -> Vec<String> {
        let state = |id: &String| values(&self.describe(id), "name").into_iter().find(|name| is_state(name)).unwrap();
        ids.iter().map(state).collect()
    }

    /// The IDs of all instances with this name, sorted.
    pub fn named(&self, name: &str) -> Vec<String> {
        let filter = [("Filter.1.Name", "tag:Name"), ("Filter.1.Value.1", name)];
        let mut ids = values(&self.call("DescribeInstances", &filter), "instanceId");
        ids.sort();
        ids
    }

    /// The IDs of the security groups with this name.
    pub fn security_groups(&self, name: &str) -> Vec<String> {
        let filter = [("Filter.1.Name", "group-name"), ("Filter.1.Value.1", name)];
        values(&self.call("DescribeSecurityGroups", &filter), "groupId")
    }

    /// Whether a key pair with this name exists.
    pub fn has_key_pair(&self, name: &str) -> bool {
        let filter = [("Filter.1.Name", "key-name"), ("Filter.1.Value.1", name)];
        !values(&self.call("DescribeKeyPairs", &filter), "keyName").is_empty()
    }
}

fn is_state(name: &str) -> bool {
    ["pending", "running", "stopping", "stopped", "shutting-down", "terminated"].contains(&name)
}

/// The texts of all elements with this tag, in document order.
pub fn values(xml: &str, tag: &str) -> Vec<String> {
    let (start, end) = (format!("<{tag}>"), format!("</{tag}>"));
    let texts = xml.split(&start).skip(1);
    texts.filter_map(|rest| rest.split_once(&end)).map(|(text, _)| text.to_owned()).collect()
}

/// A name that is unique among all tests and runs on the same test bed.
pub fn unique(name: &str) -> String {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    format!("{name}-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}
