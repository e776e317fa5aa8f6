//! Creates the resources that function examples refer to on the test bed: instances named `web`, launched with one
//! client token.

use anyhow::{Context, Result, anyhow, ensure};

use crate::codegen::Function;
use crate::test_bed::{Addresses, REGION, Resources};

/// The name and the client token of the instances in examples.
const NAME: &str = "web";
const CLIENT_TOKEN: &str = "0123456789abcdef0123456789abcdef";
const INSTANCES: usize = 2;

/// The values of the placeholders in examples.
pub struct World {
    resources: Resources,
    /// An IAM instance profile, which moto checks even in a dry run.
    pub instance_profile: String,
    /// A file in the folder of the jobs.
    pub file: &'static str,
}

impl World {
    /// Launches the instances, and creates all other resources in the examples of these functions.
    pub fn prepare(addresses: &Addresses, file: &'static str, functions: &[Function]) -> Result<Self> {
        let instances = launch(addresses).context("launching instances for the jobs")?;
        let words = functions.iter().flat_map(|function| &function.examples).flat_map(|example| &example.arguments);
        let call = |action: &str, parameters: &[(&str, &str)]| {
            call(addresses, action, parameters).map_err(|error| format!("{action}: {error:#}"))
        };
        let resources = Resources::known(&[("ami", &addresses.image_id), ("subnet", &addresses.subnet_id)])
            .with_all(words.map(String::as_str), NAME, &format!("{REGION}a"), call)
            .map_err(|wrong| anyhow!(wrong))?
            .with_instances(&instances);
        Ok(Self { resources, instance_profile: addresses.instance_profile.clone(), file })
    }

    /// The text of an example with replaced placeholders. References to properties become 1, because OpCon is not
    /// involved.
    pub fn filled(&self, text: &str) -> String {
        self.resources.filled(text).unwrap_or_else(|| without_references(text))
    }

    /// For unit tests.
    #[cfg(test)]
    pub fn sample() -> Self {
        World {
            resources: Resources::known(&[("ami", "ami-1"), ("subnet", "subnet-1")])
                .with_instances(&["i-a".to_owned(), "i-b".to_owned()]),
            instance_profile: "testbed".to_owned(),
            file: "lists.txt",
        }
    }
}

fn without_references(text: &str) -> String {
    let mut parts = text.split("[[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |done, part| done + "1" + part.split_once("]]").map_or("", |(_, rest)| rest))
}

/// Launches the instances without the program, so that the tests of a function depend on no other function.
fn launch(addresses: &Addresses) -> Result<Vec<String>> {
    let count = INSTANCES.to_string();
    let parameters = [
        ("ImageId", addresses.image_id.as_str()),
        ("InstanceType", "t3.micro"),
        ("MinCount", &count),
        ("MaxCount", &count),
        ("ClientToken", CLIENT_TOKEN),
        ("TagSpecification.1.ResourceType", "instance"),
        ("TagSpecification.1.Tag.1.Key", "Name"),
        ("TagSpecification.1.Tag.1.Value", NAME),
    ];
    let ids = ids_in(&call(addresses, "RunInstances", &parameters)?);
    ensure!(ids.len() == INSTANCES, "EC2 names {} instances", ids.len());
    Ok(ids)
}

/// Calls EC2. moto reads the region from the signature, and this moto server checks nothing else in it.
fn call(addresses: &Addresses, action: &str, parameters: &[(&str, &str)]) -> Result<String> {
    let form = [("Action", action), ("Version", "2016-11-15")].into_iter().chain(parameters.iter().copied());
    let scope = format!("Credential=unchecked/20260101/{REGION}/ec2/aws4_request");
    let signature = format!("AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0");
    // A proxy from the environment cannot reach this machine's loopback address.
    let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    let mut answer = agent.post(&addresses.ec2_endpoint).header("Authorization", signature).send_form(form)?;
    Ok(answer.body_mut().read_to_string()?)
}

/// The IDs in an XML response.
fn ids_in(xml: &str) -> Vec<String> {
    let texts = xml.split("<instanceId>").skip(1).filter_map(|rest| rest.split_once("</instanceId>"));
    texts.map(|(id, _)| id.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_and_references_are_replaced() {
        let world = World::sample();
        for (text, expected) in [
            ("i-0123456789abcdef0", "i-a"),
            ("i-0123456789abcdef1", "i-b"),
            ("i-0123456789abcdef7", "i-0123456789abcdef7"),
            ("ami-0123456789abcdef0", "ami-1"),
            ("subnet-0123456789abcdef0", "subnet-1"),
            ("[[$JOBID]]-[[$SCHEDULE DATE]]x", "1-1x"),
            ("t3.micro", "t3.micro"),
            (CLIENT_TOKEN, CLIENT_TOKEN),
        ] {
            assert_eq!(world.filled(text), expected);
        }
    }

    #[test]
    fn ids_are_found_in_an_answer() {
        assert_eq!(ids_in("<a><instanceId>i-1</instanceId></a><instanceId>i-2</instanceId>"), ["i-1", "i-2"]);
    }
}
