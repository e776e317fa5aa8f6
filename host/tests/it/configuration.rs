//! Tests how the program finds `Connector.config` and reports errors in it, without a call to EC2.

use opcon::encoded;

use crate::support::{Finished, OwnEc2, OwnOpCon, Program, test_bed};

const STATUS: &[&str] = &["GetInstanceStatusByTag", "--tag-name", "nobody"];

/// Runs a job that must fail before it calls EC2.
fn refused(prepare: impl FnOnce(Program) -> Program, arguments: &[&str]) -> Finished {
    let ec2 = OwnEc2::unwanted();
    let program = prepare(Program::with_endpoint(&ec2.url));
    let finished = program.run(arguments).expect_code(2);
    assert!(ec2.actions().is_empty(), "{finished:#?}");
    assert!(finished.verdict().ends_with(" failed, exit code 2"), "{finished:#?}");
    finished
}

fn user_section(user_id: &str, access_key: &str, secret_key: &str) -> String {
    format!("[{user_id}]\nCONNECTOR_USER_ACCESS_KEY={access_key}\nCONNECTOR_USER_SECRET_KEY={secret_key}\n")
}

#[test]
fn a_named_file_must_exist() {
    let finished = refused(|program| program.common("--config", "no-such.config"), STATUS);
    assert!(finished.stderr.starts_with("error: reading no-such.config: "), "{finished:#?}");
}

#[test]
fn a_user_id_needs_a_file() {
    let finished = refused(|program| program.common("--user-id", "USER1"), STATUS);
    assert_eq!(
        finished.stderr,
        "error: reading the keys of user id USER1: no Connector.config in the current directory or in the folder of \
         the program\nhint: specify the file with `--config FILE`\n"
    );
}

#[test]
fn an_unknown_user_id_gets_the_list_of_known_ones() {
    let sections = user_section("USER1", "61", "61") + &user_section("USER2", "61", "61");
    let finished = refused(|program| program.with_config(&sections).common("--user-id", "USER3"), STATUS);
    let there_are = "no section [USER3] for the user id; the file has [USER1], [USER2]";
    assert_eq!(finished.stderr, format!("error: reading Connector.config: {there_are}\n"));
}

#[test]
fn a_value_that_cannot_be_decoded_is_not_shown() {
    let section = user_section("USER1", &encoded::encode("made-up-id"), "not-encoded-at-all");
    let finished = refused(|program| program.with_config(&section).common("--user-id", "USER1"), STATUS);
    let finished = finished.expect_stderr("Connector.config").expect_stderr("CONNECTOR_USER_SECRET_KEY");
    let finished = finished.expect_stderr("not encoded by EncryptValue");
    assert!(!finished.stderr.contains("not-encoded-at-all"), "{finished:#?}");
}

#[test]
fn an_invalid_file_is_reported_with_the_line() {
    let finished = refused(|program| program.with_config("[CONNECTOR]\nDEBUG=OFF\n[USER1\n"), STATUS);
    finished.expect_stderr("Connector.config").expect_stderr("line 3");
}

#[test]
fn the_first_line_names_what_is_known_of_a_job_that_cannot_start() {
    let start = |program: &Program, arguments: &[&str]| {
        let finished = program.run(arguments).expect_code(2);
        finished.stdout.lines().next().unwrap().to_owned()
    };
    let ec2 = OwnEc2::unwanted();
    let program = Program::with_endpoint(&ec2.url).with_config(&user_section("USER1", "61", "no-hex"));
    assert_eq!(
        start(&program, &["GetInstanceStatusByTag", "--config", "no-such.config"]),
        "GetInstanceStatusByTag in us-east-1, default credential chain"
    );
    let program = program.common("--user-id", "USER1").without("--region");
    assert_eq!(start(&program, STATUS), "GetInstanceStatusByTag, unknown region, user id USER1");
    let program = program.env("AWS_REGION", "EU_WEST_3");
    assert_eq!(start(&program, STATUS), "GetInstanceStatusByTag in eu-west-3, user id USER1");
    let document = program.run_json(STATUS).1;
    assert_eq!((&document["region"], &document["user_id"]), (&"eu-west-3".into(), &"USER1".into()));
    // A command line that is refused.
    let wrong = ["StartInstance", "--region=US_EAST_1", "--instance-idd", "i-1"];
    assert_eq!(start(&program, &wrong), "StartInstance in us-east-1, user id USER1");
    assert_eq!(start(&Program::new(), &wrong[..1]), "StartInstance failed, exit code 2");
    // A command line that cannot be read completely.
    let unread = ["@no-such-file", "start-instance", "--region=US_EAST_1"];
    assert_eq!(start(&program, &unread), "StartInstance in us-east-1, user id USER1");
}

