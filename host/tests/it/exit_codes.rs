//! Tests every exit code except 70, with its message and its JSON document.
//!
//! An EC2 of the test simulates what the test bed cannot.

use std::net::TcpListener;

use opcon_stand_in::{Answer as OpConAnswer, DEFAULT_TOKEN, Fault};
use serde_json::Value;

use crate::support::{Answer, Ec2, Finished, OwnEc2, OwnOpCon, Program, test_bed, unique};

const ID: &str = "i-0123456789abcdef0";

/// The expected error in the document of a failed job.
#[track_caller]
fn assert_document(document: &Value, exit_code: u8, status: &str, kind: &str) {
    assert_eq!(document["exit_code"], exit_code, "{document:#}");
    assert_eq!(document["status"], status, "{document:#}");
    assert_eq!(document["error"]["kind"], kind, "{document:#}");
}

/// Runs a failing job with text output and with JSON output.
#[track_caller]
fn failure(program: &Program, arguments: &[&str], exit_code: u8, status: &str, kind: &str) -> Finished {
    let (finished, document) = program.run_json(arguments);
    assert_document(&document, exit_code, status, kind);
    finished.expect_code(exit_code.into());
    let finished = program.run(arguments).expect_code(exit_code.into());
    let what = match status {
        "partial" => "failed after changing something in EC2",
        "unknown" => "ended with an unknown outcome",
        _ => "failed",
    };
    assert_eq!(finished.verdict(), format!("{} {what}, exit code {exit_code}", arguments[0]));
    finished
}

/// An unused port.
fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn strict() -> Program {
    Program::on_test_bed().common("--endpoint-url", &test_bed().ec2_strict.endpoint)
}

/// The EC2 of the test bed, and an OpCon stand-in of the test.
fn with_opcon(config: &str) -> Program {
    Program::with_endpoint(&test_bed().ec2_endpoint).with_config(config)
}

/// A launch with a property, a key pair, and a security group.
fn launch(name: &str) -> Vec<&str> {
    let image =
        ["CreateInstance", "--image-id", &test_bed().image_id, "--instance-type", "t3.micro", "--tag-name", name];
    let more = ["--security-group", name, "--key-name", name, "--key-dir", "keys", "--wait", "--id-property", "ID"];
    [&image[..], &more].concat()
}

#[test]
fn a_job_that_succeeds_ends_with_0() {
    let name = unique("success");
    Ec2::new().launch(&name, 1);
    let (finished, document) = Program::on_test_bed().run_json(&["StopInstance", "--tag-name", &name]);
    finished.expect_code(0);
    assert_eq!((&document["status"], &document["error"]), (&"succeeded".into(), &Value::Null));
}

#[test]
fn a_refusal_that_no_other_code_describes_is_1() {
    let ec2 = OwnEc2::with_instance("running", |_| Answer::error(400, "SomethingNew", "Not today"));
    let program = Program::with_endpoint(&ec2.url);
    let finished = failure(&program, &["StopInstance", "--instance-id", ID], 1, "failed", "service");
    finished.expect_stderr(&format!("error: stopping {ID}: Not today (SomethingNew, request req-1)\n"));
}

#[test]
fn an_instance_that_is_protected_is_1() {
    let (ec2, name) = (Ec2::new(), unique("protected"));
    let id = &ec2.launch(&name, 1)[0];
    ec2.protect(id);
    let terminate = ["TerminateInstance", "--instance-id", id];
    let finished = failure(&Program::on_test_bed(), &terminate, 1, "failed", "unexpected-state");
    finished.expect_stderr("OperationNotPermitted");
}

#[test]
fn a_wrong_secret_key_is_3() {
    let program = strict()
        .without("--user-id")
        .env("AWS_ACCESS_KEY_ID", &test_bed().ec2_strict.allowed.access_key_id)
        .env("AWS_SECRET_ACCESS_KEY", "not-the-secret");
    let finished = failure(&program, &["GetInstanceStatusByTag"], 3, "failed", "permission-denied");
    finished.expect_stderr("(AuthFailure, request ").expect_stderr("hint: check the access key and the secret key");
}

