//! Checks the text of sources, and the names in them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use walkdir::{DirEntry, WalkDir};

use super::code::Code;
use super::finding::Finding;
use crate::workspace::{Workspace, slashed};

/// Paths that exist on CI machines, but not in other clones.
const CI_PATHS: &str = "../shared";
const CI_FILES: [&str; 2] = [".ci/", "xtask/"];

const CHECKED: [&str; 3] = ["rs", "md", "toml"];
const NOT_IN_FUNCTIONS: [&str; 4] = ["std::env", "process::exit", "print!", "println!"];

/// The file that defines `choices!`, which declares every choice.
const CHOICES: &str = "host/sdk/src/args/values.rs";

/// A text file of the workspace.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    fn is_checked(&self) -> bool {
        let extension = Path::new(&self.path).extension().and_then(|extension| extension.to_str());
        extension.is_some_and(|extension| CHECKED.contains(&extension))
    }

    fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.text.split('\n'))
    }

    /// The lines of code, without comments and without the unit test module at the end of a file.
    fn code_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        let tests = self.text.find("#[cfg(test)]\nmod tests").unwrap_or(self.text.len());
        (1..).zip(self.text[..tests].split('\n')).filter(|(_, line)| !line.trim_start().starts_with("//"))
    }

    fn finding(&self, line: usize, what: impl Into<String>) -> Finding {
        Finding { file: self.path.clone(), line, what: what.into() }
    }
}

/// The places in a source that violate a rule.
pub fn findings(workspace: &Workspace) -> Result<Vec<Finding>> {
    let spellings: Vec<String> = workspace.functions().flat_map(|function| spellings(&function.name)).collect();
    let mut findings = Vec::new();
    for source in sources(workspace)? {
        findings.extend(ci_paths(&source));
        if !source.is_checked() {
            continue;
        }
        findings.extend(layout(&source));
        findings.extend(rust_rules(&source));
        findings.extend(function_rules(&source)?);
        findings.extend(choice_rules(&source));
        findings.extend(named_functions(&source, &spellings));
    }
    Ok(findings)
}

fn sources(workspace: &Workspace) -> Result<Vec<Source>> {
    let not_ours = [workspace.root.join(".git"), workspace.root.join("target"), workspace.target.clone()];
    let ours = |entry: &DirEntry| !not_ours.iter().any(|folder| entry.path() == folder);
    let mut sources = Vec::new();
    for entry in WalkDir::new(&workspace.root).sort_by_file_name().into_iter().filter_entry(ours) {
        let entry = entry.context("finding sources")?;
        let path = entry.path();
        if entry.file_type().is_file() {
            let text = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
            let text = String::from_utf8_lossy(&text).into_owned();
            sources.push(Source { path: slashed(path.strip_prefix(&workspace.root)?), text });
        }
    }
    Ok(sources)
}

/// Rejects references to paths outside the clone, except in scripts that prepare CI machines.
fn ci_paths(source: &Source) -> Vec<Finding> {
    if CI_FILES.iter().any(|folder| source.path.starts_with(folder)) {
        return Vec::new();
    }
    let found = source.lines().filter(|(_, line)| line.contains(CI_PATHS));
    let what = format!("`{CI_PATHS}` is outside the clone: only .ci/ and xtask/ mention it");
    found.map(|(number, _)| source.finding(number, &what)).collect()
}

fn layout(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in source.lines() {
        if line.ends_with('\r') {
            findings.push(source.finding(number, "the line ends with CR LF, not LF"));
        } else if line.ends_with([' ', '\t']) {
            findings.push(source.finding(number, "the line ends with a blank"));
        }
        if line.contains('\t') {
            findings.push(source.finding(number, "the line has a tab"));
        }
    }
    findings
}

fn rust_rules(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !source.is_rust() {
        return findings;
    }
    if !source.text.starts_with("//! ") {
        findings.push(source.finding(1, "the file does not start with a `//!` line that describes its purpose"));
    }
    let ignored = source.lines().filter(|(_, line)| line.trim_start().starts_with("#[ignore"));
    findings.extend(ignored.map(|(number, _)| source.finding(number, "ignored tests are not allowed")));
    findings
}

/// Rejects access to the process environment in functions, which use only their arguments and context.
fn function_rules(source: &Source) -> Result<Vec<Finding>> {
    let in_a_function = source.path.starts_with("functions/") && source.path.contains("/src/");
    if !source.is_rust() || !in_a_function {
        return Ok(Vec::new());
    }
    let mut findings = Vec::new();
    for (number, line) in source.code_lines() {
        let found = NOT_IN_FUNCTIONS.iter().filter(|pattern| line.contains(*pattern));
        findings.extend(found.map(|pattern| source.finding(number, format!("functions must not use `{pattern}`"))));
    }
    // With braces, the path is not contiguous.
    let code = Code::parse(&source.text).with_context(|| format!("parsing {}", source.path))?;
    let found = code.imports.iter().filter(|import| import.path.starts_with(&["std".to_owned(), "env".to_owned()]));
    let missed: Vec<usize> =
        found.map(|import| import.line).filter(|line| findings.iter().all(|known| known.line != *line)).collect();
    findings.extend(missed.into_iter().map(|line| source.finding(line, "functions must not use `std::env`")));
    Ok(findings)
}