#[test]
fn a_job_does_not_mention_what_is_unusual_in_an_old_file() {
    let text =
        b"; caf\xe9\n [CONNECTOR] \nCONNECTOR_NAME=caf\xe9\nDEBUG=\"OFF\"\nOTHER=1\n[CONNECTOR]\nDEBUG:OFF\n\x1a";
    let program = Program::with_endpoint(&test_bed().ec2_endpoint).with_config("");
    std::fs::write(program.folder().join("Connector.config"), text).unwrap();
    let finished = program.run(&["GetInstanceStatusByTag"]).expect_code(0);
    assert_eq!(finished.stderr, "");
}

#[test]
fn an_invalid_setting_is_reported_with_the_key() {
    let config = "[CONNECTOR]\nMAX_WAIT_TIME_FOR_STARTUP=soon\n";
    refused(|program| program.with_config(config), STATUS).expect_stderr("MAX_WAIT_TIME_FOR_STARTUP");
}

#[test]
fn properties_need_a_connection_to_opcon() {
    let start = ["StartInstance", "--instance-id", "i-0123456789abcdef0", "--id-property", "ID"];
    let finished = refused(|program| program, &start);
    assert_eq!(
        finished.stderr,
        "error: preparing to save properties: the configuration has no OpCon API and no MSGIN folder\nhint: add the \
         section `[OPCON API INFORMATION]` with `ADDRESS` and `TOKEN` to `Connector.config`\n"
    );
}

#[test]
fn a_name_that_opcon_would_not_accept_is_refused() {
    let opcon = OwnOpCon::start();
    let config = opcon.config(opcon_stand_in::DEFAULT_TOKEN);
    let start = ["StartInstance", "--instance-id", "i-0123456789abcdef0", "--id-property", "JI.ID"];
    let finished = refused(|program| program.with_config(&config), &start);
    finished.expect_stderr("reading the property name `JI.ID`: the date is missing");
    assert_eq!(opcon.requests(), serde_json::json!([]));
}

#[test]
fn a_region_must_be_known() {
    let finished = refused(|program| program.without("--region"), STATUS);
    assert_eq!(
        finished.stderr,
        "error: no region specified\nhint: add `--region REGION`, such as `--region us-east-1`\n"
    );
}

#[test]
fn the_region_of_the_environment_is_checked_as_that_of_the_job() {
    let run = |region| {
        let program = Program::with_endpoint(&test_bed().ec2_endpoint).without("--region");
        program.env("AWS_REGION", region).run(&["GetInstanceStatusByTag"])
    };
    run("EU_WEST_3").expect_code(0).expect_stdout("GetInstanceStatusByTag in eu-west-3, ");
    let wrong = "error: invalid region `eu-west-3a` in `AWS_REGION` or the AWS profile: must be a region";
    run("eu-west-3a").expect_code(2).expect_stderr(wrong);
    run(" ").expect_code(2).expect_stderr("no region specified");
}

#[test]
fn the_file_in_the_current_folder_is_found() {
    let keys = &test_bed().ec2_strict.allowed;
    let (id, secret) = (encoded::encode(&keys.access_key_id), encoded::encode(&keys.secret_access_key));
    let program = Program::on_test_bed()
        .common("--endpoint-url", &test_bed().ec2_strict.endpoint)
        .common("--user-id", "night shift")
        .with_config(&user_section("Night Shift", &id, &secret));
    program.run(STATUS).expect_code(4).expect_stderr("no instances named `nobody` in the region");
}

