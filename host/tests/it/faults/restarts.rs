//! Tests of repeated launches and interrupted changes.

use std::fs;
#[cfg(unix)]
use std::process::Command;
#[cfg(unix)]
use std::thread;
#[cfg(unix)]
use std::time::Duration;

use super::Job;
#[cfg(unix)]
use super::image_in;
use crate::fault_layer::Form;
use crate::support::Finished;

/// Longer than any job of these tests.
#[cfg(unix)]
const LONG: Duration = Duration::from_secs(60);

fn is_by_token(form: &Form) -> bool {
    form.filter("client-token").is_some()
}

impl Job {
    /// Launches with the first of two types that has capacity.
    fn launch_one_of_two(&self) -> Finished {
        self.launch(&["--instance-type", "t3.small", "--client-token", &self.name])
    }
}

#[test]
fn a_restart_does_not_repeat_an_invisible_launch_with_another_type() {
    let job = Job::new("restart");
    job.layer.lack_capacity(&["t3.micro"]);
    job.layer.launched(1..).unknown_for(50);
    job.launch_one_of_two().expect_code(0).expect_stdout("as t3.small");
    job.layer.lack_capacity(&[]);
    let finished = job.launch_one_of_two().expect_code(0);
    let finished = finished.expect_stdout(
        "the last attempt of an earlier run on this machine, as t3.small, is \
                                           repeated first",
    );
    let ids = job.ec2().named(&job.name);
    assert_eq!(ids.len(), 1, "{finished:#?}");
    super::assert_names_all(&finished, &ids);
    assert!(job.layer.calls().iter().any(|call| is_by_token(&call.form)), "EC2 was asked first");
}

#[test]
fn a_restart_on_another_machine_repeats_the_visible_launch() {
    let job = Job::new("elsewhere");
    job.layer.lack_capacity(&["t3.micro"]);
    job.launch_one_of_two().expect_code(0);
    job.layer.lack_capacity(&[]);
    // Another machine: it has the key, but no records.
    fs::remove_dir_all(job.program.folder().join("log")).unwrap();
    let finished = job.launch_one_of_two().expect_code(0);
    let finished = finished.expect_stdout("an earlier run launched as t3.small: only that attempt is repeated");
    assert_eq!(job.ec2().named(&job.name).len(), 1, "{finished:#?}");
}

#[test]
fn a_launch_without_a_record_store_continues_with_a_warning() {
    let job = Job::new("no-records");
    fs::create_dir_all(job.program.folder().join("log")).unwrap();
    fs::write(job.program.folder().join("log/state"), "not a folder").unwrap();
    let finished = job.launch_one_of_two().expect_code(0);
    finished.expect_stderr("if this job is killed, a repeated run may send another attempt first");
    assert_eq!(job.ec2().named(&job.name).len(), 1);
}

#[cfg(unix)]
impl Job {
    /// Runs a job for its document, and sends SIGTERM after this number of calls of an action.
    fn interrupt(&self, arguments: &[&str], action: &str, calls: usize) -> Finished {
        let arguments = [arguments, &["--log-dir", "log", "--output", "json"]].concat();
        let mut child = self.program.command(arguments).spawn().unwrap();
        while self.layer.calls_of(action).len() < calls {
            assert!(child.try_wait().unwrap().is_none(), "the job ended before {action}");
            thread::sleep(Duration::from_millis(10));
        }
        assert!(Command::new("kill").args(["-s", "TERM", &child.id().to_string()]).status().unwrap().success());
        Finished::from(child.wait_with_output().unwrap()).expect_code(10)
    }

    /// The hint of an interrupted job.
    fn hint(finished: &Finished) -> String {
        let document = finished.document();
        assert_eq!((&document["status"], &document["exit_code"]), (&"unknown".into(), &10.into()), "{finished:#?}");
        document["error"]["hint"].as_str().unwrap().to_owned()
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_launch_and_its_look_up_are_named_with_the_client_token() {
    for (during, calls) in [("RunInstances", 1), ("DescribeInstances", 1), ("RunInstances", 5)] {
        let job = Job::new("ended-launch");
        match (during, calls) {
            ("RunInstances", 1) => job.layer.on("RunInstances").delay(LONG),
            (_, _) => job.layer.on("RunInstances").cut_after(),
        }
        job.layer.on("DescribeInstances").delay(if during == "DescribeInstances" { LONG } else { Duration::ZERO });
        let image = image_in(&job.region);
        let what = ["CreateInstance", "--image-id", &image, "--instance-type", "t3.micro", "--tag-name", &job.name];
        let with = ["--key-name", &job.name, "--key-dir", "keys", "--security-group", &job.name];
        let finished = job.interrupt(&[&what[..], &with, &["--client-token", "TOKEN-1"]].concat(), during, calls);
        let hint = Job::hint(&finished);
        assert!(hint.contains("launching 1 instance of ") && hint.contains("client token TOKEN-1"), "{finished:#?}");
        let document = finished.document();
        assert_eq!(document["client_token"], "TOKEN-1", "{finished:#?}");
        assert!(document["look_up"].as_str().unwrap().contains("--client-token=TOKEN-1"), "{finished:#?}");
    }
}

#[cfg(unix)]
#[test]
fn an_interrupted_removal_of_protection_is_reported() {
    let job = Job::new("ended-lift");
    let ids = job.running(1);
    job.ec2().protect(&ids[0]);
    job.layer.on("ModifyInstanceAttribute").delay(LONG);
    let terminate = ["TerminateInstance", "--instance-id", &ids[0], "--disable-protection"];
    let finished = job.interrupt(&terminate, "ModifyInstanceAttribute", 1);
    let hint = Job::hint(&finished);
    assert!(hint.contains(&format!("disabling the termination protection of {}", ids[0])), "{finished:#?}");
}

#[cfg(unix)]
#[test]
fn a_stop_that_is_interrupted_while_its_outcome_is_looked_for_is_named() {
    let job = Job::new("ended-stop");
    let ids = job.running(1);
    job.layer.on("StopInstances").cut_after();
    job.layer.on("DescribeInstances").calls(2..).delay(LONG);
    let finished = job.interrupt(&["StopInstance", "--instance-id", &ids[0]], "DescribeInstances", 2);
    let hint = Job::hint(&finished);
    assert!(hint.contains(&format!("before you run the job again: changing {}", ids[0])), "{finished:#?}");
}
