//! Reads the functions of the program from its own output, so that no test contains a list of them.

use std::sync::OnceLock;

use serde::Deserialize;

use super::Program;

/// A function, as described by `--list --output json`.
#[derive(Debug, Deserialize)]
pub struct Function {
    pub name: String,
    pub summary: String,
    pub arguments: Vec<Argument>,
    pub examples: Vec<Example>,
    /// All IAM actions that it may need.
    pub iam_actions: Vec<String>,
    pub optional_permissions: Vec<OptionalPermission>,
    pub changes_resources: bool,
    #[serde(rename = "crate")]
    pub package: String,
}

/// Permissions that only some jobs of a function need.
#[derive(Debug, Deserialize)]
pub struct OptionalPermission {
    pub name: String,
    pub iam_actions: Vec<String>,
}

/// An argument of a function.
#[derive(Debug, Deserialize)]
pub struct Argument {
    pub name: String,
    pub aliases: Vec<String>,
    /// `None` for a flag.
    pub value_name: Option<String>,
    pub help: String,
    pub default: Option<String>,
    /// The possible values, if there is a choice.
    pub choices: Vec<String>,
    pub secret: bool,
}

/// An example command line.
#[derive(Debug, Deserialize)]
pub struct Example {
    pub about: String,
    /// The arguments after the function name.
    pub arguments: Vec<String>,
}

impl Function {
    /// The IAM actions that every job of it may need.
    pub fn required_actions(&self) -> impl Iterator<Item = &str> {
        let optional = |action: &&str| {
            self.optional_permissions.iter().any(|only| only.iam_actions.iter().any(|other| other == action))
        };
        self.iam_actions.iter().map(String::as_str).filter(move |action| !optional(action))
    }

    /// The argument with this name or alias.
    pub fn argument(&self, name: &str) -> Option<&Argument> {
        self.arguments
            .iter()
            .find(|argument| argument.name == name || argument.aliases.iter().any(|alias| alias == name))
    }
}

/// All functions of the program, sorted by name.
pub fn functions() -> &'static [Function] {
    static FUNCTIONS: OnceLock<Vec<Function>> = OnceLock::new();
    FUNCTIONS.get_or_init(|| {
        let list = Program::new().run_bare(&["--list", "--output", "json"]).expect_code(0);
        let functions: Vec<Function> = serde_json::from_str(&list.stdout).unwrap();
        assert!(!functions.is_empty(), "a program without functions proves nothing");
        functions
    })
}

/// The names of all administrator commands, in the order of the program's help.
pub fn administrator_commands() -> &'static [String] {
    static COMMANDS: OnceLock<Vec<String>> = OnceLock::new();
    COMMANDS.get_or_init(|| {
        let help = Program::new().run_bare(&["--help"]).expect_code(0).stdout;
        let (_, commands) = help.split_once("\nCommands for administrators:\n").unwrap();
        let names = commands.lines().filter_map(|line| line.strip_prefix("  ")?.split_once(' '));
        let names: Vec<String> = names.map(|(name, _)| name.to_owned()).collect();
        assert!(!names.is_empty(), "{help}");
        names
    })
}
