//! Writes log events as lines: in plain ASCII, of limited length, and without failing.

use std::io;
use std::path::PathBuf;

use crate::console::log_warning;
use crate::escaped::ascii_cut;

/// The maximum length of a line, in characters.
const MAX_LINE: usize = 8000;

/// Writes each event as one line, so that an event cannot imitate another one. The first line that cannot be written is
/// a warning on stderr. Nothing is an error: the log never fails a job.
pub struct Lines<W> {
    file: W,
    path: PathBuf,
    failed: bool,
}

impl<W> Lines<W> {
    /// Writes to a file. The path is for the warning.
    pub fn new(file: W, path: PathBuf) -> Self {
        Lines { file, path, failed: false }
    }
}

impl<W: io::Write> io::Write for Lines<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = ascii_cut(text.strip_suffix('\n').unwrap_or(&text), MAX_LINE) + "\n";
        if let Err(error) = self.file.write_all(line.as_bytes())
            && !self.failed
        {
            self.failed = true;
            log_warning(Some(&self.path), &error);
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.file.flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use io::Write as _;

    use super::*;

    fn written(events: &[&str]) -> String {
        let mut lines = Lines::new(Vec::new(), PathBuf::new());
        events.iter().for_each(|event| lines.write_all(event.as_bytes()).unwrap());
        String::from_utf8(lines.file).unwrap()
    }

    #[test]
    fn an_event_is_one_line_in_plain_ascii() {
        let text = written(&["w\u{e9}b\u{1b}[31m\n12:00 forged\n", "next\u{b}\n"]);
        assert_eq!(text, "w\\u{e9}b\\u{1b}[31m\\n12:00 forged\nnext\\u{b}\n");
    }

    #[test]
    fn a_long_line_is_cut_visibly_between_characters() {
        assert_eq!(written(&[&"x".repeat(MAX_LINE)]), "x".repeat(MAX_LINE) + "\n");
        for character in ["x", "\u{e9}", "\u{1f600}", "\n"] {
            let text = written(&[&(character.repeat(MAX_LINE + 1) + "\n")]);
            let (line, cut) = text.split_once("... (").unwrap();
            let escaped = crate::escaped::ascii(character);
            assert!(text.len() <= MAX_LINE + 1 && text.len() > MAX_LINE - 60, "{}", text.len());
            let kept = line.len() / escaped.len();
            assert_eq!(line, escaped.repeat(kept));
            assert_eq!(cut, format!("{} more characters)\n", MAX_LINE + 1 - kept));
        }
    }

    #[test]
    fn a_full_disk_fails_nothing() {
        let mut none = [0; 4];
        let mut lines = Lines::new(&mut none[..], PathBuf::from("awsec2.log"));
        for _ in 0..2 {
            lines.write_all(b"does not fit\n").unwrap();
            lines.flush().unwrap();
        }
        assert!(lines.failed);
    }
}
