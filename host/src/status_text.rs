//! Short status texts next to a running job in OpCon, shown with a program of the agent.
//!
//! Source: "SMAStatus" in the documentation of the Windows agent, `sma_status` in that of the UNIX agent. A text has at
//! most 20 characters. Nothing here ever fails a job.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// The most characters that OpCon shows.
const LONGEST: usize = 20;
/// The variable with the folder of the agent, and the name of its program for status texts.
const AGENTS: [(&str, &str); 2] = [("SMA_MSLSAM_ROOT_DIRECTORY", "SMAStatus.exe"), ("SMA_BINDIR", "sma_status")];

/// The agent's program for status texts.
pub struct StatusText {
    program: PathBuf,
    shown: Mutex<Shown>,
}

#[derive(Default)]
struct Shown {
    text: String,
    running: Vec<Child>,
}

impl StatusText {
    /// The program of the agent that started this job; the error says why there is none.
    pub fn of_agent() -> Result<Self, String> {
        let mut named = AGENTS.iter().filter_map(|(variable, program)| Some((env::var_os(variable)?, program)));
        let Some((folder, program)) = named.next() else {
            let variables = AGENTS.map(|(variable, _)| variable).join(" nor ");
            return Err(format!("the job was not started by an OpCon agent: neither {variables} is set"));
        };
        let program = Path::new(&folder).join(program);
        if !program.is_file() {
            return Err(format!("the agent has no {}", program.display()));
        }
        Ok(StatusText { program, shown: Mutex::default() })
    }

    /// Hands over a text, unless it is the one shown. The job does not wait for the agent's program.
    pub fn show(&self, text: &str) {
        let text: String = text.chars().take(LONGEST).collect();
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.running.retain_mut(|child| matches!(child.try_wait(), Ok(None)));
        if shown.text == text {
            return;
        }
        let started = Command::new(&self.program)
            .arg(&text)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match started {
            Ok(child) => shown.running.push(child),
            Err(error) => tracing::debug!("{}: {error}", self.program.display()),
        }
        shown.text = text;
    }
}
