//! Asks a person at the terminal for a password.

use std::io;

/// Asks for a password, which is not shown: also not to somebody who types or pastes it as soon as the prompt is there.
///
/// # Errors
/// When there is no terminal, or nothing more is typed.
pub fn ask(prompt: &str) -> io::Result<String> {
    #[cfg(unix)]
    let _silence = silence::Silence::begin()?;
    // On its own it prints the prompt first, and lets the terminal show what is typed until then.
    rpassword::prompt_password(prompt)
}

#[cfg(unix)]
mod silence {
    use std::fs::File;
    use std::io;

    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    /// The time in which the terminal does not show what is typed.
    pub struct Silence {
        terminal: File,
        before: Termios,
    }

    impl Silence {
        pub fn begin() -> io::Result<Self> {
            let terminal = File::open("/dev/tty")?;
            let before = tcgetattr(&terminal)?;
            let mut silent = before.clone();
            silent.local_modes -= LocalModes::ECHO | LocalModes::ECHONL;
            tcsetattr(&terminal, OptionalActions::Now, &silent)?;
            Ok(Silence { terminal, before })
        }
    }

    impl Drop for Silence {
        fn drop(&mut self) {
            // Without a terminal nobody is left to whom this matters.
            let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.before);
        }
    }
}
