//! Checks `Connector.config`: its contents, and who has access to it.

use std::path::Path;

use connector_sdk::Result;
use opcon::{Config, Note};

use super::findings::Findings;
use crate::config;

const SUBJECT: &str = "configuration";
/// The number of lines that one note lists.
const MAX_LINES: usize = 10;

/// Reads the configuration. `None` without one.
///
/// # Errors
/// If it cannot be read, which is reported.
pub fn check(findings: &mut Findings, named: Option<&Path>, user_id: Option<&str>) -> Result<Option<Config>, ()> {
    match config::read(named, user_id) {
        Ok(Some(config)) => {
            findings.ok(SUBJECT, config.path().display().to_string());
            report_notes(findings, &config.notes());
            check_access(findings, config.path());
            Ok(Some(config))
        }
        Ok(None) => {
            findings.note(
                SUBJECT,
                "no `Connector.config`: the default credential chain is used, and OpCon is not configured",
            );
            Ok(None)
        }
        Err(error) => {
            findings.failed(SUBJECT, error);
            Err(())
        }
    }
}

/// Reports notes, those with the same text as one.
fn report_notes(findings: &mut Findings, notes: &[Note]) {
    let mut grouped: Vec<(&Note, Vec<usize>)> = Vec::new();
    for note in notes {
        match grouped.iter_mut().find(|(first, _)| (&first.text, &first.hint) == (&note.text, &note.hint)) {
            Some((_, lines)) => lines.push(note.line),
            None => grouped.push((note, vec![note.line])),
        }
    }
    for (Note { text, hint, .. }, lines) in grouped {
        findings.note_with_hint(SUBJECT, format!("{}: {text}", list_of_lines(&lines)), hint.clone());
    }
}

/// The numbers of lines: `line 3`, or `lines 3, 4, 5 and 20 more`.
fn list_of_lines(lines: &[usize]) -> String {
    let numbers: Vec<String> = lines.iter().take(MAX_LINES).map(usize::to_string).collect();
    match (lines.len(), lines.len().saturating_sub(MAX_LINES)) {
        (1, _) => format!("line {}", numbers.join("")),
        (_, 0) => format!("lines {}", numbers.join(", ")),
        (_, more) => format!("lines {} and {more} more", numbers.join(", ")),
    }
}

#[cfg(unix)]
fn check_access(findings: &mut Findings, path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;

    use connector_sdk::{Error, ErrorKind};

    let subject = "permissions of the configuration";
    let mode = match path.metadata() {
        Ok(file) => file.permissions().mode() & 0o777,
        Err(error) => return findings.note(subject, error.to_string()),
    };
    let protect = format!("run `chmod 600 {}`", path.display());
    let can = if mode & 0o020 != 0 { "read and change" } else { "read" };
    match mode {
        mode if mode & 0o002 != 0 => {
            let message = format!("every user of this machine can change the file (mode {mode:03o})");
            findings.failed(subject, Error::new(ErrorKind::InvalidInput, message).hint(protect));
        }
        mode if mode & 0o004 != 0 => {
            let text = format!("every user of this machine can read the secrets in the file (mode {mode:03o})");
            findings.note_with_hint(subject, text, Some(protect));
        }
        mode if mode & 0o070 != 0 => {
            let text = format!("the group of the file can {can} the secrets in it (mode {mode:03o})");
            let hint = format!("{protect}, unless the group has only users of jobs");
            findings.note_with_hint(subject, text, Some(hint));
        }
        _ => findings.ok(subject, "only the owner has access"),
    }
    // Not the mode of the file, which has a line.
    config::warning(path).filter(|_| mode & 0o022 == 0).iter().for_each(|warning| findings.note(subject, warning));
}

#[cfg(not(unix))]
fn check_access(findings: &mut Findings, path: &Path) {
    let advice = format!(
        "check them with `icacls \"{}\"`: only administrators and the user of the agent need access",
        path.display()
    );
    findings.note("permissions of the configuration", advice);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_list_of_lines_is_cut() {
        assert_eq!(list_of_lines(&[3]), "line 3");
        assert_eq!(list_of_lines(&[3, 5]), "lines 3, 5");
        let lines: Vec<usize> = (1..=12).collect();
        assert_eq!(list_of_lines(&lines), "lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more");
    }
}
