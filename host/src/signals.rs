//! Disables signals that would end the program where an error is enough.

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
