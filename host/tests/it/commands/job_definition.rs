//! Tests of `job-definition`: the definition describes the job exactly, and errors are found early.

use std::fs;

use xmltree::Element;

use crate::support::{Finished, Program, functions};

const PLACE: [&str; 6] = ["--schedule", "Night", "--job", "Stop web", "--machine", "WIN01"];

fn define(arguments: &[&str]) -> Finished {
    let line: Vec<&str> = ["job-definition"].iter().chain(arguments).chain(&PLACE).copied().collect();
    let program = Program::new();
    program.write("arguments.txt", "--tag-name\n[[NIGHT]]\n");
    program.run_bare(&line)
}

/// The text of an element below `job` or its `jobdata`.
fn text(finished: &Finished, name: &str) -> String {
    let message = Element::parse(finished.stdout.as_bytes()).unwrap();
    let job = message.get_child("schedule").unwrap().get_child("job").unwrap();
    let element = job.get_child(name).or_else(|| job.get_child("jobdata").unwrap().get_child(name)).unwrap();
    element.get_text().unwrap().into_owned()
}

#[test]
fn a_windows_job_is_written_as_smaddi_wants_it() {
    let arguments = ["StopInstance", "--tag-name", "web <&> \"x\"", "--region", "US_EAST_1", "--user-id", "USER1"];
    let finished = define(&[&arguments[..], &["--platform", "windows"]].concat()).expect_code(0);
    insta::assert_snapshot!(finished.stdout);
    assert_eq!(
        text(&finished, "cmd_line"),
        r#""[[AWSEC2Path]]\awsec2.exe" StopInstance --tag-name "web <&> \"x\"" --region US_EAST_1 --user-id USER1"#
    );
    assert_eq!(text(&finished, "wuid"), "Use Service Account");
}

#[test]
fn a_unix_job_needs_a_user_and_may_have_references() {
    let arguments = ["--number", "[[COUNT]]", "CreateInstance", "--launch-template", "nightly", "--platform=unix"];
    define(&arguments).expect_code(2).expect_stderr("a UNIX job needs a user and a group");
    let more = ["--user", "opcon", "--group", "jobs", "--folder", "/opt/awsec2/"];
    let finished = define(&[&arguments[..], &more].concat()).expect_code(0);
    assert_eq!(text(&finished, "start_image"), "/opt/awsec2/awsec2");
    assert_eq!(text(&finished, "params"), "--number \"[[COUNT]]\" CreateInstance --launch-template nightly");
    finished.expect_stderr("warning: `--number` contains a reference: the value is checked only when the job runs\n");
}

#[test]
fn the_arguments_are_checked_like_those_of_a_job() {
    for (arguments, reason) in [
        (&["StopInstance"][..], "is required"),
        (&["StopInstances", "--tag-name", "web"], "unknown function `StopInstances`"),
        (&["--tag-name", "web"], "no function specified"),
        (&[], "no function specified"),
        (&["StopInstance", "--instance-id", "web"], "must be an instance id"),
        (&["StopInstance", "--tag-name", "web", "--shedule", "x"], "did you mean `--schedule`?"),
        (&["CreateInstance", "--launch-template", "web", "--number", "1", "--min-number", "2"], "--min-number"),
        (&["StartInstance", "--tag-name", "w", "--wait", "--id-property", "A,B"], "cannot contain the character ,"),
        (&["StartInstance", "--tag-name", "w", "--wait", "--id-property", "$DATE"], "names that begin with $"),
        (&["StartInstance", "--tag-name", "w", "--wait-for", "[[X]]"], "--wait"),
        (&["StartInstance", "--tag-name", "<SmaEncrypt>x"], "still encrypted"),
        (&["@no-such-file"], "specify the function outside of the argument file"),
        (
            &["StopInstance", "@arguments.txt"],
            "--tag-name` contains `[[NIGHT]]`: OpCon does not replace references in files",
        ),
        (&["StopInstance", "--tag-name", "-old"], "`--tag-name=-old`"),
        (&["StopInstance", "--tag-name", "web", "--folder", "C:\\dir\" --job J"], "as a quote inside the path"),
        (&["StopInstance", "--tag-name", "web", "--group", "g"], "a Windows job has no group"),
    ] {
        let finished = define(&[arguments, &["--platform", "windows"]].concat()).expect_code(2).expect_stderr(reason);
        assert!(finished.stdout.is_empty(), "{finished:#?}");
    }
    // A job option that is similar to an option of the command is not a typo.
    let wrong_value = ["StopInstance", "--user-id", "U", "--instance-id", "web", "--platform", "windows"];
    let finished = define(&wrong_value).expect_code(2);
    assert!(!finished.stderr.contains("did you mean"), "{finished:#?}");
    let names = ["StartInstance", "--tag-name", "[[WEB]]", "--wait", "--id-property", "SI.ID", "--public-ip-property"];
    let names = [&names[..], &["JI.IP.[[$SCHEDULE DATE-YYYY-MM-DD]].[[$SCHEDULE NAME]].J", "--platform", "windows"]];
    define(&names.concat()).expect_code(0);
    let other_brackets =
        ["CreateInstance", "--launch-template", "web", "--number", "{{COUNT}}", "--platform", "windows"];
    define(&other_brackets).expect_code(0).expect_stderr("`--number` contains a reference");
}