#[test]
fn a_denied_user_is_3() {
    let program = strict().common("--user-id", &test_bed().denied_user_id);
    program.run(&["GetInstanceStatusByTag"]).expect_code(0);
    let stop = ["StopInstance", "--instance-id", ID];
    failure(&program, &stop, 3, "failed", "permission-denied").expect_stderr(&format!("error: stopping {ID}: "));
}

#[test]
fn no_credentials_at_all_are_3() {
    let program = Program::on_test_bed().without("--user-id");
    let finished = failure(&program, &["GetInstanceStatusByTag"], 3, "failed", "permission-denied");
    finished.expect_stderr("no usable AWS credentials").expect_stderr("hint: use a user id from the configuration");
}

#[test]
fn a_token_that_opcon_refuses_is_3_and_nothing_is_launched() {
    let (opcon, name) = (OwnOpCon::start(), unique("token"));
    let program = with_opcon(&opcon.config("another-token"));
    failure(&program, &launch(&name), 3, "failed", "permission-denied").expect_stderr("Invalid token specified");
    assert!(Ec2::new().named(&name).is_empty() && !Ec2::new().has_key_pair(&name));
}

#[test]
fn what_does_not_exist_is_4() {
    let program = Program::on_test_bed();
    let nobody = unique("nobody");
    let finished = failure(&program, &["GetInstanceStatusByTag", "--tag-name", &nobody], 4, "failed", "not-found");
    finished.expect_stderr(&format!("error: looking up the status: no instances named `{nobody}` in the region\n"));
    let finished = failure(&program, &["StopInstance", "--instance-id", ID], 4, "failed", "not-found");
    finished.expect_stderr("(InvalidInstanceID.NotFound, request ");
    failure(&program, &["StopInstance", "--tag-name", &nobody], 4, "failed", "not-found");
}

#[test]
fn a_wait_that_times_out_is_5_and_reports_the_last_state() {
    let ec2 = OwnEc2::start(Answer::pending);
    let start = ["StartInstance", "--instance-id", ID, "--wait", "--wait-timeout", "1s"];
    let finished = failure(&Program::with_endpoint(&ec2.url), &start, 5, "partial", "wait-expired");
    let finished = finished.expect_stdout(&format!("{ID}: start accepted, stopped -> pending\n"));
    finished.expect_stderr(ID).expect_stderr("pending");
}

#[test]
fn some_instances_of_several_are_6() {
    let (ec2, name) = (Ec2::new(), unique("some"));
    let ids = ec2.launch(&name, 3);
    ec2.protect(&ids[0]);
    let terminate = ["TerminateInstance", "--tag-name", &name];
    let (finished, document) = Program::on_test_bed().run_json(&terminate);
    assert_document(&document, 6, "partial", "partial");
    let results: Vec<_> = document["instances"].as_array().unwrap().iter().map(|entry| &entry["result"]).collect();
    assert_eq!(results, ["failed", "changed", "changed"]);
    assert_eq!(document["instances"][0]["error"]["code"], "OperationNotPermitted");
    finished.expect_code(6).expect_stderr("error: terminating: 1 of 3 instances failed; the first: ");
    assert_eq!(ec2.states(&ids), ["running", "terminated", "terminated"]);
}

#[test]
fn an_unknown_id_among_known_ones_is_6() {
    let (ec2, name) = (Ec2::new(), unique("unknown"));
    let id = &ec2.launch(&name, 1)[0];
    let (finished, document) =
        Program::on_test_bed().run_json(&["StopInstance", "--instance-id", &format!("{ID},{id}")]);
    finished.expect_code(6);
    assert_document(&document, 6, "partial", "partial");
    assert_eq!(document["instances"][0]["error"]["kind"], "not-found");
}

