//! Tests of `check`: a line for each result, and the exit code.

use std::fs;

use opcon_stand_in::{Certificate, DEFAULT_TOKEN, Options};

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

#[test]
fn a_log_is_tried_and_not_created() {
    let program = Program::with_endpoint("http://127.0.0.1:9").env("AWS_MAX_ATTEMPTS", "1");
    program.run_bare(&["check", "--log-dir", "log"]).expect_stdout(" (the first job creates it)\n");
    assert!(!program.folder().join("log").exists());
}

#[cfg(unix)]
#[test]
fn access_of_others_is_a_note_and_a_failure_only_if_they_can_change_the_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let ec2 = refusing(&[]);
    let program = Program::with_endpoint(&ec2.url).with_config("[CONNECTOR]\n");
    for (mode, code, line) in [
        (0o600, 0, "ok      permissions of the configuration: only the owner has access\n"),
        (
            0o640,
            0,
            "note    permissions of the configuration: the group of the file can read the secrets in it (mode 640)\n        hint: run `chmod 600 Connector.config`, unless the group has only users of jobs\n",
        ),
        (
            0o660,
            0,
            "note    permissions of the configuration: the group of the file can read and change the secrets in it (mode 660)\n",
        ),
        (
            0o644,
            0,
            "note    permissions of the configuration: every user of this machine can read the secrets in the file (mode 644)\n        hint: run `chmod 600 Connector.config`\n",
        ),
        (
            0o666,
            2,
            "FAILED  permissions of the configuration: every user of this machine can change the file (mode 666)\n",
        ),
    ] {
        fs::set_permissions(program.folder().join("Connector.config"), fs::Permissions::from_mode(mode)).unwrap();
        // In the current directory, a file that others can change is refused if it is not named.
        let check = ["check", "--log-dir", "log", "--function", "StopInstance", "--config", "Connector.config"];
        program.run_bare(&check).expect_code(code).expect_stdout(line);
    }
    fs::set_permissions(program.folder().join("Connector.config"), fs::Permissions::from_mode(0o600)).unwrap();
    fs::set_permissions(program.folder(), fs::Permissions::from_mode(0o777)).unwrap();
    let check = ["check", "--log-dir", "log", "--function", "StopInstance"];
    let refused = program.run_bare(&check).expect_code(2);
    refused.expect_stdout(
        "FAILED  configuration: reading Connector.config in the current directory: other users can change",
    );
    let named = program.run_bare(&[&check[..], &["--config", "Connector.config"]].concat());
    named.expect_stdout(
        "note    permissions of the configuration: Connector.config: other users can change the configuration of the jobs: \
         every user can write to its folder (mode 777)\n",
    );
}

#[test]
fn an_invalid_or_missing_configuration_is_the_only_failure_it_causes() {
    for (program, more, error) in [
        (Program::new().with_config("[CONNECTOR\n"), &[][..], "FAILED  configuration: reading Connector.config: "),
        (Program::new(), &["--config", "no-such.config"], "FAILED  configuration: reading no-such.config: "),
        (Program::new(), &["--user-id", "USER1"], "FAILED  configuration: reading the keys of user id USER1: "),
    ] {
        let finished = check(&program, more).expect_code(2);
        assert!(finished.stdout.starts_with(error), "{finished:#?}");
        assert_eq!(finished.stdout.matches("FAILED").count(), 1, "{finished:#?}");
        finished.expect_stdout("note    users, OpCon: not checked without the configuration\ncheck failed\n");
    }
}

#[test]
fn what_is_unusual_in_the_configuration_is_noted() {
    let ec2 = refusing(&[]);
    let program = Program::with_endpoint(&ec2.url).with_config("");
    let text = b"; caf\xe9\n[CONNECTOR]\n;\xe9\nDEBUGG=ON\nDEBUG=\"OFF\"\n\x1a";
    fs::write(program.folder().join("Connector.config"), text).unwrap();
    let finished = program.run_bare(&["check", "--log-dir", "log", "--function", "StopInstance"]).expect_code(0);
    for line in [
        "note    configuration: lines 1, 3: the comment is not UTF-8 text\n",
        "note    configuration: line 4: unknown key `DEBUGG` in section [CONNECTOR], which is ignored\n        hint: did you mean `DEBUG`?\n",
        "note    configuration: line 5: the quotes around the value are ignored\n",
        "note    configuration: line 6: a control character, such as Ctrl-Z or NUL, is ignored\n",
    ] {
        assert!(finished.stdout.contains(line), "no `{line}` in {finished:#?}");
    }
}

#[test]
fn one_user_and_some_functions_can_be_chosen() {
    let program = Program::new().with_config(&config_before("[OPCON API INFORMATION]"));
    let finished = check(&program, &["--user-id", "denied", "--function", "GetInstanceStatusByTag"]).expect_code(0);
    assert_eq!(finished.stdout.matches("user ").count(), 2, "identity and one function: {finished:#?}");
    let finished = finished.expect_stdout("ok      user denied, GetInstanceStatusByTag: 2 of 2 permissions allowed\n");
    assert!(!finished.stdout.contains("USER1"), "{finished:#?}");
    let both = ["--user-id", "USER1", "--function", "StopInstance", "--function", "StartInstance"];
    let finished = check(&program, &both).expect_code(0).expect_stdout("user USER1, StopInstance: ");
    assert_eq!(finished.stdout.matches(" permissions allowed").count(), 2, "{finished:#?}");
    let finished = check(&program, &["--user-id", "NOBODY"]).expect_code(2);
    finished.expect_stdout(
        "FAILED  user NOBODY: reading Connector.config: no section [NOBODY] for the user id; the file has [",
    );
    check(&program, &["--function", "StopInstanc"]).expect_code(2).expect_stderr("did you mean `StopInstance` or ");
}