/// Rejects hand-written parsers of choices, which can omit one of their own texts.
fn choice_rules(source: &Source) -> Vec<Finding> {
    if !source.is_rust() || source.path == CHOICES || source.path.starts_with("xtask/") {
        return Vec::new();
    }
    let declared = source.code_lines().filter(|(_, line)| line.contains("ValueKind::Choice(&["));
    declared.map(|(number, _)| source.finding(number, "choices are declared by `choices!`")).collect()
}

/// Rejects function names in the code of the host and its SDK, which must not change for a new function. Comments may
/// use functions as examples.
fn named_functions(source: &Source, spellings: &[String]) -> Vec<Finding> {
    let of_the_host = source.path.starts_with("host/src/") || source.path.starts_with("host/sdk/src/");
    if !source.is_rust() || !of_the_host || source.path.ends_with("/tests.rs") {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in source.code_lines() {
        let found = spellings.iter().filter(|name| has_word(line, name));
        findings
            .extend(found.map(|name| source.finding(number, format!("the host must not name the function {name}"))));
    }
    findings
}

/// The spellings of a function name in jobs, packages, and Rust.
pub fn spellings(package: &str) -> [String; 3] {
    [pascal_case(package), package.to_owned(), package.replace('-', "_")]
}

fn pascal_case(kebab: &str) -> String {
    let capitalized = |word: &str| word[..1].to_uppercase() + &word[1..];
    kebab.split('-').filter(|word| !word.is_empty()).map(capitalized).collect()
}

pub fn has_word(line: &str, word: &str) -> bool {
    let of_a_word = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        !before.is_some_and(of_a_word) && !after.is_some_and(of_a_word)
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Tree, shown};
    use super::*;

    fn findings_of(files: &[(&str, &str)]) -> Vec<String> {
        let tree = Tree::new(files);
        shown(&findings(&tree.workspace(&["stop-instance"])).unwrap())
    }

    #[test]
    fn lines_end_with_lf_and_without_blanks() {
        let found = findings_of(&[("README.md", "one\r\ntwo \n\tthree\n"), ("target/README.md", "one \n")]);
        assert_eq!(
            found,
            [
                "README.md:1: the line ends with CR LF, not LF",
                "README.md:2: the line ends with a blank",
                "README.md:3: the line has a tab"
            ]
        );
    }

    #[test]
    fn only_ci_scripts_mention_ci_paths() {
        let text = "//! See ../shared/rules.md.\n";
        let found = findings_of(&[
            (".ci/run", text),
            ("xtask/src/ci.rs", text),
            ("opcon/src/lib.rs", text),
            ("docs/list.json", text),
        ]);
        assert_eq!(
            found,
            [
                "docs/list.json:1: `../shared` is outside the clone: only .ci/ and xtask/ mention it",
                "opcon/src/lib.rs:1: `../shared` is outside the clone: only .ci/ and xtask/ mention it"
            ]
        );
    }

    #[test]
    fn a_rust_file_has_a_module_comment() {
        let found = findings_of(&[("opcon/src/lib.rs", "fn main() {}\n"), ("opcon/src/good.rs", "//! Good.\n")]);
        assert_eq!(found, ["opcon/src/lib.rs:1: the file does not start with a `//!` line that describes its purpose"]);
    }

    #[test]
    fn no_test_is_ignored() {
        let found = findings_of(&[("opcon/src/lib.rs", "//! Tests.\n    #[ignore = \"slow\"]\n")]);
        assert_eq!(found, ["opcon/src/lib.rs:2: ignored tests are not allowed"]);
    }

    #[test]
    fn a_function_does_not_touch_its_process() {
        let text = "//! Not println!.\nfn f() { println!(\"{:?}\", std::env::args()) }\nuse std::{env, fs};\n";
        let found = findings_of(&[("functions/stop-instance/src/lib.rs", text), ("opcon/src/lib.rs", text)]);
        assert_eq!(
            found,
            [
                "functions/stop-instance/src/lib.rs:2: functions must not use `std::env`",
                "functions/stop-instance/src/lib.rs:2: functions must not use `println!`",
                "functions/stop-instance/src/lib.rs:3: functions must not use `std::env`"
            ]
        );
    }

    #[test]
    fn choices_have_no_parser_of_their_own() {
        let text = "//! Not ValueKind::Choice(&[\"a\"]).\nconst KIND: ValueKind =\n    ValueKind::Choice(&[\"a\"]);\n";
        let found = findings_of(&[("functions/stop-instance/src/lib.rs", text), (CHOICES, text)]);
        assert_eq!(found, ["functions/stop-instance/src/lib.rs:3: choices are declared by `choices!`"]);
    }

    #[test]
    fn the_host_names_no_function_outside_its_tests() {
        let text = "//! Such as StopInstance.\nconst ACTION: &str = \"StopInstances\"; const A: &str = \"StopInstance\";\nuse stop_instance as _;\n\
                    #[cfg(test)]\nmod tests {\n    const B: &str = \"stop-instance\";\n}\n";
        let found = findings_of(&[("host/src/lib.rs", text), ("host/tests/all.rs", "//! StopInstance.\n")]);
        assert_eq!(
            found,
            [
                "host/src/lib.rs:2: the host must not name the function StopInstance",
                "host/src/lib.rs:3: the host must not name the function stop_instance"
            ]
        );
    }
}