#[test]
fn a_property_that_cannot_be_saved_is_7() {
    let (opcon, name) = (OwnOpCon::start(), unique("unsaved"));
    let answer = OpConAnswer::text(400, "out of order");
    opcon.add_fault(Fault { path: "/api/propertyExpression".to_owned(), skip: 0, times: u32::MAX, answer });
    let program = with_opcon(&opcon.config(DEFAULT_TOKEN));
    let (finished, document) = program.run_json(&launch(&name));
    let finished = finished.expect_code(7);
    assert_document(&document, 7, "partial", "property-not-saved");
    let ids = Ec2::new().named(&name);
    assert_eq!(document["instances"][0]["id"], ids[0], "the id is not lost");
    assert_eq!(document["properties"], serde_json::json!([{ "name": "ID", "value": ids[0], "saved": false }]));
    finished
        .expect_stderr("OpCon returned HTTP 400: out of order")
        .expect_stderr("hint: run the commands at the end of this output, and do not run the job again\n");
    let with_token = [&launch(&name)[..], &["--client-token", &name]].concat();
    let finished = program.run(&with_token).expect_code(7);
    let hint = "hint: run the commands at the end of this output, or run the job again: repeating it is safe\n";
    finished.expect_stderr(hint);
}

#[test]
fn no_capacity_is_8() {
    let ec2 =
        OwnEc2::with_instance("stopped", |_| Answer::error(500, "InsufficientInstanceCapacity", "No t3.micro left"));
    let program = Program::with_endpoint(&ec2.url).env("AWS_MAX_ATTEMPTS", "1");
    let finished = failure(&program, &["StartInstance", "--instance-id", ID], 8, "failed", "capacity");
    finished.expect_stderr(&format!("starting {ID}: No t3.micro left (InsufficientInstanceCapacity, request req-1)"));
}

#[test]
fn a_limit_of_the_account_is_8() {
    let ec2 = OwnEc2::with_instance("stopped", |_| Answer::error(400, "VcpuLimitExceeded", "You have 0 vCPUs"));
    let start = ["StartInstance", "--instance-id", ID];
    failure(&Program::with_endpoint(&ec2.url), &start, 8, "failed", "capacity").expect_stderr("You have 0 vCPUs");
}

#[test]
fn an_unreachable_ec2_is_9() {
    let program = Program::with_endpoint(&format!("http://127.0.0.1:{}", closed_port())).env("AWS_MAX_ATTEMPTS", "1");
    let finished = failure(&program, &["GetInstanceStatusByTag"], 9, "failed", "unavailable");
    finished.expect_stderr("error: looking up all instances in the region: EC2 could not be reached: ");
}

#[test]
fn a_page_that_is_not_from_ec2_is_9() {
    let ec2 = OwnEc2::start(|_| Answer::html(502, "<html><body>Bad \u{1b}[31mGateway</body></html>"));
    let program = Program::with_endpoint(&ec2.url).env("AWS_MAX_ATTEMPTS", "1");
    let finished = failure(&program, &["GetInstanceStatusByTag"], 9, "failed", "unavailable");
    let message =
        "HTTP status 502 with a response that is not from EC2: `<html><body>Bad \\u{1b}[31mGateway</body></html>`";
    finished.expect_stderr(message).expect_stderr("hint: check for a proxy");
}

#[test]
fn throttling_is_retried_and_then_9() {
    let ec2 = OwnEc2::with_instance("running", |_| Answer::error(503, "RequestLimitExceeded", "Slow down"));
    let program = Program::with_endpoint(&ec2.url).env("AWS_MAX_ATTEMPTS", "2");
    let (finished, document) = program.run_json(&["StopInstance", "--instance-id", ID]);
    finished.expect_code(9).expect_stderr("Slow down (RequestLimitExceeded, request req-1)");
    assert_document(&document, 9, "failed", "unavailable");
    assert_eq!(ec2.actions(), ["DescribeInstances", "StopInstances", "StopInstances"]);
}