#[test]
fn the_place_of_the_job_is_checked() {
    let stop = ["job-definition", "StopInstance", "--tag-name", "web", "--platform", "windows"];
    for (place, reason) in [
        (
            &["--schedule", "Night", "--job", "J[1]", "--machine", "M"][..],
            "the name of the job contains the character [",
        ),
        (&["--schedule", "Night", "--job", "J"], "--machine <NAME>"),
        (&["--schedule", "Night", "--job", "J", "--machine", &"m".repeat(25)], "OpCon allows 24"),
    ] {
        Program::new().run_bare(&[&stop[..], place].concat()).expect_code(2).expect_stderr(reason);
    }
    let long = "x".repeat(250) + ",";
    let ids = ["StopInstance", "--platform", "windows", "--tag-name", &long, "--user-id"];
    let finished = define(&[&ids[..], &[&"u".repeat(4000)]].concat()).expect_code(2);
    finished.expect_stderr("the command line has ").expect_stderr("OpCon allows 4000");
}

#[test]
fn a_definition_is_written_to_the_smaddi_folder() {
    let program = Program::new();
    fs::create_dir(program.folder().join("smaddi")).unwrap();
    let arguments = ["job-definition", "StopInstance", "--tag-name", "web", "--platform", "windows"];
    let line = [&arguments[..], &PLACE, &["--smaddi-dir", "smaddi"]].concat();
    let finished = program.run_bare(&line).expect_code(0);
    finished.expect_stdout("job `Stop web` of StopInstance written to smaddi");
    let files: Vec<_> =
        fs::read_dir(program.folder().join("smaddi")).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(files.len(), 1);
    assert!(fs::read_to_string(&files[0]).unwrap().starts_with("<msg>"));
    let line = [&arguments[..], &PLACE, &["--smaddi-dir", "elsewhere"]].concat();
    program.run_bare(&line).expect_code(2).expect_stderr("writing to the folder elsewhere: ");
}

