//! Detects the request to end the program: signals on UNIX, console events on Windows.

use std::io;

/// Waits for the first signal or console event that requests the end of the program, and returns its name.
///
/// # Errors
/// If the handlers cannot be installed.
pub async fn interrupted() -> io::Result<&'static str> {
    Ok(interruption()?.await)
}

/// Runs this work until it ends or the program is requested to end. The request then drops the work, and its name is
/// the error. From the first poll on, no such request ends the program in another way.
///
/// # Errors
/// [`io::ErrorKind::Interrupted`] after the request; another one if the handlers cannot be installed.
pub async fn until_interrupted<T>(work: impl Future<Output = T>) -> io::Result<T> {
    // Before the work begins: a signal must not end the program while the work has changed the terminal.
    let interruption = interruption()?;
    tokio::select! {
        result = work => Ok(result),
        signal = interruption => {
            Err(io::Error::new(io::ErrorKind::Interrupted, format!("interrupted by {signal}")))
        }
    }
}

/// Installs the handlers. The future ends with the first signal.
#[cfg(unix)]
fn interruption() -> io::Result<impl Future<Output = &'static str>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "SIGINT",
            _ = terminate.recv() => "SIGTERM",
            _ = hang_up.recv() => "SIGHUP",
        }
    })
}

/// Installs the handlers. The future ends with the first event.
#[cfg(windows)]
fn interruption() -> io::Result<impl Future<Output = &'static str>> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
    let (mut c, mut break_, mut close) = (ctrl_c()?, ctrl_break()?, ctrl_close()?);
    let (mut logoff, mut shutdown) = (ctrl_logoff()?, ctrl_shutdown()?);
    Ok(async move {
        tokio::select! {
            _ = c.recv() => "Ctrl-C",
            _ = break_.recv() => "Ctrl-Break",
            _ = close.recv() => "console close",
            _ = logoff.recv() => "logoff",
            _ = shutdown.recv() => "system shutdown",
        }
    })
}
