//! Detects the interruption of a job: signals on UNIX, console events on Windows.

use std::io;

/// Waits for the first signal or console event that requests the end of the program, and returns its name.
///
/// # Errors
/// If the handlers cannot be installed.
#[cfg(unix)]
pub async fn interrupted() -> io::Result<&'static str> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(tokio::select! {
        _ = interrupt.recv() => "SIGINT",
        _ = terminate.recv() => "SIGTERM",
        _ = hang_up.recv() => "SIGHUP",
    })
}

/// Waits for the first signal or console event that requests the end of the program, and returns its name.
///
/// # Errors
/// If the handlers cannot be installed.
#[cfg(windows)]
pub async fn interrupted() -> io::Result<&'static str> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
    let (mut c, mut break_, mut close) = (ctrl_c()?, ctrl_break()?, ctrl_close()?);
    let (mut logoff, mut shutdown) = (ctrl_logoff()?, ctrl_shutdown()?);
    Ok(tokio::select! {
        _ = c.recv() => "Ctrl-C",
        _ = break_.recv() => "Ctrl-Break",
        _ = close.recv() => "console close",
        _ = logoff.recv() => "logoff",
        _ = shutdown.recv() => "system shutdown",
    })
}

/// Lets a write beyond the size limit for files (`ulimit -f`) fail, instead of ending the program. Without a handler, the
/// first such write to the log or to stdout would end a job.
#[cfg(unix)]
pub fn survive_file_size_limit() {
    use tokio::signal::unix::{SignalKind, signal};
    // The handler remains when the runtime is gone.
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    let _entered = runtime.enter();
    let _ = signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()));
}

/// There is no such limit.
#[cfg(not(unix))]
pub fn survive_file_size_limit() {}
