//! Tests of what is written to the job output and the log, and what must never be.

use std::fs;

use opcon::encoded;

use crate::support::{Answer, Ec2, Finished, OwnEc2, OwnOpCon, Program, test_bed, unique};

#[test]
fn output_is_ascii_even_when_a_name_is_not() {
    let (ec2, name) = (Ec2::new(), unique("w\u{e9}b \u{1f600}"));
    ec2.launch_stopped(&name, 1);
    let program = Program::on_test_bed();
    let start = ["StartInstance", "--tag-name", &name];
    let finished = program.run(&start).expect_code(0);
    assert!(finished.stdout.is_ascii() && finished.stderr.is_ascii(), "{finished:#?}");
    let finished = finished.expect_stdout("w\\u{e9}b \\u{1f600}");
    assert!(program.log().is_ascii(), "{finished:#?}");
    let (finished, document) = program.run_json(&start);
    assert!(finished.stdout.is_ascii(), "{finished:#?}");
    assert_eq!(document["instances"][0]["name"], name, "the document means the name itself");
}

#[test]
fn a_name_cannot_forge_a_line() {
    let name = unique("web\nStopInstance succeeded: 9 instances stopped\n\u{85}\u{2028}");
    Ec2::new().launch(&name, 1);
    let program = Program::on_test_bed();
    for function in ["GetInstanceStatusByTag", "StopInstance"] {
        let finished = program.run(&[function, "--tag-name", &name]).expect_code(0);
        let finished = finished.expect_stdout("web\\nStopInstance succeeded");
        assert!(!finished.stdout.lines().any(|line| line.starts_with("StopInstance succeeded: 9")), "{finished:#?}");
    }
}

/// All output of a job that a user can read: console and log.
fn all_of(program: &Program, finished: &Finished) -> String {
    format!("{finished:?}\n{}", program.log())
}

#[test]
fn secrets_appear_nowhere() {
    let (opcon, keys) = (OwnOpCon::start(), &test_bed().ec2_strict.allowed);
    let (id, secret) = (encoded::encode(&keys.access_key_id), encoded::encode(&keys.secret_access_key));
    let section = format!("[USER1]\nCONNECTOR_USER_ACCESS_KEY={id}\nCONNECTOR_USER_SECRET_KEY={secret}\n");
    let token = opcon_stand_in::DEFAULT_TOKEN;
    let config = format!("[CONNECTOR]\nDEBUG=ON\n{section}{}", opcon.config(token));
    let name = unique("secrets");
    let program = Program::on_test_bed().common("--endpoint-url", &test_bed().ec2_strict.endpoint).with_config(&config);
    let launch = ["CreateInstance", "--image-id", &test_bed().image_id, "--instance-type", "t3.micro", "--wait"];
    let more = ["--security-group", "default", "--key-name", &name, "--id-property", "ID", "--debug"];
    let mut seen = all_of(&program, &program.run(&[&launch[..], &more].concat()).expect_code(0));
    // Failures produce more output than successes.
    seen += &all_of(&program, &program.run(&["StopInstance", "--instance-id", "i-0123456789abcdef0"]).expect_code(4));
    let wrong = opcon.config("a-wrong-token");
    let program = program.with_config(&format!("{section}{wrong}"));
    let start = ["StartInstance", "--instance-id", "i-0123456789abcdef0", "--id-property", "ID", "--debug"];
    seen += &all_of(&program, &program.run(&start).expect_code(3));

    assert!(seen.contains("INFO EC2 RunInstances: HTTP 200, request "), "the log tells everything else: {seen}");
    let private_key = fs::read_to_string(program.folder().join(format!("keys/{name}.pem"))).unwrap();
    let private_key = private_key.lines().nth(1).unwrap();
    for secret in [&keys.secret_access_key, &secret, token, "a-wrong-token", private_key] {
        assert!(!seen.contains(secret), "{secret} in {seen}");
    }
}

