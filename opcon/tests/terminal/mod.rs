//! Runs programs in a terminal, for tests of their prompts. The terminal is that of `script`, with echo.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A shell in a terminal.
pub struct Terminal {
    script: Child,
    input: ChildStdin,
    output: ChildStdout,
    seen: Vec<u8>,
}

impl Terminal {
    /// Runs the program with these arguments. The terminal shows its process id first, and last its exit code and whether
    /// the terminal echoes.
    pub fn start(program: impl AsRef<OsStr>, arguments: &[&str], folder: &Path) -> Self {
        let quoted: Vec<String> = arguments.iter().map(|argument| format!("'{argument}'")).collect();
        let line = format!(
            "trap : INT TERM; sh -c 'echo pid=$$; exec \"$PROGRAM\" \"$@\"' program {}; echo code=$?; \
             stty -a | grep -o -e '-*echo '",
            quoted.join(" ")
        );
        let mut script = Command::new("script")
            .args(["--quiet", "--return", "--echo", "always", "--command", &line, "/dev/null"])
            .env("SHELL", "/bin/sh")
            .env("PROGRAM", program)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the tests need `script`");
        let (input, output) = (script.stdin.take().unwrap(), script.stdout.take().unwrap());
        Terminal { script, input, output, seen: Vec::new() }
    }

    /// Waits until this text is the last one on the terminal.
    #[track_caller]
    pub fn wait_for(&mut self, text: &str) {
        let mut byte = [0];
        while !self.seen.ends_with(text.as_bytes()) {
            self.output.read_exact(&mut byte).unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&self.seen)));
            self.seen.push(byte[0]);
        }
    }

    /// Types this text.
    pub fn type_in(&mut self, text: &str) {
        self.input.write_all(text.as_bytes()).unwrap();
    }

    /// Sends this signal, such as `TERM`, to the program.
    pub fn send_signal(&self, name: &str) {
        let seen = String::from_utf8_lossy(&self.seen);
        let pid = seen.lines().find_map(|line| line.strip_prefix("pid=")).unwrap();
        assert!(Command::new("kill").args([format!("-{name}"), pid.to_owned()]).status().unwrap().success());
    }

    /// Everything on the terminal until the program and its shell end, with `\n` at the ends of lines.
    pub fn finish(mut self) -> String {
        self.output.read_to_end(&mut self.seen).unwrap();
        self.script.wait().unwrap();
        String::from_utf8(self.seen).unwrap().replace("\r\n", "\n")
    }
}
