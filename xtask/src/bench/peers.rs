//! `cargo xtask bench peers`: compares jobs of the program with other programs that send the same calls.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};
use clap::{Arg, ArgAction, ArgMatches};

use super::measure::{Stopwatch, Usage, median};
use super::model::{self, Model, State};
use super::peer_programs::{self, Peer};
use super::program::{self, Program};
use super::runs::{runs, runs_argument};
use super::server::{Call, Server};
use super::table::{Table, mebibytes, milliseconds, times};
use crate::report;
use crate::workspace::Workspace;

const INSTANCES: usize = 10;
const OURS: &str = "awsec2";

/// A job, as arguments of the program and of the Go program.
struct Job {
    name: &'static str,
    function: &'static str,
    ids: bool,
}

const JOBS: [Job; 2] = [
    Job { name: "status", function: "GetInstanceStatusByTag", ids: false },
    Job { name: "stop", function: "StopInstance", ids: true },
];

impl Job {
    fn ours(&self, program: &Program, endpoint: &str) -> Command {
        let mut command = program.job(endpoint);
        command.arg(self.function);
        match self.ids {
            true => command.args(["--instance-id", &ids().join(",")]),
            false => command.args(["--tag-name", model::NAME]),
        };
        command
    }

    /// The input of the Go program.
    fn targets(&self) -> Vec<String> {
        if self.ids { ids() } else { vec![model::NAME.to_owned()] }
    }
}

fn ids() -> Vec<String> {
    (0..INSTANCES).map(model::id).collect()
}

/// A program with the command of one job, and the usage of its runs.
struct MeasuredProgram {
    name: &'static str,
    command: Command,
    runs: Vec<Usage>,
}

/// The command line of this task.
pub fn command() -> clap::Command {
    clap::Command::new("peers")
        .about("Compare jobs on ten instances with a Go program and curl that make the same calls: time, memory")
        .arg(program::argument())
        .arg(runs_argument("40"))
        .arg(
            Arg::new("without")
                .long("without")
                .value_name("PEER")
                .action(ArgAction::Append)
                .value_parser(Peer::ALL.map(Peer::name))
                .help("Leave a program out. Repeatable"),
        )
}

/// Runs the jobs and prints a table.
pub fn run(workspace: &Workspace, matches: &ArgMatches) -> Result<()> {
    let without: Vec<&String> = matches.get_many("without").into_iter().flatten().collect();
    let peers: Vec<Peer> =
        Peer::ALL.into_iter().filter(|peer| !without.iter().any(|name| *name == peer.name())).collect();
    peer_programs::ensure_found(&peer_programs::missing(&peers))?;
    let program = Program::from_matches(workspace, matches)?;
    let go = if peers.contains(&Peer::Go) { Some(peer_programs::build_go(workspace)?) } else { None };
    let (stopwatch, server) = (Stopwatch::build(workspace)?, Server::start()?);
    let runs = runs(matches);

    let mut table =
        Table::new(&["job", "program", "calls", "wall ms", "awsec2 to it", "CPU ms", "peak MiB", "awsec2 to it"]);
    for job in &JOBS {
        report::line(format_args!("{} of {INSTANCES} instances, {runs} runs of each program in turn", job.name));
        let (calls, mut measured_programs) =
            measured_programs(job, &program, &peers, go.as_ref(), &stopwatch, &server)?;
        for _ in 0..runs {
            for measured in &mut measured_programs {
                measured.runs.push(run_once(&measured.command, &stopwatch, &server)?);
            }
        }
        add_rows(&mut table, job, calls.len(), &measured_programs);
    }
    report::heading("Medians of a job, and the ratios of awsec2 to them");
    table.lines().iter().for_each(report::line);
    Ok(())
}

/// The programs, after one run each that verifies that all of them send the same calls.
fn measured_programs(
    job: &Job,
    program: &Program,
    peers: &[Peer],
    go: Option<&PathBuf>,
    stopwatch: &Stopwatch,
    server: &Server,
) -> Result<(Vec<Call>, Vec<MeasuredProgram>)> {
    let ours = job.ours(program, &server.url);
    run_once(&ours, stopwatch, server)?;
    let calls = server.calls();
    let mut measured_programs = vec![MeasuredProgram { name: OURS, command: ours, runs: Vec::new() }];
    for peer in peers {
        let command = match (peer, go) {
            (Peer::Go, Some(go)) => peer_programs::go_job(go, job.name, &server.url, &job.targets()),
            (Peer::Go, None) => continue,
            (Peer::Curl, _) => peer_programs::curl_job(&calls, &server.url),
        };
        run_once(&command, stopwatch, server)?;
        check_calls(job, peer.name(), &calls, &server.calls())?;
        measured_programs.push(MeasuredProgram { name: peer.name(), command, runs: Vec::new() });
    }
    Ok((calls, measured_programs))
}

fn run_once(command: &Command, stopwatch: &Stopwatch, server: &Server) -> Result<Usage> {
    server.reset(Model::new(INSTANCES, State::Running));
    stopwatch.run(command)
}

fn check_calls(job: &Job, peer: &str, ours: &[Call], theirs: &[Call]) -> Result<()> {
    let actions = |calls: &[Call]| calls.iter().map(|call| call.action.clone()).collect::<Vec<_>>().join(", ");
    let (ours, theirs) = (actions(ours), actions(theirs));
    ensure!(ours == theirs, "comparing the calls of {}: {OURS} makes {ours}, but {peer} {theirs}", job.name);
    Ok(())
}

fn add_rows(table: &mut Table, job: &Job, calls: usize, measured_programs: &[MeasuredProgram]) {
    let figure = |measured: &MeasuredProgram, figure| median(&measured.runs, figure);
    let (wall, cpu, peak) = (|usage: &Usage| usage.wall, |usage: &Usage| usage.cpu, |usage: &Usage| usage.peak);
    for measured in measured_programs {
        let ratio = |of| times(figure(&measured_programs[0], of), figure(measured, of));
        table.add(vec![
            job.name.to_owned(),
            measured.name.to_owned(),
            calls.to_string(),
            milliseconds(figure(measured, wall)),
            ratio(wall),
            milliseconds(figure(measured, cpu)),
            mebibytes(figure(measured, peak)),
            ratio(peak),
        ]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_with_other_calls_is_rejected() {
        let calls = |actions: &[&str]| -> Vec<Call> {
            actions.iter().map(|action| Call { action: (*action).to_owned(), body: "".into() }).collect()
        };
        let ours = calls(&["DescribeInstances", "StopInstances"]);
        assert!(check_calls(&JOBS[1], "go", &ours, &ours).is_ok());
        let error = check_calls(&JOBS[1], "go", &ours, &calls(&["StopInstances"])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "comparing the calls of stop: awsec2 makes DescribeInstances, StopInstances, but go StopInstances"
        );
    }
}
