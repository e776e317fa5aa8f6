//! Displays short status texts for a running job in OpCon, with a tool of the agent.
//!
//! Source: "SMAStatus" in the documentation of the Windows agent, `sma_status` in the documentation of the UNIX agent.
//! A text has at most 20 characters. Errors never fail a job.
//!
//! The tool runs once for each text, one process after the other, so that no text overtakes another. While it runs, only
//! the latest text waits.

mod environment;

use std::env;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The maximum number of characters that OpCon displays.
const MAX_CHARS: usize = 20;
/// The environment variable with the folder of the agent, and the name of its tool for status texts.
const AGENTS: [(&str, &str); 2] = [("SMA_MSLSAM_ROOT_DIRECTORY", "SMAStatus.exe"), ("SMA_BINDIR", "sma_status")];
/// How long the job waits for the tool at its end: for one with an earlier text, and in all.
const WAIT_AT_THE_END: (Duration, Duration) = (Duration::from_millis(1500), Duration::from_secs(2));
/// How often a running tool is polled, because processes cannot be waited for with a limit.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The agent's tool for status texts.
pub struct StatusText {
    queue: Arc<Queue>,
}

/// Starts the tool with a text.
type Start = dyn Fn(&str) -> io::Result<Child> + Send + Sync;

/// What the job and the thread that runs the tool share.
struct Queue {
    start: Box<Start>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    /// The text that was requested last.
    latest: String,
    /// The text for which the tool was not started yet.
    waiting: Option<String>,
    /// Whether the tool is being started.
    is_starting: bool,
    running: Option<Child>,
    has_ended: bool,
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
        Self::new(move |text| start(&program, text)).map_err(|error| error.to_string())
    }

    fn new(start: impl Fn(&str) -> io::Result<Child> + Send + Sync + 'static) -> io::Result<Self> {
        let queue = Arc::new(Queue { start: Box::new(start), state: Mutex::default(), changed: Condvar::new() });
        let of_thread = queue.clone();
        thread::Builder::new().name("status texts".to_owned()).spawn(move || of_thread.run())?;
        Ok(StatusText { queue })
    }

    /// Sends a text, unless it is already displayed. The job does not wait for the tool.
    pub fn show(&self, text: &str) {
        self.queue.request(text, false);
    }

    /// Sends the last text of the job, and waits for the tool for at most two seconds. A tool that still has an earlier
    /// text after 1.5 seconds is ended, and the job does not wait for the one with the last text.
    pub fn finish(&self, text: &str) {
        let (for_earlier, in_all) = WAIT_AT_THE_END;
        self.finish_within(text, for_earlier, in_all);
    }

    fn finish_within(&self, text: &str, for_earlier: Duration, in_all: Duration) {
        self.queue.request(text, true);
        let start = Instant::now();
        let mut state = self.queue.lock();
        while !state.is_idle() {
            let elapsed = start.elapsed();
            // Until a tool is started it cannot be ended, and could overtake the last text.
            let limit = if state.is_starting { in_all } else { for_earlier };
            if elapsed >= limit {
                self.queue.start_last(&mut state);
                return;
            }
            let waited = self.queue.changed.wait_timeout(state, limit - elapsed);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl State {
    fn is_idle(&self) -> bool {
        self.waiting.is_none() && !self.is_starting && self.running.is_none()
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn request(&self, text: &str, is_last: bool) {
        let text: String = text.chars().take(MAX_CHARS).collect();
        let mut state = self.lock();
        if state.latest != text {
            state.latest.clone_from(&text);
            state.waiting = Some(text);
        }
        state.has_ended |= is_last;
        self.changed.notify_all();
    }

    /// Runs the tool for one text after the other, until the last one.
    fn run(&self) {
        let mut state = self.lock();
        loop {
            if let Some(child) = &mut state.running {
                if matches!(child.try_wait(), Ok(None)) {
                    let waited = self.changed.wait_timeout(state, POLL_INTERVAL);
                    state = waited.unwrap_or_else(PoisonError::into_inner).0;
                    continue;
                }
                state.running = None;
                self.changed.notify_all();
            }
            if let Some(text) = state.waiting.take() {
                state.is_starting = true;
                drop(state); // starting a program takes time, in which the job goes on
                let started = self.started(&text);
                state = self.lock();
                (state.is_starting, state.running) = (false, started);
                self.changed.notify_all();
            } else if state.has_ended {
                return;
            } else {
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
        }
    }

    /// Starts the tool with the last text if that is still waiting for the tool with an earlier one.
    fn start_last(&self, state: &mut State) {
        if state.is_starting {
            return; // the order of the texts is not known any more
        }
        let Some(text) = state.waiting.take() else { return };
        if let Some(mut earlier) = state.running.take() {
            let _ = earlier.kill().and_then(|()| earlier.wait());
        }
        drop(self.started(&text));
    }

    fn started(&self, text: &str) -> Option<Child> {
        (self.start)(text).inspect_err(|error| tracing::debug!("status text `{text}`: {error}")).ok()
    }
}

/// Starts the tool with a text, without the secrets in the environment of the job.
fn start(program: &PathBuf, text: &str) -> io::Result<Child> {
    let mut command = Command::new(program);
    for (name, _) in env::vars_os().filter(|(name, _)| environment::is_secret(name)) {
        command.env_remove(name);
    }
    command.arg(text).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()
}

#[cfg(unix)]
#[cfg(test)]
mod tests;
