//! Displays short status texts for a running job in OpCon, with a tool of the agent.
//!
//! Source: "SMAStatus" in the documentation of the Windows agent, `sma_status` in the documentation of the UNIX agent.
//! A text has at most 20 characters. Errors never fail a job.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// The maximum number of characters that OpCon displays.
const MAX_CHARS: usize = 20;
/// The environment variable with the folder of the agent, and the name of its tool for status texts.
const AGENTS: [(&str, &str); 2] = [("SMA_MSLSAM_ROOT_DIRECTORY", "SMAStatus.exe"), ("SMA_BINDIR", "sma_status")];

/// The agent's tool for status texts.
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
    /// The tool of the agent that started this job. The error describes why it is not available.
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

    /// Sends a text, unless it is already displayed. The job does not wait for the tool.
    pub fn show(&self, text: &str) {
        let text: String = text.chars().take(MAX_CHARS).collect();
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
