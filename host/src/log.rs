//! The log file for administrators, `log/awsec2.log` in the folder of the program, with rotation.
//!
//! It never fails a job.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use file_rotate::compression::Compression;
use file_rotate::suffix::AppendCount;
use file_rotate::{ContentLimit, FileRotate};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::layer::SubscriberExt as _;

use crate::config::in_program_folder;
use crate::console;

const FILE_NAME: &str = "awsec2.log";
/// Held while the files are rotated, so that only one of several jobs does it.
const LOCK_NAME: &str = "awsec2.log.lock";
/// Rotated files to keep: `awsec2.log.1`, the newest, to `awsec2.log.5`.
const OLD_FILES: usize = 5;
/// A job rotates a larger file before it writes. Bytes.
const ROTATE_ABOVE: u64 = 10 * 1024 * 1024;

/// The folder of the log: the given one, or `log` in the folder of the program. `None` if that is not known.
pub fn folder(named: Option<&Path>) -> Option<PathBuf> {
    named.map(PathBuf::from).or_else(|| in_program_folder("log"))
}

/// The path of the log file, see [`folder`].
pub fn file(named: Option<&Path>) -> Option<PathBuf> {
    folder(named).map(|folder| folder.join(FILE_NAME))
}

/// Starts the log. Without a writable log file the program runs without a log.
pub fn start(folder: Option<&Path>, debug: bool) {
    let Some(file) = file(folder).and_then(|path| open(&path).ok()) else { return };
    let level = if debug { Level::DEBUG } else { Level::INFO };
    // Only events of the program itself: those of libraries could contain secrets.
    let ours =
        Targets::new().with_target("awsec2", level).with_target("opcon", level).with_target("connector_sdk", level);
    let lines = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_ansi(false)
        .with_target(false)
        .with_timer(Stamp)
        .log_internal_errors(false);
    // If a program that embeds this library starts it again, the first log is kept.
    let _ =
        tracing::subscriber::set_global_default(lines.with_writer(Mutex::new(PlainLines(file))).finish().with(ours));
}

/// Opens the file for appending. Each line is one write, so that the lines of several jobs do not mix.
fn open(path: &Path) -> io::Result<File> {
    let _ = rotate(path); // a log that grows is better than none
    open_to_append(path)
}

/// Opens the file for appending, and creates the file and its folder if necessary.
///
/// # Errors
/// If the file cannot be opened. Jobs then run without a log.
pub fn open_to_append(path: &Path) -> io::Result<File> {
    path.parent().map_or(Ok(()), fs::create_dir_all)?;
    OpenOptions::new().create(true).append(true).open(path)
}

fn rotate(path: &Path) -> io::Result<()> {
    let is_large = || fs::metadata(path).is_ok_and(|file| file.len() > ROTATE_ABOVE);
    if !is_large() {
        return Ok(());
    }
    let lock = File::create(path.with_file_name(LOCK_NAME))?;
    // Another process is rotating. A job never waits for its log.
    if lock.try_lock().is_ok() && is_large() {
        FileRotate::new(path, AppendCount::new(OLD_FILES), ContentLimit::None, Compression::None, None).rotate()?;
    }
    Ok(())
}

/// Writes each event as one line in plain ASCII, so that an event cannot imitate another one.
struct PlainLines<W>(W);

impl<W: io::Write> io::Write for PlainLines<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = console::one_line(text.strip_suffix('\n').unwrap_or(&text));
        self.0.write_all(line.as_bytes()).map(|()| event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The time (UTC) and the process ID, because several jobs write to one file.
struct Stamp;

impl FormatTime for Stamp {
    fn format_time(&self, writer: &mut Writer<'_>) -> fmt::Result {
        SystemTime.format_time(writer)?;
        write!(writer, " [{}]", std::process::id())
    }
}

#[cfg(test)]
mod tests {
    use io::Write as _;

    use super::*;

    #[test]
    fn an_event_is_one_line_in_plain_ascii() {
        let mut lines = PlainLines(Vec::new());
        lines.write_all("w\u{e9}b\u{1b}[31m\n12:00 forged\n".as_bytes()).unwrap();
        lines.write_all(b"next\n").unwrap();
        assert_eq!(String::from_utf8(lines.0).unwrap(), "w\\u{e9}b\\u{1b}[31m\\n12:00 forged\nnext\n");
    }

    #[test]
    fn a_large_file_is_rotated_and_five_old_ones_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        for round in 0..8 {
            fs::write(&path, format!("{round}").repeat(ROTATE_ABOVE as usize + 1)).unwrap();
            open(&path).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().len(), 0, "a new file is begun");
        }
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        let numbered = (1..=5).map(|n| format!("{FILE_NAME}.{n}"));
        assert_eq!(
            names,
            [FILE_NAME.to_owned()].into_iter().chain(numbered).chain([LOCK_NAME.to_owned()]).collect::<Vec<_>>()
        );
        assert!(fs::read_to_string(folder.path().join("awsec2.log.1")).unwrap().starts_with('7'), "the newest is .1");
    }

    #[test]
    fn a_job_does_not_wait_for_another_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE_NAME);
        fs::write(&path, "x".repeat(ROTATE_ABOVE as usize + 1)).unwrap();
        let other = File::create(folder.path().join(LOCK_NAME)).unwrap();
        other.lock().unwrap();
        open(&path).unwrap();
        assert!(fs::metadata(&path).unwrap().len() > ROTATE_ABOVE, "it goes on in the old file");
        other.unlock().unwrap();
        open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    }

    #[test]
    fn a_small_file_is_appended_to() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), "before\n").unwrap();
        open(&folder.path().join(FILE_NAME)).unwrap().write_all(b"after\n").unwrap();
        assert_eq!(fs::read_to_string(folder.path().join(FILE_NAME)).unwrap(), "before\nafter\n");
    }
}
