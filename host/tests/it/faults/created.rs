//! Tests of the key pairs and security groups of a launch: every new key pair has its private key in a file, and
//! existing resources are never deleted.

use std::fs;
use std::path::PathBuf;
use std::process::Child;
#[cfg(unix)]
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::{Job, image_in};
#[cfg(unix)]
use crate::fault_layer::RuleBuilder;
use crate::fault_layer::answer::{refusal, unauthorized};
use crate::fault_layer::{FaultLayer, Form};
#[cfg(unix)]
use crate::support::Finished;
use crate::support::{test_bed, values};

/// Longer than any job of these tests.
const LONG: Duration = Duration::from_secs(60);

impl Job {
    /// The private key file of the key pair.
    fn key_file(&self) -> PathBuf {
        self.program.folder().join(format!("keys/{}.pem", self.name))
    }

    /// Asserts that EC2 has the key pair, and that its private key is in the file.
    #[track_caller]
    fn assert_private_key_is_kept(&self) {
        assert!(self.ec2().has_key_pair(&self.name));
        assert!(fs::read_to_string(self.key_file()).unwrap().contains("PRIVATE KEY-----\n"));
    }

    /// The IDs in delete requests.
    fn deleted_key_pairs(&self) -> Vec<String> {
        let calls = self.layer.calls_of("DeleteKeyPair");
        calls.iter().map(|call| call.form.get("KeyPairId").expect("an id").to_owned()).collect()
    }

    /// The ID of the key pair.
    fn key_pair_id(&self) -> String {
        let filter = [("Filter.1.Name", "key-name"), ("Filter.1.Value.1", self.name.as_str())];
        values(&self.ec2().call("DescribeKeyPairs", &filter), "keyPairId").remove(0)
    }
}

fn is_tagged(form: &Form) -> bool {
    form.get("TagSpecification.1.ResourceType").is_some()
}

#[test]
fn a_key_pair_whose_private_key_is_lost_is_deleted_and_created_again() {
    let job = Job::new("lost-key");
    job.layer.on("CreateKeyPair").call(1).cut_after();
    job.launch(&["--client-token", &job.name]).expect_code(0);
    job.assert_private_key_is_kept();
    let deleted = job.deleted_key_pairs();
    assert_eq!(deleted.len(), 1);
    assert!(!deleted.contains(&job.key_pair_id()));
    for call in job.layer.calls_of("CreateKeyPair") {
        assert_eq!(call.form.get("TagSpecification.1.Tag.1.Key"), Some("awsec2:client-token"));
        assert_eq!(call.form.get("TagSpecification.1.Tag.1.Value"), Some(job.name.as_str()));
    }
}

#[test]
fn a_key_pair_is_created_again_if_the_request_did_not_reach_ec2() {
    let job = Job::new("unheard-key");
    job.layer.on("CreateKeyPair").call(1).cut_before();
    job.launch(&[]).expect_code(0);
    job.assert_private_key_is_kept();
    assert_eq!(job.deleted_key_pairs(), [""; 0]);
}

#[test]
fn an_unreadable_response_to_a_new_key_pair_is_an_unknown_outcome() {
    let job = Job::new("odd-key");
    job.layer.on("CreateKeyPair").cut_after();
    // The key pair is not visible either: its state is unknown.
    job.layer.on("DescribeKeyPairs").answer(refusal(400, "InvalidKeyPair.NotFound", "No such key pair."));
    let finished = job.launch(&[]).expect_code(11);
    let finished = finished
        .expect_stderr(&format!("hint: before you run the job again, delete key pair {} with the tag", job.name));
    assert!(job.layer.calls_of("RunInstances").is_empty(), "{finished:#?}");
    // It exists, and the empty file prevents the next job from using it.
    assert_eq!(fs::read_to_string(job.key_file()).unwrap(), "");
    let next = Job { layer: FaultLayer::before(&test_bed().ec2_endpoint), ..job };
    let program = next.program.common("--endpoint-url", &next.layer.endpoint());
    let next = Job { program, ..next };
    let finished = next.launch(&[]).expect_code(2);
    finished
        .expect_stderr(&format!("looking up key pair {}: ", next.name))
        .expect_stderr(&format!("{}.pem", next.name));
}

