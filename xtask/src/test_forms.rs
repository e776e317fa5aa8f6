//! `cargo xtask test-forms`: fills in every job form in a browser, and runs the resulting jobs.

mod browser;
mod form;
mod jobs;
mod page;
mod tools;
mod values;
mod world;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use clap::ArgMatches;
use serde_json::{Map, Value};

use crate::process;
use crate::report;
use crate::test_bed::TestBed;
use crate::workspace::Workspace;
use browser::{Filling, Outcome, Submitted};
use form::{Choices, Form};
use jobs::Jobs;
use page::Page;
use tools::Tools;
use values::Values;

/// The command line of this task.
pub fn command() -> clap::Command {
    clap::Command::new("test-forms").about("Fill in every job form in a browser, and run its jobs on the test bed")
}

/// Runs the test.
pub fn run(workspace: &Workspace, _: &ArgMatches) -> Result<()> {
    run_test(workspace)
}

/// Builds the program, fills in its forms, and runs their jobs on a new test bed.
pub fn run_test(workspace: &Workspace) -> Result<()> {
    let tools = Tools::find()?;
    let awsec2 = workspace.build("awsec2")?;
    let page = Page::build(workspace, &tools)?;
    let file = page.path("forms.json");
    let forms = write_forms(&awsec2, &file)?;
    let screenshots = page.path("screenshots");
    create_empty(&screenshots)?;

    let bed = TestBed::start(workspace)?;
    let jobs = Jobs::prepare(&awsec2, &bed)?;
    let fillings =
        forms.iter().map(|form| fillings(form, &jobs.values, &screenshots)).collect::<Result<Vec<Vec<Filling>>>>()?;
    report::line("filling in the forms");
    let outcomes = browser::fill_in(&tools, &page, &file, &fillings, bed.folder())?;
    for ((form, fillings), outcomes) in forms.iter().zip(&fillings).zip(outcomes) {
        report::heading(&form.function);
        check(form, fillings, outcomes, &jobs).with_context(|| format!("testing the form {}", form.function))?;
    }
    report::line(format_args!("\nAll forms succeeded. Screenshots: {}", screenshots.display()));
    Ok(())
}

/// Passes the text of the forms to the browser unparsed, because parsing would lose the order of properties.
fn write_forms(awsec2: &Path, file: &Path) -> Result<Vec<Form>> {
    let text = process::stdout_of(Command::new(awsec2).arg("forms"))?;
    fs::write(file, &text).with_context(|| format!("writing {}", file.display()))?;
    let forms: Vec<Form> = serde_json::from_str(&text).context("reading the output of awsec2 forms")?;
    ensure!(!forms.is_empty(), "reading the output of awsec2 forms: there is no form");
    Ok(forms)
}

fn create_empty(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("removing {}", folder.display()))?;
    }
    fs::create_dir(folder).with_context(|| format!("creating {}", folder.display()))
}

/// The untouched form, and one filled-in form for each choice.
fn fillings(form: &Form, values: &Values, screenshots: &Path) -> Result<Vec<Filling>> {
    let mut fillings = vec![Filling::untouched()];
    for (number, choices) in (1..).zip(form.choices()?) {
        let screenshot = screenshots.join(format!("{}-{number}.png", form.function));
        let filling = filling(form, &choices, values, screenshot);
        fillings.push(filling.with_context(|| format!("filling in the form {}", form.function))?);
    }
    Ok(fillings)
}

fn filling(form: &Form, choices: &Choices, values: &Values, screenshot: PathBuf) -> Result<Filling> {
    let mut fields = BTreeMap::new();
    for field in form.fields()?.iter().filter(|field| field.is_shown_with(choices)) {
        fields.insert(field.name.to_owned(), values.entry(form, field, choices)?);
    }
    let about: Vec<String> = choices.iter().map(|(name, value)| format!("{name} {}", form::shown(value))).collect();
    let about = if about.is_empty() { "filled in".to_owned() } else { about.join(", ") };
    Ok(Filling { about, fields: Some(fields), first: choices.keys().cloned().collect(), screenshot: Some(screenshot) })
}