#[test]
fn a_change_with_an_unknown_outcome_is_11() {
    let ec2 = OwnEc2::with_instance("running", |_| Answer::html(502, "<html>Bad Gateway</html>"));
    let program = Program::with_endpoint(&ec2.url).env("AWS_MAX_ATTEMPTS", "1");
    let finished = failure(&program, &["StopInstance", "--instance-id", ID], 11, "unknown", "unknown");
    let message = format!("error: stopping {ID}: HTTP status 502 with a response that is not from EC2: ");
    finished
        .expect_stderr(&message)
        .expect_stderr("hint: check the state of the instances, and run the job again if they still need the stop");
    let (_, document) = program.run_json(&["StopInstance", "--instance-id", ID]);
    assert_eq!(document["instances"][0]["result"], "unknown");
}

#[test]
fn an_unreachable_opcon_is_9_and_nothing_is_launched() {
    let name = unique("no-opcon");
    let address = format!("ADDRESS=127.0.0.1:{}\nUSING_TLS=False\n", closed_port());
    let program = with_opcon(&format!("[OPCON API INFORMATION]\n{address}TOKEN=made-up\n"));
    let (finished, document) = program.run_json(&launch(&name));
    let finished = finished.expect_code(9).expect_stderr("hint: check that the OpCon API at 127.0.0.1:");
    let finished = finished.expect_stderr(" (tried for 20s)\n");
    assert_eq!(finished.stderr.matches("does not respond properly yet: ").count(), 1, "{finished:#?}");
    assert_document(&document, 9, "failed", "unavailable");
    assert!(Ec2::new().named(&name).is_empty() && !Ec2::new().has_key_pair(&name));
}

#[test]
fn an_opcon_that_cannot_work_is_9_at_once() {
    let name = unique("odd-opcon");
    // No name server is asked for a name with so long a part.
    let address = format!("{}:9010", "x".repeat(64));
    let program = with_opcon(&format!("[OPCON API INFORMATION]\nADDRESS={address}\nUSING_TLS=False\nTOKEN=made-up\n"));
    let finished = program.run(&launch(&name)).expect_code(9);
    let finished = finished.expect_stderr(" cannot be resolved: ").expect_stderr("hint: check the host in `ADDRESS`");
    assert!(!finished.stderr.contains("trying again"), "{finished:#?}");

    let opcon = OwnOpCon::start();
    let large = OpConAnswer::text(200, &" ".repeat(2 * 1024 * 1024));
    opcon.add_fault(Fault { path: "/api/version".to_owned(), skip: 0, times: 1, answer: large });
    let finished = with_opcon(&opcon.config(DEFAULT_TOKEN)).run(&launch(&name)).expect_code(9);
    finished.expect_stderr("reading the OpCon version: the response is too large: more than 1 MiB");
    assert!(Ec2::new().named(&name).is_empty());
}

#[test]
fn failures_of_opcon_that_pass_cost_nothing() {
    let (opcon, name) = (OwnOpCon::start(), unique("deadlock"));
    let fault = |path: &str, answer| opcon.add_fault(Fault { path: path.to_owned(), skip: 0, times: 1, answer });
    fault("/api/version", OpConAnswer::text(503, "busy"));
    fault("/api/tokens", OpConAnswer::CLOSE);
    fault("/api/globalproperties", OpConAnswer::text(500, "chosen as the deadlock victim"));
    fault("/api/propertyExpression", OpConAnswer::text(500, "chosen as the deadlock victim"));
    let program = with_opcon(&opcon.config(DEFAULT_TOKEN));
    let finished = program.run(&launch(&name)).expect_code(0);
    let line = format!(
        "warning: the OpCon API at {} does not respond properly yet: OpCon returned HTTP 503: busy; trying again for up \
         to 60s\n",
        opcon.http()
    );
    assert_eq!(finished.stderr.matches(&line).count(), 1, "{finished:#?}");
    assert_eq!(finished.stderr.matches("does not respond").count(), 1, "{finished:#?}");
    assert_eq!(opcon.property("ID").as_deref(), Some(Ec2::new().named(&name)[0].as_str()));
    let log = program.log();
    for line in [
        "OpCon GET /api/version: HTTP 503 (attempt 1)",
        "OpCon GET /api/version: HTTP 200 (attempt 2)",
        "OpCon GET /api/tokens: HTTP 200 (attempt 2)",
        "OpCon POST /api/propertyExpression: HTTP 500 (attempt 1)",
    ] {
        assert!(log.contains(line), "no `{line}` in {log}");
    }
    assert!(!log.contains(DEFAULT_TOKEN), "{log}");
}

