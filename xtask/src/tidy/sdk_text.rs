//! Rejects host and function details in code and comments of the SDK: option spellings, function names, and the keys of
//! `Connector.config`.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context, Result};
use proc_macro2::{TokenStream, TokenTree};
use serde::Deserialize;

use super::code::Code;
use super::finding::Finding;
use super::modules::{Crate, Module};
use super::sources::{has_word, spellings};
use crate::workspace::Workspace;

/// The file that reads the keys.
const CONFIG: &str = "opcon/src/config.rs";
/// The place in the SDK that adds the dashes to option names.
const OPTION: &str = "host/sdk/src/args/declaration.rs";
/// The list of the program's functions.
const FUNCTIONS: &str = "docs/functions.json";

/// An entry of the list of functions.
#[derive(Deserialize)]
struct Function {
    name: String,
}

/// The lines that contain forbidden names, except those of unit tests.
pub fn findings(workspace: &Workspace, sdk: &[Crate]) -> Result<Vec<Finding>> {
    let read = |file: &str| fs::read_to_string(workspace.root.join(file)).with_context(|| format!("reading {file}"));
    let keys = keys(&read(CONFIG)?).with_context(|| format!("parsing {CONFIG}"))?;
    let listed: Vec<Function> =
        serde_json::from_str(&read(FUNCTIONS)?).with_context(|| format!("reading {FUNCTIONS}"))?;
    let packages = workspace.functions().flat_map(|package| spellings(&package.name));
    let functions: BTreeSet<String> = listed.into_iter().map(|function| function.name).chain(packages).collect();
    let modules = sdk.iter().flat_map(|of| of.modules.values());
    Ok(modules.flat_map(|module| findings_of(module, &functions, &keys)).collect())
}

fn findings_of(module: &Module, functions: &BTreeSet<String>, keys: &BTreeSet<String>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (number, line) in (1..).zip(module.text.lines()).filter(|(number, _)| !module.code.is_test(*number)) {
        let mut found = |what: String| findings.push(Finding { file: module.file.clone(), line: number, what });
        if line.contains("--{") && module.file != OPTION {
            found("the SDK must not build an option other than by `ArgSpec::option`".to_owned());
        }
        if let Some(option) = option(line) {
            found(format!("the SDK must not spell the option {option}"));
        }
        for name in functions.iter().filter(|name| has_word(line, name)) {
            found(format!("the SDK must not name the function {name}"));
        }
        for key in keys.iter().filter(|key| has_word(line, key)) {
            found(format!("the SDK must not name the key {key} of Connector.config"));
        }
    }
    findings
}

/// The first option that is spelled out on the line.
fn option(line: &str) -> Option<&str> {
    let starts = |start: usize| {
        let before = line[..start].chars().next_back();
        let after = line[start + 2..].chars().next();
        !before.is_some_and(|c| c.is_alphanumeric() || c == '-') && after.is_some_and(|c| c.is_ascii_lowercase())
    };
    let start = line.match_indices("--").map(|(start, _)| start).find(|start| starts(*start))?;
    let end =
        line[start..].find(|c: char| !c.is_ascii_alphanumeric() && c != '-').map_or(line.len(), |end| start + end);
    Some(&line[start..end])
}

/// The keys that are read from the configuration file, and the name of the file.
fn keys(config: &str) -> Result<BTreeSet<String>> {
    let code = Code::parse(config)?;
    let mut keys = BTreeSet::from(["Connector.config".to_owned()]);
    let tokens: TokenStream = config.parse().map_err(|error| anyhow::anyhow!("{error}"))?;
    literals(tokens, &mut |text, line| {
        if !code.is_test(line) && is_key(text) {
            keys.insert(text.to_owned());
        }
    });
    Ok(keys)
}

fn literals(tokens: TokenStream, take: &mut impl FnMut(&str, usize)) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => literals(group.stream(), take),
            TokenTree::Literal(literal) => {
                take(literal.to_string().trim_matches('"'), literal.span().start().line);
            }
            _ => {}
        }
    }
}

fn is_key(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(|c| c.is_ascii_uppercase() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::super::{Tree, shown};
    use super::*;

    fn findings_in(text: &str) -> Vec<String> {
        let tree = Tree::new(&[
            (CONFIG, "fn f() { section.get(\"MAX_WAIT\") }\n#[cfg(test)]\nmod tests { const A: &str = \"TESTED\"; }\n"),
            (FUNCTIONS, "[{\"name\": \"CopyDisk\"}]"),
            ("functions/a/src/lib.rs", text),
        ]);
        let mut workspace = tree.workspace(&["a"]);
        let crates = Crate::of_package(&workspace, &workspace.packages[0]).unwrap();
        workspace.packages[0].folder = "sdk".to_owned();
        shown(&findings(&workspace, &crates).unwrap())
    }

    #[test]
    fn no_option_is_spelled_in_code_text_or_comments() {
        let found = findings_in(
            "//! With --wait.\n// --dry-run is known.\nconst A: &str = \"`--tag x`\"; // a--b, `--`, --- x\n\
             fn f() { format!(\"--{A}\") }\n",
        );
        assert_eq!(
            found,
            [
                "functions/a/src/lib.rs:1: the SDK must not spell the option --wait",
                "functions/a/src/lib.rs:2: the SDK must not spell the option --dry-run",
                "functions/a/src/lib.rs:3: the SDK must not spell the option --tag",
                "functions/a/src/lib.rs:4: the SDK must not build an option other than by `ArgSpec::option`"
            ]
        );
    }

    #[test]
    fn no_function_and_no_key_of_the_configuration_is_named_outside_tests() {
        let found = findings_in(
            "/// As CopyDisk does, see CopyDisks and Connector.config.\nconst A: &str = \"MAX_WAIT, TESTED\";\n\
             #[cfg(test)]\nmod tests {\n    const A: &str = \"--wait CopyDisk MAX_WAIT\";\n}\n",
        );
        assert_eq!(
            found,
            [
                "functions/a/src/lib.rs:1: the SDK must not name the function CopyDisk",
                "functions/a/src/lib.rs:1: the SDK must not name the key Connector.config of Connector.config",
                "functions/a/src/lib.rs:2: the SDK must not name the key MAX_WAIT of Connector.config"
            ]
        );
    }
}
