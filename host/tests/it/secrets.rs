//! Tests that no output, log or JSON document contains the value of a secret argument, however wrong the command line is.

use serde_json::json;

use crate::support::{Finished, OwnEc2, Program, functions};

/// The secret. Its two halves are what is left of it when something divides it.
const SECRET: &str = "7hush7";

/// The secret options of all functions, with the function.
fn secret_options() -> Vec<(&'static str, &'static str)> {
    let options = functions().iter().flat_map(|function| {
        let secrets = function.arguments.iter().filter(|argument| argument.secret);
        secrets.map(|argument| (function.name.as_str(), argument.name.as_str()))
    });
    let options: Vec<_> = options.collect();
    assert!(!options.is_empty(), "a program without secrets proves nothing");
    options
}

#[track_caller]
fn assert_hushed(program: &Program, finished: &Finished, line: &str) {
    let log = program.log();
    for text in [&finished.stdout, &finished.stderr, &log] {
        assert!(!text.contains(SECRET), "{line}: {finished:#?}, log: {log}");
    }
}

/// The options of a command line that gives the secret, each in another wrong way.
fn broken(function: &str, option: &str) -> Vec<Vec<String>> {
    let bare = option.replace('-', "");
    let typo = &option[..option.len() - 1];
    let secret = SECRET;
    let lines: Vec<Vec<String>> = [
        vec![format!("--{option}"), format!("-{secret}")],
        vec![format!("--{option}"), format!("--{secret}")],
        vec![format!("--{option}"), format!("@{secret}")],
        vec![format!("--{option}"), format!("a\u{b}{secret}")],
        vec![format!("--{option}"), format!("a\u{b}--{secret}")],
        vec![format!("--{option}"), format!("a\u{b}--{secret}\u{b}<SmaEncrypt>")],
        vec![format!("--{option}"), format!("a\u{b}{secret}\u{b}check")],
        vec![format!("--{option}"), format!("a\u{b}[[{secret}]]")],
        vec![format!("--{option}"), format!("a\u{b}@{secret}")],
        vec![format!("--{option}"), format!("<SmaEncrypt>{secret}</SmaEncrypt>")],
        vec![format!("--{option}"), "a".into(), secret.into()],
        vec![format!("--{option}"), secret.into(), secret.into()],
        vec![format!("--{option}={secret}"), format!("--{option}={secret}")],
        vec![format!("--{option}={}", secret.repeat(4000)), secret.into()],
        vec![format!("--{option}={secret}"), "--region".into(), "Mars".into()],
        vec![format!("--{option}{secret}")],
        vec![format!("--{option}:{secret}")],
        vec![format!("--{bare}={secret}")],
        vec![format!("--{bare}"), secret.into()],
        vec![format!("--{typo}={secret}")],
        vec![format!("--{typo}"), secret.into()],
        vec![format!("--{typo}"), format!("[[{secret}]]")],
        vec![format!("-{option}"), secret.into()],
        vec![format!("-{option}={secret}")],
        vec![format!("/{option}:{secret}")],
        vec![format!("{option}={secret}")],
        vec![option.to_owned(), secret.into()],
        vec![format!("\u{2013}{option}"), secret.into()],
        vec![format!("--region=a\" --{option} {secret}")],
        vec!["--region".into(), format!("a\" --{bare} {secret}")],
        vec!["--region".into(), format!("a\" --{typo} {secret}")],
        vec!["--log-dir".into(), format!("C:\\dir\" --{option} {secret}")],
        vec!["--config".into(), format!("C:\\dir\" --{typo}={secret}")],
        vec!["--region".into(), format!("--{option}={secret}")],
        vec!["--user-id".into(), format!("-{option}={secret}")],
        vec!["--wait=".into(), format!("--{option}={secret}")],
        vec![format!("--wait={secret}"), format!("--{option}=a")],
        vec!["--secret-access-key".into(), secret.into()],
        vec!["--password".into(), secret.into(), "--no-such-option".into()],
        vec!["@secret.txt".into()],
        vec!["@divided.txt".into()],
        vec![format!("@secret.txt\u{b}@{secret}")],
    ]
    .into();
    let with = |places: [Option<&str>; 2], words: &[String]| {
        let [before, after] = places.map(|place| place.map(str::to_owned));
        before.into_iter().chain(words.iter().cloned()).chain(after).collect::<Vec<_>>()
    };
    let places = [[Some(function), None], [None, Some(function)], [None, None]];
    lines.iter().flat_map(|words| places.map(|place| with(place, words))).collect()
}

