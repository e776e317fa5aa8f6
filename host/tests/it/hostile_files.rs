//! Tests of files that are not what their option expects: each is refused at once, and read at most up to its limit.

use std::fs;

use opcon_stand_in::DEFAULT_TOKEN;

use crate::support::{Finished, OwnEc2, Program};

/// The names of files below the working folder that no job can read, each with the reason.
fn unusable_files(program: &Program) -> Vec<(&'static str, &'static str)> {
    fs::create_dir(program.folder().join("folder")).unwrap();
    fs::write(program.folder().join("large"), "#\n".repeat(512 * 1024 + 1)).unwrap();
    let mut files = vec![("folder", FOLDER), ("large", TOO_LARGE)];
    if cfg!(unix) {
        #[cfg(unix)]
        special_files(program);
        files.extend([("fifo", NOT_REGULAR), ("zero", NOT_REGULAR), ("sparse", TOO_LARGE)]);
    }
    files
}

const FOLDER: &str = if cfg!(windows) { "" } else { "it is a folder, not a file" }; // Windows does not open folders
const NOT_REGULAR: &str = "it is not a regular file";
const TOO_LARGE: &str = "it is larger than 1 MiB";

#[cfg(unix)]
fn special_files(program: &Program) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let path = |name| program.folder().join(name);
    mknodat(CWD, path("fifo"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
    std::os::unix::fs::symlink("/dev/zero", path("zero")).unwrap();
    fs::File::create(path("sparse")).unwrap().set_len(1 << 40).unwrap();
}

/// Runs a job for each unusable file, which must fail before it calls EC2.
#[track_caller]
fn assert_each_is_refused(prefix: &str, run: impl Fn(&Program, &str) -> Finished) {
    let ec2 = OwnEc2::unwanted();
    let program = Program::with_endpoint(&ec2.url);
    for (name, why) in unusable_files(&program) {
        let finished = run(&program, name).expect_code(2);
        finished.expect_stderr(&format!("error: {}{why}", prefix.replace("FILE", name)));
    }
}

#[test]
fn an_argument_file_is_regular_and_limited() {
    assert_each_is_refused("argument file `FILE`: ", |program, name| {
        program.run(&["StopInstance", &format!("@{name}")])
    });
}

#[test]
fn many_argument_files_have_one_limit() {
    let program = Program::new();
    program.write("half", &format!("--tag-name\n{}\n", "x".repeat(600 * 1024)));
    let finished = program.run(&["StopInstance", "@half", "@half"]).expect_code(2);
    finished.expect_stderr("error: argument file `half`: all argument files are larger than 1 MiB\n");
}

#[test]
fn a_form_is_regular_and_limited() {
    assert_each_is_refused("reading FILE: ", |program, name| program.run_bare(&["run-form", name]));
}

#[test]
fn a_data_script_is_regular_and_limited() {
    for arguments in [&["CheckLists"][..], &["forms"]] {
        assert_each_is_refused("reading FILE: ", |program, name| {
            let endpoint_and_more =
                if arguments[0] == "forms" { Program::new() } else { Program::with_endpoint("http://127.0.0.1:9") };
            let path = program.folder().join(name).display().to_string();
            let finished = endpoint_and_more.run_bare(&[arguments, &["--data-script", &path]].concat());
            Finished { stderr: finished.stderr.replace(&path, name), ..finished }
        });
    }
}

#[test]
fn user_data_is_regular_and_limited_to_16_kib() {
    let launch = [
        "CreateInstance",
        "--image-id",
        "ami-0123abcd",
        "--instance-type",
        "t3.micro",
        "--subnet-id",
        "subnet-0123abcd",
    ];
    let launch = [&launch[..], &["--key-name", "web"]].concat();
    let ec2 = OwnEc2::unwanted();
    let program = Program::with_endpoint(&ec2.url);
    for (name, why) in unusable_files(&program) {
        let why = if why == TOO_LARGE { "it is larger than 16 KiB" } else { why };
        let finished = program.run(&[&launch[..], &["--user-data-file", name]].concat()).expect_code(2);
        finished.expect_stderr(&format!("error: reading user data from {name}: {why}"));
    }
}

#[test]
fn a_configuration_is_regular_and_limited() {
    assert_each_is_refused("reading FILE: ", |program, name| {
        program.run(&["StopInstance", "--tag-name", "web", "--config", name])
    });
}

#[test]
fn a_file_of_certificates_is_regular_and_limited() {
    assert_each_is_refused("reading the certificates in FILE: ", |program, name| {
        program.write(
            "Connector.config",
            &format!("[OPCON API INFORMATION]\nADDRESS=127.0.0.1:9\nTOKEN={DEFAULT_TOKEN}\nCA_FILE={name}\n"),
        );
        let finished = program.run(&["StartInstance", "--tag-name", "web", "--id-property", "ID"]);
        let path = program.folder().join(name).display().to_string();
        Finished { stderr: finished.stderr.replace(&path, name), ..finished }
    });
}

#[test]
fn the_system_certificates_are_regular_and_limited() {
    for (name, why) in unusable_files(&Program::new()) {
        let program = Program::with_endpoint("https://127.0.0.1:9").env("SSL_CERT_FILE", name);
        unusable_files(&program);
        let finished = program.run(&["StopInstance", "--tag-name", "web"]).expect_code(2);
        finished.expect_stderr(&format!("reading the certificates in {name} (`SSL_CERT_FILE`): {why}"));
    }
}

#[test]
fn the_files_of_aws_are_regular_and_limited() {
    for variable in [
        "AWS_CONFIG_FILE",
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    ] {
        for (name, why) in unusable_files(&Program::new()).into_iter().filter(|(_, why)| !why.is_empty()) {
            let program = Program::with_endpoint("http://127.0.0.1:9").env(variable, name);
            unusable_files(&program);
            let finished = program.run(&["StopInstance", "--tag-name", "web"]).expect_code(2);
            finished
                .expect_stderr(&format!("error: reading the AWS settings in {name}: {why}\n"))
                .expect_stderr(&format!("hint: check the file, or name another one with `{variable}`\n"));
        }
    }
}

#[cfg(unix)]
#[test]
fn the_default_files_of_aws_are_regular() {
    let program = Program::with_endpoint("http://127.0.0.1:9");
    fs::create_dir(program.folder().join(".aws")).unwrap();
    special_files(&program);
    fs::rename(program.folder().join("fifo"), program.folder().join(".aws/credentials")).unwrap();
    let finished = program.run(&["StopInstance", "--tag-name", "web"]).expect_code(2);
    finished.expect_stderr("/.aws/credentials: it is not a regular file\n");
}

#[test]
fn the_token_file_of_a_profile_is_regular_and_limited() {
    for (name, _) in unusable_files(&Program::new()).into_iter().filter(|(_, why)| !why.is_empty()) {
        let program = Program::with_endpoint("http://127.0.0.1:9").env("AWS_CONFIG_FILE", "aws-config");
        program.write("aws-config", &format!("[default]\nweb_identity_token_file = {name}\n"));
        unusable_files(&program);
        let finished = program.run(&["StopInstance", "--tag-name", "web"]).expect_code(2);
        finished
            .expect_stderr("`web_identity_token_file` of the profile `default` in aws-config must be a regular file");
    }
}

/// The maximum work on an argument is constant: the limits below take seconds with work for each pair of them.
#[test]
fn as_many_arguments_as_fit_are_read() {
    let ec2 = OwnEc2::unwanted();
    let program = Program::with_endpoint(&ec2.url);
    program.write("arguments", &format!("--wrong\n{}", "-\n".repeat(500 * 1024)));
    program.run(&["StopInstance", "@arguments"]).expect_code(2).expect_stderr("unexpected argument `--wrong`");
    let names = format!("StopInstance{}--wrong", "\u{b}".repeat(100 * 1024));
    program.run(&[&names]).expect_code(2).expect_stderr("unexpected argument `--wrong`");
}
