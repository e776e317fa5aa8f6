//! `cargo xtask codegen`: generates documents below `docs/` and the README's function table from function metadata.

mod readme;

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgAction, ArgMatches};
use serde::{Deserialize, Serialize};

use crate::process;
use crate::report;
use crate::workspace::Workspace;

const FUNCTIONS_JSON: &str = "docs/functions.json";

/// A function as described by `awsec2 --list --output json`. Unknown fields are an error, so that none is ignored.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Its name on the command line.
    pub name: String,
    summary: String,
    description: String,
    /// Its displayed arguments.
    pub arguments: Vec<Argument>,
    /// Its example command lines.
    pub examples: Vec<Example>,
    iam_actions: Vec<String>,
    optional_permissions: Vec<OptionalPermission>,
    /// Whether it changes anything in EC2.
    pub changes_resources: bool,
    #[serde(rename = "crate")]
    package: String,
    version: String,
}

/// An example command line.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    about: String,
    /// The arguments after the function name.
    pub arguments: Vec<String>,
}

/// Permissions that only some jobs of a function need.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OptionalPermission {
    name: String,
    purpose: String,
    iam_actions: Vec<String>,
}

/// An argument of a function.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Argument {
    /// Its name on the command line, without the dashes.
    pub name: String,
    aliases: Vec<String>,
    /// The placeholder of its value, or `None` for a flag.
    pub value_name: Option<String>,
    /// Its purpose.
    pub help: String,
    /// The kind of its value, e.g. `integer`.
    pub kind: String,
    required: bool,
    default: Option<String>,
    choices: Vec<String>,
    /// Whether it is repeatable.
    pub repeatable: bool,
    secret: bool,
}

/// The command line of this task.
pub fn command() -> clap::Command {
    clap::Command::new("codegen")
        .about("Write docs/ and the table in README.md from the metadata of the functions")
        .arg(
            Arg::new("check")
                .long("check")
                .action(ArgAction::SetTrue)
                .help("Write nothing; fail if something would change"),
        )
}

/// Writes the documents, or compares them with `--check`.
pub fn run(workspace: &Workspace, matches: &ArgMatches) -> Result<()> {
    if matches.get_flag("check") { check(workspace) } else { write(workspace) }
}

fn write(workspace: &Workspace) -> Result<()> {
    for (path, text) in documents(workspace, &workspace.build("awsec2")?)? {
        let file = workspace.root.join(path);
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).with_context(|| format!("creating {}", folder.display()))?;
        }
        fs::write(&file, text).with_context(|| format!("writing {path}"))?;
        report::line(format_args!("wrote {path}"));
    }
    Ok(())
}

/// Fails if a document differs from the output of [`write`].
pub fn check(workspace: &Workspace) -> Result<()> {
    for (path, wanted) in documents(workspace, &workspace.build("awsec2")?)? {
        let there = fs::read_to_string(workspace.root.join(path)).unwrap_or_default();
        if let Some(line) = first_difference(&there, &wanted) {
            bail!("{path}:{line}: differs from the metadata of the functions; run `cargo xtask codegen`");
        }
    }
    report::line("docs/ and README.md are up to date");
    Ok(())
}

/// The functions of the current build.
pub fn functions_of(awsec2: &Path) -> Result<Vec<Function>> {
    let text = process::stdout_of(Command::new(awsec2).args(["--list", "--output", "json"]))?;
    parse_list(&text).context("reading the output of awsec2 --list")
}

/// The functions in `docs/functions.json`.
pub fn documented_functions(workspace: &Workspace) -> Result<Vec<Function>> {
    let text = fs::read_to_string(workspace.root.join(FUNCTIONS_JSON)).context("reading docs/functions.json")?;
    parse_list(&text).context("reading docs/functions.json")
}

fn parse_list(text: &str) -> Result<Vec<Function>> {
    Ok(serde_json::from_str(text)?)
}

