//! Prompts for a password on the terminal.

use std::io;

/// Reads a password without echo, including text that is typed or pasted while the prompt appears.
///
/// # Errors
/// If there is no terminal, or the input ends.
pub fn read_password(prompt: &str) -> io::Result<String> {
    #[cfg(unix)]
    let _guard = guard::EchoGuard::begin()?;
    // `rpassword` prints the prompt first, and the terminal echoes input until then.
    rpassword::prompt_password(prompt)
}

#[cfg(unix)]
mod guard {
    use std::fs::File;
    use std::io;

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    /// Disables the terminal echo while it is in scope.
    pub struct EchoGuard {
        terminal: File,
        before: Termios,
    }

    impl EchoGuard {
        pub fn begin() -> io::Result<Self> {
            let terminal = File::open("/dev/tty")?;
            let before = tcgetattr(&terminal)?;
            let mut silent = before.clone();
            silent.local_modes -= LocalModes::ECHO | LocalModes::ECHONL;
            tcsetattr(&terminal, OptionalActions::Now, &silent)?;
            Ok(EchoGuard { terminal, before })
        }
    }

    impl Drop for EchoGuard {
        fn drop(&mut self) {
            // Without a terminal there is no echo to restore.
            let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
        }
    }
}