impl Job {
    /// Starts the launch, and returns after this number of calls of the action.
    fn launch_until(&self, action: &str, calls: usize) -> Child {
        let what = ["--image-id", &image_in(&self.region), "--instance-type", "t3.micro", "--client-token", "TOKEN-1"];
        let with = ["--key-name", &self.name, "--key-dir", "keys", "--security-group", &self.name, "--log-dir", "log"];
        let mut child = self.program.command([&["CreateInstance"], &what[..], &with].concat()).spawn().unwrap();
        while self.layer.calls_of(action).len() < calls {
            assert!(child.try_wait().unwrap().is_none(), "the job ended before {action}");
            thread::sleep(Duration::from_millis(10));
        }
        child
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_creation_is_named_with_the_client_token() {
    const NEVER_HEARD: fn(RuleBuilder<'_>) = |rule| rule.cut_before();
    const NOT_ANSWERED: fn(RuleBuilder<'_>) = |rule| rule.delay(LONG);
    for (action, add, until, calls, named) in [
        ("CreateKeyPair", NEVER_HEARD, "DescribeKeyPairs", 2, "creating key pair interrupted-"),
        ("CreateKeyPair", NOT_ANSWERED, "CreateKeyPair", 1, "creating key pair interrupted-"),
        ("CreateSecurityGroup", NOT_ANSWERED, "CreateSecurityGroup", 1, "creating security group `interrupted-"),
    ] {
        let job = Job::new("interrupted");
        add(job.layer.on(action));
        let child = job.launch_until(until, calls);
        assert!(Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status().unwrap().success());
        let finished = Finished::from(child.wait_with_output().unwrap()).expect_code(10);
        let hint =
            finished.stderr.lines().find(|line| line.starts_with("hint: check in EC2 whether this was done")).unwrap();
        assert!(hint.contains(named) && hint.contains("TOKEN-1"), "{finished:#?}");
    }
}

#[test]
fn the_empty_file_of_a_killed_job_is_used_again() {
    let job = Job::new("killed");
    job.layer.on("CreateKeyPair").call(1).delay(LONG);
    let mut child = job.launch_until("CreateKeyPair", 1);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(fs::read_to_string(job.key_file()).unwrap(), "");
    assert!(!job.ec2().has_key_pair(&job.name));
    job.launch(&[]).expect_code(0);
    job.assert_private_key_is_kept();
}

#[test]
fn a_key_pair_that_another_run_creates_meanwhile_is_used() {
    let job = Job::new("other-key");
    job.ec2().call("CreateKeyPair", &[("KeyName", &job.name)]);
    let not_yet = refusal(400, "InvalidKeyPair.NotFound", "No such key pair yet.");
    job.layer.on("DescribeKeyPairs").call(1).answer(not_yet);
    let finished = job.launch(&[]).expect_code(0);
    finished.expect_stdout(&format!("key pair {}: created by another job in the meantime, used as is", job.name));
    assert!(!job.key_file().exists());
    assert_eq!(job.deleted_key_pairs(), [""; 0]);
}

#[test]
fn two_runs_at_the_same_moment_share_one_key_pair_and_one_file() {
    let job = Job::new("two-runs");
    job.layer.on("CreateKeyPair").call(1).delay(Duration::from_secs(2));
    thread::scope(|scope| {
        let runs = [(); 2].map(|()| scope.spawn(|| job.launch(&[])));
        for run in runs {
            run.join().unwrap().expect_code(0);
        }
    });
    job.assert_private_key_is_kept();
    assert_eq!(job.layer.calls_of("CreateKeyPair").len(), 1);
    assert_eq!(job.ec2().named(&job.name).len(), 2);
}

#[test]
fn a_security_group_whose_answer_is_lost_is_found_by_its_tags() {
    let job = Job::new("lost-group");
    job.layer.on("CreateSecurityGroup").cut_after();
    let finished = job.launch(&[]).expect_code(0);
    assert_eq!(job.ec2().security_groups(&job.name).len(), 1);
    finished.expect_stdout(&format!("security group `{}`: created as sg-", job.name));
}

#[test]
fn key_pair_and_group_are_created_without_tags_if_tags_are_denied() {
    let job = Job::new("no-tags");
    for action in ["CreateKeyPair", "CreateSecurityGroup"] {
        job.layer.on(action).when(is_tagged).answer(unauthorized());
    }
    job.launch(&[]).expect_code(0);
    job.assert_private_key_is_kept();
    assert_eq!(job.ec2().security_groups(&job.name).len(), 1);
    for action in ["CreateKeyPair", "CreateSecurityGroup"] {
        let tagged: Vec<bool> = job.layer.calls_of(action).iter().map(|call| is_tagged(&call.form)).collect();
        assert_eq!(tagged, [true, false]);
    }
}

#[test]
fn a_key_pair_without_tags_is_never_deleted() {
    let job = Job::new("no-tags-lost");
    job.layer.on("CreateKeyPair").when(is_tagged).answer(unauthorized());
    job.layer.on("CreateKeyPair").when(|form| !is_tagged(form)).call(1).cut_after();
    job.launch(&[])
        .expect_code(11)
        .expect_stderr(&format!("hint: before you run the job again, delete key pair {} in EC2", job.name));
    assert!(job.ec2().has_key_pair(&job.name));
    assert!(job.layer.calls_of("RunInstances").is_empty());
}

#[cfg(unix)]
#[test]
fn a_private_key_is_not_stored_where_every_user_can_replace_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let job = Job::new("open-folder");
    let folder = job.program.folder().join("keys");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
    let finished = job.launch(&[]).expect_code(2);
    finished.expect_stderr("every user of this machine can replace the files in ");
    for action in ["CreateKeyPair", "CreateSecurityGroup", "RunInstances"] {
        assert!(job.layer.calls_of(action).is_empty(), "{action}");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o770)).unwrap();
    let finished = job.launch(&[]).expect_code(0);
    finished
        .expect_stderr("warning: the folder ")
        .expect_stderr("is not safe for a private key: the members of its group");
    job.assert_private_key_is_kept();
}