/// The path and the generated text of each document.
fn documents(workspace: &Workspace, awsec2: &Path) -> Result<[(&'static str, String); 4]> {
    let functions = functions_of(awsec2)?;
    Ok([
        ("README.md", readme::with_table(workspace, &table(&functions))?),
        ("docs/functions.md", functions_page(&functions)?),
        (FUNCTIONS_JSON, pretty(&functions)?),
        ("docs/iam-policy.json", process::stdout_of(Command::new(awsec2).arg("iam-policy"))?),
    ])
}

/// One table row per function.
fn table(functions: &[Function]) -> String {
    let row = |function: &Function| format!("| `{}` | {} |\n", function.name, table_cell(&function.summary));
    let rows: String = functions.iter().map(row).collect();
    format!("| Function | Does |\n|---|---|\n{rows}")
}

fn pretty(value: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string_pretty(value).context("writing JSON")?;
    Ok(text + "\n")
}

fn functions_page(functions: &[Function]) -> Result<String> {
    let mut page =
        String::from("<!-- Written by `cargo xtask codegen` from the functions' metadata. -->\n\n# Functions\n");
    for function in functions {
        write!(page, "\n## {}\n\n{}\n\n{}\n", function.name, function.summary, function.description.trim())?;
        if !function.arguments.is_empty() {
            page += "\n| Argument | Meaning |\n|---|---|\n";
        }
        for argument in &function.arguments {
            writeln!(page, "| {} | {} |", spelling(argument), table_cell(&meaning(argument)))?;
        }
        let optional = &function.optional_permissions;
        let is_optional = |action: &&String| optional.iter().any(|only| only.iam_actions.contains(action));
        let required = function.iam_actions.iter().filter(|action| !is_optional(action));
        write!(page, "\nIAM actions: {}.\n", quoted(required))?;
        if !optional.is_empty() {
            page += "\nOnly some jobs need these; `awsec2 iam-policy --with NAME` adds them to the policy:\n\n";
        }
        for only in optional {
            writeln!(page, "* `{}`, {}: {}", only.name, only.purpose, quoted(&only.iam_actions))?;
        }
    }
    Ok(page)
}

fn quoted<'a>(actions: impl IntoIterator<Item = &'a String>) -> String {
    actions.into_iter().map(|action| format!("`{action}`")).collect::<Vec<_>>().join(", ")
}

fn spelling(argument: &Argument) -> String {
    let value = argument.value_name.as_ref().map(|name| format!(" {name}")).unwrap_or_default();
    let mut text = format!("`--{}{value}`", argument.name);
    for alias in &argument.aliases {
        text += &format!(", also `--{alias}`");
    }
    text
}

fn meaning(argument: &Argument) -> String {
    let mut text = argument.help.clone();
    if argument.required {
        text += " Required.";
    }
    if argument.repeatable && !text.contains("Repeatable") {
        text += " Repeatable.";
    }
    if !argument.choices.is_empty() {
        text += &format!(" One of `{}`.", argument.choices.join("`, `"));
    }
    if let Some(default) = &argument.default {
        text += &format!(" Default: `{default}`.");
    }
    text
}

fn table_cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// The number of the first line that differs.
fn first_difference(there: &str, wanted: &str) -> Option<usize> {
    if there == wanted {
        return None;
    }
    let same = there.split('\n').zip(wanted.split('\n')).take_while(|(a, b)| a == b).count();
    Some(same + 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    pub fn list() -> Vec<Function> {
        let list = json!([{
            "name": "StopInstance", "summary": "Stops instances.", "description": "It stops them.",
            "arguments": [{
                "name": "tag-name", "aliases": ["tag"], "value_name": "NAME", "help": "Their name | tag.", "kind": "text",
                "required": false, "default": "web", "choices": [], "repeatable": true, "secret": false
            }],
            "examples": [{"about": "Stop one.", "arguments": ["--tag-name", "web"]}],
            "iam_actions": ["ec2:StopInstances", "ssm:GetParameters"],
            "optional_permissions": [{"name": "parameters", "purpose": "to read", "iam_actions": ["ssm:GetParameters"]}],
            "changes_resources": true, "crate": "stop-instance", "version": "0.1.0"
        }]);
        parse_list(&list.to_string()).unwrap()
    }

    #[test]
    fn the_page_describes_every_argument() {
        let page = functions_page(&list()).unwrap();
        assert!(page.contains("\n## StopInstance\n\nStops instances.\n\nIt stops them.\n"), "{page}");
        let row = "\n| `--tag-name NAME`, also `--tag` | Their name \\| tag. Repeatable. Default: `web`. |\n";
        assert!(page.contains(row), "{page}");
        assert!(page.contains("\nIAM actions: `ec2:StopInstances`.\n\nOnly some jobs need these; "), "{page}");
        assert!(page.ends_with(":\n\n* `parameters`, to read: `ssm:GetParameters`\n"), "{page}");
    }

    #[test]
    fn an_unknown_field_is_rejected() {
        let error = parse_list(r#"[{"name": "X", "color": "red"}]"#).unwrap_err();
        assert!(format!("{error:#}").contains("unknown field `color`"), "{error:#}");
    }

    #[test]
    fn the_first_line_that_differs_is_found() {
        assert_eq!(first_difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(first_difference("a\nb\n", "a\nc\n"), Some(2));
        assert_eq!(first_difference("", "a\n"), Some(1));
        assert_eq!(first_difference("a\n", "a\nb\n"), Some(2));
    }
}
