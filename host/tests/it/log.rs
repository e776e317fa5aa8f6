//! Tests of the log file: what it contains, and that nothing about it stops a job.

use std::fs;

use crate::support::Program;

/// A job that finds nothing and succeeds.
const JOB: [&str; 4] = ["StopInstance", "--tag-name", "nobody", "--allow-none"];

/// The lines of the log without time, process ID and level.
fn lines(program: &Program) -> Vec<String> {
    let line = |line: &str| line.split_once("] ").unwrap().1.trim_start().split_once(' ').unwrap().1.to_owned();
    program.log().lines().map(line).collect()
}

#[test]
fn jobs_that_rotate_the_log_at_once_lose_no_line() {
    let program = Program::on_test_bed();
    fs::create_dir(program.folder().join("log")).unwrap();
    let large = format!("{}\n", "x".repeat(1023)).repeat(10 * 1024 + 1);
    fs::write(program.folder().join("log/awsec2.log"), large).unwrap();
    let job = ["GetInstanceStatusByTag", "--tag-name", "nobody", "--log-dir", "log"];
    let jobs: Vec<_> = (0..6).map(|_| program.command(job).spawn().unwrap()).collect();
    for job in jobs {
        assert_eq!(job.wait_with_output().unwrap().status.code(), Some(4));
    }
    let all: String = fs::read_dir(program.folder().join("log"))
        .unwrap()
        .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    assert_eq!(all.matches("GetInstanceStatusByTag failed, exit code 4\n").count(), 6);
    assert_eq!(all.matches("xxx\n").count(), 10 * 1024 + 1, "the old lines are there as well");
}

#[test]
fn a_run_begins_with_user_region_and_opcon_job() {
    let program = Program::on_test_bed()
        .env("SMA_SCHEDULE_DATE", "2026-01-31")
        .env("SMA_SCHEDULE_NAME", "Night")
        .env("SMA_USER_SPECIFIED_JOBNAME", "Stop servers");
    program.run(&JOB).expect_code(0);
    let bed = crate::support::test_bed();
    let begin = format!(
        "begin: user id `{}`, region `{}`, OpCon job `Stop servers`, schedule `Night`, schedule date `2026-01-31`",
        bed.user_id, bed.region
    );
    assert_eq!(lines(&program)[0], begin);
    let program = Program::with_endpoint("http://127.0.0.1:9").without("--region");
    program.run(&JOB).expect_code(2);
    assert_eq!(lines(&program)[0], "begin: no `--user-id`, no `--region`, not a job of OpCon");
}

#[test]
fn what_is_refused_is_in_the_log_too() {
    for (arguments, error) in [
        (&["StopInstance", "--tag-nam", "web"][..], "unexpected argument `--tag-nam`"),
        (&["StopInstance", "@missing"], "argument file `missing`: "),
        (&["StopInstanc"], "unknown function `StopInstanc`"),
        (&["StopInstance", "--tag-name", "web", "--config", "missing"], "reading missing: "),
    ] {
        let program = Program::new().common("--region", "us-east-1").common("--user-id", "USER1");
        program.run(arguments).expect_code(2);
        let lines = lines(&program);
        assert_eq!(lines[0], "begin: user id `USER1`, region `us-east-1`, not a job of OpCon");
        assert!(lines.iter().any(|line| line.starts_with(error)), "{lines:?}");
        assert!(lines.last().unwrap().ends_with(" failed, exit code 2"), "{lines:?}");
    }
    let program = Program::new();
    program.run_bare(&["run-form", "missing", "--log-dir", "log"]).expect_code(2);
    assert!(lines(&program)[1].starts_with("reading missing: "), "{}", program.log());
}

