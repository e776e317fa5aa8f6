//! Runs the jobs of filled-in forms on the test bed.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value};

use super::form::Form;
use super::values::Values;
use super::world::World;
use crate::codegen;
use crate::process;
use crate::test_bed::{REGION, TestBed, USER_ID};

/// The data script in examples.
const DATA_SCRIPT: &str = "lists.txt";

/// Runs the jobs.
pub struct Jobs<'a> {
    /// The values for the forms.
    pub values: Values,
    awsec2: &'a Path,
    bed: &'a TestBed,
    folder: PathBuf,
    changing: BTreeSet<String>,
}

impl<'a> Jobs<'a> {
    /// Creates the resources that the jobs need.
    pub fn prepare(awsec2: &'a Path, bed: &'a TestBed) -> Result<Self> {
        let folder = bed.folder().join("jobs");
        fs::create_dir(&folder).with_context(|| format!("creating {}", folder.display()))?;
        let lists = format!("IMAGE An image : {}\nSIZE t3.micro\nREGION US_EAST_1\n", bed.addresses.image_id);
        fs::write(folder.join(DATA_SCRIPT), lists).with_context(|| format!("writing {DATA_SCRIPT}"))?;

        let functions = codegen::functions_of(awsec2)?;
        let changing = functions.iter().filter(|function| function.changes_resources);
        let changing = changing.map(|function| function.name.clone()).collect();
        let world = World::prepare(&bed.addresses, DATA_SCRIPT, &functions)?;
        let values = Values::new(functions, world);
        Ok(Self { values, awsec2, bed, folder, changing })
    }

    /// Runs the job of a filled-in form, as a dry run if it would change something, and returns its verdict.
    pub fn run(&self, form: &Form, form_data: &Map<String, Value>) -> Result<String> {
        let text = serde_json::to_string_pretty(form_data).context("writing JSON")?;
        let file = self.folder.join(format!("{}.json", form.function));
        fs::write(&file, &text).with_context(|| format!("writing {}", file.display()))?;

        let mut command = job(self.awsec2, self.bed, &self.folder, ["run-form".as_ref(), file.as_os_str()]);
        command.args(missing_arguments(form_data));
        if self.changing.contains(&form.function) {
            command.arg("--dry-run");
        }
        let shown = process::command_line(&command);
        let output = command.output().with_context(|| format!("starting {shown}"))?;
        if output.status.code() != Some(0) {
            bail!("{shown}: {}\n{text}\n{}", output.status, all_of(&output));
        }
        Ok(last_line(&output))
    }
}

/// A job: the program with these arguments, and the arguments that direct it to the test bed.
fn job(awsec2: &Path, bed: &TestBed, folder: &Path, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(awsec2);
    process::isolate(&mut command)
        .args(arguments)
        .args(["--endpoint-url", &bed.addresses.ec2_endpoint, "--config"])
        .arg(&bed.addresses.config)
        .args(["--log-dir", "log"])
        .current_dir(folder);
    command
}

/// The required arguments of a job, unless the form contains them.
fn missing_arguments(form_data: &Map<String, Value>) -> impl Iterator<Item = &'static str> {
    let arguments = [("userId", ["--user-id", USER_ID]), ("region", ["--region", REGION])];
    arguments.into_iter().filter(|(property, _)| !form_data.contains_key(*property)).flat_map(|(_, words)| words)
}

fn all_of(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr[..]].concat()).into_owned()
}

/// The verdict line of a job.
fn last_line(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).lines().next_back().unwrap_or("exit code 0").to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_in_the_form_are_not_repeated() {
        let arguments = |form_data: Value| missing_arguments(form_data.as_object().unwrap()).collect::<Vec<_>>();
        assert_eq!(arguments(json!({})), ["--user-id", "USER1", "--region", "us-east-1"]);
        assert_eq!(arguments(json!({"region": "EU_WEST_1"})), ["--user-id", "USER1"]);
        assert_eq!(arguments(json!({"region": "EU_WEST_1", "userId": "USER1"})), [""; 0]);
    }
}
