//! The functions linked into this program, checked: none is missing, none is there twice.

use std::collections::BTreeMap;

use connector_sdk::{Error, ErrorKind, Registration, Result, operations};
use functions::LINKED;

/// The functions of this program, sorted by name.
pub struct Registry {
    registrations: Vec<&'static Registration>,
}

impl Registry {
    /// Collects what was registered at link time.
    ///
    /// # Errors
    /// [`ErrorKind::Bug`] when a linked crate has registered nothing, or two functions have one name: a defect of the
    /// build, which must not show as an unknown function.
    pub fn load() -> Result<Self> {
        Self::check(operations(), LINKED).map_err(|defect| {
            Error::new(ErrorKind::Bug, defect).doing("collecting the functions").hint("this program was built wrongly")
        })
    }

    fn check(registrations: Vec<&'static Registration>, linked: &[&str]) -> Result<Self, String> {
        let silent = linked.iter().find(|name| !registrations.iter().any(|found| found.crate_name == **name));
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
        Ok(Registry { registrations })
    }

    /// All functions, sorted by name.
    pub fn all(&self) -> &[&'static Registration] {
        &self.registrations
    }

    /// The function of that name, in the form `StartInstance` or `start-instance`.
    pub fn find(&self, name: &str) -> Option<&'static Registration> {
        let named = |found: &&&Registration| {
            let full = found.operation.meta().name;
            full == name || kebab_case(full) == name
        };
        self.registrations.iter().find(named).copied()
    }

    /// The names most like this one, the nearest first, of functions and of what else there is.
    pub fn nearest(&self, name: &str, others: impl Iterator<Item = &'static str>) -> Vec<&'static str> {
        const ALIKE: f64 = 0.8;
        let likeness = |full: &str| strsim::jaro_winkler(&name.to_lowercase(), &full.to_lowercase());
        let names = self.registrations.iter().map(|found| found.operation.meta().name).chain(others);
        let mut near: Vec<_> =
            names.map(|full| (likeness(full), full)).filter(|(likeness, _)| *likeness > ALIKE).collect();
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        near.into_iter().map(|(_, full)| full).take(3).collect()
    }
}

/// `StartInstance` as `start-instance`.
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
