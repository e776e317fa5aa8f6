//! Fills in forms in a browser with `xtask/forms/fill.mjs`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::page::Page;
use super::tools::Tools;
use super::values::Entry;
use crate::process;

/// One way to fill in a form.
#[derive(Serialize)]
pub struct Filling {
    /// A description of the selected choices.
    #[serde(skip)]
    pub about: String,
    /// The field values by name, or `None` to submit the untouched form.
    pub fields: Option<BTreeMap<String, Entry>>,
    /// The names of the fields on which other fields depend.
    pub first: Vec<String>,
    /// The path of the screenshot.
    pub screenshot: Option<PathBuf>,
}

impl Filling {
    /// Submits the untouched form.
    pub fn untouched() -> Self {
        Self { about: "untouched".to_owned(), fields: None, first: Vec::new(), screenshot: None }
    }
}

/// The result of filling in a form.
#[derive(Deserialize)]
pub struct Outcome {
    /// The filled-in fields, in order.
    pub filled: Vec<String>,
    /// The result of Submit.
    #[serde(flatten)]
    pub submitted: Submitted,
}

/// The result of Submit.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Submitted {
    /// The form was accepted, with this data.
    FormData(Map<String, Value>),
    /// The form was rejected, with these messages.
    Errors(Vec<String>),
    /// The form could not be filled in, or the page reported an error.
    Failure(String),
}

#[derive(Serialize)]
struct Task<'a> {
    chromium: &'a Path,
    page: PathBuf,
    forms: &'a Path,
    fillings: &'a [Vec<Filling>],
}

/// Fills in the forms of the file `forms` in a browser. `folder` is for a temporary file.
pub fn fill_in(
    tools: &Tools,
    page: &Page,
    forms: &Path,
    fillings: &[Vec<Filling>],
    folder: &Path,
) -> Result<Vec<Vec<Outcome>>> {
    let task = Task { chromium: &tools.chromium, page: page.path("page.html"), forms, fillings };
    let file = folder.join("fill.json");
    let text = serde_json::to_string_pretty(&task).context("writing JSON")?;
    fs::write(&file, text).with_context(|| format!("writing {}", file.display()))?;

    let mut command = tools.node();
    process::isolate(&mut command).arg(page.path("fill.mjs")).arg(file);
    let outcomes = process::stdout_of(&mut command).context("filling in forms")?;
    serde_json::from_str(&outcomes).context("reading the results of the forms")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn submitted(text: &str) -> Submitted {
        serde_json::from_str::<Outcome>(text).unwrap().submitted
    }

    #[test]
    fn the_three_outcomes_are_distinguished() {
        let accepted = submitted(r#"{"filled": ["wait"], "formData": {"wait": true}}"#);
        assert!(matches!(accepted, Submitted::FormData(data) if data["wait"] == true));
        let refused = submitted(r#"{"filled": [], "errors": ["a is missing"]}"#);
        assert!(matches!(refused, Submitted::Errors(errors) if errors == ["a is missing"]));
        let failed = submitted(r#"{"filled": [], "failure": "no button"}"#);
        assert!(matches!(failed, Submitted::Failure(failure) if failure == "no button"));
    }
}
