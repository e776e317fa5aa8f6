//! Tests that no response of AWS fills the memory.

use std::fs;
use std::process::Command;
use std::sync::atomic::Ordering;

use super::Endless;
use crate::support::{Answer, Finished, OwnEc2, Program};

const ID: &str = "i-0123456789abcdef0";
const MIB: u64 = 1024 * 1024;
const TOO_LARGE: &str = "the response is too large: more than 32 MiB";
const XML: &str = "Content-Type: text/xml\r\n";

/// Runs a job that can use 256 MiB of memory.
fn run_with_little_memory(program: &Program, arguments: &[&str]) -> Finished {
    let job = program.command(arguments.iter().chain(&["--log-dir", "log"]));
    if cfg!(windows) {
        return run(job);
    }
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -d 262144 && exec \"$@\"", "sh"]).arg(job.get_program()).args(job.get_args());
    for (name, value) in job.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    limited.current_dir(program.folder());
    run(limited)
}

fn run(mut job: Command) -> Finished {
    Finished::from(job.output().unwrap())
}

/// Asserts that a server was asked once, and could send little more than what the program reads.
#[track_caller]
fn assert_limited(server: &Endless) {
    assert_eq!(server.requests.load(Ordering::SeqCst), 1);
    let bytes = server.bytes.load(Ordering::SeqCst);
    // The system buffers some megabytes for both ends of the connection.
    assert!((32 * MIB..64 * MIB).contains(&bytes), "{bytes} bytes");
}

#[test]
fn an_endless_response_to_a_read_is_9() {
    for head in [XML, "Content-Type: text/xml\r\nContent-Length: 99999999999\r\n"] {
        let server = Endless::start(head, "<DescribeInstancesResponse>");
        let finished = run_with_little_memory(&Program::with_endpoint(&server.url), &["GetInstanceStatusByTag"]);
        finished.expect_code(9).expect_stderr(&format!("looking up all instances in the region: {TOO_LARGE}\n"));
        assert_limited(&server);
    }
}

#[test]
fn a_response_within_the_limit_does_not_fill_the_memory_either() {
    for (entries, beginning) in [("<item/>", "<reservationSet><item><instancesSet>"), ("<a>", "")] {
        let body = format!("{beginning}{}", entries.repeat(31 * MIB as usize / entries.len()));
        let ec2 = OwnEc2::start(move |action| Answer::success(action, &body));
        let finished = run_with_little_memory(&Program::with_endpoint(&ec2.url), &["GetInstanceStatusByTag"]);
        finished.expect_code(9).expect_stderr("the response is too large: more than ");
        assert_eq!(ec2.actions().len(), 1);
    }
}

#[test]
fn an_endless_response_to_a_change_is_11() {
    let server = Endless::start(XML, "<StopInstancesResponse>");
    let stop = ["StopInstance", "--instance-id", ID];
    let finished = run_with_little_memory(&Program::with_endpoint(&server.url), &stop);
    finished.expect_code(11).expect_stderr(&format!("stopping {ID}: {TOO_LARGE}"));
    assert_limited(&server);
}

#[test]
fn an_endless_response_of_a_service_for_credentials_is_9() {
    let ec2 = OwnEc2::unwanted();
    let chain = || {
        let program = Program::with_endpoint(&ec2.url);
        program.without_env("AWS_ACCESS_KEY_ID").without_env("AWS_SECRET_ACCESS_KEY")
    };
    let container = Endless::start("Content-Type: application/json\r\n", "{");
    let program = chain().env("AWS_CONTAINER_CREDENTIALS_FULL_URI", &format!("{}/keys", container.url));
    run_with_little_memory(&program, &["GetInstanceStatusByTag"]).expect_code(9).expect_stderr(TOO_LARGE);
    assert_limited(&container);

    let sts = Endless::start(XML, "<AssumeRoleWithWebIdentityResponse>");
    let program = chain().env("AWS_ENDPOINT_URL_STS", &sts.url).env("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/r");
    fs::write(program.folder().join("token"), "made-up").unwrap();
    let program = program.env("AWS_WEB_IDENTITY_TOKEN_FILE", "token");
    run_with_little_memory(&program, &["GetInstanceStatusByTag"]).expect_code(9).expect_stderr(TOO_LARGE);
    assert_limited(&sts);

    let machine = Endless::start("x-aws-ec2-metadata-token-ttl-seconds: 600\r\n", "token");
    let program =
        chain().env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &machine.url).env("AWS_EC2_METADATA_DISABLED", "false");
    run_with_little_memory(&program, &["GetInstanceStatusByTag"]).expect_code(9).expect_stderr(TOO_LARGE);
    assert_limited(&machine);
}

#[test]
fn a_long_text_of_ec2_is_cut_in_the_output_and_complete_in_the_log() {
    let text = "\u{e9}".repeat(1000) + "the end";
    let message = text.clone();
    let ec2 = OwnEc2::start(move |_| Answer::error(400, "SomethingNew", &message));
    let program = Program::with_endpoint(&ec2.url);
    let (finished, document) = program.run_json(&["GetInstanceStatusByTag"]);
    finished.expect_code(1).expect_stderr("... (cut, 1007 characters) (SomethingNew, request req-1)");
    assert!(!document.to_string().contains("the end"));
    assert!(program.log().contains("the end"), "{}", program.log());
}
