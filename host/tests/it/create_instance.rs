//! Tests of `CreateInstance` on the test bed: each argument, and all resources of a launch.

use std::fs;

use serde_json::{Value, json};

use crate::support::{Ec2, Finished, Program, test_bed, unique, values};

/// A basic launch, to which tests add arguments.
struct Launch {
    program: Program,
    name: String,
}

impl Launch {
    fn new(name: &str) -> Self {
        Launch { program: Program::on_test_bed(), name: unique(name) }
    }

    fn arguments<'a>(&'a self, more: &[&'a str]) -> Vec<&'a str> {
        let image = test_bed().image_id.as_str();
        let launch = ["CreateInstance", "--image-id", image, "--instance-type", "t3.micro", "--tag-name", &self.name];
        launch.into_iter().chain(more.iter().copied()).collect()
    }

    /// Adds a security group and a key pair with the name of the launch.
    fn run(&self, more: &[&str]) -> Finished {
        let all = ["--security-group", &self.name, "--key-name", &self.name, "--key-dir", "keys"];
        self.program.run(&self.arguments(&[&all, more].concat()))
    }

    fn run_json(&self, more: &[&str]) -> (Finished, Value) {
        let finished = self.run(&[more, &["--output", "json"]].concat());
        let document = finished.document();
        (finished, document)
    }
}

#[test]
fn a_launch_matches_its_arguments() {
    let (ec2, launch) = (Ec2::new(), Launch::new("create"));
    let finished = launch.run(&[]).expect_code(0);
    let ids = ec2.named(&launch.name);
    let [id] = ids.as_slice() else { panic!("{ids:?}, {finished:#?}") };
    let finished = finished.expect_stdout(&format!("{id} ({}): launched", launch.name));
    assert_eq!(finished.verdict(), "CreateInstance succeeded: 1 instance launched");
    let description = ec2.describe(id);
    assert_eq!(values(&description, "imageId"), [test_bed().image_id.as_str()]);
    assert_eq!(values(&description, "instanceType"), ["t3.micro"]);
    assert_eq!(values(&description, "keyName"), [launch.name.as_str()]);
    assert!(values(&description, "groupId").contains(&ec2.security_groups(&launch.name)[0]));
}

#[test]
fn several_instances_are_waited_for_and_saved_with_counters() {
    let launch = Launch::new("create-many");
    let prefix = launch.name.replace('-', "_");
    let [id, dns, ip, private] = ["ID", "DNS", "IP", "PRIVATE"].map(|kind| format!("{prefix}_{kind}"));
    let schedule_property = format!("SI.{private}.2026-01-31.Nightly");
    let properties = ["--id-property", &id, "--public-dns-property", &dns, "--public-ip-property", &ip];
    let more = [&["--number", "3", "--wait", "--private-ip-property", &schedule_property], &properties[..]].concat();
    let (finished, document) = launch.run_json(&more);
    let finished = finished.expect_code(0);
    let instances = document["instances"].as_array().unwrap();
    assert_eq!(instances.len(), 3);
    for instance in instances {
        assert_eq!(
            (&instance["state"], &instance["status_checks"]),
            (&json!("running"), &json!("ok")),
            "{finished:#?}"
        );
        assert_eq!((&instance["result"], &instance["name"]), (&json!("changed"), &json!(launch.name)));
    }
    let saved = |name: String| {
        let mut saved = document["properties"].as_array().unwrap().iter();
        saved.find(|property| property["name"] == name).map(|property| property["value"].clone())
    };
    for (number, instance) in (1..).zip(instances) {
        assert_eq!(saved(format!("{id}_{number}")).as_ref(), Some(&instance["id"]));
        assert_eq!(saved(format!("{dns}_{number}")).as_ref(), Some(&instance["public_dns"]));
        assert_eq!(saved(format!("{ip}_{number}")).as_ref(), Some(&instance["public_ip"]));
        let private = format!("SI.{private}_{number}.2026-01-31.Nightly");
        assert_eq!(saved(private).as_ref(), Some(&instance["private_ip"]));
    }
}

#[test]
fn values_from_option_lists_are_accepted() {
    let launch = Launch::new("create-list");
    let image = format!("Some Linux 2 : {}", test_bed().image_id);
    let program = Program::on_test_bed().common("--region", "US_EAST_1");
    let all = ["CreateInstance", "--image-id", &image, "--image-type", "\"t3.micro\"", "--tag", &launch.name];
    let more = ["--security-group", &launch.name, "--key-name", &launch.name, "--key-dir", "keys"];
    program.run(&[&all[..], &more].concat()).expect_code(0);
    assert_eq!(Ec2::new().named(&launch.name).len(), 1);
}

#[test]
fn a_security_group_is_created_once_and_found_again() {
    let (ec2, launch) = (Ec2::new(), Launch::new("create-group"));
    launch.run(&[]).expect_code(0).expect_stdout(&format!("security group `{}`: created as sg-", launch.name));
    let again = launch.run(&[]).expect_code(0);
    assert!(!again.stdout.contains("created as"), "{again:#?}");
    let groups = ec2.security_groups(&launch.name);
    assert_eq!(groups.len(), 1);
    let by_id = ["--security-group", &groups[0], "--key-name", &launch.name];
    launch.program.run(&launch.arguments(&by_id)).expect_code(0);
    for id in ec2.named(&launch.name) {
        assert!(values(&ec2.describe(&id), "groupId").contains(&groups[0]));
    }
}

#[test]
fn a_subnet_replaces_security_groups() {
    let (ec2, launch) = (Ec2::new(), Launch::new("create-subnet"));
    let subnet = values(&ec2.call("DescribeSubnets", &[]), "subnetId").remove(0);
    let more = ["--subnet-id", &subnet, "--key-name", &launch.name, "--key-dir", "keys"];
    launch.program.run(&launch.arguments(&more)).expect_code(0);
    assert!(values(&ec2.describe(&ec2.named(&launch.name)[0]), "subnetId").contains(&subnet));
}

#[test]
fn a_key_pair_is_created_with_a_private_key_file_for_its_owner_only() {
    let (ec2, launch) = (Ec2::new(), Launch::new("create-key"));
    let finished = launch.run(&[]).expect_code(0);
    assert!(ec2.has_key_pair(&launch.name));
    let file = launch.program.folder().join(format!("keys/{}.pem", launch.name));
    let private_key = fs::read_to_string(&file).unwrap();
    assert!(private_key.contains("PRIVATE KEY-----\n"));
    let secret = private_key.lines().nth(1).unwrap();
    assert!(!format!("{finished:?}{}", launch.program.log()).contains(secret), "the private key is in the file alone");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let again = launch.run(&[]).expect_code(0);
    assert!(!again.stdout.contains("key pair"), "it is reused: {again:#?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), private_key);
}

#[test]
fn an_existing_file_is_never_overwritten() {
    let (ec2, launch) = (Ec2::new(), Launch::new("create-file"));
    fs::create_dir(launch.program.folder().join("keys")).unwrap();
    let file = launch.program.write(&format!("keys/{}.pem", launch.name), "somebody's key\n");
    let finished = launch.run(&[]).expect_code(2).expect_stderr(&format!("{}.pem exists", launch.name));
    assert_eq!(finished.verdict(), "CreateInstance failed, exit code 2");
    assert_eq!(fs::read_to_string(file).unwrap(), "somebody's key\n");
    assert!(!ec2.has_key_pair(&launch.name));
    assert!(ec2.security_groups(&launch.name).is_empty() && ec2.named(&launch.name).is_empty());
}

#[test]
fn private_keys_are_next_to_the_configuration_by_default() {
    let launch = Launch::new("create-default");
    let config = fs::read_to_string(&test_bed().config).unwrap();
    let Launch { program, name } = launch;
    let launch = Launch { program: program.with_config(&config), name };
    let more = ["--security-group", &launch.name, "--key-name", &launch.name];
    launch.program.run(&launch.arguments(&more)).expect_code(0);
    assert!(launch.program.folder().join(format!("keys/{}.pem", launch.name)).is_file());
}

#[test]
fn a_dry_run_creates_nothing() {
    let (ec2, launch) = (Ec2::new(), Launch::new("create-dry"));
    let finished = launch.run(&["--dry-run", "--wait", "--number", "2"]).expect_code(0);
    let finished = finished.expect_stdout("would be created");
    assert!(finished.verdict().contains("dry run"), "{finished:#?}");
    assert!(ec2.named(&launch.name).is_empty() && ec2.security_groups(&launch.name).is_empty());
    assert!(!ec2.has_key_pair(&launch.name) && !launch.program.folder().join("keys").exists());
}

/// A launch of this image and type, which would have to create its key pair and security group.
fn launch_of<'a>(launch: &'a Launch, image: &'a str, instance_type: &'a str) -> Vec<&'a str> {
    let all = ["CreateInstance", "--image-id", image, "--instance-type", instance_type, "--key-dir", "keys"];
    all.into_iter().chain(["--security-group", &launch.name, "--key-name", &launch.name]).collect()
}

#[test]
fn a_launch_of_an_unknown_image_creates_nothing() {
    let (ec2, launch) = (Ec2::new(), Launch::new("create-unknown"));
    let (finished, document) = launch.program.run_json(&launch_of(&launch, "ami-0123456789abcdef0", "t3.micro"));
    finished.expect_code(4).expect_stderr("does not exist (InvalidAMIID.NotFound, request ");
    assert_eq!((&document["status"], &document["error"]["kind"]), (&json!("failed"), &json!("not-found")));
    assert!(!ec2.has_key_pair(&launch.name) && ec2.security_groups(&launch.name).is_empty());
}

#[test]
fn a_rejected_launch_lists_the_created_resources() {
    let (ec2, launch) = (Ec2::new(), Launch::new("create-refused"));
    let (finished, document) = launch.program.run_json(&launch_of(&launch, &test_bed().image_id, "t9.huge"));
    finished.expect_code(4).expect_stderr("(InvalidInstanceType.NotFound, request ");
    assert_eq!((&document["status"], &document["error"]["kind"]), (&json!("partial"), &json!("not-found")));
    assert!(ec2.has_key_pair(&launch.name), "what was made stays");
}