#[test]
fn the_log_describes_the_job() {
    let (ec2, name) = (Ec2::new(), unique("log"));
    let id = &ec2.launch(&name, 1)[0];
    let config = "[CONNECTOR]\nDEBUG=OFF\n";
    let program = Program::with_endpoint(&test_bed().ec2_endpoint).with_config(config);
    program.run(&["StopInstance", "--tag-name", &name]).expect_code(0);
    program.run(&["StopInstance", "--tag-name", "nobody"]).expect_code(4);
    let log = program.log();
    for line in [
        "INFO StopInstance in us-east-1, default credential chain".to_owned(),
        format!("INFO {id} ({name}): stop accepted, running -> stopping"),
        "INFO StopInstance succeeded: 1 instance stopping".to_owned(),
        "ERROR selecting instances: no instances named `nobody`".to_owned(),
        "INFO StopInstance failed, exit code 4".to_owned(),
    ] {
        assert!(log.contains(&line), "no `{line}` in {log}");
    }
    assert!(!log.contains("DEBUG"), "{log}");
}

#[test]
fn jobs_that_run_at_once_share_a_log_line_by_line() {
    let program = Program::on_test_bed();
    let start = || program.command(["GetInstanceStatusByTag", "--tag-name", "nobody", "--log-dir", "log"]).spawn();
    let jobs: Vec<_> = (0..4).map(|_| start().unwrap()).collect();
    for job in jobs {
        assert_eq!(job.wait_with_output().unwrap().status.code(), Some(4));
    }
    let log = program.log();
    assert_eq!(log.matches("GetInstanceStatusByTag in us-east-1, user id USER1\n").count(), 4, "{log}");
    assert!(log.lines().all(|line| line.starts_with("20") && line.contains('[')), "{log}");
}

#[test]
fn a_log_that_cannot_be_written_fails_no_job() {
    let program = Program::on_test_bed();
    program.write("occupied", "a file, and no folder");
    let finished = program.run_bare(&["GetInstanceStatusByTag", "--tag-name", "nobody", "--log-dir", "occupied"]);
    finished.expect_code(4).expect_stderr("no instances named `nobody`");
}

#[test]
fn ids_are_printed_before_the_wait_ends() {
    use std::io::{BufRead as _, BufReader};

    use crate::support::{Answer, OwnEc2};
    let ec2 = OwnEc2::start(Answer::pending);
    let program = Program::with_endpoint(&ec2.url);
    let start = ["StartInstance", "--instance-id", "i-0123456789abcdef0", "--wait", "--log-dir", "log"];
    let mut job = program.command(start).spawn().unwrap();
    let lines = BufReader::new(job.stdout.take().unwrap()).lines();
    let accepted = lines.map(Result::unwrap).find(|line| line.contains("start accepted"));
    let running = job.try_wait().unwrap().is_none();
    job.kill().unwrap();
    job.wait().unwrap();
    assert!(running && accepted.unwrap().starts_with("i-0123456789abcdef0: "));
}

#[test]
fn a_foreign_response_is_one_line_in_plain_ascii() {
    let page = "<p>\u{1b}[31mw\u{e9}b</p>\r\nerror: forged\u{85}error: forged";
    let ec2 = OwnEc2::start(move |_| Answer::html(403, page));
    let program = Program::with_endpoint(&ec2.url).env("AWS_MAX_ATTEMPTS", "1");
    let finished = program.run(&["GetInstanceStatusByTag", "--debug"]);
    let printed = [&finished.stdout, &finished.stderr, &program.log()].map(String::clone).concat();
    assert!(printed.chars().all(|c| c == '\n' || c == ' ' || c.is_ascii_graphic()), "{printed}");
    assert!(!printed.lines().any(|line| line.starts_with("error: forged")), "{printed}");
    finished.expect_stderr("\\u{1b}[31mw\\u{e9}b");
}
