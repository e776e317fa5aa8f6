//! Tests of `check`: a line for each result, and the exit code.

use std::fs;

use opcon_stand_in::DEFAULT_TOKEN;

use crate::support::{Answer, Finished, OwnEc2, OwnOpCon, Program, functions, test_bed};

/// Checks a configuration, which only its owner can read, with the moto server that checks credentials.
fn check(program: &Program, more: &[&str]) -> Finished {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = program.folder().join("Connector.config");
        if file.is_file() {
            fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
    let endpoint = &test_bed().ec2_strict.endpoint;
    let arguments = ["check", "--endpoint-url", endpoint, "--region", "us-east-1", "--log-dir", "log"];
    program.run_bare(&[&arguments[..], more].concat())
}

/// The beginning of the test bed's configuration, up to this section.
fn config_before(section: &str) -> String {
    let text = fs::read_to_string(&test_bed().config).unwrap();
    text[..text.find(section).unwrap()].to_owned()
}

#[test]
fn all_is_well_when_every_line_is() {
    let opcon = OwnOpCon::start();
    let program = Program::new().with_config(&(config_before("[DENIED]") + &opcon.config(DEFAULT_TOKEN)));
    let finished = check(&program, &[]).expect_code(0);
    for line in [
        "ok      configuration: Connector.config\n",
        "ok      log: log",
        "ok      user USER1: arn:aws:iam::123456789012:user/allowed in us-east-1\n",
        "ok      user USER1, StartInstance: 3 of 3 permissions allowed\n",
        "; unknown: iam:PassRole, ssm:GetParameters\n",
        ": version 25.0.3, the token is accepted\n",
        "note    OpCon API at ",
        "check succeeded: nothing failed\n",
    ] {
        assert!(finished.stdout.contains(line), "no `{line}` in {finished:#?}");
    }
    for function in functions() {
        let line = format!("ok      user USER1, {}: ", function.name);
        assert!(finished.stdout.contains(&line), "no `{line}` in {finished:#?}");
    }
    assert!(!finished.stdout.contains("FAILED") && finished.stderr.is_empty(), "{finished:#?}");
}

#[test]
fn missing_permissions_are_reported() {
    let config = config_before("[OPCON API INFORMATION]");
    let finished = check(&Program::new().with_config(&config), &[]).expect_code(3);
    let finished = finished.expect_stdout(
        "FAILED  user DENIED, StopInstance: 1 of 2 permissions allowed; denied: ec2:StopInstances\n        hint: run \
         `awsec2 iam-policy StopInstance` to print",
    );
    let finished = finished.expect_stdout("ok      user DENIED, GetInstanceStatusByTag: 2 of 2 permissions allowed\n");
    let finished = finished.expect_stdout("note    OpCon: not configured");
    assert_eq!(finished.verdict(), "check failed");
}

#[test]
fn invalid_keys_and_rejected_tokens_are_distinguished() {
    let (opcon, allowed) = (OwnOpCon::start(), &test_bed().ec2_strict.allowed);
    let (id, secret) = (opcon::encoded::encode(&allowed.access_key_id), opcon::encoded::encode("a-wrong-secret"));
    let user = format!("[USER1]\nCONNECTOR_USER_ACCESS_KEY={id}\nCONNECTOR_USER_SECRET_KEY={secret}\n[USER2]\n");
    let program = Program::new().with_config(&(user + &opcon.config("a-wrong-token")));
    let finished = check(&program, &[]);
    assert_ne!(finished.code, 0);
    let finished = finished.expect_stdout("FAILED  user USER1: identifying the AWS credentials: ");
    let finished = finished.expect_stdout("FAILED  user USER2: reading Connector.config: ");
    let finished = finished.expect_stdout("FAILED  OpCon API at ");
    assert!(!format!("{finished:?}").contains("a-wrong"), "{finished:#?}");
}

#[test]
fn keys_that_aws_refuses_are_3() {
    let aws = OwnEc2::start(|_| Answer::sts_error(403, "InvalidClientTokenId", "The security token is invalid."));
    let finished = Program::with_endpoint(&aws.url).run_bare(&["check", "--log-dir", "log"]).expect_code(3);
    let line = "FAILED  default credential chain: identifying the AWS credentials: The security token is invalid. \
                (InvalidClientTokenId, request req-1)\n        hint: check the access key";
    assert!(finished.stdout.contains(line), "{finished:#?}");
    assert_eq!(aws.actions(), ["GetCallerIdentity"], "no permission of a stranger is asked for");
}

#[test]
fn servers_that_do_not_answer_are_9() {
    let program = Program::with_endpoint("http://127.0.0.1:9").env("AWS_MAX_ATTEMPTS", "1");
    let finished = program.run_bare(&["check", "--log-dir", "log"]).expect_code(9);
    let finished = finished.expect_stdout("note    configuration: no `Connector.config`");
    finished.expect_stdout("FAILED  default credential chain: ");
}

#[test]
fn a_log_that_cannot_be_opened_is_reported() {
    let opcon = OwnOpCon::start();
    let program = Program::new().with_config(&(config_before("[DENIED]") + &opcon.config(DEFAULT_TOKEN)));
    program.write("occupied", "a file, and no folder");
    let finished = check(&program, &["--log-dir", "occupied"]);
    finished.expect_code(2).expect_stderr("`--log-dir` is given more than once");
    let arguments = ["check", "--endpoint-url", &test_bed().ec2_strict.endpoint, "--region", "us-east-1"];
    let finished = program.run_bare(&[&arguments[..], &["--log-dir", "occupied"]].concat()).expect_code(2);
    finished.expect_stdout("FAILED  log: opening occupied");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_a_failure() {
    use std::os::unix::fs::PermissionsExt as _;
    let program = Program::new().with_config("[CONNECTOR]\n");
    fs::set_permissions(program.folder().join("Connector.config"), fs::Permissions::from_mode(0o644)).unwrap();
    let program = program.env("AWS_ACCESS_KEY_ID", "AKIATEST").env("AWS_SECRET_ACCESS_KEY", "made-up");
    let finished = program.run_bare(&["check", "--endpoint-url", &test_bed().ec2_endpoint, "--region", "us-east-1"]);
    let finished = finished.expect_code(2);
    finished.expect_stdout(
        "FAILED  permissions of the configuration: other users have access to the secrets in the file (mode 644)",
    );
}

#[test]
fn an_invalid_or_missing_configuration_is_reported_first() {
    let finished = check(&Program::new().with_config("[CONNECTOR\n"), &[]).expect_code(2);
    assert!(finished.stdout.starts_with("FAILED  configuration: reading Connector.config: "), "{finished:#?}");
    let finished = check(&Program::new(), &["--config", "no-such.config"]).expect_code(2);
    assert!(finished.stdout.starts_with("FAILED  configuration: reading no-such.config: "), "{finished:#?}");
}

#[test]
fn an_agents_folder_is_tried() {
    let program = Program::new();
    std::fs::create_dir(program.folder().join("MSGIN")).unwrap();
    let opcon =
        "[OPCON API INFORMATION]\nPROPERTY_CHANNEL=msgin\nMSGIN_FOLDER=MSGIN\nMSGIN_USER=u\nMSGIN_TOKEN=made-up\n";
    let program = program.with_config(&(config_before("[DENIED]") + opcon));
    check(&program, &[]).expect_code(0).expect_stdout("ok      OpCon: events can be written for the agent at MSGIN\n");
    let program = program.with_config(&(config_before("[DENIED]") + &opcon.replace("=MSGIN\n", "=elsewhere\n")));
    check(&program, &[]).expect_code(2).expect_stdout("FAILED  OpCon: writing to the folder elsewhere: ");
}

/// An EC2 that denies these actions and allows all others.
fn refusing(refused: &'static [&'static str]) -> OwnEc2 {
    OwnEc2::start(move |action| match action {
        "GetCallerIdentity" => {
            let identity = "<Arn>arn:aws:iam::123456789012:user/one</Arn><Account>123456789012</Account>";
            Answer::success(action, &format!("<GetCallerIdentityResult>{identity}</GetCallerIdentityResult>"))
        }
        _ if refused.contains(&action) => Answer::error(403, "UnauthorizedOperation", "You are not authorized"),
        _ => Answer::error(412, "DryRunOperation", "Request would have succeeded"),
    })
}

fn check_with(ec2: &OwnEc2, more: &[&str]) -> Finished {
    Program::with_endpoint(&ec2.url).run_bare(&[&["check", "--log-dir", "log"], more].concat())
}

#[test]
fn every_function_has_a_line_with_all_that_it_declares() {
    let list = Program::new().run_bare(&["--list", "--output", "json"]).document();
    let ec2 = refusing(&[]);
    let finished = check_with(&ec2, &[]).expect_code(0);
    for function in list.as_array().unwrap() {
        let line = format!("ok      default credential chain, {}: ", function["name"].as_str().unwrap());
        assert!(finished.stdout.contains(&line), "no `{line}` in {finished:#?}");
        for action in function["iam_actions"].as_array().unwrap() {
            let (service, action) = action.as_str().unwrap().split_once(':').unwrap();
            // Requests that create something include tags.
            if service == "ec2" && action != "CreateTags" {
                assert!(ec2.actions().iter().any(|asked| asked == action), "{action} was not asked for");
            }
        }
    }
    let described = ec2.actions().iter().filter(|action| *action == "DescribeInstances").count();
    assert_eq!(described, 1, "each permission is asked for once");
    let changing = |body: &&String| !body.contains("GetCallerIdentity") && !body.contains("DryRun=true");
    assert_eq!(ec2.bodies().iter().find(changing), None);
}

#[test]
fn a_permission_that_only_some_jobs_need_fails_nothing() {
    let finished = check_with(&refusing(&["CreateSecurityGroup"]), &[]).expect_code(0);
    finished.expect_stdout("denied: ec2:CreateSecurityGroup (only for security-groups), ");
}

#[test]
fn a_policy_that_is_limited_to_a_tag_is_not_denied() {
    const REFUSED: &[&str] = &["StartInstances", "DeleteKeyPair"];
    let finished = check_with(&refusing(REFUSED), &[]).expect_code(3);
    let finished = finished.expect_stdout("StartInstance: 2 of 3 permissions allowed; denied: ec2:StartInstances");
    finished.expect_stdout("; unknown: ec2:DeleteKeyPair, ");
    let finished = check_with(&refusing(REFUSED), &["--resource-tag", "team=web"]).expect_code(0);
    finished.expect_stdout("StartInstance: 2 of 3 permissions allowed; unknown: ec2:StartInstances\n");
    let finished = check_with(&refusing(REFUSED), &["--resource-tag", "team"]).expect_code(2);
    finished.expect_stderr("must be a key, `=` and a value");
}