#[test]
fn a_refused_argument_is_not_used_for_the_log() {
    let program = Program::new();
    let line = ["--user-id", "<SmaEncrypt>0a1b", "--region", "[[REGION]]", "--log-dir", "log"];
    program.run_bare(&[&["StopInstance"][..], &line].concat()).expect_code(2);
    assert_eq!(lines(&program)[0], "begin: no `--user-id`, no `--region`, not a job of OpCon");
    assert!(!program.log().contains("0a1b"));
    let quoted = ["StopInstance", "--log-dir", "dir\" --wait"];
    program.run_bare(&quoted).expect_code(2).expect_stderr("a path cannot contain a double quote");
    assert_eq!(fs::read_dir(program.folder()).unwrap().count(), 1, "only `log`");
}

#[test]
fn variables_of_the_agent_are_one_escaped_line_everywhere() {
    let forged = "Night\n2026-01-31T00:00:00Z  INFO [1] forged\u{b}\u{1b}[31m\u{e9}";
    let escaped = "Night\\n2026-01-31T00:00:00Z  INFO [1] forged\\u{b}\\u{1b}[31m\\u{e9}";
    let program = Program::on_test_bed()
        .env("SMA_SCHEDULE_DATE", forged)
        .env("SMA_SCHEDULE_NAME", forged)
        .env("SMA_USER_SPECIFIED_JOBNAME", forged)
        .env("SMA_BINDIR", forged);
    let finished = program.run(&[&JOB[..], &["--status-text"]].concat()).expect_code(0);
    finished.expect_stderr(escaped);
    let begin = lines(&program)[0].replace("\\x1b", "\\u{1b}"); // escaped by the library that writes the log
    assert!(begin.contains(&format!("schedule `{escaped}`, schedule date `{escaped}`")), "{begin}");
    let program = program.env("AWS_REGION", forged).without("--region");
    let finished = program.run(&JOB).expect_code(2).expect_stderr(escaped);
    let start = ["StartInstance", "--tag-name", "nobody", "--id-property", "JI.ID", "--region", "us-east-1"];
    let other = program.run(&start).expect_code(2);
    for finished in [finished, other] {
        let texts = [&finished.stdout, &finished.stderr, &program.log()].map(|text| text.replace('\n', ""));
        assert!(texts.iter().all(|text| text.bytes().all(|byte| matches!(byte, b' '..=b'~'))), "{texts:?}");
        assert!(!program.log().contains("\n2026-01-31"), "{}", program.log());
    }
}

#[test]
fn a_folder_that_cannot_be_created_is_one_warning() {
    let program = Program::on_test_bed();
    program.write("log", "not a folder");
    let finished = program.run(&JOB).expect_code(0);
    assert!(finished.stderr.starts_with("warning: the log log"), "{finished:#?}");
    assert_eq!(finished.stderr.matches("cannot be written").count(), 1, "{finished:#?}");
    let (finished, _) = program.run_json(&JOB);
    assert_eq!(finished.stderr.matches("warning: the log").count(), 1, "{finished:#?}");
    let refused = program.run(&["StopInstance"]).expect_code(2);
    assert_eq!(refused.stderr.matches("warning: the log").count(), 1, "{refused:#?}");
}

#[cfg(windows)]
#[test]
fn a_locked_log_is_one_warning() {
    use std::os::windows::fs::OpenOptionsExt as _;
    let program = Program::on_test_bed();
    fs::create_dir(program.folder().join("log")).unwrap();
    let path = program.folder().join("log/awsec2.log");
    let _locked = fs::OpenOptions::new().write(true).create(true).share_mode(0).open(path).unwrap();
    let finished = program.run(&JOB).expect_code(0);
    assert_eq!(finished.stderr.matches("warning: the log").count(), 1, "{finished:#?}");
}

#[cfg(unix)]
mod on_unix {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::os::unix::process::CommandExt as _;
    use std::process::{Command, Stdio};

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;
    use crate::support::Finished;

    /// Asserts that the job did its work, and that it warned once.
    #[track_caller]
    fn assert_only_warned(finished: Finished, why: &str) {
        let finished = finished.expect_code(0);
        assert_eq!(
            finished.stderr,
            format!("warning: the log log/awsec2.log cannot be written: {why}\n"),
            "{finished:#?}"
        );
    }