/// Files in the current folder come from anybody who can write to it, such as `/tmp`.
#[cfg(unix)]
#[test]
fn a_file_in_the_current_folder_that_others_can_write_is_refused() {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::{PermissionsExt as _, chown};
    let refused_with = |change: &dyn Fn(&std::path::Path), reason: &str| {
        let prepare = |program: Program| {
            let program = program.with_config("[CONNECTOR]\nDEBUG=OFF\n");
            change(program.folder());
            program
        };
        let finished = refused(prepare, STATUS);
        let text = format!(
            "error: reading Connector.config in the current directory: other users can change the file: {reason}\nhint: \
             allow only the user of the job to write to the file and to its folder, or specify the file with `--config \
             FILE`\n"
        );
        assert_eq!(finished.stderr, text);
    };
    let set_mode = |path: &std::path::Path, mode| set_permissions(path, Permissions::from_mode(mode)).unwrap();
    let file = |folder: &std::path::Path| folder.join("Connector.config");
    refused_with(&|folder| set_mode(&file(folder), 0o646), "every user can write to the file (mode 646)");
    refused_with(&|folder| set_mode(folder, 0o707), "every user can write to its folder (mode 707)");
    let may_give_away = chown(tempfile::tempdir().unwrap().path(), Some(12345), None).is_ok();
    if may_give_away {
        let give = |path: &std::path::Path| chown(path, Some(12345), Some(12345)).unwrap();
        refused_with(&|folder| give(&file(folder)), "the file belongs to the user 12345");
        refused_with(&|folder| give(folder), "its folder belongs to the user 12345");
        let group = |folder: &std::path::Path| {
            chown(file(folder), None, Some(12345)).unwrap();
            set_mode(&file(folder), 0o660);
        };
        refused_with(&group, "the group 12345 can write to the file (mode 660)");
    }

    let program = Program::with_endpoint(&test_bed().ec2_endpoint).with_config("[CONNECTOR]\nDEBUG=OFF\n");
    set_mode(&file(program.folder()), 0o666);
    let program = program.common("--config", "Connector.config");
    program.run(STATUS).expect_code(4).expect_stderr(
        "warning: Connector.config: other users can change the configuration of the jobs: every user can write to the file \
         (mode 666)\n",
    );
}

#[test]
fn aws_settings_replace_missing_arguments() {
    let program = Program::with_endpoint(&test_bed().ec2_endpoint).without("--region").env("AWS_REGION", "eu-west-3");
    let (_, document) = program.run_json(&["GetInstanceStatusByTag"]);
    assert_eq!((&document["region"], &document["exit_code"]), (&"eu-west-3".into(), &0.into()));
}

#[test]
fn a_relative_ca_file_is_next_to_the_configuration() {
    let (bed, name) = (test_bed(), crate::support::unique("ca-file"));
    let ids = crate::support::Ec2::new().launch(&name, 1);
    let program = Program::on_test_bed().without("--user-id").env("AWS_ACCESS_KEY_ID", "unchecked");
    let program = program.env("AWS_SECRET_ACCESS_KEY", "unchecked");
    std::fs::create_dir(program.folder().join("etc")).unwrap();
    std::fs::copy(&bed.opcon.ca_file, program.folder().join("etc/opcon.pem")).unwrap();
    let section = format!("[OPCON API INFORMATION]\nADDRESS={}\nTOKEN={}\n", bed.opcon.https, bed.opcon.token);
    program.write("etc/Connector.config", &format!("{section}CA_FILE=opcon.pem\n"));
    let program = program.common("--config", "etc/Connector.config");
    let start = ["StartInstance", "--instance-id", &ids[0], "--id-property", &name.replace('-', "_")];
    program.run(&start).expect_code(0).expect_stdout(": saved");
}

#[test]
fn a_server_that_is_not_verified_is_warned_about_in_every_job() {
    let opcon = OwnOpCon::start();
    let section = format!("[OPCON API INFORMATION]\nADDRESS={}\nTOKEN=made-up\nVERIFY_TLS=False\n", opcon.https());
    let program = Program::with_endpoint(&test_bed().ec2_endpoint).with_config(&section);
    program
        .run(STATUS)
        .expect_code(4)
        .expect_stderr("warning: `VERIFY_TLS=False`: any server can impersonate the OpCon API");
}

#[test]
fn an_invalid_endpoint_is_rejected_and_no_request_is_shown() {
    let secret = "not-to-be-seen";
    for endpoint in ["foo", "ftp://127.0.0.1", "http://"] {
        let launch =
            ["CreateInstance", "--launch-template", "nightly", "--user-data", secret, "--endpoint-url", endpoint];
        let finished = Program::new().run_bare(&[&launch[..], &["--region", "us-east-1"]].concat()).expect_code(2);
        assert!(!finished.stderr.contains(secret), "{finished:#?}");
        finished.expect_stderr("must be a URL such as `https://host:port`");
    }
    let program = Program::new().env("AWS_ENDPOINT_URL", "foo");
    let program = program.env("AWS_ACCESS_KEY_ID", "AKIATEST").env("AWS_SECRET_ACCESS_KEY", "made-up");
    let launch = ["CreateInstance", "--launch-template", "nightly", "--user-data", secret, "--region", "us-east-1"];
    let finished = program.run_bare(&launch).expect_code(2).expect_stderr("the request could not be built");
    assert!(!finished.stderr.contains("UserData"), "{finished:#?}");
}
