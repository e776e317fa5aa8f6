//! Measures the run of a program: wall time, CPU time, and memory.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tempfile::TempDir;

use crate::process;
use crate::workspace::Workspace;

/// The number of output lines of a failed run to display.
const TAIL_LINES: usize = 20;

/// The resource usage of one run.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Wall time, in seconds.
    pub wall: f64,
    /// User and system time, in seconds.
    pub cpu: f64,
    /// The maximum resident memory, in bytes.
    pub peak: f64,
}

/// The output of `measure`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Report {
    wall: f64,
    cpu: f64,
    peak: f64,
    exit_code: Option<i32>,
}

/// Measures programs in an empty folder, without AWS settings of this machine.
pub struct Stopwatch {
    program: PathBuf,
    folder: TempDir,
}

impl Stopwatch {
    /// Builds the measuring program.
    pub fn build(workspace: &Workspace) -> Result<Self> {
        let arguments = ["build", "--quiet", "--package", "xtask", "--bin", "measure"];
        process::run(process::cargo().args(arguments).current_dir(&workspace.root))?;
        let folder = tempfile::tempdir().context("creating a folder for the runs")?;
        Ok(Self { program: workspace.program("debug", "measure"), folder })
    }

    /// The working folder of the runs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the program with its arguments and variables.
    ///
    /// # Errors
    /// It cannot be started, or ends with a nonzero exit code. The error contains the end of its output.
    pub fn run(&self, command: &Command) -> Result<Usage> {
        let shown = process::command_line(command);
        let (report, output) = (self.folder().join("report.json"), self.folder().join("output.txt"));
        let mut measured = Command::new(&self.program);
        process::isolate(&mut measured)
            .args([&report, &output])
            .arg(command.get_program())
            .args(command.get_args())
            .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env("HOME", self.folder())
            .current_dir(self.folder());
        process::stdout_of(&mut measured)?;
        let text = fs::read_to_string(&report).with_context(|| format!("reading {}", report.display()))?;
        let Report { wall, cpu, peak, exit_code } = serde_json::from_str(&text).context("reading what was measured")?;
        if exit_code != Some(0) {
            let code = exit_code.map_or("a signal".to_owned(), |code| format!("exit code {code}"));
            bail!("running {shown}: it ended with {code}:\n{}", tail(&fs::read_to_string(&output).unwrap_or_default()));
        }
        Ok(Usage { wall, cpu, peak })
    }
}

fn tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// The median of a figure over several runs. For an even number of runs, the lower of the two middle values.
pub fn median(runs: &[Usage], figure: fn(&Usage) -> f64) -> f64 {
    let mut figures: Vec<f64> = runs.iter().map(figure).collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len().saturating_sub(1) / 2).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_one_in_the_middle() {
        let runs = |figures: &[f64]| -> Vec<Usage> {
            figures.iter().map(|figure| Usage { wall: *figure, cpu: 0.0, peak: 0.0 }).collect()
        };
        assert!((median(&runs(&[9.0, 1.0, 2.0]), |usage| usage.wall) - 2.0).abs() < f64::EPSILON);
        assert!((median(&runs(&[4.0, 3.0, 2.0, 1.0]), |usage| usage.wall) - 2.0).abs() < f64::EPSILON);
        assert!(median(&[], |usage| usage.wall).abs() < f64::EPSILON);
    }

    #[test]
    fn the_tail_is_the_last_lines() {
        let text: String = (1..=30).map(|line| format!("{line}\n")).collect();
        assert!(tail(&text).starts_with("11\n") && tail(&text).ends_with("\n30"));
        assert_eq!(tail("one\n"), "one");
    }
}
