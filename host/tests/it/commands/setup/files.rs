//! Tests of the access to the files of `setup`.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};

use super::*;

fn mode(program: &Program, name: &str) -> u32 {
    program.folder().join(name).metadata().unwrap().permissions().mode() & 0o7777
}

fn set_mode(program: &Program, name: &str, mode: u32) {
    fs::set_permissions(program.folder().join(name), fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn new_files_are_accessible_to_their_owner_only_whatever_the_umask() {
    let opcon = OwnOpCon::start();
    let (address, fingerprint) = (opcon.https().to_string(), opcon.fingerprint());
    for umask in ["000", "022", "0777"] {
        let program = Program::new();
        let line = ["setup", "--address", &address, "--user", "ocadm", "--password-file", "-"];
        let line = [&line[..], &["--fingerprint", &fingerprint]].concat();
        let finished = program.run_with_umask(umask, &line, "made-up password\n").expect_code(0);
        finished.expect_stdout("Connector.config: only its owner has access: ");
        assert_eq!([mode(&program, "Connector.config"), mode(&program, "opcon.pem")], [0o600, 0o600], "{umask}");
    }
}

#[test]
fn an_existing_file_keeps_its_access_and_the_certificate_gets_it_as_well() {
    let opcon = OwnOpCon::start();
    let (address, fingerprint) = (opcon.https().to_string(), opcon.fingerprint());
    for (given, warns) in [(0o600, false), (0o640, false), (0o644, true)] {
        let program = Program::new().with_config("[USER1]\n");
        set_mode(&program, "Connector.config", given);
        let file = program.folder().join("Connector.config");
        // Only root can give a file away.
        let is_foreign = chown(&file, Some(12345), Some(12345)).is_ok();
        let config = file.display().to_string();
        let finished = setup(&program, &address, &["--fingerprint", &fingerprint, "--config", &config]).expect_code(0);
        assert_eq!([mode(&program, "Connector.config"), mode(&program, "opcon.pem")], [given, given]);
        let owners =
            ["Connector.config", "opcon.pem"].map(|name| program.folder().join(name).metadata().unwrap().uid());
        assert!(owners[0] == owners[1] && (owners[0] == 12345) == is_foreign, "{owners:?}");
        let warning = "every user of this machine can read the secrets in the file (mode 644); run `chmod o= ";
        assert_eq!(finished.stderr.contains(warning), warns, "{finished:#?}");
        assert_eq!(finished.stderr.contains("the file belongs to the user 12345"), is_foreign, "{finished:#?}");
    }
}

#[test]
fn a_file_that_others_can_write_is_changed_only_if_it_is_named() {
    let opcon = OwnOpCon::start();
    let address = opcon.http().to_string();
    let program = Program::new().with_config("[USER1]\n");
    set_mode(&program, "Connector.config", 0o602);
    let refused = setup(&program, &address, &["--no-tls"]).expect_code(2);
    refused.expect_stderr(
        "reading Connector.config in the current directory: other users can change the file: every user",
    );
    let named = ["--no-tls", "--config", "Connector.config"];
    setup(&program, &address, &named).expect_code(0).expect_stderr("warning: Connector.config: other users can change");
    // Nor is a new one created where others can replace it.
    let program = Program::new();
    set_mode(&program, ".", 0o777);
    setup(&program, &address, &["--no-tls"])
        .expect_code(2)
        .expect_stderr("every user can write to its folder (mode 777)");
    set_mode(&program, ".", 0o1777);
    setup(&program, &address, &["--no-tls"]).expect_code(0);
}
