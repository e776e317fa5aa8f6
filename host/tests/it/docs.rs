//! Tests the documentation: commands run, quoted messages exist, and links are valid.

mod literals;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use connector_sdk::codes::kind_of;
use opcon_stand_in::DEFAULT_TOKEN;
use serde_json::json;

use crate::support::{Finished, OwnOpCon, Program, administrator_commands, cmd, test_bed};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The documentation pages, by their paths in the repository.
fn pages() -> Vec<(PathBuf, String)> {
    let docs = fs::read_dir(root().join("docs")).unwrap().map(|file| file.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    let all = pages.chain([root().join("README.md"), root().join("CHANGELOG.md")]);
    all.map(|path| (path.clone(), fs::read_to_string(path).unwrap().replace("\r\n", "\n"))).collect()
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).unwrap().replace("\r\n", "\n")
}

/// A command in a page.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shown<'a> {
    line: &'a str,
    /// The language of its block: `sh` or `bat` for one shell, `opcon` for a field of OpCon, which replaces references
    /// before any quotes are read; otherwise both shells read the same words.
    language: &'a str,
}

impl Shown<'_> {
    /// The words that the program gets when the command is copied into a shell. The error says which shell divides the
    /// command in another way.
    fn words(&self) -> Result<Vec<String>, String> {
        let (sh, cmd) = (shlex::split(self.line), cmd::words_of(self.line));
        match self.language {
            "sh" => sh.ok_or_else(|| "sh: quotes that are not closed".to_owned()),
            "bat" => cmd,
            "opcon" if sh.as_ref() == cmd.as_ref().ok() => return cmd,
            _ if sh.as_ref() == cmd.as_ref().ok() => cmd,
            _ => Err(format!("sh reads {sh:?}, cmd.exe {cmd:?}: show it for both, in blocks `sh` and `bat`")),
        }
        .and_then(|words| if is_expanded(self, &words) { Err("sh replaces a part".to_owned()) } else { Ok(words) })
    }
}

/// Whether `sh` would replace a variable or a pattern in the command: they are written without single quotes.
fn is_expanded(shown: &Shown<'_>, words: &[String]) -> bool {
    let is_special = |word: &&String| word.contains(['$', '*', '`']) || word.contains("[[");
    let special: Vec<_> = words.iter().filter(is_special).collect();
    let is_safe = |word: &&String| {
        let single = shown.line.contains(&format!("'{word}'"));
        let double = !word.contains(['$', '`']) && shown.line.contains(&format!("\"{word}\""));
        single || double
    };
    shown.language != "bat" && !special.iter().all(is_safe)
}

/// The lines in fenced blocks that begin with the program name, except syntax descriptions.
fn commands(text: &str) -> Vec<Shown<'_>> {
    let blocks = text.split("\n```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    let lines = blocks.flat_map(|(language, lines)| lines.lines().map(move |line| Shown { line, language }));
    lines.filter(|shown| is_command(shown.line)).collect()
}

/// The commands in backticks, many of which are not complete.
fn commands_in_text(text: &str) -> Vec<Shown<'_>> {
    let texts = text.split("\n```").step_by(2);
    let spans = texts.flat_map(|text| text.split('`').skip(1).step_by(2)).filter(|span| is_command(span));
    spans.map(|line| Shown { line, language: "" }).collect()
}

fn is_command(text: &str) -> bool {
    text.starts_with("awsec2 ") && !text.contains('<') && !text.contains(" [-")
}