    /// Runs the job below a shell that first runs the given commands.
    fn run_after(program: &Program, commands: &str) -> Finished {
        let job = program.command([&["--log-dir", "log"][..], &JOB].concat());
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("{commands}; exec \"$@\"")])
            .arg0("sh")
            .arg("sh")
            .arg(job.get_program())
            .args(job.get_args());
        for (name, value) in job.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let output = shell.current_dir(program.folder()).stdin(Stdio::null()).output().unwrap();
        Finished::from(output)
    }

    fn mode(program: &Program, path: &str) -> u32 {
        fs::metadata(program.folder().join(path)).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn a_link_is_not_followed() {
        let program = Program::on_test_bed();
        fs::create_dir(program.folder().join("log")).unwrap();
        program.write("precious", "kept");
        for target in ["../precious", "/dev/full", "../nowhere"] {
            let link = program.folder().join("log/awsec2.log");
            symlink(target, &link).unwrap();
            assert_only_warned(program.run(&JOB), "it is a symbolic link");
            fs::remove_file(link).unwrap();
        }
        assert_eq!(fs::read_to_string(program.folder().join("precious")).unwrap(), "kept");
        assert!(!program.folder().join("nowhere").exists());
    }

    #[test]
    fn a_fifo_does_not_block() {
        let program = Program::on_test_bed();
        fs::create_dir(program.folder().join("log")).unwrap();
        let fifo = program.folder().join("log/awsec2.log");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        assert_only_warned(program.run(&JOB), "it is not a regular file");
        let _reader = rustix::fs::open(&fifo, rustix::fs::OFlags::RDONLY | rustix::fs::OFlags::NONBLOCK, Mode::empty());
        assert_only_warned(program.run(&JOB), "it is not a regular file");
    }

    #[test]
    fn a_fifo_in_the_place_of_the_lock_or_an_old_log_does_not_block() {
        let program = Program::on_test_bed();
        fs::create_dir(program.folder().join("log")).unwrap();
        program.write("log/awsec2.log", &"x".repeat(10 * 1024 * 1024 + 1));
        for name in ["log/awsec2.log.lock", "log/awsec2.log.1"] {
            mknodat(CWD, program.folder().join(name), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        }
        assert_eq!(program.run(&JOB).expect_code(0).stderr, "");
        assert!(program.log().contains("StopInstance succeeded"));
    }

    #[test]
    fn a_log_that_reaches_the_size_limit_is_one_warning() {
        let program = Program::on_test_bed();
        assert_only_warned(run_after(&program, "ulimit -f 0"), "File too large (os error 27)");
        assert_eq!(program.log(), "");
    }

    #[test]
    fn output_beyond_the_size_limit_ends_a_job_with_its_code() {
        let program = Program::on_test_bed();
        program.write("output", &"x".repeat(4096));
        let finished = run_after(&program, "ulimit -f 1; exec >> output").expect_code(1);
        finished.expect_stderr("printing the first line of the output: File too large");
    }

    #[test]
    fn what_a_job_creates_is_for_its_user_alone_whatever_the_umask() {
        for umask in ["000", "022", "0777"] {
            let program = Program::on_test_bed();
            run_after(&program, &format!("umask {umask}")).expect_code(0);
            let modes = ["log", "log/awsec2.log"].map(|path| mode(&program, path));
            assert_eq!(modes, [0o700, 0o600], "{umask}");
        }
    }

    #[test]
    fn users_of_one_group_share_a_log() {
        for of_folder in [0o770, 0o2770] {
            let program = Program::on_test_bed();
            let folder = program.folder().join("log");
            fs::create_dir(&folder).unwrap();
            fs::set_permissions(&folder, fs::Permissions::from_mode(of_folder)).unwrap();
            run_after(&program, "umask 077").expect_code(0);
            let modes = ["log", "log/awsec2.log"].map(|path| mode(&program, path));
            assert_eq!(modes, [of_folder, 0o660]);
        }
    }
}
