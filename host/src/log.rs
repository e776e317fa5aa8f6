//! The log file for administrators, `log/awsec2.log` in the folder of the program, with rotation.
//!
//! It never fails a job.

mod file;
mod lines;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::{env, fmt, io};

use connector_sdk::ArgValue as _;
use connector_sdk::names::RegionName;
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::arguments::{check_path, given, is_encrypted, reference};
use crate::config::in_program_folder;
use crate::console::log_warning;
use crate::settings::{LOG_DIR_NAME, REGION_NAME, Settings, USER_ID_NAME};
use crate::shared_files::{self, Outlook};
use lines::Lines;

const FILE_NAME: &str = "awsec2.log";

/// What the first line of a run in the log contains, beside the OpCon job.
#[derive(Default)]
pub struct Begin<'a> {
    /// The folder of the log, if given.
    pub folder: Option<&'a Path>,
    /// Whether the log contains all details.
    pub debug: bool,
    /// The given user ID.
    pub user_id: Option<&'a str>,
    /// The given region.
    pub region: Option<&'a str>,
}

impl<'a> Begin<'a> {
    /// The log of a job.
    pub fn of_job(settings: &'a Settings, debug: bool) -> Self {
        Begin {
            folder: settings.log_dir.as_deref(),
            debug: debug || settings.debug,
            user_id: settings.user_id.as_deref(),
            region: settings.region.as_ref().map(|region| region.as_str()),
        }
    }

    /// The log of a command line that is not run, with what can be read from it. Arguments that no job accepts are not
    /// used.
    pub fn of_arguments(args: &'a [impl AsRef<str>]) -> Self {
        let value = |name| given(args, name).filter(|value| !value.starts_with('-') && reference(value).is_none());
        Begin {
            folder: value(LOG_DIR_NAME).filter(|folder| check_path(folder).is_ok()).map(Path::new),
            debug: false,
            user_id: value(USER_ID_NAME).filter(|id| !is_encrypted(id)),
            region: value(REGION_NAME).filter(|region| RegionName::parse(region).is_ok()),
        }
    }
}

/// The folder of the log: the given one, or `log` in the folder of the program. `None` if that is not known.
pub fn folder(named: Option<&Path>) -> Option<PathBuf> {
    named.map(PathBuf::from).or_else(|| in_program_folder("log"))
}

/// The path of the log file, see [`folder`].
pub fn file(named: Option<&Path>) -> Option<PathBuf> {
    folder(named).map(|folder| folder.join(FILE_NAME))
}

/// Determines what a job would do to open this log file, and changes nothing.
///
/// # Errors
/// If a job could not open the file, and would run without a log.
pub fn outlook(file: &Path) -> io::Result<Outlook> {
    shared_files::outlook(file)
}

/// Starts the log, and writes its first line. Without a writable log file the program runs without a log, after a
/// warning.
pub fn start(begin: &Begin<'_>) {
    static STARTED: AtomicBool = AtomicBool::new(false);
    if STARTED.swap(true, Ordering::Relaxed) {
        return; // the first log of the process is kept
    }
    let Some(path) = file(begin.folder) else {
        return log_warning(None, &io::Error::other("the folder of the program is unknown"));
    };
    let file = match file::open(&path) {
        Ok(file) => file,
        Err(error) => return log_warning(Some(&path), &error),
    };
    let level = if begin.debug { Level::DEBUG } else { Level::INFO };
    // Only events of the program itself: those of libraries could contain secrets.
    let ours =
        Targets::new().with_target("awsec2", level).with_target("opcon", level).with_target("connector_sdk", level);
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_target(false)
        .with_timer(Stamp)
        .log_internal_errors(false);
    let writer = Mutex::new(Lines::new(file, path));
    let _ = tracing::subscriber::set_global_default(lines.with_writer(writer).finish().with(ours));
    tracing::info!("{}", first_line(begin));
}

/// The user, the region and the OpCon job of a run.
fn first_line(begin: &Begin<'_>) -> String {
    let user = begin.user_id.map_or("no `--user-id`".to_owned(), |id| format!("user id `{id}`"));
    let region = begin.region.map_or("no `--region`".to_owned(), |region| format!("region `{region}`"));
    let variable = |name: &str| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
    let job = opcon::job_label(variable).unwrap_or_else(|| "not a job of OpCon".to_owned());
    format!("begin: {user}, {region}, {job}")
}

/// The time (UTC) and the process ID, because several jobs write to one file.
struct Stamp;

impl FormatTime for Stamp {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        SystemTime.format_time(writer)?;
        write!(writer, " [{}]", std::process::id())
    }
}