#[test]
fn one_cause_is_one_line() {
    let section = |name: &str| {
        let key = opcon::encoded::encode("made-up");
        format!("[{name}]\nCONNECTOR_USER_ACCESS_KEY={key}\nCONNECTOR_USER_SECRET_KEY={key}\n")
    };
    let users = section("ONE") + &section("TWO") + &section("THREE");
    let program = Program::with_endpoint("http://127.0.0.1:9").env("AWS_MAX_ATTEMPTS", "1").with_config(&users);
    let finished = program.run_bare(&["check", "--log-dir", "log"]).expect_code(9);
    assert_eq!(finished.stdout.matches("FAILED").count(), 1, "{finished:#?}");
    finished.expect_stdout("FAILED  user ONE, user TWO, user THREE: identifying the AWS credentials: ");

    // The credentials expire after they are identified.
    let ec2 = OwnEc2::start(|action| match action {
        "GetCallerIdentity" => identity(action),
        _ => Answer::error(400, "ExpiredToken", "The security token included in the request is expired"),
    });
    let finished = check_with(&ec2, &[]).expect_code(3);
    assert_eq!(finished.stdout.matches("FAILED").count(), 1, "{finished:#?}");
    assert_eq!(ec2.actions().len(), 2, "no further permission is asked for: {:?}", ec2.actions());
}

#[test]
fn json_is_one_document_with_all_results() {
    let program = Program::new().with_config(&config_before("[OPCON API INFORMATION]"));
    let one = ["--user-id", "DENIED", "--function", "StopInstance", "--output", "json"];
    let finished = check(&program, &one).expect_code(3);
    let document = finished.document();
    assert_eq!((&document["status"], &document["exit_code"]), (&"failed".into(), &3.into()));
    let findings = document["findings"].as_array().unwrap();
    let failed: Vec<_> = findings.iter().filter(|finding| finding["status"] == "failed").collect();
    assert_eq!(failed.len(), 1, "{document:#}");
    assert_eq!(failed[0]["subject"], "user DENIED, StopInstance");
    assert_eq!(failed[0]["text"], "1 of 2 permissions allowed; denied: ec2:StopInstances");
    assert_eq!((&failed[0]["kind"], &failed[0]["code"]), (&"permission-denied".into(), &serde_json::Value::Null));
    assert_eq!(failed[0]["hints"].as_array().unwrap().len(), 1);
    assert!(
        findings.iter().any(|finding| finding["status"] == "note" && finding["subject"] == "OpCon"),
        "{document:#}"
    );
    finished.expect_stderr("FAILED  user DENIED, StopInstance: ").expect_stderr("check failed\n");
}

/// Checks only the connection to an OpCon with this certificate.
fn check_certificate(certificate: Certificate, more: &str) -> Finished {
    let opcon = OwnOpCon::start_with(Options { certificate, ..Options::default() });
    let (address, ec2) = (opcon.https(), refusing(&[]));
    let text = format!("[OPCON API INFORMATION]\nADDRESS={address}\nTOKEN={DEFAULT_TOKEN}\n{more}\n");
    let program = Program::with_endpoint(&ec2.url).with_config(&text);
    let old = Certificate { expired: true, ..Certificate::default() };
    let old = OwnOpCon::start_with(Options { certificate: old, ..Options::default() });
    program.write("opcon.pem", &(opcon.ca_pem().to_owned() + old.ca_pem()));
    program.run_bare(&["check", "--log-dir", "log", "--function", "StopInstance"])
}

#[test]
fn the_end_of_the_certificate_is_known_in_time() {
    let lasting = |days| Certificate { days_left: Some(days), ..Certificate::default() };
    let finished = check_certificate(lasting(400), "CA_FILE=opcon.pem").expect_code(0);
    let finished = finished.expect_stdout(": the certificate is valid until ").expect_stdout(" (days left: ");
    let finished = finished.expect_stdout(
        "note    certificates in opcon.pem: CN=rcgen self signed cert: the certificate expired on 2001-",
    );
    assert_eq!(finished.stdout.matches("expire").count(), 1, "{finished:#?}");
    let finished = check_certificate(lasting(20), "CA_FILE=opcon.pem").expect_code(0);
    let finished = finished.expect_stdout(": the certificate expires on ");
    let finished = finished.expect_stdout(" (days left: ");
    finished.expect_stdout(")\n        hint: renew the certificate on the OpCon server");
    let expired = || Certificate { expired: true, ..Certificate::default() };
    let finished = check_certificate(expired(), "VERIFY_TLS=False").expect_code(9);
    finished.expect_stdout(": the certificate expired on 2001-01-01 00:00 UTC\n        hint: renew");
    let finished = check_certificate(expired(), "").expect_code(9);
    assert_eq!(finished.stdout.matches("FAILED").count(), 1, "{finished:#?}");
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
        "GetCallerIdentity" => identity(action),
        _ if refused.contains(&action) => Answer::error(403, "UnauthorizedOperation", "You are not authorized"),
        _ => Answer::error(412, "DryRunOperation", "Request would have succeeded"),
    })
}

fn identity(action: &str) -> Answer {
    let identity = "<Arn>arn:aws:iam::123456789012:user/one</Arn><Account>123456789012</Account>";
    Answer::success(action, &format!("<GetCallerIdentityResult>{identity}</GetCallerIdentityResult>"))
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