#[cfg(unix)]
mod interrupted {
    //! A signal during a wait: exit code 10, and the output shows what was done until then.

    use std::process::{Child, Command};
    use std::thread;
    use std::time::Duration;

    use super::*;

    /// Runs a job that waits indefinitely, and sends it the signal as soon as it waits.
    fn interrupt(signal: &str, output: &str) -> Finished {
        let ec2 = OwnEc2::start(Answer::pending);
        let program = Program::with_endpoint(&ec2.url);
        let start = ["StartInstance", "--instance-id", ID, "--wait", "--log-dir", "log", "--output", output];
        let mut job = program.command(start).spawn().unwrap();
        // One poll before the start, and one of the wait.
        await_calls(&ec2, "DescribeInstances", 2, &mut job);
        send(signal, job)
    }

    /// Waits until the job has sent this number of calls.
    fn await_calls(ec2: &OwnEc2, action: &str, number: usize, job: &mut Child) {
        while ec2.actions().iter().filter(|made| *made == action).count() < number {
            assert!(job.try_wait().unwrap().is_none(), "the job ended before it asked for {action}");
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Sends the signal to the job, and waits for its end.
    fn send(signal: &str, job: Child) -> Finished {
        let sent = Command::new("kill").args(["-s", signal, &job.id().to_string()]).status().unwrap();
        assert!(sent.success());
        Finished::from(job.wait_with_output().unwrap()).expect_code(10)
    }

    #[test]
    fn a_change_without_a_response_is_reported() {
        let ec2 = OwnEc2::with_instance("running", |_| {
            loop {
                thread::park();
            }
        });
        let program = Program::with_endpoint(&ec2.url);
        let stop = ["StopInstance", "--instance-id", ID, "--output", "json"];
        let mut job = program.command(stop).spawn().unwrap();
        await_calls(&ec2, "StopInstances", 1, &mut job);
        let document = send("INT", job).document();
        assert_document(&document, 10, "unknown", "interrupted");
        let hint = format!("check in EC2 whether this was done before you run the job again: stopping {ID}");
        assert_eq!(document["error"]["hint"], hint);
    }

    #[test]
    fn a_job_that_is_interrupted_is_10() {
        for signal in ["TERM", "INT", "HUP"] {
            let finished = interrupt(signal, "text");
            let finished = finished.expect_stdout(&format!("{ID}: start accepted, stopped -> pending\n"));
            let verdict = "StartInstance failed after changing something in EC2, exit code 10";
            assert_eq!(finished.verdict(), verdict);
            let hint = "hint: check the instances in this output: EC2 completes the actions that it accepted";
            assert_eq!(finished.stderr, format!("error: interrupted by SIG{signal}\n{hint}\n"));
        }
    }

    #[test]
    fn the_document_of_an_interrupted_job_shows_what_was_done() {
        let document = interrupt("TERM", "json").document();
        assert_document(&document, 10, "partial", "interrupted");
        assert_eq!(document["instances"][0]["id"], ID);
        assert_eq!(document["instances"][0]["result"], "changed");
    }
}
