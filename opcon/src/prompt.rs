//! Asks for a line at the terminal, with or without echo.

use std::io::{self, BufRead, IsTerminal as _};
use std::thread;

use secrecy::SecretString;
use terminal::{Silence, Terminal};
use tokio::sync::oneshot;

/// The maximum length of a line, in bytes.
const MAX_LINE: u64 = 64 * 1024;

/// Whether there is a terminal to ask at: standard input.
pub fn is_possible() -> bool {
    io::stdin().is_terminal()
}

/// Reads a line, such as a password, that the terminal does not show. The echo is off before the prompt appears, and
/// the terminal is restored when the future ends or is dropped: run it in
/// [`until_interrupted`](crate::signals::until_interrupted). The text of `prompt` must be ASCII.
///
/// # Errors
/// If there is no terminal, the input ends, or the line is not UTF-8.
pub async fn secret(prompt: &str) -> io::Result<SecretString> {
    let terminal = Terminal::open()?;
    // The fields of a tuple are dropped in their order: the terminal is restored first.
    let _end = (Silence::begin(&terminal)?, LineEnd { terminal: &terminal, is_missing: true });
    answer(prompt, &terminal).await.map(SecretString::from)
}

/// Reads a line that the terminal shows, such as an answer to a question. The text of `prompt` must be ASCII.
///
/// # Errors
/// Those of [`secret`].
pub async fn line(prompt: &str) -> io::Result<String> {
    let terminal = Terminal::open()?;
    let mut end = LineEnd { terminal: &terminal, is_missing: true };
    let line = answer(prompt, &terminal).await?;
    end.is_missing = false;
    Ok(line)
}

/// Ends the line of the prompt where no shown Enter has done so.
struct LineEnd<'a> {
    terminal: &'a Terminal,
    is_missing: bool,
}

impl Drop for LineEnd<'_> {
    fn drop(&mut self) {
        if self.is_missing {
            // A terminal that is gone shows nothing.
            let _ = self.terminal.show("\n");
        }
    }
}

async fn answer(prompt: &str, terminal: &Terminal) -> io::Result<String> {
    terminal.show(prompt)?;
    let (sender, receiver) = oneshot::channel();
    let read = terminal.reader()?;
    // Not a task of the runtime, which would wait for it when the program is interrupted.
    thread::spawn(move || sender.send(read()));
    receiver.await.unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
}

/// Reads a line without its end.
fn read_line(reader: impl BufRead) -> io::Result<String> {
    let mut line = Vec::new();
    reader.take(MAX_LINE).read_until(b'\n', &mut line)?;
    if line.pop_if(|last| *last == b'\n').is_none() {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the input ended"));
    }
    line.pop_if(|last| *last == b'\r');
    String::from_utf8(line).map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "it is not UTF-8 text"))
}

#[cfg(unix)]
mod terminal {
    use std::fs::File;
    use std::io::{self, BufReader, Write as _};

    use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

    use super::read_line;

    /// The value of a special character that is disabled.
    const DISABLED: u8 = if cfg!(target_os = "linux") { 0 } else { 0xff };

    /// The terminal that controls the process.
    pub(super) struct Terminal(File);

    impl Terminal {
        pub(super) fn open() -> io::Result<Self> {
            File::options().read(true).write(true).open("/dev/tty").map(Terminal)
        }

        pub(super) fn show(&self, text: &str) -> io::Result<()> {
            (&self.0).write_all(text.as_bytes())
        }

        /// Reads a line, in any thread.
        pub(super) fn reader(&self) -> io::Result<impl FnOnce() -> io::Result<String> + Send + use<>> {
            let terminal = BufReader::new(self.0.try_clone()?);
            Ok(move || read_line(terminal))
        }
    }

    /// Turns the echo off while it is in scope.
    pub(super) struct Silence {
        terminal: File,
        before: Termios,
    }

    impl Silence {
        pub(super) fn begin(terminal: &Terminal) -> io::Result<Self> {
            let terminal = terminal.0.try_clone()?;
            let before = tcgetattr(&terminal)?;
            let mut silent = before.clone();
            silent.local_modes -= LocalModes::ECHO | LocalModes::ECHONL;
            // A shell turns the echo on again when it continues a job that Ctrl-Z has stopped, and Ctrl-\ ends the program
            // without restoring it.
            silent.special_codes[SpecialCodeIndex::VSUSP] = DISABLED;
            silent.special_codes[SpecialCodeIndex::VQUIT] = DISABLED;
            tcsetattr(&terminal, OptionalActions::Now, &silent)?;
            Ok(Silence { terminal, before })
        }
    }

    impl Drop for Silence {
        fn drop(&mut self) {
            // Drops what is typed and not read: the half of a password, which the shell would show next. A terminal that
            // is gone has no echo.
            let _ = tcsetattr(&self.terminal, OptionalActions::Flush, &self.before);
        }
    }
}

#[cfg(windows)]
mod terminal {
    use std::fs::File;
    use std::io::{self, Write as _};

    use winapi_util::console;

    use super::read_line;

    /// Console modes, see `SetConsoleMode` in the documentation of Windows.
    const ENABLE_PROCESSED_INPUT: u32 = 1;
    const ENABLE_LINE_INPUT: u32 = 2;
    const ENABLE_ECHO_INPUT: u32 = 4;

    /// The console of the process.
    pub(super) struct Terminal(File);

    impl Terminal {
        pub(super) fn open() -> io::Result<Self> {
            File::options().write(true).open("CONOUT$").map(Terminal)
        }

        pub(super) fn show(&self, text: &str) -> io::Result<()> {
            (&self.0).write_all(text.replace('\n', "\r\n").as_bytes())
        }

        /// Reads a line, in any thread: from standard input, which decodes the UTF-16 of the console.
        pub(super) fn reader(&self) -> io::Result<impl FnOnce() -> io::Result<String> + Send + use<>> {
            Ok(|| read_line(io::stdin().lock()))
        }
    }

    /// Turns the echo off while it is in scope.
    pub(super) struct Silence {
        before: u32,
    }

    impl Silence {
        pub(super) fn begin(_: &Terminal) -> io::Result<Self> {
            let before = console::mode(io::stdin())?;
            let silent = (before | ENABLE_PROCESSED_INPUT | ENABLE_LINE_INPUT) & !ENABLE_ECHO_INPUT;
            console::set_mode(io::stdin(), silent)?;
            Ok(Silence { before })
        }
    }

    impl Drop for Silence {
        fn drop(&mut self) {
            // A console that is gone has no echo.
            let _ = console::set_mode(io::stdin(), self.before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_ends_with_enter_on_every_platform() {
        for (input, line) in [("one\ntwo", "one"), ("one\r\n", "one"), ("\n", ""), ("\r\r\n", "\r")] {
            assert_eq!(read_line(input.as_bytes()).unwrap(), line);
        }
    }

    #[test]
    fn what_is_no_line_is_an_error() {
        for (input, wrong) in [(&b""[..], "the input ended"), (b"one", "the input ended"), (b"\xff\n", "not UTF-8")] {
            assert!(read_line(input).unwrap_err().to_string().contains(wrong));
        }
        assert!(read_line(io::BufReader::new(io::repeat(b'x'))).is_err());
    }
}