fn check(form: &Form, fillings: &[Filling], outcomes: Vec<Outcome>, jobs: &Jobs<'_>) -> Result<()> {
    let mut missing: Vec<&str> = form.fields()?.iter().map(|field| field.name).collect();
    for (filling, outcome) in fillings.iter().zip(outcomes) {
        let Outcome { filled, submitted } = outcome;
        missing.retain(|name| !filled.iter().any(|filled| filled == name));
        let result = match &filling.fields {
            None => check_untouched(form, submitted),
            Some(_) => accepted(filling, &filled, submitted).and_then(|form_data| jobs.run(form, &form_data)),
        };
        let result = result.with_context(|| filling.about.clone())?;
        report::line(format_args!("{}: {result}", filling.about));
        if !filled.is_empty() {
            report::line(format_args!("  {} fields: {}", filled.len(), filled.join(", ")));
        }
    }
    ensure!(missing.is_empty(), "no choice shows the fields {}", missing.join(", "));
    Ok(())
}

/// Checks that a form is rejected if and only if a required value is missing.
fn check_untouched(form: &Form, submitted: Submitted) -> Result<String> {
    match (form.is_incomplete_untouched(), submitted) {
        (true, Submitted::Errors(errors)) => Ok(format!("refused as expected: {}", errors.join("; "))),
        (true, Submitted::FormData(_)) => bail!("accepted, although required fields are empty"),
        (false, Submitted::FormData(_)) => Ok("accepted, since nothing more is required".to_owned()),
        (false, Submitted::Errors(errors)) => bail!("refused: {}", errors.join("; ")),
        (_, Submitted::Failure(failure)) => bail!(failure),
    }
}

/// Checks that the form data matches the entered values.
fn accepted(filling: &Filling, filled: &[String], submitted: Submitted) -> Result<Map<String, Value>> {
    let form_data = match submitted {
        Submitted::FormData(form_data) => form_data,
        Submitted::Errors(errors) => bail!("refused: {}", errors.join("; ")),
        Submitted::Failure(failure) => bail!(failure),
    };
    for name in filled {
        let wanted = filling.fields.as_ref().and_then(|fields| fields.get(name)).map(|entry| &entry.value);
        let held = form_data.get(name);
        ensure!(held == wanted, "the field {name} holds {}", held.map_or_else(|| "nothing".to_owned(), form::shown));
    }
    Ok(form_data)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::values::Entry;
    use super::*;

    fn form(default: Value) -> Form {
        let property = json!({"type": "string", "default": default});
        let schema = json!({"properties": {"a": property}, "required": ["a", "b"]});
        serde_json::from_value(json!({"function": "StopInstance", "schema": schema, "uiSchema": {}})).unwrap()
    }

    fn data(value: Value) -> Submitted {
        serde_json::from_value(json!({"formData": value})).unwrap()
    }

    fn refused() -> Submitted {
        Submitted::Errors(vec!["must have required property 'b'".to_owned()])
    }

    #[test]
    fn an_untouched_form_must_be_refused_when_it_lacks_something() {
        let incomplete = form(json!("x"));
        assert!(check_untouched(&incomplete, refused()).unwrap().ends_with("must have required property 'b'"));
        let error = check_untouched(&incomplete, data(json!({}))).unwrap_err();
        assert_eq!(error.to_string(), "accepted, although required fields are empty");
        assert!(check_untouched(&incomplete, Submitted::Failure("no button".to_owned())).is_err());
    }

    #[test]
    fn the_form_data_must_match_the_entered_values() {
        let fields = BTreeMap::from([("a".to_owned(), Entry { value: json!("x"), label: Value::Null })]);
        let filling = Filling { fields: Some(fields), ..Filling::untouched() };
        let filled = ["a".to_owned()];
        assert!(accepted(&filling, &filled, data(json!({"a": "x", "function": "StopInstance"}))).is_ok());
        let error = |submitted| accepted(&filling, &filled, submitted).unwrap_err().to_string();
        assert_eq!(error(data(json!({"a": "y"}))), "the field a holds y");
        assert_eq!(error(data(json!({}))), "the field a holds nothing");
        assert_eq!(error(refused()), "refused: must have required property 'b'");
    }
}