/// A folder with all files that the documentation refers to, and an OpCon stand-in.
fn environment() -> (Program, OwnOpCon) {
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

/// The fingerprint in the examples of pages: all digits in their order.
fn fingerprint_in_pages() -> String {
    ["01:23:45:67:89:AB:CD:EF"; 4].join(":")
}

/// Runs a command from a page: for a function a check of its arguments, other commands completely.
fn run(shown: Shown<'_>) -> Finished {
    let (program, opcon) = environment();
    let line = shown.line;
    let words = shown.words().unwrap_or_else(|wrong| panic!("{line}: {wrong}"));
    let (address, fingerprint) = (opcon.https().to_string(), opcon.fingerprint());
    let known =
        |word: String| word.replace("opcon.example.com:9010", &address).replace(&fingerprint_in_pages(), &fingerprint);
    let words: Vec<_> = words.into_iter().map(known).collect();
    let mut words: Vec<&str> = words[1..].iter().map(String::as_str).collect();
    let endpoint = ["--endpoint-url", &test_bed().ec2_strict.endpoint];
    match words.iter().find(|word| administrator_commands().iter().any(|command| command == *word)) {
        Some(&"setup") => {
            let has = |option| words.contains(&option);
            let (has_password, is_confirmed) = (has("--password-file"), has("--ca-file") || has("--fingerprint"));
            // There is no terminal for the prompts.
            words.extend(["--password-file", "password.txt"].into_iter().filter(|_| !has_password));
            words.extend(["--fingerprint", &fingerprint].into_iter().filter(|_| !is_confirmed));
        }
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
        for shown in commands(&text) {
            let finished = run(shown);
            assert_eq!(finished.code, 0, "{}: {shown:?}: {finished:#?}", path.display());
            count += 1;
        }
    }
    assert!(count > 20, "only {count} commands were found");
}

#[test]
fn every_command_in_a_text_is_read_the_same_by_both_shells() {
    let mut count = 0;
    for (path, text) in pages() {
        for shown in commands_in_text(&text) {
            assert_eq!(shown.words().err(), None, "{}: {shown:?}", path.display());
            count += 1;
        }
    }
    assert!(count > 20, "only {count} commands were found");
}

#[test]
fn a_command_that_does_not_work_is_noticed() {
    let text =
        "\n```\nawsec2 StopInstance --tag-nam web\n\nawsec2 [common arguments] <Function>\n```\nawsec2 is text\n";
    let shown = |line| Shown { line, language: "" };
    assert_eq!(commands(text), [shown("awsec2 StopInstance --tag-nam web")]);
    assert_eq!(run(shown("awsec2 StopInstance --tag-nam web")).code, 2);
    assert_eq!(run(shown("awsec2 set-property A,B x")).code, 2);
    assert_eq!(run(shown("awsec2 forms --data-script no-such-file.txt StopInstances")).code, 2);
}

#[test]
fn a_command_that_a_shell_would_change_is_noticed() {
    for (language, line, works) in [
        ("", "awsec2 forms \"a b\" --x=y", true),
        ("", "awsec2 forms 'a b'", false),
        ("sh", "awsec2 forms 'a b'", true),
        ("bat", "awsec2 forms \"$A b\"", true),
        ("", "awsec2 forms \"$A b\"", false),
        ("", "awsec2 forms al2023*", false),
        ("", "awsec2 forms \"al2023*\"", true),
        ("", "awsec2 forms a&b", false),
        ("bat", "awsec2 forms %A%", false),
        ("sh", "awsec2 forms \"a", false),
        ("opcon", "awsec2 forms \"[[$A]]\"", true),
        ("opcon", "awsec2 forms '[[$A B]]'", false),
    ] {
        assert_eq!(Shown { line, language }.words().is_ok(), works, "{language} {line}");
    }
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

/// All messages of the program, one literal per line.
fn texts() -> String {
    let functions = fs::read_dir(root().join("functions")).unwrap().map(|entry| entry.unwrap().path());
    let packages = functions.chain(["host", "host/sdk", "opcon"].map(|package| root().join(package)));
    let roots: Vec<PathBuf> = packages.flat_map(|package| literals::roots(&package)).collect();
    roots.iter().flat_map(|root| literals::of_crate(root)).collect::<Vec<_>>().join("\n")
}

/// The messages that the page explains: in backticks at the beginning of a list item.
fn messages(page: &str) -> Vec<&str> {
    let (_, page) = page.split_once("\n## By message").unwrap();
    let items = page.lines().filter_map(|line| line.strip_prefix("* `"));
    items.filter_map(|item| item.split_once('`')).map(|(message, _)| message).collect()
}

/// The constant parts of a message.
fn pieces(message: &str) -> Vec<&str> {
    const LONG_ENOUGH: usize = 12;
    let pieces = message.split('<').flat_map(|part| part.split_once('>').map_or([part, ""], |(_, rest)| [rest, ""]));
    pieces.map(str::trim).filter(|piece| piece.len() >= LONG_ENOUGH).collect()
}

/// Whether a message is an AWS error code, e.g. `InvalidInstanceID.NotFound`.
fn is_code(message: &str) -> bool {
    message.starts_with(|first: char| first.is_ascii_uppercase())
        && message.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.')
}

#[test]
fn every_message_that_is_explained_is_one_of_the_programs() {
    let (page, texts) = (page("troubleshooting.md"), texts());
    let messages = messages(&page);
    assert!(messages.len() >= 15, "{messages:#?}");
    let mut unknown = Vec::new();
    for message in messages {
        if is_code(message) {
            // Codes may be matched by a pattern, without a literal.
            let judged = kind_of(message) != kind_of("SomethingNew") || texts.contains(message);
            unknown.extend((!judged).then_some(message));
            continue;
        }
        let pieces = pieces(message.trim_start_matches("error: ").trim_start_matches("warning: "));
        assert!(!pieces.is_empty(), "`{message}` has no piece that could be looked for");
        unknown.extend(pieces.into_iter().filter(|piece| !texts.contains(piece)));
    }
    assert!(unknown.is_empty(), "no text of the program has {unknown:#?}");
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

/// The anchors of the headings, as common viewers create them.
fn anchors(page: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    let anchor = |heading: &str| {
        let kept =
            heading.to_lowercase().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c)).collect::<String>();
        kept.replace(' ', "-")
    };
    headings.map(anchor).collect()
}