#[test]
fn an_argument_file_need_not_be_on_this_machine() {
    let stop = ["StopInstance", "@no-such-file", "@[[FOLDER]]/arguments.txt", "--platform", "windows"];
    let finished = define(&stop).expect_code(0);
    assert!(text(&finished, "cmd_line").ends_with(r#"StopInstance @no-such-file "@[[FOLDER]]/arguments.txt""#));
    for path in ["no-such-file", "[[FOLDER]]/arguments.txt"] {
        let warning = "not read here; its arguments are checked only when the job runs\n";
        assert!(finished.stderr.contains(&format!("warning: argument file `{path}`: {warning}")), "{finished:#?}");
    }
    define(&[&stop[..], &["--instance-id", "web"]].concat()).expect_code(2).expect_stderr("must be an instance id");
    define(&[&stop[..], &["--no-such-option"]].concat()).expect_code(2).expect_stderr("unexpected argument");
}

#[test]
fn what_a_job_may_read_differently_is_a_warning() {
    let stop = ["StopInstance", "--tag-name", "%USERNAME%-web"];
    let windows = define(&[&stop[..], &["--platform", "windows"]].concat()).expect_code(0);
    let variable = "warning: `--tag-name` contains `%USERNAME%`: the Windows agent replaces it if an environment variable \
                    has this name\n";
    let region =
        "warning: no `--region`: the job uses the region in the AWS settings of its machine, and fails without one\n";
    let windows = windows.expect_stderr(variable).expect_stderr(region);
    assert_eq!(windows.stderr.lines().count(), 2, "{windows:#?}");
    let unix = ["--platform", "unix", "--user", "u", "--group", "g", "--region", "us-east-1"];
    assert_eq!(define(&[&stop[..], &unix].concat()).expect_code(0).stderr, "");
    let percent = ["StopInstance", "--tag-name", "5% of 10%", "--region", "us-east-1", "--platform", "windows"];
    assert_eq!(define(&percent).expect_code(0).stderr, "");
}

#[test]
fn a_value_that_no_definition_can_contain_is_answered_with_the_way_that_works() {
    let unix = ["--platform", "unix", "--user", "u", "--group", "g"];
    let file = "hint: put the argument in a file on the machine of the job, one argument per line as UTF-8 text, and use `@FILE`";
    for (platform, value, message) in [
        (
            &["--platform", "windows"][..],
            "w\u{e9}b",
            "contains characters that are not ASCII, which SMADDI does not accept",
        ),
        (&unix, "w\u{e9}b", "contains characters that are not ASCII, which SMADDI does not accept"),
        (&unix, "it's", "contains the character ', which OpCon does not allow"),
    ] {
        let finished = define(&[&["StopInstance", "--tag-name", value], platform].concat()).expect_code(2);
        finished.expect_stderr(&format!("error: the value of `--tag-name` {message}\n")).expect_stderr(file);
    }
    let program = Program::new();
    program.write("arguments.txt", "--tag-name\nw\u{e9}b\n");
    let line = ["job-definition", "StopInstance", "@arguments.txt", "--platform", "windows"];
    program.run_bare(&[&line[..], &PLACE].concat()).expect_code(0);
    for argument in functions().iter().flat_map(|function| &function.arguments).filter(|argument| argument.secret) {
        let option = format!("--{}", argument.name);
        let line =
            [&["CreateInstance", "--launch-template", "nightly", &option, "a\nb"][..], &["--platform", "windows"]];
        let finished = define(&line.concat()).expect_code(2);
        finished.expect_stderr(&format!("hint: use `{option}-file FILE`"));
    }
}

#[test]
fn the_value_of_a_secret_is_written_to_a_file_only() {
    let program = Program::new();
    fs::create_dir(program.folder().join("smaddi")).unwrap();
    let secrets = functions().iter().flat_map(|function| {
        let secrets = function.arguments.iter().filter(|argument| argument.secret);
        secrets.map(move |argument| (function, format!("--{}", argument.name)))
    });
    for (function, option) in secrets {
        let example = function.examples[0].arguments.iter().map(String::as_str);
        let define = |value: &str, more: &[&str]| {
            let line = ["job-definition", &function.name, "--platform", "windows", &option, value];
            let line: Vec<_> =
                line.into_iter().chain(example.clone()).chain(PLACE).chain(more.iter().copied()).collect();
            program.run_bare(&line)
        };
        let printed = define("7hush7", &[]).expect_code(2);
        assert!(!format!("{printed:?}").contains("7hush7"), "{printed:#?}");
        let message = format!("error: the value of `{option}` is secret, and the printed definition would show it\n");
        printed.expect_stderr(&message).expect_stderr("\nhint: add `--smaddi-dir DIR`");
        let written = define("7hush7", &["--smaddi-dir", "smaddi"]).expect_code(0);
        assert!(!format!("{written:?}").contains("7hush7"), "{written:#?}");
        written.expect_stderr(&format!("warning: `{option}`: everyone who can read the job in OpCon"));
        define("[[SECRET]]", &[]).expect_code(0).expect_stdout("[[SECRET]]");
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_has_access_to_a_written_definition_whatever_the_umask() {
    use std::os::unix::fs::PermissionsExt as _;
    let arguments = ["job-definition", "StopInstance", "--tag-name", "web", "--platform", "windows"];
    let line = [&arguments[..], &PLACE, &["--smaddi-dir", "smaddi"]].concat();
    for umask in ["000", "022", "0777"] {
        let program = Program::new();
        let folder = program.folder().join("smaddi");
        fs::create_dir(&folder).unwrap();
        program.run_with_umask(umask, &line, "").expect_code(0);
        let file = fs::read_dir(&folder).unwrap().next().unwrap().unwrap();
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o7777, 0o600, "{umask}");
    }
}
