//! `cargo xtask bench scale`: measures jobs on 1,000, 5,000, and 10,000 instances.

use std::fs;

use anyhow::{Context, Result, ensure};
use clap::{Arg, ArgAction, ArgMatches, Command};

use super::measure::{Stopwatch, Usage, median};
use super::model::{self, Model, State};
use super::program::{self, Program};
use super::runs::{runs, runs_argument};
use super::server::Server;
use super::table::{Table, mebibytes, milliseconds, times};
use crate::report;
use crate::workspace::Workspace;

const SIZES: [usize; 3] = [1_000, 5_000, 10_000];
/// With `--check`, the maximum CPU time of the largest size, relative to the smallest one.
const MAX_CPU_RATIO: f64 = 12.0;
/// The argument file with the IDs, and the argument that names it.
const IDS_FILE: &str = "ids.txt";
const IDS: &str = "@ids.txt";

/// A job on all instances.
struct Job {
    name: &'static str,
    arguments: &'static [&'static str],
    /// The initial state of its instances.
    before: State,
}

const JOBS: [Job; 4] = [
    Job { name: "status", arguments: &["GetInstanceStatusByTag", "--tag-name", model::NAME], before: State::Running },
    Job { name: "stop --wait", arguments: &["StopInstance", IDS, "--wait"], before: State::Running },
    Job { name: "start --wait", arguments: &["StartInstance", IDS, "--wait"], before: State::Stopped },
    Job { name: "terminate", arguments: &["TerminateInstance", IDS], before: State::Running },
];

/// The measurements of a job for one number of instances.
#[derive(Default)]
struct Series {
    calls: usize,
    runs: Vec<Usage>,
}

/// The command line of this task.
pub fn command() -> Command {
    Command::new("scale")
        .about("Measure jobs on 1,000, 5,000 and 10,000 instances: calls, CPU time, memory")
        .arg(program::argument())
        .arg(runs_argument("5"))
        .arg(Arg::new("check").long("check").action(ArgAction::SetTrue).help(format!(
            "Fail when the CPU time for {} instances is more than {MAX_CPU_RATIO} times that for {}",
            SIZES[SIZES.len() - 1],
            SIZES[0]
        )))
}

/// Runs the jobs and prints a table.
pub fn run(workspace: &Workspace, matches: &ArgMatches) -> Result<()> {
    let program = Program::from_matches(workspace, matches)?;
    compare(workspace, &program, runs(matches), matches.get_flag("check"))
}

/// Runs every job once with the release program, to count calls.
pub fn count_calls(workspace: &Workspace) -> Result<()> {
    compare(workspace, &Program::build(workspace)?, 1, false)
}

fn compare(workspace: &Workspace, program: &Program, runs: usize, check_cpu: bool) -> Result<()> {
    let (stopwatch, server) = (Stopwatch::build(workspace)?, Server::start()?);
    let mut measured = JOBS.map(|_| SIZES.map(|_| Series::default()));
    // Jobs are interleaved, so that other load on the machine affects all of them equally.
    for run in 1..=runs {
        report::line(format_args!("run {run} of {runs}"));
        for (job, of_job) in JOBS.iter().zip(&mut measured) {
            for (size, series) in SIZES.into_iter().zip(of_job) {
                let (calls, usage) = measure(job, size, program, &stopwatch, &server)?;
                series.calls = series.calls.max(calls);
                series.runs.push(usage);
            }
        }
    }
    print(&measured);
    let mut findings: Vec<String> =
        JOBS.iter().zip(&measured).flat_map(|(job, of_job)| too_many_calls(job, of_job)).collect();
    if check_cpu {
        findings.extend(JOBS.iter().zip(&measured).filter_map(|(job, of_job)| too_much_cpu(job, of_job)));
    }
    ensure!(findings.is_empty(), "comparing the sizes: {}", findings.join("; "));
    Ok(())
}

fn measure(
    job: &Job,
    size: usize,
    program: &Program,
    stopwatch: &Stopwatch,
    server: &Server,
) -> Result<(usize, Usage)> {
    let ids: String = (0..size).map(|number| format!("--instance-id\n{}\n", model::id(number))).collect();
    fs::write(stopwatch.folder().join(IDS_FILE), ids).context("writing the file with the ids")?;
    server.reset(Model::new(size, job.before));
    let usage = stopwatch.run(program.job(&server.url).args(job.arguments))?;
    Ok((server.calls().len(), usage))
}

fn print(measured: &[[Series; SIZES.len()]; JOBS.len()]) {
    let mut table = Table::new(&["job", "instances", "calls", "", "CPU ms", "", "peak MiB", ""]);
    for (job, of_job) in JOBS.iter().zip(measured) {
        let cpu = |series: &Series| median(&series.runs, |usage| usage.cpu);
        let peak = |series: &Series| median(&series.runs, |usage| usage.peak);
        let smallest = &of_job[0];
        for (size, series) in SIZES.into_iter().zip(of_job) {
            table.add(vec![
                job.name.to_owned(),
                size.to_string(),
                series.calls.to_string(),
                times(series.calls as f64, smallest.calls as f64),
                milliseconds(cpu(series)),
                times(cpu(series), cpu(smallest)),
                mebibytes(peak(series)),
                times(peak(series), peak(smallest)),
            ]);
        }
    }
    report::heading(format_args!("Medians of a job, and how many times those for {} instances", SIZES[0]));
    table.lines().iter().for_each(report::line);
}

/// The sizes with more calls than expected for their number of instances. Calls are counted, not timed, so this is
/// checked in every run.
fn too_many_calls(job: &Job, of_job: &[Series; SIZES.len()]) -> Vec<String> {
    let per_size = |size: usize| of_job[0].calls * size / SIZES[0];
    let counted = SIZES.into_iter().zip(of_job).map(|(size, series)| (size, series.calls, per_size(size)));
    let finding =
        |(size, calls, most)| format!("{} for {size} instances makes {calls} calls, more than {most}", job.name);
    counted.filter(|(_, calls, most)| calls > most).map(finding).collect()
}

fn too_much_cpu(job: &Job, of_job: &[Series; SIZES.len()]) -> Option<String> {
    let [smallest, .., largest] = of_job.each_ref().map(|series| median(&series.runs, |usage| usage.cpu));
    let ratio = largest / smallest;
    (ratio > MAX_CPU_RATIO)
        .then(|| format!("the CPU time of {} is {ratio:.1} times, more than {MAX_CPU_RATIO}", job.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(calls: [usize; 3], cpu: [f64; 3]) -> [Series; 3] {
        let series =
            |index: usize| Series { calls: calls[index], runs: vec![Usage { wall: 0.0, cpu: cpu[index], peak: 0.0 }] };
        [0, 1, 2].map(series)
    }

    #[test]
    fn calls_may_grow_as_the_instances_do_and_no_faster() {
        assert_eq!(too_many_calls(&JOBS[0], &series([11, 55, 110], [1.0; 3])), [""; 0]);
        assert_eq!(
            too_many_calls(&JOBS[0], &series([11, 55, 111], [1.0; 3])),
            ["status for 10000 instances makes 111 calls, more than 110"]
        );
    }

    #[test]
    fn cpu_time_beyond_the_bar_is_named() {
        assert_eq!(too_much_cpu(&JOBS[1], &series([1; 3], [1.0, 9.0, 12.0])), None);
        assert_eq!(
            too_much_cpu(&JOBS[1], &series([1; 3], [1.0, 9.0, 22.0])).unwrap(),
            "the CPU time of stop --wait is 22.0 times, more than 12"
        );
    }
}