#[test]
fn a_wrong_command_line_never_shows_a_secret_value() {
    let ec2 = OwnEc2::unwanted();
    for (function, option) in secret_options() {
        let program = Program::with_endpoint(&ec2.url).common("--log-dir", "log");
        program.write("secret.txt", &format!("--{option}\n{SECRET}\n{SECRET}\n"));
        program.write("divided.txt", &format!("--{option}\n#!/bin/sh\n--{SECRET}\n[[{SECRET}]]\n"));
        for words in broken(function, option) {
            let line = words.join(" ");
            let json = ["--output".to_owned(), "json".to_owned()];
            for more in [&[][..], &json, &["--debug".to_owned()]] {
                let words: Vec<_> = words.iter().chain(more).map(String::as_str).collect();
                let finished = program.run_bare(&words);
                assert_ne!(finished.code, 0, "{line}: {finished:#?}");
                assert_hushed(&program, &finished, &line);
            }
        }
    }
}

#[test]
fn an_administrator_command_never_shows_a_secret_value() {
    let place = ["--schedule", "S", "--job", "J", "--machine", "M", "--platform", "windows"].map(str::to_owned);
    for (function, option) in secret_options() {
        let program = Program::new();
        program.write("secret.txt", &format!("--{option}\n{SECRET}\n{SECRET}\n"));
        program.write("divided.txt", &format!("--{option}\n#!/bin/sh\n--{SECRET}\n[[{SECRET}]]\n"));
        for words in broken(function, option) {
            if words.iter().any(|word| word.starts_with("@secret.txt\u{b}")) {
                continue; // only functions read argument files
            }
            for command in ["job-definition", "run-form", "forms", "iam-policy", "check", "setup"] {
                let more: &[String] = if command == "job-definition" { &place } else { &[] };
                let line: Vec<_> = [command].into_iter().chain(words.iter().chain(more).map(String::as_str)).collect();
                let finished = program.run_bare(&line);
                assert_hushed(&program, &finished, &line.join(" "));
            }
        }
        for job in [format!("J\" --{option} {SECRET}"), format!("J\" --{option}={SECRET}")] {
            let line = ["job-definition", function, "--job", &job, "--schedule", "S", "--machine", "M"];
            let finished = program.run_bare(&[&line[..], &["--platform", "windows"]].concat()).expect_code(2);
            assert_hushed(&program, &finished, &job);
        }
    }
}

#[test]
fn a_wrong_form_never_shows_a_secret_value() {
    let ec2 = OwnEc2::unwanted();
    for (function, option) in secret_options() {
        let program = Program::with_endpoint(&ec2.url).common("--log-dir", "log");
        let mut words = option.split('-');
        let first = words.next().unwrap().to_owned();
        let key = words.fold(first, |key, word| key + &word[..1].to_uppercase() + &word[1..]);
        let secret = SECRET;
        for form in [
            json!({ "function": function, &key: [secret] }),
            json!({ "function": function, &key: { "text": secret } }),
            json!({ "function": function, &key: secret, secret: 1 }),
            json!({ "function": function, &key: secret, "region": { "text": secret } }),
            json!({ "function": function, &key: secret, "wait": secret }),
            json!({ "function": function, &key: secret, "region": "Mars" }),
            json!({ "function": function, &key: format!("<SmaEncrypt>{secret}"), "region": "us-east-1" }),
            json!({ "function": function, &key: secret.repeat(4000), "region": "us-east-1" }),
            json!({ "function": function, option: secret }),
            json!({ "function": secret, &key: secret }),
            json!({ &key: secret }),
            json!([{ &key: secret }]),
            json!(secret),
        ] {
            program.write("form.json", &form.to_string());
            for more in [&[][..], &["--output", "json"], &["--debug", secret]] {
                let finished = program.run_bare(&[&["run-form", "form.json"], more].concat());
                assert_ne!(finished.code, 0, "{form}: {finished:#?}");
                // An unexpected argument that nothing connects with a secret may be shown.
                if more != ["--debug", secret] || form.to_string().contains(&key) {
                    assert_hushed(&program, &finished, &form.to_string());
                }
            }
        }
        for text in [format!("{{\"{key}\": {secret}}}"), secret.to_owned(), format!("{{\"{key}\": \"{secret}")] {
            program.write("form.json", &text);
            assert_hushed(&program, &program.run_bare(&["run-form", "form.json"]).expect_code(2), &text);
        }
    }
}
