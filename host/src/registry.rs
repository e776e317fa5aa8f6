//! The registry of all functions linked into the program, checked for missing and duplicate functions.

use std::collections::BTreeMap;

use connector_sdk::{Error, ErrorKind, Registration, Result, operations};
use functions::LINKED;

use crate::settings::COMMON;

/// The functions of this program, sorted by name.
pub struct Registry {
    registrations: Vec<&'static Registration>,
    /// The names of the administrator commands, which are reserved.
    commands: Vec<&'static str>,
}

impl Registry {
    /// Collects the functions registered at link time. `own` contains the additional crates that the program links, by
    /// their names in source code. `commands` are the administrator commands.
    ///
    /// # Errors
    /// [`ErrorKind::Bug`] if a linked crate registered nothing, two functions have the same name, a function has the
    /// name of a command, or arguments conflict. These are defects of the build and must not appear as an unknown
    /// function or option.
    pub fn load_with(own: &[&str], commands: Vec<&'static str>) -> Result<Self> {
        Self::check(operations(), &[LINKED, own].concat(), commands).map_err(|defect| {
            Error::new(ErrorKind::Bug, defect)
                .doing("collecting the functions")
                .hint("correct the functions, and build the program again")
        })
    }

    /// The functions of the connector only.
    #[cfg(test)]
    pub fn load() -> Result<Self> {
        Self::load_with(&[], Vec::new())
    }

    fn check(
        registrations: Vec<&'static Registration>,
        linked: &[&str],
        commands: Vec<&'static str>,
    ) -> Result<Self, String> {
        let is_named = |found: &Registration, name: &str| found.crate_name.replace('-', "_") == name.replace('-', "_");
        let silent = linked.iter().find(|name| !registrations.iter().any(|found| is_named(found, name)));
        if let Some(silent) = silent {
            return Err(format!("the crate {silent} is linked but has registered no function"));
        }
        let mut seen = BTreeMap::new();
        for found in &registrations {
            if let Some(first) = seen.insert(kebab_case(found.operation.meta().name), found) {
                let places = format!("{}:{} and {}:{}", first.file, first.line, found.file, found.line);
                return Err(format!("{} is registered twice: {places}", found.operation.meta().name));
            }
        }
        if let Some(taken) = commands.iter().find(|command| seen.contains_key(**command)) {
            return Err(format!("a function has the name of the administrator command {taken}"));
        }
        let mut options = Options::common();
        for meta in registrations.iter().map(|found| found.operation.meta()) {
            for spec in meta.all_arguments() {
                spec.names().try_for_each(|name| options.add(meta.name, name, spec.is_flag()))?;
            }
        }
        Ok(Registry { registrations, commands })
    }

    /// All functions, sorted by name.
    pub fn all(&self) -> &[&'static Registration] {
        &self.registrations
    }

    /// The function with this name, as `StartInstance` or `start-instance`.
    pub fn find(&self, name: &str) -> Option<&'static Registration> {
        let named = |found: &&&Registration| {
            let full = found.operation.meta().name;
            full == name || kebab_case(full) == name
        };
        self.registrations.iter().find(named).copied()
    }

    /// Whether an administrator command has this name.
    pub fn is_command(&self, name: &str) -> bool {
        self.commands.contains(&name)
    }

    /// The names most similar to this one, best match first, among functions and other names.
    pub fn nearest(&self, name: &str, others: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
        const MIN_SIMILARITY: f64 = 0.8;
        let likeness = |full: &str| strsim::jaro_winkler(&name.to_lowercase(), &full.to_lowercase());
        let names = self.registrations.iter().map(|found| found.operation.meta().name).chain(others);
        let mut near: Vec<_> =
            names.map(|full| (likeness(full), full)).filter(|(likeness, _)| *likeness > MIN_SIMILARITY).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        near.into_iter().map(|(_, full)| full).take(3).collect()
    }
}

/// Checks that an argument name is a flag everywhere or nowhere. The command line is split into options and values
/// before the function is known, so a name must have the same type in all functions.
struct Options {
    seen: BTreeMap<&'static str, (Option<&'static str>, bool)>,
}

impl Options {
    /// The common arguments.
    fn common() -> Self {
        let common = COMMON.iter().flat_map(|spec| spec.names().map(|name| (name, spec.is_flag())));
        let all = common.chain(["help", "list", "version"].map(|name| (name, true)));
        Options { seen: all.map(|(name, is_flag)| (name, (None, is_flag))).collect() }
    }

    fn add(&mut self, function: &'static str, name: &'static str, is_flag: bool) -> Result<(), String> {
        match *self.seen.entry(name).or_insert((Some(function), is_flag)) {
            (None, _) => Err(format!("{function} has an argument {name}, which is a common argument")),
            (Some(first), known) if known != is_flag => Err(format!(
                "the argument {name} takes a value in one of {first} and {function}, and none in the other"
            )),
            _ => Ok(()),
        }
    }
}

/// Converts `StartInstance` to `start-instance`.
pub fn kebab_case(name: &str) -> String {
    let mut kebab = String::with_capacity(name.len() + 4);
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            kebab.push('-');
        }
        kebab.push(letter.to_ascii_lowercase());
    }
    kebab
}

#[cfg(test)]
mod tests;
