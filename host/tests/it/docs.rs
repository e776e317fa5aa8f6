//! What the documentation shows: commands that work, messages that exist, links that lead somewhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use opcon_stand_in::DEFAULT_TOKEN;
use serde_json::json;

use crate::support::{Finished, OwnOpCon, Program, test_bed};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The pages for people, by their paths in the repository.
fn pages() -> Vec<(PathBuf, String)> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|file| file.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let all = pages.chain([root().join("README.md"), root().join("CHANGELOG.md")]);
    all.map(|path| (path.clone(), fs::read_to_string(path).unwrap().replace("\r\n", "\n"))).collect()
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap().replace("\r\n", "\n")
}

/// The lines in fenced blocks that begin with the program's name, without those that show a form and no command.
fn commands(text: &str) -> Vec<&str> {
    let blocks = text.split("\n```").skip(1).step_by(2);
    let lines = blocks.flat_map(|block| block.lines().skip(1)).filter(|line| line.starts_with("awsec2 "));
    lines.filter(|line| !line.contains('<') && !line.contains(" [-")).collect()
}

const COMMANDS: [&str; 7] = ["setup", "check", "iam-policy", "job-definition", "forms", "run-form", "set-property"];

/// A folder with all that the documentation speaks of, and an OpCon for it.
fn surroundings() -> (Program, OwnOpCon) {
    let opcon = OwnOpCon::start();
    let bed = fs::read_to_string(&test_bed().config).unwrap();
    let users = &bed[..bed.find("[DENIED]").unwrap()];
    let program = Program::new().env("AWS_REGION", "us-east-1");
    let program = program.with_config(&format!("{users}{}", opcon.config(DEFAULT_TOKEN)));
    let form = json!({ "function": "GetInstanceStatusByTag", "region": "us-east-1", "userId": "USER1" });
    for (name, text) in [
        ("opcon.pem", opcon.ca_pem()),
        ("password.txt", "made-up\n"),
        ("lists.txt", "IMAGE Linux : ami-0123456789abcdef0\nSIZE t3.micro\nREGION US_EAST_1\n"),
        ("form.json", form.to_string().as_str()),
        ("arguments.txt", "--tag-name\nweb\n"),
    ] {
        program.write(name, text);
    }
    fs::create_dir(program.folder().join("smaddi")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let config = program.folder().join("Connector.config");
        fs::set_permissions(config, fs::Permissions::from_mode(0o600)).unwrap();
    }
    (program, opcon)
}

/// Runs what a page shows: a function's job as far as it can be checked, a command for real.
fn run(line: &str) -> Finished {
    let (program, opcon) = surroundings();
    let line = line.replace("opcon.example.com:9010", &opcon.https().to_string());
    let words = shlex::split(&line).unwrap_or_else(|| panic!("{line}: quotes that are not closed"));
    let mut words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    let endpoint = ["--endpoint-url", &test_bed().ec2_strict.endpoint];
    match words.iter().find(|word| COMMANDS.contains(word)) {
        Some(&"setup") if !line.contains("--password-file") => words.extend(["--password-file", "password.txt"]),
        Some(&"check" | &"run-form") => words.extend(endpoint),
        Some(_) => {}
        None if words.iter().any(|word| word.starts_with("--help") || *word == "--list") => {}
        None => {
            words.insert(0, "job-definition");
            words.extend(["--schedule", "S", "--job", "J", "--machine", "M", "--platform", "windows"]);
        }
    }
    program.run_bare(&words)
}

#[test]
fn every_command_that_is_shown_works() {
    let mut count = 0;
    for (path, text) in pages() {
        for line in commands(&text) {
            let finished = run(line);
            assert_eq!(finished.code, 0, "{}: {line}: {finished:#?}", path.display());
            count += 1;
        }
    }
    assert!(count > 20, "only {count} commands were found");
}

#[test]
fn a_command_that_does_not_work_is_noticed() {
    let text =
        "\n```\nawsec2 StopInstance --tag-nam web\n\nawsec2 [common arguments] <Function>\n```\nawsec2 is text\n";
    assert_eq!(commands(text), ["awsec2 StopInstance --tag-nam web"]);
    assert_eq!(run("awsec2 StopInstance --tag-nam web").code, 2);
    assert_eq!(run("awsec2 set-property A,B x").code, 2);
    assert_eq!(run("awsec2 forms --data-script no-such-file.txt StopInstances").code, 2);
}

#[test]
fn every_exit_code_is_explained() {
    let exit = fs::read_to_string(root().join("host/src/exit.rs")).unwrap();
    let codes: Vec<&str> =
        exit.split(['>', '=']).filter_map(|rest| rest.trim_start().split([',', ';']).next()).collect();
    let codes: BTreeSet<u8> = codes.into_iter().filter_map(|code| code.trim().parse().ok()).collect();
    assert!(codes.is_superset(&BTreeSet::from([0, 1, 2, 10, 70])), "{codes:?}");
    let (page, readme) = (page("troubleshooting.md"), fs::read_to_string(root().join("README.md")).unwrap());
    for code in codes {
        let heading = |line: &str| {
            line.strip_prefix("### ").and_then(|text| text.split(|c: char| !c.is_ascii_digit()).next())
                == Some(&code.to_string())
        };
        assert!(page.lines().any(heading), "troubleshooting.md has no heading for {code}");
        assert!(readme.contains(&format!("\n| {code} | ")), "README.md does not have {code}");
    }
}

/// All that the program can say, with literals that go on in the next line joined.
fn sources() -> String {
    fn read(folder: &Path, text: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read(&path, text);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                *text += &fs::read_to_string(path).unwrap();
            }
        }
    }
    let mut text = String::new();
    for folder in ["host/src", "host/sdk/src", "opcon/src", "functions"] {
        read(&root().join(folder), &mut text);
    }
    let lines: Vec<_> = text.split("\\\n").map(|part| part.trim_start_matches(' ')).collect();
    lines.concat().replace("\\\"", "\"")
}

/// The messages that the page explains: in backquotes at the beginning of a list item.
fn messages(page: &str) -> Vec<&str> {
    let (_, page) = page.split_once("\n## By message").unwrap();
    let items = page.lines().filter_map(|line| line.strip_prefix("* `"));
    items.filter_map(|item| item.split_once('`')).map(|(message, _)| message).collect()
}

/// The pieces of a message that are the same in all of them.
fn pieces(message: &str) -> Vec<&str> {
    const LONG_ENOUGH: usize = 12;
    let pieces = message.split('<').flat_map(|part| part.split_once('>').map_or([part, ""], |(_, rest)| [rest, ""]));
    pieces.map(str::trim).filter(|piece| piece.len() >= LONG_ENOUGH).collect()
}

#[test]
fn every_message_that_is_explained_is_one_of_the_programs() {
    let (page, sources) = (page("troubleshooting.md"), sources());
    let messages = messages(&page);
    assert!(messages.len() >= 15, "{messages:#?}");
    let mut unknown = Vec::new();
    for message in messages {
        let pieces = pieces(message.trim_start_matches("error: ").trim_start_matches("warning: "));
        assert!(!pieces.is_empty(), "`{message}` has no piece that could be looked for");
        unknown.extend(pieces.into_iter().filter(|piece| !sources.contains(piece)));
    }
    assert!(unknown.is_empty(), "no source has {unknown:#?}");
}

#[test]
fn every_link_leads_somewhere() {
    for (path, text) in pages() {
        for target in text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target) {
            if target.contains("://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let file = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(file.exists(), "{}: {target}", path.display());
            if !anchor.is_empty() {
                let there = fs::read_to_string(&file).unwrap();
                assert!(anchors(&there).contains(anchor), "{}: {target}", path.display());
            }
        }
    }
}

/// The anchors of the headings, as the usual viewers make them.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| {
        let kept =
            heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>();
        kept.replace(' ', "-")
    };
    headings.map(anchor).collect()
}
